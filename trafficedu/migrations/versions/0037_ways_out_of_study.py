"""Study has ways out: who does not come, who left early, what was taken back, and what a void leaves to be read.

Revision ID: 0037
Revises: 0036
"""

import sqlalchemy as sa
from alembic import op

import trafficedu.core.orm

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

MOMENT = trafficedu.core.orm.UTCDateTime(timezone=True)
OPEN, AWAY = "state = 'open'", "state = 'away'"
NOT_BEGUN = {True: "state IN ('open', 'booked', 'away')", False: "state IN ('open', 'booked')"}
UNFINISHED = {
    True: "state IN ('open', 'booked', 'away', 'in_progress')",
    False: "state IN ('open', 'booked', 'in_progress')",
}
TASK_STATES = {
    True: "'open', 'booked', 'away', 'in_progress', 'completed', 'waived', 'withdrawn', 'joined'",
    False: "'open', 'booked', 'in_progress', 'completed', 'waived', 'withdrawn'",
}
BOOKING_STATES = {
    True: "'booked', 'attended', 'absent', 'excused', 'cancelled'",
    False: "'booked', 'attended', 'absent', 'cancelled'",
}
AWAY_INDEXES = (
    ("ix_study_task_away_urgency", ["urgency", "id"], f"{AWAY} AND id > 0"),
    ("ix_study_task_away_station_id_urgency", ["station_id", "urgency", "id"], AWAY),
    ("ix_study_task_away_area_id_urgency", ["area_id", "urgency", "id"], AWAY),
    ("ix_study_task_away_home_area_id_urgency", ["home_area_id", "urgency", "id"], AWAY),
)
OF_OPEN = ("ix_study_task_open_in_turn", ["course_id", "absences", "due_on"])
BEFORE = ("ix_study_task_open_course_id_due_on", ["course_id", "due_on"])
MINUTES = {
    "sqlite": "(strftime('%s', ended_utc) - strftime('%s', started_utc)) / 60",
    "postgresql": "CAST(floor(extract(epoch FROM ended_utc - started_utc) / 60) AS INTEGER)",
}
ENDS = {
    "sqlite": "strftime('%Y-%m-%d %H:%M:%S', starts_utc, '+' || {minutes} || ' minutes') || '.000000'",
    "postgresql": "starts_utc + {minutes} * interval '1 minute'",
}
OF_COURSE = (
    "(SELECT coalesce(sum(minimum_minutes), 0) FROM course_module WHERE course_module.course_id ="
    " study_session.course_id)"
)


def partial(name: str, table: str, columns: list[str], where: str, unique: bool = False) -> None:
    op.create_index(
        name, table, columns, unique=unique, sqlite_where=sa.text(where), postgresql_where=sa.text(where)
    )


