"""Films in segments, what riders saw of them at home, and what of it counts for a study.

Revision ID: 0100
Revises: 0096
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

import trafficedu.core.orm

revision = "0100"
down_revision = "0096"
branch_labels = None
depends_on = None

IN_USE = sa.text("state = 'in_use'")


def moment(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, trafficedu.core.orm.UTCDateTime(timezone=True), nullable=nullable)


def text(name: str, length: int, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.String(length), nullable=nullable)


def whole(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer(), nullable=nullable)


def to(table: str, column: str, other: str, **options: Any) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}"), **options)


def upgrade() -> None:
    _make_films()
    _make_viewings()
    _make_online_study()
    for table, column in (
        ("course_module", sa.Column("online", sa.Boolean(), nullable=False, server_default=sa.false())),
        ("module_record", sa.Column("online_minutes", sa.Integer(), nullable=False, server_default="0")),
    ):
        op.add_column(table, column)
        with op.batch_alter_table(table) as batch:
            batch.alter_column(column.name, existing_type=column.type, existing_nullable=False, server_default=None)
    with op.batch_alter_table("course_module") as batch:
        batch.create_check_constraint(op.f("ck_course_module_online"), "NOT online OR kind = 'film'")
    with op.batch_alter_table("module_record") as batch:
        batch.create_check_constraint(op.f("ck_module_record_online_minutes"), "online_minutes >= 0")


def _make_films() -> None:
    op.create_table(
        "film",
        whole("id"),
        text("code", 40),
        whole("number"),
        text("kind", 10),
        text("state", 10),
        text("title_zh", 120),
        text("title_en", 120),
        text("courses", 400),
        whole("seconds"),
        text("media_type", 20),
        whole("bytes"),
        moment("made_utc"),
        whole("made_by_id", nullable=True),
        whole("version"),
        sa.CheckConstraint("kind IN ('pictures', 'video')", name=op.f("ck_film_kind")),
        sa.CheckConstraint("state IN ('draft', 'in_use', 'retired')", name=op.f("ck_film_state")),
        sa.CheckConstraint("seconds >= 0 AND bytes >= 0", name=op.f("ck_film_sizes")),
        to("film", "made_by_id", "user_account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_film")),
        sa.UniqueConstraint("code", "number", name=op.f("uq_film_code_number")),
    )
    op.create_index(
        "uq_film_code_in_use", "film", ["code"], unique=True, sqlite_where=IN_USE, postgresql_where=IN_USE
    )
    op.create_table(
        "film_piece",
        whole("film_id"),
        whole("position"),
        text("key", 64),
        to("film_piece", "film_id", "film"),
        sa.PrimaryKeyConstraint("film_id", "position", name=op.f("pk_film_piece")),
    )
    op.create_table(
        "film_segment",
        whole("id"),
        whole("film_id"),
        whole("position"),
        whole("begins_at"),
        whole("ends_at"),
        text("title_zh", 120),
        text("title_en", 120),
        text("text_zh", 4000),
        text("text_en", 4000),
        text("source_zh", 300),
        text("source_en", 300),
        text("sign", 40),
        sa.CheckConstraint("ends_at >= begins_at", name=op.f("ck_film_segment_times")),
        to("film_segment", "film_id", "film"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_film_segment")),
        sa.UniqueConstraint("film_id", "position", name=op.f("uq_film_segment_film_id_position")),
    )


def _make_viewings() -> None:
    op.create_table(
        "film_viewing",
        whole("id"),
        whole("task_id"),
        whole("film_id"),
        moment("begun_utc"),
        moment("ended_utc", nullable=True),
        text("run", 36, nullable=True),
        whole("position"),
        moment("run_begun_utc", nullable=True),
        moment("beat_utc", nullable=True),
        sa.Column("counted", sa.Float(), nullable=False),
        sa.Column("playing", sa.Boolean(), nullable=False),
        whole("check_at"),
        moment("check_asked_utc", nullable=True),
        text("check_wanted", 40),
        text("check_offered", 200),
        whole("check_tries"),
        sa.Column("check_done", sa.Boolean(), nullable=False),
        whole("missed"),
        whole("version"),
        to("film_viewing", "film_id", "film"),
        to("film_viewing", "task_id", "study_task"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_film_viewing")),
        sa.UniqueConstraint("task_id", "film_id", name=op.f("uq_film_viewing_task_id_film_id")),
    )
    op.create_index("ix_film_viewing_film_id", "film_viewing", ["film_id"])
    op.create_table(
        "film_segment_seen",
        whole("viewing_id"),
        whole("position"),
        moment("began_utc"),
        moment("ended_utc"),
        whole("seconds"),
        sa.CheckConstraint("ended_utc >= began_utc", name=op.f("ck_film_segment_seen_times")),
        to("film_segment_seen", "viewing_id", "film_viewing"),
        sa.PrimaryKeyConstraint("viewing_id", "position", name=op.f("pk_film_segment_seen")),
    )


def _make_online_study() -> None:
    op.create_table(
        "online_study",
        whole("attendance_id"),
        whole("module_id"),
        whole("minutes"),
        moment("seen_from_utc"),
        moment("seen_until_utc"),
        sa.CheckConstraint("minutes > 0", name=op.f("ck_online_study_minutes")),
        to("online_study", "attendance_id", "attendance", ondelete="CASCADE"),
        to("online_study", "module_id", "course_module"),
        sa.PrimaryKeyConstraint("attendance_id", "module_id", name=op.f("pk_online_study")),
    )


def downgrade() -> None:
    with op.batch_alter_table("module_record") as batch:
        batch.drop_constraint(op.f("ck_module_record_online_minutes"), type_="check")
        batch.drop_column("online_minutes")
    with op.batch_alter_table("course_module") as batch:
        batch.drop_constraint(op.f("ck_course_module_online"), type_="check")
        batch.drop_column("online")
    for table in ("online_study", "film_segment_seen", "film_viewing", "film_segment", "film_piece", "film"):
        op.drop_table(table)
