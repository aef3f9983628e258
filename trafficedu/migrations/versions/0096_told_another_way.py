"""A message that one channel refused for good goes over another one, once: which it was, and why.

Revision ID: 0096
Revises: 0095
"""

import sqlalchemy as sa
from alembic import op

revision = "0096"
down_revision = "0095"
branch_labels = None
depends_on = None

NAME, CHANNELS = "ck_rider_message_refused_on", "refused_on IN ('sms', 'wechat', 'email')"


def upgrade() -> None:
    with op.batch_alter_table("rider_message") as batch:
        batch.add_column(sa.Column("refused_on", sa.String(10), nullable=True))
        batch.add_column(sa.Column("refused_why", sa.String(20), nullable=False, server_default=""))
        batch.create_check_constraint(op.f(NAME), CHANNELS)
    with op.batch_alter_table("rider_message") as batch:
        batch.alter_column("refused_why", existing_type=sa.String(20), server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("rider_message") as batch:
        batch.drop_constraint(op.f(NAME), type_="check")
        batch.drop_column("refused_why")
        batch.drop_column("refused_on")
