"""A result says how sure it is, and a month keeps what its targets are compared with.

Revision ID: 0057
Revises: 0056
"""

import sqlalchemy as sa
from alembic import op

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None

COLUMNS = ("low", "high", "probability")


def upgrade() -> None:
    op.create_table(
        "evaluation_pools",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("made_utc", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("number > 0", name=op.f("ck_evaluation_pools_number")),
        sa.ForeignKeyConstraint(
            ["made_by_id"], ["user_account.id"], name=op.f("fk_evaluation_pools_made_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluation_pools")),
        sa.UniqueConstraint("month", "number", name=op.f("uq_evaluation_pools_month_number")),
    )
    with op.batch_alter_table("evaluation_run") as batch:
        batch.add_column(sa.Column("pools_id", sa.Integer(), nullable=True))
        batch.create_foreign_key(op.f("fk_evaluation_run_pools_id"), "evaluation_pools", ["pools_id"], ["id"])
    with op.batch_alter_table("evaluation_result") as batch:
        batch.add_column(sa.Column("low", sa.Float(), nullable=True))
        batch.add_column(sa.Column("high", sa.Float(), nullable=True))
        batch.add_column(sa.Column("probability", sa.JSON(), nullable=True))
        batch.add_column(sa.Column("firm", sa.String(length=20), nullable=False, server_default=""))
    with op.batch_alter_table("evaluation_result") as batch:
        batch.alter_column("firm", existing_type=sa.String(length=20), existing_nullable=False, server_default=None)
        batch.create_check_constraint(op.f("ck_evaluation_result_firm"), "firm IN ('', 'red', 'orange_or_worse', 'good')")


def downgrade() -> None:
    with op.batch_alter_table("evaluation_result") as batch:
        batch.drop_constraint(op.f("ck_evaluation_result_firm"), type_="check")
        for column in ("firm", *COLUMNS):
            batch.drop_column(column)
    with op.batch_alter_table("evaluation_run") as batch:
        batch.drop_constraint(op.f("fk_evaluation_run_pools_id"), type_="foreignkey")
        batch.drop_column("pools_id")
    op.drop_table("evaluation_pools")
