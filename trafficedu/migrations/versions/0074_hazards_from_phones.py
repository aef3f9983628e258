"""A hazard that was kept on a phone without a network says when, by the phone's clock.

Revision ID: 0074
Revises: 0073
"""

import sqlalchemy as sa
import trafficedu.core.orm
from alembic import op

revision = "0074"
down_revision = "0073"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("hazard") as batch:
        batch.add_column(sa.Column("noticed_utc", trafficedu.core.orm.UTCDateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("phone_ahead_seconds", sa.Integer(), nullable=True))
        batch.create_check_constraint(
            op.f("ck_hazard_noticed"), "(noticed_utc IS NULL) = (phone_ahead_seconds IS NULL)"
        )


def downgrade() -> None:
    with op.batch_alter_table("hazard") as batch:
        batch.drop_constraint(op.f("ck_hazard_noticed"), type_="check")
        batch.drop_column("phone_ahead_seconds")
        batch.drop_column("noticed_utc")
