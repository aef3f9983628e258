"""Indexes of violations that a list is read from: by day, moment and id, of an area, a company, an officer, of all.

Each takes the place of one by the day alone, which it serves as well: a record writes as many as before, and one more
where it is set aside.

Revision ID: 0016
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

IN_TIME = ("occurred_on", "occurred_utc", "id")
SET_ASIDE = sa.text("state = 'rejected' OR state = 'voided'")
OF = ("area_id", "company_id", "officer_id")


def upgrade() -> None:
    for column in OF:
        op.create_index(f"ix_violation_{column}_in_time", "violation", (column, *IN_TIME))
        op.drop_index(f"ix_violation_{column}_occurred_on", "violation")
    op.create_index("ix_violation_in_time", "violation", IN_TIME)
    op.drop_index("ix_violation_occurred_on_kind_id", "violation")
    op.create_index(
        "ix_violation_set_aside_in_time",
        "violation",
        ("state", *IN_TIME),
        sqlite_where=SET_ASIDE,
        postgresql_where=SET_ASIDE,
    )


def downgrade() -> None:
    op.drop_index("ix_violation_set_aside_in_time", "violation")
    op.create_index("ix_violation_occurred_on_kind_id", "violation", ("occurred_on", "kind_id"))
    op.drop_index("ix_violation_in_time", "violation")
    for column in OF:
        op.create_index(f"ix_violation_{column}_occurred_on", "violation", (column, "occurred_on"))
        op.drop_index(f"ix_violation_{column}_in_time", "violation")
