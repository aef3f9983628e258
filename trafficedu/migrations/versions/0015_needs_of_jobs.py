"""A job says which permissions it is fetched with, how far its asker saw, and whether it will be finished anyhow.

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("job", sa.Column("needs", sa.JSON(), nullable=True))
    op.add_column("job", sa.Column("scope", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("job", sa.Column("settled", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute("UPDATE job SET needs = '[]'")
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.alter_column("needs", existing_type=sa.JSON(), nullable=False)
        batch_op.alter_column("settled", existing_type=sa.Boolean(), server_default=None)
        batch_op.alter_column("asked_by_id", existing_type=sa.Integer(), nullable=True)


def downgrade() -> None:
    op.execute("DELETE FROM job WHERE asked_by_id IS NULL")
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.alter_column("asked_by_id", existing_type=sa.Integer(), nullable=False)
        batch_op.drop_column("settled")
        batch_op.drop_column("scope")
        batch_op.drop_column("needs")
