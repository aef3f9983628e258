"""Known documents that came under another name, until somebody decides.

Revision ID: 0046
Revises: 0045
"""

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

OPEN = sa.text("state = 'open'")


def upgrade() -> None:
    op.create_table(
        "name_conflict",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("rider_id", sa.Integer(), nullable=False),
        sa.Column("name_cipher", sa.String(400), nullable=False),
        sa.Column("name_hash", sa.String(50), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("found_by_id", sa.Integer(), nullable=True),
        sa.Column("found_utc", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_utc", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('open', 'renamed', 'dismissed')", name=op.f("ck_name_conflict_state")),
        sa.ForeignKeyConstraint(["rider_id"], ["rider.id"], name=op.f("fk_name_conflict_rider_id_rider")),
        sa.ForeignKeyConstraint(
            ["found_by_id"], ["user_account.id"], name=op.f("fk_name_conflict_found_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["user_account.id"], name=op.f("fk_name_conflict_decided_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_name_conflict")),
    )
    op.create_index("ix_name_conflict_rider_id", "name_conflict", ["rider_id"])
    op.create_index(
        "uq_name_conflict_open",
        "name_conflict",
        ["rider_id", "name_hash"],
        unique=True,
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )


def downgrade() -> None:
    op.drop_table("name_conflict")
