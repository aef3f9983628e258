"""Questions with versions, what was drawn and answered, how questions do; why a score was entered by hand.

Revision ID: 0084
Revises: 0081
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

import trafficedu.core.orm

revision = "0084"
down_revision = "0081"
branch_labels = None
depends_on = None

RUNNING = "state = 'running'"


def moment(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, trafficedu.core.orm.UTCDateTime(timezone=True), nullable=nullable)


def text(name: str, length: int, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.String(length), nullable=nullable)


def whole(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer(), nullable=nullable)


def upgrade() -> None:
    _make_questions()
    _make_attempts()
    with op.batch_alter_table("attendance") as batch:
        batch.add_column(sa.Column("quiz_by_hand", sa.String(500), nullable=False, server_default=""))
    with op.batch_alter_table("attendance") as batch:
        batch.alter_column("quiz_by_hand", server_default=None)


def _make_questions() -> None:
    op.create_table(
        "quiz_question",
        whole("id"),
        text("code", 40),
        text("state", 10),
        whole("newest"),
        whole("version"),
        sa.CheckConstraint("state IN ('draft', 'in_use', 'retired')", name=op.f("ck_quiz_question_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quiz_question")),
        sa.UniqueConstraint("code", name=op.f("uq_quiz_question_code")),
    )
    op.create_table(
        "quiz_question_version",
        whole("id"),
        whole("question_id"),
        whole("number"),
        text("form", 12),
        text("text_zh", 500),
        text("text_en", 500),
        sa.Column("options", sa.JSON(), nullable=False),
        text("explanation_zh", 500),
        text("explanation_en", 500),
        text("source_zh", 200),
        text("source_en", 200),
        text("kinds", 200),
        sa.Column("weights", sa.JSON(), nullable=False),
        text("sign", 40),
        text("picture_key", 64, nullable=True),
        text("alt_zh", 200),
        text("alt_en", 200),
        moment("made_utc"),
        whole("made_by_id", nullable=True),
        sa.CheckConstraint(
            "form IN ('single', 'several', 'true_false')", name=op.f("ck_quiz_question_version_form")
        ),
        sa.ForeignKeyConstraint(
            ["made_by_id"], ["user_account.id"], name=op.f("fk_quiz_question_version_made_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["question_id"], ["quiz_question.id"], name=op.f("fk_quiz_question_version_question_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quiz_question_version")),
        sa.UniqueConstraint("question_id", "number", name=op.f("uq_quiz_question_version_question_id_number")),
    )
    op.create_table(
        "quiz_question_tally",
        whole("version_id"),
        whole("shown"),
        whole("right_count"),
        sa.Column("rest_sum", sa.Float(), nullable=False),
        sa.Column("rest_squares", sa.Float(), nullable=False),
        sa.Column("right_rest_sum", sa.Float(), nullable=False),
        sa.Column("chosen", sa.JSON(), nullable=False),
        sa.Column("share", sa.Float(), nullable=True),
        sa.Column("telling", sa.Float(), nullable=True),
        sa.CheckConstraint(
            "right_count >= 0 AND right_count <= shown", name=op.f("ck_quiz_question_tally_right_count")
        ),
        sa.ForeignKeyConstraint(
            ["version_id"], ["quiz_question_version.id"], name=op.f("fk_quiz_question_tally_version_id")
        ),
        sa.PrimaryKeyConstraint("version_id", name=op.f("pk_quiz_question_tally")),
    )
    for column in ("share", "telling", "shown"):
        op.create_index(f"ix_quiz_question_tally_{column}", "quiz_question_tally", [column, "version_id"])


def _make_attempts() -> None:
    op.create_table(
        "quiz_attempt",
        whole("id"),
        whole("attendance_id"),
        whole("number"),
        text("state", 12),
        text("device", 10),
        moment("begun_utc"),
        moment("ends_utc"),
        moment("ended_utc", nullable=True),
        whole("pass_mark"),
        whole("score", nullable=True),
        sa.Column("is_first", sa.Boolean(), nullable=False),
        whole("version"),
        sa.CheckConstraint("state IN ('running', 'handed_in', 'timed_out')", name=op.f("ck_quiz_attempt_state")),
        sa.CheckConstraint("device IN ('phone', 'tablet')", name=op.f("ck_quiz_attempt_device")),
        sa.CheckConstraint("score BETWEEN 0 AND 100", name=op.f("ck_quiz_attempt_score")),
        sa.CheckConstraint(f"({RUNNING}) = (score IS NULL)", name=op.f("ck_quiz_attempt_marked")),
        sa.ForeignKeyConstraint(
            ["attendance_id"], ["attendance.id"], name=op.f("fk_quiz_attempt_attendance_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quiz_attempt")),
        sa.UniqueConstraint("attendance_id", "number", name=op.f("uq_quiz_attempt_attendance_id_number")),
    )
    for name, column, unique in (
        ("uq_quiz_attempt_attendance_id_running", "attendance_id", True),
        ("ix_quiz_attempt_running_ends_utc", "ends_utc", False),
    ):
        op.create_index(
            name,
            "quiz_attempt",
            [column],
            unique=unique,
            sqlite_where=sa.text(RUNNING),
            postgresql_where=sa.text(RUNNING),
        )
    op.create_table(
        "quiz_attempt_item",
        whole("id"),
        whole("attempt_id"),
        whole("position"),
        whole("version_id"),
        text("options_order", 20),
        text("answer", 20, nullable=True),
        moment("answered_utc", nullable=True),
        sa.Column("right", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(["attempt_id"], ["quiz_attempt.id"], name=op.f("fk_quiz_attempt_item_attempt_id")),
        sa.ForeignKeyConstraint(
            ["version_id"], ["quiz_question_version.id"], name=op.f("fk_quiz_attempt_item_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quiz_attempt_item")),
        sa.UniqueConstraint("attempt_id", "position", name=op.f("uq_quiz_attempt_item_attempt_id_position")),
    )
    op.create_index("ix_quiz_attempt_item_version_id", "quiz_attempt_item", ["version_id"])


def downgrade() -> None:
    with op.batch_alter_table("attendance") as batch:
        batch.drop_column("quiz_by_hand")
    for table in ("quiz_attempt_item", "quiz_attempt", "quiz_question_tally", "quiz_question_version", "quiz_question"):
        op.drop_table(table)
