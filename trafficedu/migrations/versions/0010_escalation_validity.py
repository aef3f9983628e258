"""A line of the escalation policy holds from a day to a day.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

ONE_LINE = "uq_escalation_step_receiver_kind_violations_from"
ONE_LINE_A_DAY = "uq_escalation_step_receiver_kind_violations_from_valid_from"


def upgrade() -> None:
    op.add_column("escalation_step", sa.Column("valid_from", sa.Date(), nullable=True))
    op.add_column("escalation_step", sa.Column("valid_to", sa.Date(), nullable=True))
    op.execute("UPDATE escalation_step SET valid_from = '2020-01-01'")
    with op.batch_alter_table("escalation_step", schema=None) as batch_op:
        batch_op.alter_column("valid_from", existing_type=sa.Date(), nullable=False)
        batch_op.drop_constraint(ONE_LINE, type_="unique")
        batch_op.create_unique_constraint(ONE_LINE_A_DAY, ["receiver_kind", "violations_from", "valid_from"])


def downgrade() -> None:
    # only lines without an end are the policy that the older program knows
    op.execute("DELETE FROM escalation_step WHERE valid_to IS NOT NULL")
    with op.batch_alter_table("escalation_step", schema=None) as batch_op:
        batch_op.drop_constraint(ONE_LINE_A_DAY, type_="unique")
        batch_op.create_unique_constraint(ONE_LINE, ["receiver_kind", "violations_from"])
        batch_op.drop_column("valid_to")
        batch_op.drop_column("valid_from")
