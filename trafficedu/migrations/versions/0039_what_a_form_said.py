"""A keyed digest of what a form said, beside the reference that makes it count once.

Revision ID: 0039
Revises: 0038
"""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

TABLES = ("violation", "accident", "hazard", "patrol", "point_entry")


def upgrade() -> None:
    for table in TABLES:
        op.add_column(table, sa.Column("content_digest", sa.String(length=60), nullable=True))


def downgrade() -> None:
    for table in TABLES:
        op.drop_column(table, "content_digest")
