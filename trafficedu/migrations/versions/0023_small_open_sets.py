"""What is open of hazards, checks, messages and protests has indexes of its own; a check says when it was looked at.

Revision ID: 0023
Revises: 0022
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

OPEN = "state IN ('reported', 'planned', 'fixing', 'fixed')"
LISTED = "ended_utc IS NULL"
INDEXES = (
    ("ix_hazard_open_area_id_deadline_on", "hazard", ["area_id", "deadline_on"], OPEN),
    ("ix_hazard_open_deadline_on", "hazard", ["deadline_on"], OPEN),
    ("ix_hazard_watch_listed_due_on", "hazard_watch", ["due_on", "id"], LISTED),
    ("ix_hazard_watch_listed_checker_id", "hazard_watch", ["checker_id", "due_on"], LISTED),
    ("ix_push_unread", "push", ["user_id", "id"], "read_utc IS NULL"),
    ("ix_push_delivery_under_way", "push_delivery", ["next_utc", "id"], "state IN ('waiting', 'sending')"),
    ("ix_village_list_protest_open", "village_list_protest", ["entry_id"], "decision = ''"),
)


def upgrade() -> None:
    op.add_column("hazard_watch", sa.Column("looked_on", sa.Date(), nullable=True))
    op.execute(
        "UPDATE hazard_watch SET looked_on = (SELECT max(hazard_look.looked_on) FROM hazard_look"
        " WHERE hazard_look.watch_id = hazard_watch.id)"
    )
    op.drop_index("ix_hazard_watch_due_on", "hazard_watch")
    op.drop_index("ix_push_delivery_due", "push_delivery")
    for name, table, columns, where in INDEXES:
        op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def downgrade() -> None:
    for name, table, _columns, _where in INDEXES:
        op.drop_index(name, table)
    op.create_index("ix_hazard_watch_due_on", "hazard_watch", ["due_on"])
    op.create_index("ix_push_delivery_due", "push_delivery", ["state", "next_utc"])
    op.drop_column("hazard_watch", "looked_on")
