"""A file of a document names its paper besides its kind: "80mm.pdf".

Revision ID: 0065
Revises: 0064
"""

import sqlalchemy as sa
from alembic import op

revision = "0065"
down_revision = "0064"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("document_file") as batch:
        batch.alter_column("ending", existing_type=sa.String(5), type_=sa.String(8), existing_nullable=False)


def downgrade() -> None:
    """Forget which strips and sheets of A4 were handed out; the documents stay, and their files on A5."""
    op.execute(sa.text("DELETE FROM document_file WHERE length(ending) > 5"))
    with op.batch_alter_table("document_file") as batch:
        batch.alter_column("ending", existing_type=sa.String(8), type_=sa.String(5), existing_nullable=False)
