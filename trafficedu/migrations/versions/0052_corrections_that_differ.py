"""Say which corrections an index leads to as the statements do: SQLite takes IN with one word for another condition."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None

NOW, BEFORE = "state = 'differs'", "state IN ('differs')"


def _make(where: str) -> None:
    op.drop_index("ix_correction_differs", "correction")
    op.create_index(
        "ix_correction_differs",
        "correction",
        ["subject_kind", "id"],
        sqlite_where=sa.text(where),
        postgresql_where=sa.text(where),
    )


def upgrade() -> None:
    """Make the index anew."""
    _make(NOW)


def downgrade() -> None:
    """Make it as it was."""
    _make(BEFORE)
