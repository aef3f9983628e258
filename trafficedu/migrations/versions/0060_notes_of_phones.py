"""A record keeps what the phone it was made on said beside it.

Revision ID: 0060
Revises: 0059
"""

import sqlalchemy as sa
from alembic import op

revision = "0060"
down_revision = "0059"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "phone_note",
        sa.Column("violation_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("tapped_utc", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ahead_seconds", sa.Integer(), nullable=False),
        sa.Column("photos_announced", sa.Integer(), nullable=False),
        sa.CheckConstraint("photos_announced BETWEEN 0 AND 6", name=op.f("ck_phone_note_photos")),
        sa.ForeignKeyConstraint(
            ["violation_id"], ["violation.id"], name=op.f("fk_phone_note_violation_id")
        ),
        sa.PrimaryKeyConstraint("violation_id", name=op.f("pk_phone_note")),
    )


def downgrade() -> None:
    op.drop_table("phone_note")
