"""Campaigns, and results that took a fit.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
import trafficedu.core.orm
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "analysis_result",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("upto", sa.Date(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("computed_utc", trafficedu.core.orm.UTCDateTime(timezone=True), nullable=False),
        sa.Column("checked_utc", trafficedu.core.orm.UTCDateTime(timezone=True), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_analysis_result")),
        sa.UniqueConstraint("kind", "subject_id", name=op.f("uq_analysis_result_kind_subject_id")),
    )
    with op.batch_alter_table("analysis_result", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_analysis_result_checked_utc"), ["checked_utc"], unique=False)

    op.create_table(
        "campaign",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=12), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("effort_hours", sa.Integer(), nullable=True),
        sa.Column("notes", sa.String(length=1000), nullable=False),
        sa.Column("cancelled_utc", trafficedu.core.orm.UTCDateTime(timezone=True), nullable=True),
        sa.Column("cancel_reason", sa.String(length=200), nullable=False),
        sa.Column("recorded_by_id", sa.Integer(), nullable=True),
        sa.Column("recorded_utc", trafficedu.core.orm.UTCDateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("(cancelled_utc IS NULL) = (cancel_reason = '')", name=op.f("ck_campaign_cancelled")),
        sa.CheckConstraint("effort_hours IS NULL OR effort_hours > 0", name=op.f("ck_campaign_effort")),
        sa.CheckConstraint("last_day >= first_day", name=op.f("ck_campaign_days")),
        sa.ForeignKeyConstraint(["recorded_by_id"], ["user_account.id"], name=op.f("fk_campaign_recorded_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign")),
        sa.UniqueConstraint("number", name=op.f("uq_campaign_number")),
    )
    with op.batch_alter_table("campaign", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_campaign_first_day"), ["first_day"], unique=False)

    op.create_table(
        "campaign_area",
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_campaign_area_area_id")),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_campaign_area_campaign_id")),
        sa.PrimaryKeyConstraint("campaign_id", "area_id", name=op.f("pk_campaign_area")),
    )
    with op.batch_alter_table("campaign_area", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_campaign_area_area_id"), ["area_id"], unique=False)

    op.create_table(
        "campaign_kind",
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("kind_code", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_campaign_kind_campaign_id")),
        sa.PrimaryKeyConstraint("campaign_id", "kind_code", name=op.f("pk_campaign_kind")),
    )


def downgrade() -> None:
    op.drop_table("campaign_kind")
    with op.batch_alter_table("campaign_area", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_campaign_area_area_id"))

    op.drop_table("campaign_area")
    with op.batch_alter_table("campaign", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_campaign_first_day"))

    op.drop_table("campaign")
    with op.batch_alter_table("analysis_result", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_analysis_result_checked_utc"))

    op.drop_table("analysis_result")
