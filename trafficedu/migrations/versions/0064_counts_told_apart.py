"""Counts of the riders of a company are found among all counts.

Revision ID: 0064
Revises: 0063
"""

import sqlalchemy as sa
from alembic import op

revision = "0064"
down_revision = "0063"
branch_labels = None
depends_on = None

NAME = "ix_helmet_count_told_apart"
TOLD_APART = sa.text("company_id IS NOT NULL")


def upgrade() -> None:
    op.create_index(
        NAME, "helmet_count", ["sheet_id", "company_id"], sqlite_where=TOLD_APART, postgresql_where=TOLD_APART
    )


def downgrade() -> None:
    op.drop_index(NAME, "helmet_count")
