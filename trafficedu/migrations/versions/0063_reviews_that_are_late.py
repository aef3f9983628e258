"""Of a camera record it is kept why it was confirmed late, of an objection which company raised it for its rider.

Revision ID: 0063
Revises: 0062
"""

import sqlalchemy as sa
from alembic import op

revision = "0063"
down_revision = "0062"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("violation", sa.Column("late_reason", sa.String(length=500), nullable=False, server_default=""))
    with op.batch_alter_table("objection") as batch:
        batch.add_column(sa.Column("company_id", sa.Integer(), nullable=True))
        batch.create_foreign_key(op.f("fk_objection_company_id"), "company", ["company_id"], ["id"])


def downgrade() -> None:
    with op.batch_alter_table("objection") as batch:
        batch.drop_constraint(op.f("fk_objection_company_id"), type_="foreignkey")
        batch.drop_column("company_id")
    op.drop_column("violation", "late_reason")
