"""A keyed digest of what the form of a survey said.

Revision ID: 0047
Revises: 0046
"""

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("helmet_survey", sa.Column("content_digest", sa.String(length=60), nullable=True))


def downgrade() -> None:
    op.drop_column("helmet_survey", "content_digest")
