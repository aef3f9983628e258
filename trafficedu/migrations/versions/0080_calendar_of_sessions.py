"""Seats beyond the capacity, pauses, riders who would come earlier, and private addresses of calendars.

Revision ID: 0080
Revises: 0078
"""

import sqlalchemy as sa
from alembic import op

revision = "0080"
down_revision = "0078"
branch_labels = None
depends_on = None

SEATS, EXTRA = "ck_study_session_seats", "ck_study_session_extra_seats"
AWAY, EARLIER = "state = 'away'", "state = 'booked' AND earlier_ok"


def upgrade() -> None:
    with op.batch_alter_table("study_session") as batch:
        batch.add_column(sa.Column("extra_seats", sa.Integer(), nullable=False, server_default="0"))
        batch.add_column(sa.Column("extra_on", sa.Date(), nullable=True))
        batch.drop_constraint(op.f(SEATS), type_="check")
        batch.create_check_constraint(op.f(SEATS), "seats_taken >= 0 AND seats_taken <= capacity + extra_seats")
        batch.create_check_constraint(op.f(EXTRA), "extra_seats >= 0")
    with op.batch_alter_table("study_session") as batch:  # rows are copied with the default before it goes
        batch.alter_column("extra_seats", server_default=None)
    with op.batch_alter_table("study_task") as batch:
        batch.add_column(sa.Column("paused_until", sa.Date(), nullable=True))
    op.create_index(
        "ix_study_task_away_paused_until",
        "study_task",
        ["paused_until", "id"],
        sqlite_where=sa.text(AWAY),
        postgresql_where=sa.text(AWAY),
    )
    with op.batch_alter_table("booking") as batch:
        batch.add_column(sa.Column("earlier_ok", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("booking") as batch:
        batch.alter_column("earlier_ok", server_default=None)
    op.create_index(
        "ix_booking_earlier_session_id",
        "booking",
        ["session_id"],
        sqlite_where=sa.text(EARLIER),
        postgresql_where=sa.text(EARLIER),
    )
    op.create_table(
        "calendar_feed",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("station_id", sa.Integer(), nullable=False),
        sa.Column("lecturer", sa.String(length=60), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["station_id"], ["station.id"], name=op.f("fk_calendar_feed_station_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_feed")),
        sa.UniqueConstraint("station_id", "lecturer", name=op.f("uq_calendar_feed_station_id_lecturer")),
    )


def downgrade() -> None:
    op.drop_table("calendar_feed")
    op.drop_index("ix_booking_earlier_session_id", "booking")
    with op.batch_alter_table("booking") as batch:
        batch.drop_column("earlier_ok")
    op.drop_index("ix_study_task_away_paused_until", "study_task")
    with op.batch_alter_table("study_task") as batch:
        batch.drop_column("paused_until")
    op.execute("UPDATE study_session SET capacity = seats_taken WHERE seats_taken > capacity")
    with op.batch_alter_table("study_session") as batch:
        batch.drop_constraint(op.f(EXTRA), type_="check")
        batch.drop_constraint(op.f(SEATS), type_="check")
        batch.create_check_constraint(op.f(SEATS), "seats_taken >= 0 AND seats_taken <= capacity")
        batch.drop_column("extra_on")
        batch.drop_column("extra_seats")
