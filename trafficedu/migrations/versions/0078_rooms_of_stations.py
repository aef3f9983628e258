"""Rooms of stations, which of them a session uses, the queue for the VR machines, courses in a free order.

Revision ID: 0078
Revises: 0076
"""

import sqlalchemy as sa
from alembic import op

import trafficedu.core.orm

revision = "0078"
down_revision = "0076"
branch_labels = None
depends_on = None

KINDS = "kind IN ('lecture', 'film', 'vr', 'quiz')"
LECTURED = sa.text("lecturer <> ''")


def upgrade() -> None:
    op.create_table(
        "room",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=12), nullable=False),
        sa.Column("station_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("name_zh", sa.String(length=60), nullable=False),
        sa.Column("name_en", sa.String(length=60), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("machines", sa.Integer(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(KINDS, name=op.f("ck_room_kind")),
        sa.CheckConstraint("capacity > 0", name=op.f("ck_room_capacity")),
        sa.CheckConstraint("(kind = 'vr') = (machines > 0)", name=op.f("ck_room_machines")),
        sa.ForeignKeyConstraint(["station_id"], ["station.id"], name=op.f("fk_room_station_id_station")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_room")),
        sa.UniqueConstraint("number", name=op.f("uq_room_number")),
    )
    op.create_index("ix_room_station_id", "room", ["station_id"])
    op.create_table(
        "session_room",
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("room_id", sa.Integer(), nullable=False),
        sa.CheckConstraint(KINDS, name=op.f("ck_session_room_kind")),
        sa.ForeignKeyConstraint(
            ["session_id"], ["study_session.id"], name=op.f("fk_session_room_session_id_study_session")
        ),
        sa.ForeignKeyConstraint(["room_id"], ["room.id"], name=op.f("fk_session_room_room_id_room")),
        sa.PrimaryKeyConstraint("session_id", "kind", name=op.f("pk_session_room")),
    )
    op.create_index("ix_session_room_room_id", "session_room", ["room_id"])
    op.create_table(
        "vr_turn",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("attendance_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("called_utc", trafficedu.core.orm.UTCDateTime(), nullable=True),
        sa.Column("missed", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["attendance_id"],
            ["attendance.id"],
            name=op.f("fk_vr_turn_attendance_id_attendance"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vr_turn")),
        sa.UniqueConstraint("attendance_id", name=op.f("uq_vr_turn_attendance_id")),
    )
    op.add_column("course_version", sa.Column("free_order", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("course_version") as table:
        table.alter_column("free_order", existing_type=sa.Boolean(), server_default=None)
    op.create_index(
        "ix_study_session_lecturer",
        "study_session",
        ["lecturer", "starts_on"],
        sqlite_where=LECTURED,
        postgresql_where=LECTURED,
    )


def downgrade() -> None:
    op.drop_index("ix_study_session_lecturer", "study_session")
    with op.batch_alter_table("course_version") as table:
        table.drop_column("free_order")
    op.drop_table("vr_turn")
    op.drop_table("session_room")
    op.drop_table("room")
