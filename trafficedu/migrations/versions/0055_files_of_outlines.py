"""Files of outlines are tried before they are taken, and can be taken back.

Revision ID: 0055
Revises: 0054
"""

import sqlalchemy as sa
from alembic import op

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "outline_import",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(20), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("file_name", sa.String(200), nullable=False),
        sa.Column("datum", sa.String(10), nullable=False),
        sa.Column("outlines", sa.JSON(), nullable=False),
        sa.Column("left_out", sa.JSON(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("tried_utc", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_utc", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("datum IN ('wgs84', 'gcj02')", name=op.f("ck_outline_import_datum")),
        sa.CheckConstraint("state IN ('tried', 'taken', 'back')", name=op.f("ck_outline_import_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outline_import")),
        sa.UniqueConstraint("number", name=op.f("uq_outline_import_number")),
    )


def downgrade() -> None:
    op.drop_table("outline_import")
