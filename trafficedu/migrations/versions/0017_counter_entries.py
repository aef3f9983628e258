"""An index of the entries that take another one back: SQLite reads a key that is nearly always empty from end to end.

Revision ID: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

TAKES_BACK = sa.text("counters_id IS NOT NULL")


def upgrade() -> None:
    op.create_index(
        "ix_point_entry_counters_id",
        "point_entry",
        ["counters_id"],
        sqlite_where=TAKES_BACK,
        postgresql_where=TAKES_BACK,
    )


def downgrade() -> None:
    op.drop_index("ix_point_entry_counters_id", "point_entry")
