"""What a policy would have recommended over the last months is kept.

Revision ID: 0072
Revises: 0071
"""

import sqlalchemy as sa
import trafficedu.core.orm
from alembic import op

revision = "0072"
down_revision = "0071"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "policy_replay",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=12), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column("first_month", sa.String(length=7), nullable=False),
        sa.Column("last_month", sa.String(length=7), nullable=False),
        sa.Column("first", sa.JSON(), nullable=False),
        sa.Column("second", sa.JSON(), nullable=False),
        sa.Column("asked_utc", trafficedu.core.orm.UTCDateTime(timezone=True), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=True),
        sa.Column("computed_utc", trafficedu.core.orm.UTCDateTime(timezone=True), nullable=True),
        sa.Column("result", sa.JSON(none_as_null=True), nullable=True),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_policy_replay_area_id")),
        sa.ForeignKeyConstraint(["asked_by_id"], ["user_account.id"], name=op.f("fk_policy_replay_asked_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_replay")),
        sa.UniqueConstraint("number", name=op.f("uq_policy_replay_number")),
    )


def downgrade() -> None:
    op.drop_table("policy_replay")
