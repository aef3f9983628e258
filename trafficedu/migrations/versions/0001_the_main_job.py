"""the main job

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
import trafficedu.core.orm
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

APPEND_ONLY = {
    "sqlite": [
        "CREATE TRIGGER audit_entry_no_update BEFORE UPDATE ON audit_entry "
        "BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END",
        "CREATE TRIGGER audit_entry_no_delete BEFORE DELETE ON audit_entry "
        "BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END",
        "CREATE TRIGGER audit_seal_no_update BEFORE UPDATE ON audit_seal "
        "BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END",
        "CREATE TRIGGER audit_seal_no_delete BEFORE DELETE ON audit_seal "
        "BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END",
    ],
    "postgresql": [
        "CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the audit trail is append-only'; END $$",
        "CREATE TRIGGER audit_entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()",
        "CREATE TRIGGER audit_seal_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_seal "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()",
    ],
}


def upgrade() -> None:
    op.create_table(
        "area",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("level", sa.String(length=10), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("path", sa.String(length=80), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("successor_id", sa.Integer(), nullable=True),
        sa.Column("evaluated", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("level IN ('district', 'town', 'village')", name=op.f("ck_area_level")),
        sa.CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name=op.f("ck_area_validity")),
        sa.ForeignKeyConstraint(["parent_id"], ["area.id"], name=op.f("fk_area_parent_id")),
        sa.ForeignKeyConstraint(["successor_id"], ["area.id"], name=op.f("fk_area_successor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_area")),
        sa.UniqueConstraint("code", name=op.f("uq_area_code")),
    )
    with op.batch_alter_table("area", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_area_parent_id"), ["parent_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_area_path"), ["path"], unique=False)

    op.create_table(
        "attempts",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("window_ends_utc", trafficedu.core.orm.UTCDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_attempts")),
    )
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at_utc", trafficedu.core.orm.UTCDateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("action", sa.String(length=80), nullable=False),
        sa.Column("subject_kind", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=True),
        sa.Column("result", sa.String(length=10), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
    )
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_entry_action"), ["action"], unique=False)
        batch_op.create_index("ix_audit_entry_actor", ["actor_id", "id"], unique=False)
        batch_op.create_index("ix_audit_entry_subject", ["subject_kind", "subject_id"], unique=False)

    op.create_table(
        "audit_seal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("first_id", sa.Integer(), nullable=False),
        sa.Column("last_id", sa.Integer(), nullable=False),
        sa.Column("sealed_utc", trafficedu.core.orm.UTCDateTime(timezone=True), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_seal")),
        sa.UniqueConstraint("last_id", name=op.f("uq_audit_seal_last_id")),
    )
    op.create_table(
        "calendar_day",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("works", sa.Boolean(), nullable=False),
        sa.Column("note", sa.String(length=120), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_day")),
        sa.UniqueConstraint("day", name=op.f("uq_calendar_day_day")),
    )
    op.create_table(
        "company",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("contact_name", sa.String(length=60), nullable=False),
        sa.Column("contact_phone", sa.String(length=30), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_company")),
        sa.UniqueConstraint("code", name=op.f("uq_company_code")),
        sa.UniqueConstraint("name", name=op.f("uq_company_name")),
    )
    op.create_table(
        "course",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name_zh", sa.String(length=80), nullable=False),
        sa.Column("name_en", sa.String(length=80), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("from_violations", sa.Integer(), nullable=False),
        sa.Column("pass_mark", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_course")),
        sa.UniqueConstraint("code", name=op.f("uq_course_code")),
        sa.UniqueConstraint("rank", name=op.f("uq_course_rank")),
    )
    op.create_table(
        "escalation_step",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("receiver_kind", sa.String(length=10), nullable=False),
        sa.Column("violations_from", sa.Integer(), nullable=False),
        sa.Column("window_days", sa.Integer(), nullable=False),
        sa.Column("measure", sa.String(length=20), nullable=False),
        sa.Column("days", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("(measure = 'suspended') = (days IS NOT NULL)", name=op.f("ck_escalation_step_days")),
        sa.CheckConstraint("receiver_kind IN ('company', 'village')", name=op.f("ck_escalation_step_receiver_kind")),
        sa.CheckConstraint("violations_from > 0 AND window_days > 0", name=op.f("ck_escalation_step_positive")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_escalation_step")),
        sa.UniqueConstraint(
            "receiver_kind", "violations_from", name=op.f("uq_escalation_step_receiver_kind_violations_from")
        ),
    )
    op.create_table(
        "parameter",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.Column("minimum", sa.Integer(), nullable=False),
        sa.Column("maximum", sa.Integer(), nullable=False),
        sa.Column("unit", sa.String(length=20), nullable=False),
        sa.Column("name_zh", sa.String(length=120), nullable=False),
        sa.Column("name_en", sa.String(length=120), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parameter")),
        sa.UniqueConstraint("code", name=op.f("uq_parameter_code")),
    )
    op.create_table(
        "run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("started_utc", trafficedu.core.orm.UTCDateTime(timezone=True), nullable=False),
        sa.Column("ended_utc", trafficedu.core.orm.UTCDateTime(timezone=True), nullable=True),
        sa.Column("succeeded", sa.Boolean(), nullable=False),
        sa.Column("by_user_id", sa.Integer(), nullable=True),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
    )
    with op.batch_alter_table("run", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_run_kind"), ["kind"], unique=False)

    op.create_table(
        "violation_kind",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name_zh", sa.String(length=60), nullable=False),
        sa.Column("name_en", sa.String(length=60), nullable=False),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.Column("fine_min_yuan", sa.Integer(), nullable=False),
        sa.Column("fine_max_yuan", sa.Integer(), nullable=False),
        sa.Column("law_zh", sa.String(length=200), nullable=False),
        sa.Column("law_en", sa.String(length=200), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "fine_min_yuan >= 0 AND fine_max_yuan >= fine_min_yuan", name=op.f("ck_violation_kind_fines")
        ),
        sa.CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name=op.f("ck_violation_kind_validity")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_violation_kind")),
        sa.UniqueConstraint("code", "valid_from", name=op.f("uq_violation_kind_code_valid_from")),
    )
    with op.batch_alter_table("violation_kind", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_violation_kind_code"), ["code"], unique=False)

    op.create_table(
        "course_module",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("name_zh", sa.String(length=80), nullable=False),
        sa.Column("name_en", sa.String(length=80), nullable=False),
        sa.Column("minimum_minutes", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind IN ('lecture', 'film', 'vr', 'quiz')", name=op.f("ck_course_module_kind")),
        sa.CheckConstraint("minimum_minutes >= 0", name=op.f("ck_course_module_minutes")),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_course_module_course_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_course_module")),
        sa.UniqueConstraint("course_id", "position", name=op.f("uq_course_module_course_id_position")),
    )
    op.create_table(
        "registered_ebikes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("ebikes", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("ebikes >= 0", name=op.f("ck_registered_ebikes_not_negative")),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_registered_ebikes_area_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registered_ebikes")),
        sa.UniqueConstraint("area_id", "month", name=op.f("uq_registered_ebikes_area_id_month")),
    )
    op.create_table(
        "rider",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=12), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("id_type", sa.String(length=20), nullable=False),
        sa.Column("id_number_cipher", sa.String(length=200), nullable=False),
        sa.Column("id_number_hash", sa.String(length=50), nullable=False),
        sa.Column("phone_cipher", sa.String(length=200), nullable=True),
        sa.Column("phone_hash", sa.String(length=50), nullable=True),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("home_area_id", sa.Integer(), nullable=True),
        sa.Column("created_utc", trafficedu.core.orm.UTCDateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["home_area_id"], ["area.id"], name=op.f("fk_rider_home_area_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rider")),
        sa.UniqueConstraint("id_number_hash", name=op.f("uq_rider_id_number_hash")),
        sa.UniqueConstraint("number", name=op.f("uq_rider_number")),
    )
    with op.batch_alter_table("rider", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rider_home_area_id"), ["home_area_id"], unique=False)
        batch_op.create_index("ix_rider_name", ["name"], unique=False)
        batch_op.create_index(batch_op.f("ix_rider_phone_hash"), ["phone_hash"], unique=False)

    op.create_table(
        "station",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=False),
        sa.Column("phone", sa.String(length=30), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("seats > 0", name=op.f("ck_station_seats")),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_station_area_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_station")),
        sa.UniqueConstraint("code", name=op.f("uq_station_code")),
    )
    with op.batch_alter_table("station", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_station_area_id"), ["area_id"], unique=False)

    op.create_table(
        "engagement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("rider_id", sa.Integer(), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("engaged_from", sa.Date(), nullable=False),
        sa.Column("engaged_to", sa.Date(), nullable=True),
        sa.Column("legal_basis", sa.String(length=20), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("engaged_to IS NULL OR engaged_to >= engaged_from", name=op.f("ck_engagement_dates")),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_engagement_company_id")),
        sa.ForeignKeyConstraint(["rider_id"], ["rider.id"], name=op.f("fk_engagement_rider_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_engagement")),
    )
    with op.batch_alter_table("engagement", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_engagement_company_id"), ["company_id"], unique=False)
        batch_op.create_index("ix_engagement_rider_id_engaged_from", ["rider_id", "engaged_from"], unique=False)

    op.create_table(
        "study_session",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=12), nullable=False),
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column("station_id", sa.Integer(), nullable=False),
        sa.Column("starts_utc", trafficedu.core.orm.UTCDateTime(timezone=True), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("seats_taken", sa.Integer(), nullable=False),
        sa.Column("lecturer", sa.String(length=60), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("cancel_reason", sa.String(length=200), nullable=False),
        sa.Column("series", sa.String(length=12), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("state IN ('scheduled', 'cancelled')", name=op.f("ck_study_session_state")),
        sa.CheckConstraint("seats_taken >= 0 AND seats_taken <= capacity", name=op.f("ck_study_session_seats")),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_study_session_course_id")),
        sa.ForeignKeyConstraint(["station_id"], ["station.id"], name=op.f("fk_study_session_station_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_study_session")),
        sa.UniqueConstraint("number", name=op.f("uq_study_session_number")),
    )
    with op.batch_alter_table("study_session", schema=None) as batch_op:
        batch_op.create_index("ix_study_session_course_id_starts_utc", ["course_id", "starts_utc"], unique=False)
        batch_op.create_index(batch_op.f("ix_study_session_series"), ["series"], unique=False)
        batch_op.create_index("ix_study_session_station_id_starts_on", ["station_id", "starts_on"], unique=False)

    op.create_table(
        "user_account",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("username", sa.String(length=40), nullable=False),
        sa.Column("display_name", sa.String(length=60), nullable=False),
        sa.Column("badge", sa.String(length=20), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("session_stamp", sa.String(length=32), nullable=False),
        sa.Column("must_change_password", sa.Boolean(), nullable=False),
        sa.Column("locale", sa.String(length=5), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=True),
        sa.Column("station_id", sa.Integer(), nullable=True),
        sa.Column("company_id", sa.Integer(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("last_sign_in_utc", trafficedu.core.orm.UTCDateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(CASE WHEN area_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN station_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN company_id IS NULL THEN 0 ELSE 1 END) <= 1",
            name=op.f("ck_user_account_one_post"),
        ),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_user_account_area_id")),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_user_account_company_id")),
        sa.ForeignKeyConstraint(["station_id"], ["station.id"], name=op.f("fk_user_account_station_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_account")),
        sa.UniqueConstraint("username", name=op.f("uq_user_account_username")),
    )
    op.create_table(
        "vehicle",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("plate", sa.String(length=20), nullable=False),
        sa.Column("rider_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["rider_id"], ["rider.id"], name=op.f("fk_vehicle_rider_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vehicle")),
        sa.UniqueConstraint("plate", name=op.f("uq_vehicle_plate")),
    )
    with op.batch_alter_table("vehicle", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_vehicle_rider_id"), ["rider_id"], unique=False)

    op.create_table(
        "study_task",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=12), nullable=False),
        sa.Column("rider_id", sa.Integer(), nullable=False),
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=True),
        sa.Column("opened_utc", trafficedu.core.orm.UTCDateTime(timezone=True), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("completed_utc", trafficedu.core.orm.UTCDateTime(timezone=True), nullable=True),
        sa.Column("completed_on", sa.Date(), nullable=True),
        sa.Column("waived_by_id", sa.Integer(), nullable=True),
        sa.Column("waived_reason", sa.String(length=500), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state IN ('open', 'booked', 'in_progress', 'completed', 'waived', 'withdrawn')",
            name=op.f("ck_study_task_state"),
        ),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_study_task_area_id")),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_study_task_company_id")),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_study_task_course_id")),
        sa.ForeignKeyConstraint(["rider_id"], ["rider.id"], name=op.f("fk_study_task_rider_id")),
        sa.ForeignKeyConstraint(["waived_by_id"], ["user_account.id"], name=op.f("fk_study_task_waived_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_study_task")),
        sa.UniqueConstraint("number", name=op.f("uq_study_task_number")),
    )
    with op.batch_alter_table("study_task", schema=None) as batch_op:
        batch_op.create_index("ix_study_task_area_id_opened_on", ["area_id", "opened_on"], unique=False)
        batch_op.create_index(batch_op.f("ix_study_task_company_id"), ["company_id"], unique=False)
        batch_op.create_index("ix_study_task_rider_id", ["rider_id"], unique=False)
        batch_op.create_index("ix_study_task_state_due_on", ["state", "due_on"], unique=False)
        batch_op.create_index(
            "uq_study_task_rider_id_not_begun",
            ["rider_id"],
            unique=True,
            sqlite_where=sa.text("state IN ('open', 'booked')"),
            postgresql_where=sa.text("state IN ('open', 'booked')"),
        )

    op.create_table(
        "violation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=12), nullable=False),
        sa.Column("reference", sa.String(length=60), nullable=True),
        sa.Column("client_reference", sa.String(length=60), nullable=True),
        sa.Column("occurred_utc", trafficedu.core.orm.UTCDateTime(timezone=True), nullable=False),
        sa.Column("occurred_on", sa.Date(), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.String(length=120), nullable=False),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("kind_id", sa.Integer(), nullable=False),
        sa.Column("plate", sa.String(length=20), nullable=False),
        sa.Column("offender", sa.String(length=10), nullable=False),
        sa.Column("rider_id", sa.Integer(), nullable=True),
        sa.Column("company_id", sa.Integer(), nullable=True),
        sa.Column("source", sa.String(length=10), nullable=False),
        sa.Column("penalty", sa.String(length=10), nullable=False),
        sa.Column("fine_yuan", sa.Integer(), nullable=True),
        sa.Column("officer_id", sa.Integer(), nullable=True),
        sa.Column("officer", sa.String(length=60), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("minor", sa.Boolean(), nullable=False),
        sa.Column("guardian_name", sa.String(length=60), nullable=False),
        sa.Column("historic", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("recorded_utc", trafficedu.core.orm.UTCDateTime(timezone=True), nullable=False),
        sa.Column("reviewed_by_id", sa.Integer(), nullable=True),
        sa.Column("reviewed_utc", trafficedu.core.orm.UTCDateTime(timezone=True), nullable=True),
        sa.Column("review_due_on", sa.Date(), nullable=True),
        sa.Column("voided_by_id", sa.Integer(), nullable=True),
        sa.Column("voided_utc", trafficedu.core.orm.UTCDateTime(timezone=True), nullable=True),
        sa.Column("state_reason", sa.String(length=500), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("(penalty = 'fine') = (fine_yuan IS NOT NULL)", name=op.f("ck_violation_fine")),
        sa.CheckConstraint("rider_id IS NOT NULL OR plate <> ''", name=op.f("ck_violation_someone")),
        sa.CheckConstraint("state IN ('pending', 'confirmed', 'rejected', 'voided')", name=op.f("ck_violation_state")),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_violation_area_id")),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_violation_company_id")),
        sa.ForeignKeyConstraint(["kind_id"], ["violation_kind.id"], name=op.f("fk_violation_kind_id")),
        sa.ForeignKeyConstraint(["officer_id"], ["user_account.id"], name=op.f("fk_violation_officer_id")),
        sa.ForeignKeyConstraint(["reviewed_by_id"], ["user_account.id"], name=op.f("fk_violation_reviewed_by_id")),
        sa.ForeignKeyConstraint(["rider_id"], ["rider.id"], name=op.f("fk_violation_rider_id")),
        sa.ForeignKeyConstraint(["voided_by_id"], ["user_account.id"], name=op.f("fk_violation_voided_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_violation")),
        sa.UniqueConstraint("client_reference", name=op.f("uq_violation_client_reference")),
        sa.UniqueConstraint("number", name=op.f("uq_violation_number")),
        sa.UniqueConstraint("reference", name=op.f("uq_violation_reference")),
    )
    with op.batch_alter_table("violation", schema=None) as batch_op:
        batch_op.create_index("ix_violation_area_id_occurred_on", ["area_id", "occurred_on"], unique=False)
        batch_op.create_index("ix_violation_company_id_occurred_on", ["company_id", "occurred_on"], unique=False)
        batch_op.create_index("ix_violation_occurred_on_kind_id", ["occurred_on", "kind_id"], unique=False)
        batch_op.create_index("ix_violation_officer_id_occurred_on", ["officer_id", "occurred_on"], unique=False)
        batch_op.create_index(batch_op.f("ix_violation_plate"), ["plate"], unique=False)
        batch_op.create_index("ix_violation_rider_id_occurred_on", ["rider_id", "occurred_on"], unique=False)

    op.create_table(
        "booking",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("booked_utc", trafficedu.core.orm.UTCDateTime(timezone=True), nullable=False),
        sa.Column("booked_by_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("state IN ('booked', 'attended', 'absent', 'cancelled')", name=op.f("ck_booking_state")),
        sa.ForeignKeyConstraint(["booked_by_id"], ["user_account.id"], name=op.f("fk_booking_booked_by_id")),
        sa.ForeignKeyConstraint(["session_id"], ["study_session.id"], name=op.f("fk_booking_session_id")),
        sa.ForeignKeyConstraint(["task_id"], ["study_task.id"], name=op.f("fk_booking_task_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booking")),
    )
    with op.batch_alter_table("booking", schema=None) as batch_op:
        batch_op.create_index("ix_booking_session_id_state", ["session_id", "state"], unique=False)
        batch_op.create_index("ix_booking_task_id", ["task_id"], unique=False)
        batch_op.create_index(
            "uq_booking_task_id_live",
            ["task_id"],
            unique=True,
            sqlite_where=sa.text("state = 'booked'"),
            postgresql_where=sa.text("state = 'booked'"),
        )

    op.create_table(
        "notice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=12), nullable=False),
        sa.Column("violation_id", sa.Integer(), nullable=False),
        sa.Column("rider_id", sa.Integer(), nullable=False),
        sa.Column("receiver_kind", sa.String(length=10), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=True),
        sa.Column("area_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("held_reason", sa.String(length=40), nullable=False),
        sa.Column("sent_utc", trafficedu.core.orm.UTCDateTime(timezone=True), nullable=True),
        sa.Column("due_utc", trafficedu.core.orm.UTCDateTime(timezone=True), nullable=True),
        sa.Column("opened_utc", trafficedu.core.orm.UTCDateTime(timezone=True), nullable=True),
        sa.Column("voided_utc", trafficedu.core.orm.UTCDateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("(state = 'held') = (held_reason <> '')", name=op.f("ck_notice_held")),
        sa.CheckConstraint("receiver_kind IN ('company', 'village')", name=op.f("ck_notice_receiver_kind")),
        sa.CheckConstraint("state IN ('held', 'sent', 'voided')", name=op.f("ck_notice_state")),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_notice_area_id")),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_notice_company_id")),
        sa.ForeignKeyConstraint(["rider_id"], ["rider.id"], name=op.f("fk_notice_rider_id")),
        sa.ForeignKeyConstraint(["violation_id"], ["violation.id"], name=op.f("fk_notice_violation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.UniqueConstraint("number", name=op.f("uq_notice_number")),
        sa.UniqueConstraint("violation_id", name=op.f("uq_notice_violation_id")),
    )
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.create_index("ix_notice_area_id_sent_utc", ["area_id", "sent_utc"], unique=False)
        batch_op.create_index("ix_notice_company_id_sent_utc", ["company_id", "sent_utc"], unique=False)
        batch_op.create_index("ix_notice_due_utc", ["due_utc"], unique=False)
        batch_op.create_index(batch_op.f("ix_notice_rider_id"), ["rider_id"], unique=False)

    op.create_table(
        "objection",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=12), nullable=False),
        sa.Column("violation_id", sa.Integer(), nullable=False),
        sa.Column("raised_utc", trafficedu.core.orm.UTCDateTime(timezone=True), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("contact_cipher", sa.String(length=200), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_utc", trafficedu.core.orm.UTCDateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("state IN ('open', 'upheld', 'dismissed')", name=op.f("ck_objection_state")),
        sa.ForeignKeyConstraint(["decided_by_id"], ["user_account.id"], name=op.f("fk_objection_decided_by_id")),
        sa.ForeignKeyConstraint(["violation_id"], ["violation.id"], name=op.f("fk_objection_violation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_objection")),
        sa.UniqueConstraint("number", name=op.f("uq_objection_number")),
    )
    with op.batch_alter_table("objection", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_objection_violation_id"), ["violation_id"], unique=False)

    op.create_table(
        "task_violation",
        sa.Column("violation_id", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["task_id"], ["study_task.id"], name=op.f("fk_task_violation_task_id")),
        sa.ForeignKeyConstraint(["violation_id"], ["violation.id"], name=op.f("fk_task_violation_violation_id")),
        sa.PrimaryKeyConstraint("violation_id", name=op.f("pk_task_violation")),
    )
    with op.batch_alter_table("task_violation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_task_violation_task_id"), ["task_id"], unique=False)

    op.create_table(
        "attendance",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("booking_id", sa.Integer(), nullable=False),
        sa.Column("checked_in_utc", trafficedu.core.orm.UTCDateTime(timezone=True), nullable=False),
        sa.Column("checked_in_by_id", sa.Integer(), nullable=True),
        sa.Column("quiz_score", sa.Integer(), nullable=True),
        sa.Column("quiz_attempts", sa.Integer(), nullable=False),
        sa.Column("signed_off_utc", trafficedu.core.orm.UTCDateTime(timezone=True), nullable=True),
        sa.Column("signed_off_by_id", sa.Integer(), nullable=True),
        sa.Column("override_reason", sa.String(length=500), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("quiz_score BETWEEN 0 AND 100", name=op.f("ck_attendance_quiz_score")),
        sa.ForeignKeyConstraint(["booking_id"], ["booking.id"], name=op.f("fk_attendance_booking_id")),
        sa.ForeignKeyConstraint(["checked_in_by_id"], ["user_account.id"], name=op.f("fk_attendance_checked_in_by_id")),
        sa.ForeignKeyConstraint(["signed_off_by_id"], ["user_account.id"], name=op.f("fk_attendance_signed_off_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attendance")),
        sa.UniqueConstraint("booking_id", name=op.f("uq_attendance_booking_id")),
    )
    op.create_table(
        "feedback",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("notice_id", sa.Integer(), nullable=False),
        sa.Column("measure", sa.String(length=20), nullable=False),
        sa.Column("days", sa.Integer(), nullable=True),
        sa.Column("text", sa.String(length=500), nullable=False),
        sa.Column("answered_utc", trafficedu.core.orm.UTCDateTime(timezone=True), nullable=False),
        sa.Column("answered_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("days IS NULL OR days > 0", name=op.f("ck_feedback_days")),
        sa.ForeignKeyConstraint(["answered_by_id"], ["user_account.id"], name=op.f("fk_feedback_answered_by_id")),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"], name=op.f("fk_feedback_notice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feedback")),
        sa.UniqueConstraint("notice_id", name=op.f("uq_feedback_notice_id")),
    )
    op.create_table(
        "certificate",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=12), nullable=False),
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("attendance_id", sa.Integer(), nullable=True),
        sa.Column("issued_utc", trafficedu.core.orm.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["attendance_id"], ["attendance.id"], name=op.f("fk_certificate_attendance_id")),
        sa.ForeignKeyConstraint(["task_id"], ["study_task.id"], name=op.f("fk_certificate_task_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate")),
        sa.UniqueConstraint("number", name=op.f("uq_certificate_number")),
        sa.UniqueConstraint("task_id", name=op.f("uq_certificate_task_id")),
    )
    op.create_table(
        "module_record",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("attendance_id", sa.Integer(), nullable=False),
        sa.Column("module_id", sa.Integer(), nullable=False),
        sa.Column("started_utc", trafficedu.core.orm.UTCDateTime(timezone=True), nullable=False),
        sa.Column("ended_utc", trafficedu.core.orm.UTCDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("ended_utc IS NULL OR ended_utc >= started_utc", name=op.f("ck_module_record_times")),
        sa.ForeignKeyConstraint(["attendance_id"], ["attendance.id"], name=op.f("fk_module_record_attendance_id")),
        sa.ForeignKeyConstraint(["module_id"], ["course_module.id"], name=op.f("fk_module_record_module_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_module_record")),
        sa.UniqueConstraint("attendance_id", "module_id", name=op.f("uq_module_record_attendance_id_module_id")),
    )
    for statement in APPEND_ONLY[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("module_record")
    op.drop_table("certificate")
    op.drop_table("feedback")
    op.drop_table("attendance")
    with op.batch_alter_table("task_violation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_task_violation_task_id"))

    op.drop_table("task_violation")
    with op.batch_alter_table("objection", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_objection_violation_id"))

    op.drop_table("objection")
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_notice_rider_id"))
        batch_op.drop_index("ix_notice_due_utc")
        batch_op.drop_index("ix_notice_company_id_sent_utc")
        batch_op.drop_index("ix_notice_area_id_sent_utc")

    op.drop_table("notice")
    with op.batch_alter_table("booking", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_booking_task_id_live",
            sqlite_where=sa.text("state = 'booked'"),
            postgresql_where=sa.text("state = 'booked'"),
        )
        batch_op.drop_index("ix_booking_task_id")
        batch_op.drop_index("ix_booking_session_id_state")

    op.drop_table("booking")
    with op.batch_alter_table("violation", schema=None) as batch_op:
        batch_op.drop_index("ix_violation_rider_id_occurred_on")
        batch_op.drop_index(batch_op.f("ix_violation_plate"))
        batch_op.drop_index("ix_violation_officer_id_occurred_on")
        batch_op.drop_index("ix_violation_occurred_on_kind_id")
        batch_op.drop_index("ix_violation_company_id_occurred_on")
        batch_op.drop_index("ix_violation_area_id_occurred_on")

    op.drop_table("violation")
    with op.batch_alter_table("study_task", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_study_task_rider_id_not_begun",
            sqlite_where=sa.text("state IN ('open', 'booked')"),
            postgresql_where=sa.text("state IN ('open', 'booked')"),
        )
        batch_op.drop_index("ix_study_task_state_due_on")
        batch_op.drop_index("ix_study_task_rider_id")
        batch_op.drop_index(batch_op.f("ix_study_task_company_id"))
        batch_op.drop_index("ix_study_task_area_id_opened_on")

    op.drop_table("study_task")
    with op.batch_alter_table("vehicle", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_vehicle_rider_id"))

    op.drop_table("vehicle")
    op.drop_table("user_account")
    with op.batch_alter_table("study_session", schema=None) as batch_op:
        batch_op.drop_index("ix_study_session_station_id_starts_on")
        batch_op.drop_index(batch_op.f("ix_study_session_series"))
        batch_op.drop_index("ix_study_session_course_id_starts_utc")

    op.drop_table("study_session")
    with op.batch_alter_table("engagement", schema=None) as batch_op:
        batch_op.drop_index("ix_engagement_rider_id_engaged_from")
        batch_op.drop_index(batch_op.f("ix_engagement_company_id"))

    op.drop_table("engagement")
    with op.batch_alter_table("station", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_station_area_id"))

    op.drop_table("station")
    with op.batch_alter_table("rider", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_rider_phone_hash"))
        batch_op.drop_index("ix_rider_name")
        batch_op.drop_index(batch_op.f("ix_rider_home_area_id"))

    op.drop_table("rider")
    op.drop_table("registered_ebikes")
    op.drop_table("course_module")
    with op.batch_alter_table("violation_kind", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_violation_kind_code"))

    op.drop_table("violation_kind")
    with op.batch_alter_table("run", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_run_kind"))

    op.drop_table("run")
    op.drop_table("parameter")
    op.drop_table("escalation_step")
    op.drop_table("course")
    op.drop_table("company")
    op.drop_table("calendar_day")
    op.drop_table("audit_seal")
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.drop_index("ix_audit_entry_subject")
        batch_op.drop_index("ix_audit_entry_actor")
        batch_op.drop_index(batch_op.f("ix_audit_entry_action"))

    op.drop_table("audit_entry")
    op.drop_table("attempts")
    with op.batch_alter_table("area", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_area_path"))
        batch_op.drop_index(batch_op.f("ix_area_parent_id"))

    op.drop_table("area")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_audit_change()")
