"""The commander's brief is a document.

Revision ID: 0062
Revises: 0061
"""

import sqlalchemy as sa
from alembic import op

revision = "0062"
down_revision = "0061"
branch_labels = None
depends_on = None

KINDS = ("certificate", "receipt", "notice", "hazard", "roster", "bulletin", "scorecard", "village_list", "indicators")


def kinds(*more: str) -> None:
    allowed = ", ".join(repr(kind) for kind in (*KINDS, *more))
    with op.batch_alter_table("document") as batch:
        batch.drop_constraint(op.f("ck_document_kind"), type_="check")
        batch.create_check_constraint(op.f("ck_document_kind"), f"kind IN ({allowed})")


def upgrade() -> None:
    kinds("brief")


def downgrade() -> None:
    op.execute(sa.text("DELETE FROM document_file WHERE document_id IN (SELECT id FROM document WHERE kind = 'brief')"))
    op.execute(sa.text("DELETE FROM document WHERE kind = 'brief'"))
    kinds()
