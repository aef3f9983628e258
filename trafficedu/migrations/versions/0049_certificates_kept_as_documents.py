"""Of a certificate it is known whether it is kept as a document: those of before are, by and by.

Revision ID: 0049
Revises: 0048
"""

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None

WAITING = "documented_utc IS NULL"


def upgrade() -> None:
    op.add_column("certificate", sa.Column("documented_utc", sa.DateTime(timezone=True), nullable=True))
    op.execute(
        "UPDATE certificate SET documented_utc = issued_utc"
        " WHERE number IN (SELECT number FROM document WHERE kind = 'certificate')"
    )
    op.create_index(
        "ix_certificate_undocumented",
        "certificate",
        ["id"],
        sqlite_where=sa.text(WAITING),
        postgresql_where=sa.text(WAITING),
    )


def downgrade() -> None:
    op.drop_index("ix_certificate_undocumented", "certificate")
    op.drop_column("certificate", "documented_utc")
