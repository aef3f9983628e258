"""Districts are evaluated where there are several, and the trend they are measured by is kept.

Revision ID: 0024
Revises: 0023
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("evaluation_result", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_evaluation_result_kind"), type_="check")
        batch_op.create_check_constraint(
            op.f("ck_evaluation_result_kind"), "kind IN ('district', 'town', 'village', 'company')"
        )
    with op.batch_alter_table("analysis_result", schema=None) as batch_op:
        batch_op.alter_column(
            "kind", existing_type=sa.String(12), type_=sa.String(20), existing_nullable=False
        )


def downgrade() -> None:
    # refused by the constraint where districts were evaluated: a stored result is never thrown away
    op.execute("DELETE FROM analysis_result WHERE kind = 'year:district'")
    with op.batch_alter_table("analysis_result", schema=None) as batch_op:
        batch_op.alter_column(
            "kind", existing_type=sa.String(20), type_=sa.String(12), existing_nullable=False
        )
    with op.batch_alter_table("evaluation_result", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_evaluation_result_kind"), type_="check")
        batch_op.create_check_constraint(
            op.f("ck_evaluation_result_kind"), "kind IN ('town', 'village', 'company')"
        )
