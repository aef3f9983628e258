"""Look-ups of riders at the kerb are listed and counted by person and day.

Revision ID: 0070
Revises: 0069
"""

import sqlalchemy as sa
from alembic import op

revision = "0070"
down_revision = "0069"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rider_lookup",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at_utc", sa.DateTime(timezone=True), nullable=False),
        sa.Column("at_on", sa.Date(), nullable=False),
        sa.Column("key", sa.String(10), nullable=False),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.Column("shown", sa.JSON(), nullable=False),
        sa.Column("followed_utc", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("key IN ('plate', 'document', 'phone', 'name', 'code')", name=op.f("ck_rider_lookup_key")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_rider_lookup_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rider_lookup")),
    )
    op.create_index("ix_rider_lookup_user_id_in_time", "rider_lookup", ["user_id", "at_utc", "id"])
    op.create_index("ix_rider_lookup_at_on", "rider_lookup", ["at_on"])
    op.create_table(
        "rider_lookup_day",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("made", sa.Integer(), nullable=False),
        sa.Column("followed", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_rider_lookup_day_user_id")),
        sa.PrimaryKeyConstraint("user_id", "on_day", name=op.f("pk_rider_lookup_day")),
    )
    op.create_index("ix_rider_lookup_day_on_day", "rider_lookup_day", ["on_day"])


def downgrade() -> None:
    op.drop_table("rider_lookup_day")
    op.drop_table("rider_lookup")