def states_of_tasks(new: bool) -> None:
    """Let tasks be in the states of this version, or of the one before."""
    with op.batch_alter_table("study_task", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_study_task_state"), type_="check")
        batch_op.drop_constraint(op.f("ck_study_task_urgency"), type_="check")
        batch_op.create_check_constraint(op.f("ck_study_task_state"), f"state IN ({TASK_STATES[new]})")
        batch_op.create_check_constraint(op.f("ck_study_task_urgency"), f"({UNFINISHED[new]}) = (urgency < 10000000)")
        if new:
            batch_op.alter_column("absences", existing_type=sa.Integer(), nullable=False)
        else:
            batch_op.drop_column("absences")
    with op.batch_alter_table("booking", schema=None) as batch_op:
        if new:
            batch_op.alter_column("taken_back", existing_type=sa.String(500), server_default=None)
        else:
            batch_op.drop_column("taken_back")
        batch_op.drop_constraint(op.f("ck_booking_state"), type_="check")
        batch_op.create_check_constraint(op.f("ck_booking_state"), f"state IN ({BOOKING_STATES[new]})")


def upgrade() -> None:
    kind = op.get_bind().dialect.name
    op.add_column("study_task", sa.Column("absences", sa.Integer(), nullable=True))
    op.add_column("task_violation", sa.Column("left_utc", MOMENT, nullable=True))
    op.add_column("booking", sa.Column("taken_back", sa.String(500), server_default="", nullable=False))
    op.execute(
        "UPDATE study_task SET absences = (SELECT count(*) FROM booking WHERE booking.task_id = study_task.id AND"
        " booking.state = 'absent' AND NOT EXISTS (SELECT 1 FROM attendance WHERE booking_id = booking.id))"
    )
    op.drop_index("uq_study_task_rider_id_not_begun", "study_task")
    op.drop_index(BEFORE[0], "study_task")
    states_of_tasks(new=True)
    op.execute(f"UPDATE study_task SET state = 'away', version = version + 1 WHERE {OPEN} AND absences >= 2")
    partial("uq_study_task_rider_id_not_begun", "study_task", ["rider_id"], NOT_BEGUN[True], unique=True)
    partial(OF_OPEN[0], "study_task", OF_OPEN[1], OPEN)
    for name, columns, where in AWAY_INDEXES:
        partial(name, "study_task", columns, where)
    attendances()
    op.add_column("course_module", sa.Column("maximum_minutes", sa.Integer(), nullable=True))
    op.execute(
        "UPDATE course_module SET maximum_minutes = CASE WHEN minimum_minutes < 10 THEN minimum_minutes + 10"
        " ELSE 2 * minimum_minutes END"
    )
    op.add_column("module_record", sa.Column("minutes", sa.Integer(), nullable=True))
    op.add_column("module_record", sa.Column("credited", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.execute(f"UPDATE module_record SET minutes = {MINUTES[kind]} WHERE ended_utc IS NOT NULL")
    op.add_column("study_session", sa.Column("ends_utc", MOMENT, nullable=True))
    op.execute(f"UPDATE study_session SET ends_utc = {ENDS[kind].format(minutes=OF_COURSE)}")
    with op.batch_alter_table("course_module", schema=None) as batch_op:
        batch_op.alter_column("maximum_minutes", existing_type=sa.Integer(), nullable=False)
        batch_op.drop_constraint(op.f("ck_course_module_minutes"), type_="check")
        batch_op.create_check_constraint(
            op.f("ck_course_module_minutes"), "minimum_minutes >= 0 AND maximum_minutes >= minimum_minutes"
        )
    with op.batch_alter_table("module_record", schema=None) as batch_op:
        batch_op.alter_column("credited", existing_type=sa.Boolean(), existing_nullable=False, server_default=None)
    with op.batch_alter_table("study_session", schema=None) as batch_op:
        batch_op.alter_column("ends_utc", existing_type=MOMENT, nullable=False)
    certificates()
    op.execute("DELETE FROM parameter WHERE code = 'education.pass_mark'")


def attendances() -> None:
    """Say of each study what became of it; who was noted as absent after having come has left early."""
    op.add_column("attendance", sa.Column("state", sa.String(12), nullable=True))
    op.add_column("attendance", sa.Column("open_since_utc", MOMENT, nullable=True))
    op.add_column("attendance", sa.Column("ended_utc", MOMENT, nullable=True))
    op.execute(
        "UPDATE attendance SET open_since_utc = checked_in_utc, state = CASE"
        " WHEN signed_off_utc IS NOT NULL THEN 'signed'"
        " WHEN EXISTS (SELECT 1 FROM booking WHERE booking.id = booking_id AND booking.state = 'absent') THEN 'left'"
        " WHEN EXISTS (SELECT 1 FROM booking JOIN study_task ON study_task.id = booking.task_id WHERE"
        " booking.id = booking_id AND study_task.state = 'in_progress') THEN 'studying' ELSE 'unfinished' END"
    )
    op.execute(
        "UPDATE booking SET state = 'attended', version = version + 1 WHERE state = 'absent' AND EXISTS"
        " (SELECT 1 FROM attendance WHERE booking_id = booking.id)"
    )
    with op.batch_alter_table("attendance", schema=None) as batch_op:
        batch_op.alter_column("state", existing_type=sa.String(12), nullable=False)
        batch_op.alter_column("open_since_utc", existing_type=MOMENT, nullable=False)
        batch_op.create_check_constraint(
            op.f("ck_attendance_state"), "state IN ('studying', 'signed', 'left', 'unfinished')"
        )
    partial("ix_attendance_studying_open_since_utc", "attendance", ["open_since_utc"], "state = 'studying'")


def certificates() -> None:
    """Let a certificate be revoked, and a task then get another one."""
    op.add_column("certificate", sa.Column("state", sa.String(10), server_default="valid", nullable=False))
    op.add_column("certificate", sa.Column("revoked_utc", MOMENT, nullable=True))
    op.add_column("certificate", sa.Column("revoked_by_id", sa.Integer(), nullable=True))
    op.add_column("certificate", sa.Column("revoked_reason", sa.String(500), server_default="", nullable=False))
    with op.batch_alter_table("certificate", schema=None) as batch_op:
        batch_op.alter_column("state", existing_type=sa.String(10), existing_nullable=False, server_default=None)
        batch_op.alter_column(
            "revoked_reason", existing_type=sa.String(500), existing_nullable=False, server_default=None
        )
        batch_op.create_foreign_key(
            op.f("fk_certificate_revoked_by_id"), "user_account", ["revoked_by_id"], ["id"]
        )
        batch_op.create_check_constraint(op.f("ck_certificate_state"), "state IN ('valid', 'revoked')")
        batch_op.create_check_constraint(
            op.f("ck_certificate_revoked"), "(state = 'revoked') = (revoked_utc IS NOT NULL)"
        )
        batch_op.drop_constraint(op.f("uq_certificate_task_id"), type_="unique")
    op.create_index("ix_certificate_task_id", "certificate", ["task_id"])
    partial("uq_certificate_task_id_valid", "certificate", ["task_id"], "state = 'valid'", unique=True)


def downgrade() -> None:
    op.execute("DELETE FROM certificate WHERE state = 'revoked'")
    op.drop_index("uq_certificate_task_id_valid", "certificate")
    op.drop_index("ix_certificate_task_id", "certificate")
    with op.batch_alter_table("certificate", schema=None) as batch_op:
        batch_op.create_unique_constraint(op.f("uq_certificate_task_id"), ["task_id"])
        batch_op.drop_constraint(op.f("ck_certificate_revoked"), type_="check")
        batch_op.drop_constraint(op.f("ck_certificate_state"), type_="check")
        batch_op.drop_constraint(op.f("fk_certificate_revoked_by_id"), type_="foreignkey")
        for column in ("revoked_reason", "revoked_by_id", "revoked_utc", "state"):
            batch_op.drop_column(column)
    with op.batch_alter_table("study_session", schema=None) as batch_op:
        batch_op.drop_column("ends_utc")
    with op.batch_alter_table("module_record", schema=None) as batch_op:
        batch_op.drop_column("credited")
        batch_op.drop_column("minutes")
    with op.batch_alter_table("course_module", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_course_module_minutes"), type_="check")
        batch_op.create_check_constraint(op.f("ck_course_module_minutes"), "minimum_minutes >= 0")
        batch_op.drop_column("maximum_minutes")
    left = "(SELECT booking_id FROM attendance WHERE state IN ('left', 'unfinished'))"
    op.execute(f"UPDATE booking SET state = 'absent' WHERE state = 'excused' OR id IN {left}")
    op.drop_index("ix_attendance_studying_open_since_utc", "attendance")
    with op.batch_alter_table("attendance", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_attendance_state"), type_="check")
        for column in ("ended_utc", "open_since_utc", "state"):
            batch_op.drop_column(column)
    for name, _columns, _where in AWAY_INDEXES:
        op.drop_index(name, "study_task")
    op.drop_index(OF_OPEN[0], "study_task")
    op.drop_index("uq_study_task_rider_id_not_begun", "study_task")
    op.execute("UPDATE study_task SET state = 'open' WHERE state = 'away'")
    op.execute("UPDATE study_task SET state = 'withdrawn' WHERE state = 'joined'")
    states_of_tasks(new=False)
    partial("uq_study_task_rider_id_not_begun", "study_task", ["rider_id"], NOT_BEGUN[False], unique=True)
    partial(BEFORE[0], "study_task", BEFORE[1], OPEN)
    op.execute("DELETE FROM task_violation WHERE left_utc IS NOT NULL")
    with op.batch_alter_table("task_violation", schema=None) as batch_op:
        batch_op.drop_column("left_utc")
