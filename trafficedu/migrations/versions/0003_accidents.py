"""accidents

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
import trafficedu.core.orm
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "accident",
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
        sa.Column("severity", sa.String(length=10), nullable=False),
        sa.Column("killed", sa.Integer(), nullable=False),
        sa.Column("killed_30_days", sa.Integer(), nullable=True),
        sa.Column("injured", sa.Integer(), nullable=False),
        sa.Column("ebike_involved", sa.Boolean(), nullable=False),
        sa.Column("rider_helmet", sa.String(length=10), nullable=False),
        sa.Column("responsibility", sa.String(length=10), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("state_reason", sa.String(length=500), nullable=False),
        sa.Column("told_apart", sa.Boolean(), nullable=False),
        sa.Column("duplicate_of_id", sa.Integer(), nullable=True),
        sa.Column("recorded_by_id", sa.Integer(), nullable=True),
        sa.Column("recorded_utc", trafficedu.core.orm.UTCDateTime(timezone=True), nullable=False),
        sa.Column("voided_by_id", sa.Integer(), nullable=True),
        sa.Column("voided_utc", trafficedu.core.orm.UTCDateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("(severity = 'fatal') = (killed > 0)", name=op.f("ck_accident_fatal")),
        sa.CheckConstraint("(state = 'voided') = (voided_utc IS NOT NULL)", name=op.f("ck_accident_voided")),
        sa.CheckConstraint(
            "responsibility IN ('full', 'main', 'equal', 'minor', 'none', 'unknown')",
            name=op.f("ck_accident_responsibility"),
        ),
        sa.CheckConstraint("rider_helmet IN ('yes', 'no', 'unknown')", name=op.f("ck_accident_rider_helmet")),
        sa.CheckConstraint("severity IN ('fatal', 'serious', 'slight', 'damage')", name=op.f("ck_accident_severity")),
        sa.CheckConstraint(
            "state = 'recorded' OR state_reason <> '' OR duplicate_of_id IS NOT NULL", name=op.f("ck_accident_why")
        ),
        sa.CheckConstraint("state IN ('recorded', 'voided')", name=op.f("ck_accident_state")),
        sa.CheckConstraint("duplicate_of_id IS NULL OR duplicate_of_id <> id", name=op.f("ck_accident_another")),
        sa.CheckConstraint("killed >= 0 AND injured >= 0", name=op.f("ck_accident_not_negative")),
        sa.CheckConstraint(
            "killed_30_days IS NULL OR killed_30_days >= killed", name=op.f("ck_accident_killed_30_days")
        ),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_accident_area_id")),
        sa.ForeignKeyConstraint(["duplicate_of_id"], ["accident.id"], name=op.f("fk_accident_duplicate_of_id")),
        sa.ForeignKeyConstraint(["recorded_by_id"], ["user_account.id"], name=op.f("fk_accident_recorded_by_id")),
        sa.ForeignKeyConstraint(["voided_by_id"], ["user_account.id"], name=op.f("fk_accident_voided_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accident")),
        sa.UniqueConstraint("client_reference", name=op.f("uq_accident_client_reference")),
        sa.UniqueConstraint("number", name=op.f("uq_accident_number")),
        sa.UniqueConstraint("reference", name=op.f("uq_accident_reference")),
    )
    with op.batch_alter_table("accident", schema=None) as batch_op:
        batch_op.create_index("ix_accident_area_id_occurred_on", ["area_id", "occurred_on"], unique=False)
        batch_op.create_index(batch_op.f("ix_accident_duplicate_of_id"), ["duplicate_of_id"], unique=False)
        batch_op.create_index("ix_accident_occurred_on", ["occurred_on"], unique=False)

    op.create_table(
        "accident_kind",
        sa.Column("accident_id", sa.Integer(), nullable=False),
        sa.Column("kind_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["accident_id"], ["accident.id"], name=op.f("fk_accident_kind_accident_id")),
        sa.ForeignKeyConstraint(["kind_id"], ["violation_kind.id"], name=op.f("fk_accident_kind_kind_id")),
        sa.PrimaryKeyConstraint("accident_id", "kind_id", name=op.f("pk_accident_kind")),
    )
    with op.batch_alter_table("accident_kind", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_accident_kind_kind_id"), ["kind_id"], unique=False)

    op.create_table(
        "accident_rider",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("accident_id", sa.Integer(), nullable=False),
        sa.Column("rider_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.CheckConstraint("role IN ('rider', 'passenger', 'other')", name=op.f("ck_accident_rider_role")),
        sa.ForeignKeyConstraint(["accident_id"], ["accident.id"], name=op.f("fk_accident_rider_accident_id")),
        sa.ForeignKeyConstraint(["rider_id"], ["rider.id"], name=op.f("fk_accident_rider_rider_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accident_rider")),
    )
    with op.batch_alter_table("accident_rider", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_accident_rider_rider_id"), ["rider_id"], unique=False)
        batch_op.create_index("uq_accident_rider_accident_id_rider_id", ["accident_id", "rider_id"], unique=True)


def downgrade() -> None:
    with op.batch_alter_table("accident_rider", schema=None) as batch_op:
        batch_op.drop_index("uq_accident_rider_accident_id_rider_id")
        batch_op.drop_index(batch_op.f("ix_accident_rider_rider_id"))

    op.drop_table("accident_rider")
    with op.batch_alter_table("accident_kind", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_accident_kind_kind_id"))

    op.drop_table("accident_kind")
    with op.batch_alter_table("accident", schema=None) as batch_op:
        batch_op.drop_index("ix_accident_occurred_on")
        batch_op.drop_index(batch_op.f("ix_accident_duplicate_of_id"))
        batch_op.drop_index("ix_accident_area_id_occurred_on")

    op.drop_table("accident")
