"""Until when the rider of a session that was moved may choose another one.

Revision ID: 0101
Revises: 0100
"""

import sqlalchemy as sa
from alembic import op

import trafficedu.core.orm

revision = "0101"
down_revision = "0100"
branch_labels = None
depends_on = None

NAME, CHOOSING = "ix_booking_choosing_session_id", "state = 'booked' AND choose_until_utc IS NOT NULL"


def upgrade() -> None:
    with op.batch_alter_table("booking") as batch:
        batch.add_column(sa.Column("choose_until_utc", trafficedu.core.orm.UTCDateTime(timezone=True), nullable=True))
    where = sa.text(CHOOSING)
    op.create_index(NAME, "booking", ["session_id"], sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    op.drop_index(NAME, "booking")
    with op.batch_alter_table("booking") as batch:
        batch.drop_column("choose_until_utc")
