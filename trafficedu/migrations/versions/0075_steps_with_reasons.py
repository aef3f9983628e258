"""A step of the escalation policy that was changed by itself says by whom, when and why.

Revision ID: 0075
Revises: 0074
"""

import sqlalchemy as sa
import trafficedu.core.orm
from alembic import op

revision = "0075"
down_revision = "0074"
branch_labels = None
depends_on = None

NAME = op.f("fk_escalation_step_entered_by_id_user_account")


def upgrade() -> None:
    with op.batch_alter_table("escalation_step") as batch:
        batch.add_column(sa.Column("reason", sa.String(length=500), nullable=True))
        batch.add_column(sa.Column("entered_utc", trafficedu.core.orm.UTCDateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("entered_by_id", sa.Integer(), nullable=True))
        batch.create_foreign_key(NAME, "user_account", ["entered_by_id"], ["id"])


def downgrade() -> None:
    with op.batch_alter_table("escalation_step") as batch:
        batch.drop_constraint(NAME, type_="foreignkey")
        batch.drop_column("entered_by_id")
        batch.drop_column("entered_utc")
        batch.drop_column("reason")
