"""Accidents with an e-bike in which somebody was hurt are found without reading the others.

Revision ID: 0073
Revises: 0072
"""

import sqlalchemy as sa
from alembic import op

revision = "0073"
down_revision = "0072"
branch_labels = None
depends_on = None

NAME = "ix_accident_casualty_in_time"
WITH_CASUALTIES = sa.text("severity IN ('fatal', 'serious', 'slight') AND ebike_involved")


def upgrade() -> None:
    op.create_index(
        NAME, "accident", ["occurred_on", "id"], sqlite_where=WITH_CASUALTIES, postgresql_where=WITH_CASUALTIES
    )


def downgrade() -> None:
    op.drop_index(NAME, "accident")
