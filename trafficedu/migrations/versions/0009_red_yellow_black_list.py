"""Outlines of areas; the red-yellow-black list, its entries and protests.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
import trafficedu.core.orm
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "area_boundary",
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column("rings", sa.JSON(), nullable=False),
        sa.Column("imported_utc", trafficedu.core.orm.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_area_boundary_area_id")),
        sa.PrimaryKeyConstraint("area_id", name=op.f("pk_area_boundary")),
    )
    op.create_table(
        "village_list",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("protest_until", sa.Date(), nullable=False),
        sa.Column("frozen_utc", trafficedu.core.orm.UTCDateTime(timezone=True), nullable=False),
        sa.Column("frozen_by_id", sa.Integer(), nullable=True),
        sa.Column("published_utc", trafficedu.core.orm.UTCDateTime(timezone=True), nullable=True),
        sa.Column("published_by_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(state = 'published') = (published_utc IS NOT NULL)", name=op.f("ck_village_list_published")
        ),
        sa.CheckConstraint("state IN ('frozen', 'published')", name=op.f("ck_village_list_state")),
        sa.ForeignKeyConstraint(["frozen_by_id"], ["user_account.id"], name=op.f("fk_village_list_frozen_by_id")),
        sa.ForeignKeyConstraint(["published_by_id"], ["user_account.id"], name=op.f("fk_village_list_published_by_id")),
        sa.ForeignKeyConstraint(["run_id"], ["evaluation_run.id"], name=op.f("fk_village_list_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_village_list")),
        sa.UniqueConstraint("month", name=op.f("uq_village_list_month")),
    )
    op.create_table(
        "village_list_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("list_id", sa.Integer(), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column("shade", sa.String(length=6), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("why", sa.String(length=20), nullable=False),
        sa.Column("colour", sa.String(length=6), nullable=False),
        sa.Column("score", sa.Numeric(precision=5, scale=2, asdecimal=False), nullable=True),
        sa.Column("taken_off", sa.Boolean(), nullable=False),
        sa.Column("taken_off_reason", sa.String(length=300), nullable=False),
        sa.CheckConstraint("shade IN ('red', 'yellow', 'black')", name=op.f("ck_village_list_entry_shade")),
        sa.CheckConstraint("taken_off = (taken_off_reason <> '')", name=op.f("ck_village_list_entry_taken_off")),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_village_list_entry_area_id")),
        sa.ForeignKeyConstraint(["list_id"], ["village_list.id"], name=op.f("fk_village_list_entry_list_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_village_list_entry")),
        sa.UniqueConstraint("list_id", "area_id", name=op.f("uq_village_list_entry_list_id_area_id")),
    )
    with op.batch_alter_table("village_list_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_village_list_entry_area_id"), ["area_id"], unique=False)

    op.create_table(
        "village_list_protest",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(length=500), nullable=False),
        sa.Column("made_utc", trafficedu.core.orm.UTCDateTime(timezone=True), nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=True),
        sa.Column("decision", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("decided_utc", trafficedu.core.orm.UTCDateTime(timezone=True), nullable=True),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("(decision = '') = (decided_utc IS NULL)", name=op.f("ck_village_list_protest_decided")),
        sa.CheckConstraint("decision IN ('', 'upheld', 'rejected')", name=op.f("ck_village_list_protest_decision")),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["user_account.id"], name=op.f("fk_village_list_protest_decided_by_id")
        ),
        sa.ForeignKeyConstraint(["entry_id"], ["village_list_entry.id"], name=op.f("fk_village_list_protest_entry_id")),
        sa.ForeignKeyConstraint(["made_by_id"], ["user_account.id"], name=op.f("fk_village_list_protest_made_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_village_list_protest")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_village_list_protest_entry_id")),
    )


def downgrade() -> None:
    op.drop_table("village_list_protest")
    with op.batch_alter_table("village_list_entry", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_village_list_entry_area_id"))

    op.drop_table("village_list_entry")
    op.drop_table("village_list")
    op.drop_table("area_boundary")
