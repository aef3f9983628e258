"""Confirmed camera records of a plate alone wait to be identified, as records without papers do: those of late.

Revision ID: 0066
Revises: 0065
"""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

revision = "0066"
down_revision = "0065"
branch_labels = None
depends_on = None

PLATE_ALONE = "rider_id IS NULL AND papers IS NULL AND state = 'confirmed' AND NOT historic"


LATELY_DAYS = 60
"""Of older ones nobody would be found any more, and the queue would begin with them."""


def upgrade() -> None:
    since = sa.bindparam("since", datetime.now(UTC).date() - timedelta(days=LATELY_DAYS), sa.Date())
    wanted = sa.text(f"UPDATE violation SET identity = 'wanted' WHERE occurred_on >= :since AND {PLATE_ALONE}")
    op.execute(wanted.bindparams(since))


def downgrade() -> None:
    op.execute(sa.text(f"UPDATE violation SET identity = NULL WHERE {PLATE_ALONE}"))
