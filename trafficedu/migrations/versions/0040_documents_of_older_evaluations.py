"""A document knows that a newer version of the evaluation it rests on was published; a list what it was read off.

Revision ID: 0040
Revises: 0039
"""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("document", sa.Column("newer_version", sa.Integer(), nullable=True))
    with op.batch_alter_table("village_list") as table:
        table.add_column(sa.Column("read_runs", sa.JSON(), nullable=False, server_default="[]"))
        table.add_column(sa.Column("changes", sa.JSON(), nullable=False, server_default="[]"))
        table.add_column(sa.Column("corrected_utc", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("village_list") as table:
        table.alter_column("read_runs", server_default=None)
        table.alter_column("changes", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("village_list") as table:
        table.drop_column("corrected_utc")
        table.drop_column("changes")
        table.drop_column("read_runs")
    with op.batch_alter_table("document") as table:
        table.drop_column("newer_version")
