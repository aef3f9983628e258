"""What is done by exception in study is proposed by one person and granted by another.

Revision ID: 0043
Revises: 0042
"""

import sqlalchemy as sa
from alembic import op

import trafficedu.core.orm

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

MOMENT = trafficedu.core.orm.UTCDateTime(timezone=True)
OPEN = sa.text("state = 'open'")
REFERENCES = (
    ("task_id", "study_task"),
    ("booking_id", "booking"),
    ("area_id", "area"),
    ("station_id", "station"),
    ("proposed_by_id", "user_account"),
    ("decided_by_id", "user_account"),
)


def upgrade() -> None:
    op.create_table(
        "study_proposal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("booking_id", sa.Integer(), nullable=True),
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column("station_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("proposed_utc", MOMENT, nullable=False),
        sa.Column("proposed_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_utc", MOMENT, nullable=True),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decision", sa.String(length=500), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind IN ('sign_off', 'waiver')", name=op.f("ck_study_proposal_kind")),
        sa.CheckConstraint("state IN ('open', 'granted', 'refused', 'lapsed')", name=op.f("ck_study_proposal_state")),
        *[
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=op.f(f"fk_study_proposal_{column}"))
            for column, table in REFERENCES
        ],
        sa.PrimaryKeyConstraint("id", name=op.f("pk_study_proposal")),
    )
    for name, columns in (
        ("ix_study_proposal_task_id", ["task_id"]),
        ("ix_study_proposal_kind_proposed_utc", ["kind", "proposed_utc"]),
    ):
        op.create_index(name, "study_proposal", columns)
    for name, columns, unique in (
        ("uq_study_proposal_task_id_open", ["task_id"], True),
        ("ix_study_proposal_open_area_id", ["area_id", "id"], False),
    ):
        op.create_index(name, "study_proposal", columns, unique=unique, sqlite_where=OPEN, postgresql_where=OPEN)
    with op.batch_alter_table("attendance", schema=None) as batch_op:
        batch_op.add_column(sa.Column("override_by_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(op.f("fk_attendance_override_by_id"), "user_account", ["override_by_id"], ["id"])


def downgrade() -> None:
    with op.batch_alter_table("attendance", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("fk_attendance_override_by_id"), type_="foreignkey")
        batch_op.drop_column("override_by_id")
    op.drop_table("study_proposal")
