"""Riders are told of their study: what, on which channel, how far; how a rider is reached; the report of a day.

Revision ID: 0081
Revises: 0080
"""

import sqlalchemy as sa
from alembic import op

from trafficedu.core.orm import UTCDateTime

revision = "0081"
down_revision = "0080"
branch_labels = None
depends_on = None

KINDS = "'booked', 'moved', 'cancelled', 'day_before', 'missed', 'certificate'"
STATES = "'waiting', 'sending', 'sent', 'dry', 'failed', 'unclear', 'no_way', 'declined', 'dropped'"
UNDER_WAY = "state IN ('waiting', 'sending')"
TO_CALL = "state IN ('failed', 'unclear', 'no_way') AND told_utc IS NULL"
DOCUMENTS = (
    *("certificate", "receipt", "notice", "hazard", "roster", "bulletin", "scorecard", "brief"),
    *("village_list", "indicators"),
)


def kinds(*more: str) -> None:
    allowed = ", ".join(repr(kind) for kind in (*DOCUMENTS, *more))
    with op.batch_alter_table("document") as batch:
        batch.drop_constraint(op.f("ck_document_kind"), type_="check")
        batch.create_check_constraint(op.f("ck_document_kind"), f"kind IN ({allowed})")


def part(name: str, columns: list[str], where: str) -> None:
    op.create_index(name, "rider_message", columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def upgrade() -> None:
    kinds("station_day")
    op.create_table(
        "rider_contact",
        sa.Column("rider_id", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("email_cipher", sa.String(600), nullable=True),
        sa.Column("wechat_cipher", sa.String(300), nullable=True),
        sa.Column("declined", sa.Boolean(), nullable=False),
        sa.Column("changed_utc", UTCDateTime(), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("language IN ('zh', 'en')", name=op.f("ck_rider_contact_language")),
        sa.PrimaryKeyConstraint("rider_id", name=op.f("pk_rider_contact")),
        sa.ForeignKeyConstraint(["rider_id"], ["rider.id"], name=op.f("fk_rider_contact_rider_id")),
        sa.ForeignKeyConstraint(["changed_by_id"], ["user_account.id"], name=op.f("fk_rider_contact_changed_by_id")),
    )
    op.create_table(
        "rider_message",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(12), nullable=False),
        sa.Column("occasion", sa.String(60), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("rider_id", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("booking_id", sa.Integer(), nullable=True),
        sa.Column("station_id", sa.Integer(), nullable=False),
        sa.Column("was_utc", UTCDateTime(), nullable=True),
        sa.Column("created_utc", UTCDateTime(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("channel", sa.String(10), nullable=True),
        sa.Column("text", sa.String(500), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_utc", UTCDateTime(), nullable=False),
        sa.Column("ended_utc", UTCDateTime(), nullable=True),
        sa.Column("reason", sa.String(20), nullable=False),
        sa.Column("told_utc", UTCDateTime(), nullable=True),
        sa.Column("told_by_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(f"kind IN ({KINDS})", name=op.f("ck_rider_message_kind")),
        sa.CheckConstraint(f"state IN ({STATES})", name=op.f("ck_rider_message_state")),
        sa.CheckConstraint("channel IN ('sms', 'wechat', 'email')", name=op.f("ck_rider_message_channel")),
        sa.CheckConstraint(f"(ended_utc IS NULL) = ({UNDER_WAY})", name=op.f("ck_rider_message_ended")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rider_message")),
        sa.ForeignKeyConstraint(["rider_id"], ["rider.id"], name=op.f("fk_rider_message_rider_id")),
        sa.ForeignKeyConstraint(["task_id"], ["study_task.id"], name=op.f("fk_rider_message_task_id")),
        sa.ForeignKeyConstraint(["booking_id"], ["booking.id"], name=op.f("fk_rider_message_booking_id")),
        sa.ForeignKeyConstraint(["station_id"], ["station.id"], name=op.f("fk_rider_message_station_id")),
        sa.ForeignKeyConstraint(["told_by_id"], ["user_account.id"], name=op.f("fk_rider_message_told_by_id")),
        sa.UniqueConstraint("number", name=op.f("uq_rider_message_number")),
        sa.UniqueConstraint("occasion", name=op.f("uq_rider_message_occasion")),
    )
    op.create_index("ix_rider_message_station_id_id", "rider_message", ["station_id", "id"])
    op.create_index(
        "ix_rider_message_station_id_created_utc", "rider_message", ["station_id", "created_utc", "state"]
    )
    op.create_index("ix_rider_message_booking_id", "rider_message", ["booking_id"])
    op.create_index("ix_rider_message_task_id", "rider_message", ["task_id"])
    op.create_index("ix_rider_message_rider_id_id", "rider_message", ["rider_id", "id"])
    part("ix_rider_message_under_way", ["next_utc", "id"], UNDER_WAY)
    part("ix_rider_message_to_call", ["station_id", "id"], TO_CALL)


def downgrade() -> None:
    op.drop_table("rider_message")
    op.drop_table("rider_contact")
    held = "(SELECT id FROM document WHERE kind = 'station_day')"
    op.execute(sa.text(f"DELETE FROM document_file WHERE document_id IN {held}"))
    op.execute(sa.text("DELETE FROM document WHERE kind = 'station_day'"))
    kinds()
