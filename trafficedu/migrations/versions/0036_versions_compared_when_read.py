"""What a version changed is compared with the last published one when it is read, not kept beside it.

Revision ID: 0036
Revises: 0035
"""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("evaluation_run", schema=None) as batch_op:
        batch_op.drop_column("changes")


def downgrade() -> None:
    op.add_column("evaluation_run", sa.Column("changes", sa.JSON(), nullable=False, server_default="[]"))
    with op.batch_alter_table("evaluation_run", schema=None) as batch_op:
        batch_op.alter_column("changes", existing_type=sa.JSON(), server_default=None)
