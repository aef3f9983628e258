"""Helmet surveys: sites, plans, surveys with their sheets and counts.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
import trafficedu.core.orm
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "helmet_site",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column("road_class", sa.String(length=10), nullable=False),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "road_class IN ('arterial', 'secondary', 'branch', 'rural', 'unknown')",
            name=op.f("ck_helmet_site_road_class"),
        ),
        sa.CheckConstraint("(latitude IS NULL) = (longitude IS NULL)", name=op.f("ck_helmet_site_both_or_none")),
        sa.CheckConstraint("latitude IS NULL OR (latitude BETWEEN -90 AND 90)", name=op.f("ck_helmet_site_latitude")),
        sa.CheckConstraint(
            "longitude IS NULL OR (longitude BETWEEN -180 AND 180)", name=op.f("ck_helmet_site_longitude")
        ),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_helmet_site_area_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_helmet_site")),
        sa.UniqueConstraint("code", name=op.f("uq_helmet_site_code")),
    )
    with op.batch_alter_table("helmet_site", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_helmet_site_area_id"), ["area_id"], unique=False)

    op.create_table(
        "helmet_draw",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=12), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("seed", sa.String(length=40), nullable=False),
        sa.Column("stratified_by", sa.String(length=10), nullable=False),
        sa.Column("sites", sa.Integer(), nullable=False),
        sa.Column("frame", sa.JSON(), nullable=False),
        sa.Column("drawn", sa.JSON(), nullable=False),
        sa.Column("drawn_utc", trafficedu.core.orm.UTCDateTime(timezone=True), nullable=False),
        sa.Column("drawn_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "stratified_by IN ('road_class', 'town', 'none')", name=op.f("ck_helmet_draw_stratified_by")
        ),
        sa.CheckConstraint("sites > 0", name=op.f("ck_helmet_draw_sites")),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_helmet_draw_area_id")),
        sa.ForeignKeyConstraint(["drawn_by_id"], ["user_account.id"], name=op.f("fk_helmet_draw_drawn_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_helmet_draw")),
        sa.UniqueConstraint("number", name=op.f("uq_helmet_draw_number")),
    )
    with op.batch_alter_table("helmet_draw", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_helmet_draw_area_id"), ["area_id"], unique=False)

    op.create_table(
        "helmet_survey",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=12), nullable=False),
        sa.Column("reference", sa.String(length=64), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("started_utc", trafficedu.core.orm.UTCDateTime(timezone=True), nullable=False),
        sa.Column("occurred_on", sa.Date(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("method", sa.String(length=10), nullable=False),
        sa.Column("source", sa.String(length=10), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("void_reason", sa.String(length=200), nullable=False),
        sa.Column("voided_utc", trafficedu.core.orm.UTCDateTime(timezone=True), nullable=True),
        sa.Column("voided_by_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("(state = 'void') = (voided_utc IS NOT NULL)", name=op.f("ck_helmet_survey_voided")),
        sa.CheckConstraint("method IN ('on_site', 'video')", name=op.f("ck_helmet_survey_method")),
        sa.CheckConstraint("source IN ('page', 'form', 'file')", name=op.f("ck_helmet_survey_source")),
        sa.CheckConstraint("state IN ('counted', 'void')", name=op.f("ck_helmet_survey_state")),
        sa.CheckConstraint("minutes BETWEEN 1 AND 1440", name=op.f("ck_helmet_survey_minutes")),
        sa.ForeignKeyConstraint(["site_id"], ["helmet_site.id"], name=op.f("fk_helmet_survey_site_id")),
        sa.ForeignKeyConstraint(["voided_by_id"], ["user_account.id"], name=op.f("fk_helmet_survey_voided_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_helmet_survey")),
        sa.UniqueConstraint("number", name=op.f("uq_helmet_survey_number")),
        sa.UniqueConstraint("reference", name=op.f("uq_helmet_survey_reference")),
    )
    with op.batch_alter_table("helmet_survey", schema=None) as batch_op:
        batch_op.create_index("ix_helmet_survey_occurred_on", ["occurred_on"], unique=False)
        batch_op.create_index("ix_helmet_survey_site_id_occurred_on", ["site_id", "occurred_on"], unique=False)

    op.create_table(
        "helmet_sheet",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("survey_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("observer_id", sa.Integer(), nullable=True),
        sa.Column("last_event", sa.Integer(), nullable=False),
        sa.Column("started_utc", trafficedu.core.orm.UTCDateTime(timezone=True), nullable=False),
        sa.Column("ended_utc", trafficedu.core.orm.UTCDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("last_event >= 0", name=op.f("ck_helmet_sheet_last_event")),
        sa.ForeignKeyConstraint(["observer_id"], ["user_account.id"], name=op.f("fk_helmet_sheet_observer_id")),
        sa.ForeignKeyConstraint(["survey_id"], ["helmet_survey.id"], name=op.f("fk_helmet_sheet_survey_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_helmet_sheet")),
        sa.UniqueConstraint("key", name=op.f("uq_helmet_sheet_key")),
    )
    with op.batch_alter_table("helmet_sheet", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_helmet_sheet_survey_id"), ["survey_id"], unique=False)

    op.create_table(
        "helmet_count",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sheet_id", sa.Integer(), nullable=False),
        sa.Column("group", sa.String(length=10), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=True),
        sa.Column("helmeted", sa.Integer(), nullable=False),
        sa.Column("bare", sa.Integer(), nullable=False),
        sa.Column("unclear", sa.Integer(), nullable=False),
        sa.CheckConstraint("role IN ('rider', 'passenger')", name=op.f("ck_helmet_count_role")),
        sa.CheckConstraint("\"group\" IN ('delivery', 'other')", name=op.f("ck_helmet_count_group")),
        sa.CheckConstraint("company_id IS NULL OR \"group\" = 'delivery'", name=op.f("ck_helmet_count_company")),
        sa.CheckConstraint("helmeted >= 0 AND bare >= 0 AND unclear >= 0", name=op.f("ck_helmet_count_not_negative")),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_helmet_count_company_id")),
        sa.ForeignKeyConstraint(["sheet_id"], ["helmet_sheet.id"], name=op.f("fk_helmet_count_sheet_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_helmet_count")),
        sa.UniqueConstraint(
            "sheet_id", "group", "role", "company_id", name=op.f("uq_helmet_count_sheet_id_group_role_company_id")
        ),
    )
    with op.batch_alter_table("helmet_count", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_helmet_count_company_id"), ["company_id"], unique=False)
        batch_op.create_index(
            "uq_helmet_count_no_company",
            ["sheet_id", "group", "role"],
            unique=True,
            sqlite_where=sa.text("company_id IS NULL"),
            postgresql_where=sa.text("company_id IS NULL"),
        )


def downgrade() -> None:
    with op.batch_alter_table("helmet_count", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_helmet_count_no_company",
            sqlite_where=sa.text("company_id IS NULL"),
            postgresql_where=sa.text("company_id IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_helmet_count_company_id"))

    op.drop_table("helmet_count")
    with op.batch_alter_table("helmet_sheet", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_helmet_sheet_survey_id"))

    op.drop_table("helmet_sheet")
    with op.batch_alter_table("helmet_survey", schema=None) as batch_op:
        batch_op.drop_index("ix_helmet_survey_site_id_occurred_on")
        batch_op.drop_index("ix_helmet_survey_occurred_on")

    op.drop_table("helmet_survey")
    with op.batch_alter_table("helmet_draw", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_helmet_draw_area_id"))

    op.drop_table("helmet_draw")
    with op.batch_alter_table("helmet_site", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_helmet_site_area_id"))

    op.drop_table("helmet_site")
