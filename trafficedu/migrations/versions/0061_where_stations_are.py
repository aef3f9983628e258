"""Where stations are, for the way there.

Revision ID: 0061
Revises: 0060
"""

import sqlalchemy as sa
from alembic import op

revision = "0061"
down_revision = "0060"
branch_labels = None
depends_on = None

TOGETHER = "ck_station_position"


def upgrade() -> None:
    with op.batch_alter_table("station") as batch:
        batch.add_column(sa.Column("latitude", sa.Float(), nullable=True))
        batch.add_column(sa.Column("longitude", sa.Float(), nullable=True))
        batch.create_check_constraint(op.f(TOGETHER), "(latitude IS NULL) = (longitude IS NULL)")


def downgrade() -> None:
    with op.batch_alter_table("station") as batch:
        batch.drop_constraint(op.f(TOGETHER), type_="check")
        batch.drop_column("longitude")
        batch.drop_column("latitude")
