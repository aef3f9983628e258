"""Which data keys the database was encrypted with: their ids and check values.

They are noted at the next start, while the key still opens the rows.

Revision ID: 0035
Revises: 0034
"""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "data_key",
        sa.Column("name", sa.String(20), nullable=False),
        sa.Column("check_value", sa.String(32), nullable=False),
        sa.Column("noted_utc", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_data_key")),
    )


def downgrade() -> None:
    op.drop_table("data_key")
