"""points and patrols

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
import trafficedu.core.orm
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

APPEND_ONLY = {
    "sqlite": [
        "CREATE TRIGGER point_entry_no_update BEFORE UPDATE ON point_entry "
        "BEGIN SELECT RAISE(ABORT, 'the ledger of points is append-only'); END",
        "CREATE TRIGGER point_entry_no_delete BEFORE DELETE ON point_entry "
        "BEGIN SELECT RAISE(ABORT, 'the ledger of points is append-only'); END",
    ],
    "postgresql": [
        "CREATE FUNCTION refuse_point_entry_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the ledger of points is append-only'; END $$",
        "CREATE TRIGGER point_entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON point_entry "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_point_entry_change()",
    ],
}


def upgrade() -> None:
    op.create_table(
        "point_activity",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=30), nullable=False),
        sa.Column("name_zh", sa.String(length=60), nullable=False),
        sa.Column("name_en", sa.String(length=80), nullable=False),
        sa.Column("direction", sa.String(length=6), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("for_district", sa.Boolean(), nullable=False),
        sa.Column("for_town", sa.Boolean(), nullable=False),
        sa.Column("for_village", sa.Boolean(), nullable=False),
        sa.Column("for_company", sa.Boolean(), nullable=False),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("direction IN ('earned', 'lost')", name=op.f("ck_point_activity_direction")),
        sa.CheckConstraint("points > 0", name=op.f("ck_point_activity_points")),
        sa.CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name=op.f("ck_point_activity_validity")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_point_activity")),
        sa.UniqueConstraint("code", "valid_from", name=op.f("uq_point_activity_code_valid_from")),
    )
    with op.batch_alter_table("point_activity", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_point_activity_code"), ["code"], unique=False)

    op.create_table(
        "point_expectation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("target_kind", sa.String(length=10), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=True),
        sa.Column("company_id", sa.Integer(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "area_id IS NULL OR (company_id IS NULL AND target_kind <> 'company')",
            name=op.f("ck_point_expectation_area"),
        ),
        sa.CheckConstraint("company_id IS NULL OR target_kind = 'company'", name=op.f("ck_point_expectation_company")),
        sa.CheckConstraint(
            "target_kind IN ('town', 'village', 'company')", name=op.f("ck_point_expectation_target_kind")
        ),
        sa.CheckConstraint("points IS NULL OR points > 0", name=op.f("ck_point_expectation_points")),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_point_expectation_area_id")),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_point_expectation_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_point_expectation")),
        sa.UniqueConstraint("area_id", "valid_from", name=op.f("uq_point_expectation_area_id_valid_from")),
        sa.UniqueConstraint("company_id", "valid_from", name=op.f("uq_point_expectation_company_id_valid_from")),
    )
    with op.batch_alter_table("point_expectation", schema=None) as batch_op:
        batch_op.create_index(
            "uq_point_expectation_level",
            ["target_kind", "valid_from"],
            unique=True,
            sqlite_where=sa.text("area_id IS NULL AND company_id IS NULL"),
            postgresql_where=sa.text("area_id IS NULL AND company_id IS NULL"),
        )

    op.create_table(
        "patrol",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=12), nullable=False),
        sa.Column("client_reference", sa.String(length=60), nullable=True),
        sa.Column("officer_id", sa.Integer(), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column("started_utc", trafficedu.core.orm.UTCDateTime(timezone=True), nullable=False),
        sa.Column("started_on", sa.Date(), nullable=False),
        sa.Column("ended_utc", trafficedu.core.orm.UTCDateTime(timezone=True), nullable=True),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("stops", sa.Integer(), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("voided_utc", trafficedu.core.orm.UTCDateTime(timezone=True), nullable=True),
        sa.Column("voided_by_id", sa.Integer(), nullable=True),
        sa.Column("void_reason", sa.String(length=200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("(voided_utc IS NULL) = (void_reason = '')", name=op.f("ck_patrol_voided")),
        sa.CheckConstraint("(ended_utc IS NULL) = (minutes IS NULL)", name=op.f("ck_patrol_ended")),
        sa.CheckConstraint("minutes IS NULL OR minutes >= 0", name=op.f("ck_patrol_minutes")),
        sa.CheckConstraint("stops IS NULL OR stops >= 0", name=op.f("ck_patrol_stops")),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_patrol_area_id")),
        sa.ForeignKeyConstraint(["officer_id"], ["user_account.id"], name=op.f("fk_patrol_officer_id")),
        sa.ForeignKeyConstraint(["voided_by_id"], ["user_account.id"], name=op.f("fk_patrol_voided_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patrol")),
        sa.UniqueConstraint("client_reference", name=op.f("uq_patrol_client_reference")),
        sa.UniqueConstraint("number", name=op.f("uq_patrol_number")),
    )
    with op.batch_alter_table("patrol", schema=None) as batch_op:
        batch_op.create_index("ix_patrol_area_id_started_on", ["area_id", "started_on"], unique=False)
        batch_op.create_index("ix_patrol_officer_id_started_utc", ["officer_id", "started_utc"], unique=False)
        batch_op.create_index("ix_patrol_started_on", ["started_on"], unique=False)
        batch_op.create_index(
            "uq_patrol_officer_id_running",
            ["officer_id"],
            unique=True,
            sqlite_where=sa.text("ended_utc IS NULL AND voided_utc IS NULL"),
            postgresql_where=sa.text("ended_utc IS NULL AND voided_utc IS NULL"),
        )

    op.create_table(
        "point_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=12), nullable=False),
        sa.Column("reference", sa.String(length=60), nullable=True),
        sa.Column("once_key", sa.String(length=80), nullable=True),
        sa.Column("area_id", sa.Integer(), nullable=True),
        sa.Column("company_id", sa.Integer(), nullable=True),
        sa.Column("occurred_on", sa.Date(), nullable=False),
        sa.Column("activity_id", sa.Integer(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("evidence_key", sa.String(length=64), nullable=True),
        sa.Column("source", sa.String(length=5), nullable=False),
        sa.Column("counters_id", sa.Integer(), nullable=True),
        sa.Column("recorded_by_id", sa.Integer(), nullable=True),
        sa.Column("recorded_utc", trafficedu.core.orm.UTCDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("counters_id IS NULL OR note <> ''", name=op.f("ck_point_entry_why")),
        sa.CheckConstraint("source IN ('page', 'file', 'event')", name=op.f("ck_point_entry_source")),
        sa.CheckConstraint("(area_id IS NULL) <> (company_id IS NULL)", name=op.f("ck_point_entry_one_target")),
        sa.CheckConstraint("points <> 0", name=op.f("ck_point_entry_points")),
        sa.ForeignKeyConstraint(["activity_id"], ["point_activity.id"], name=op.f("fk_point_entry_activity_id")),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_point_entry_area_id")),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_point_entry_company_id")),
        sa.ForeignKeyConstraint(["counters_id"], ["point_entry.id"], name=op.f("fk_point_entry_counters_id")),
        sa.ForeignKeyConstraint(["recorded_by_id"], ["user_account.id"], name=op.f("fk_point_entry_recorded_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_point_entry")),
        sa.UniqueConstraint("counters_id", name=op.f("uq_point_entry_counters_id")),
        sa.UniqueConstraint("number", name=op.f("uq_point_entry_number")),
        sa.UniqueConstraint("once_key", name=op.f("uq_point_entry_once_key")),
        sa.UniqueConstraint("reference", name=op.f("uq_point_entry_reference")),
    )
    with op.batch_alter_table("point_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_point_entry_activity_id"), ["activity_id"], unique=False)
        batch_op.create_index("ix_point_entry_area_id_occurred_on", ["area_id", "occurred_on"], unique=False)
        batch_op.create_index("ix_point_entry_company_id_occurred_on", ["company_id", "occurred_on"], unique=False)
        batch_op.create_index("ix_point_entry_occurred_on", ["occurred_on"], unique=False)

    for statement in APPEND_ONLY[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    with op.batch_alter_table("point_entry", schema=None) as batch_op:
        batch_op.drop_index("ix_point_entry_occurred_on")
        batch_op.drop_index("ix_point_entry_company_id_occurred_on")
        batch_op.drop_index("ix_point_entry_area_id_occurred_on")
        batch_op.drop_index(batch_op.f("ix_point_entry_activity_id"))

    op.drop_table("point_entry")
    with op.batch_alter_table("patrol", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_patrol_officer_id_running",
            sqlite_where=sa.text("ended_utc IS NULL AND voided_utc IS NULL"),
            postgresql_where=sa.text("ended_utc IS NULL AND voided_utc IS NULL"),
        )
        batch_op.drop_index("ix_patrol_started_on")
        batch_op.drop_index("ix_patrol_officer_id_started_utc")
        batch_op.drop_index("ix_patrol_area_id_started_on")

    op.drop_table("patrol")
    with op.batch_alter_table("point_expectation", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_point_expectation_level",
            sqlite_where=sa.text("area_id IS NULL AND company_id IS NULL"),
            postgresql_where=sa.text("area_id IS NULL AND company_id IS NULL"),
        )

    op.drop_table("point_expectation")
    with op.batch_alter_table("point_activity", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_point_activity_code"))

    op.drop_table("point_activity")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_point_entry_change()")
