"""Records of violations that may be of one offence are kept in pairs.

Revision ID: 0059
Revises: 0058
"""

import sqlalchemy as sa
from alembic import op

revision = "0059"
down_revision = "0058"
branch_labels = None
depends_on = None

OPEN = sa.text("state = 'open'")


def upgrade() -> None:
    op.create_table(
        "violation_pair",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("first_id", sa.Integer(), nullable=False),
        sa.Column("second_id", sa.Integer(), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column("last_utc", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("voided_id", sa.Integer(), nullable=True),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_utc", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("first_id < second_id", name=op.f("ck_violation_pair_order")),
        sa.CheckConstraint(
            "state IN ('open', 'apart', 'merged', 'dropped')", name=op.f("ck_violation_pair_state")
        ),
        sa.CheckConstraint(
            "(state = 'merged') = (voided_id IS NOT NULL)", name=op.f("ck_violation_pair_voided")
        ),
        sa.ForeignKeyConstraint(["first_id"], ["violation.id"], name=op.f("fk_violation_pair_first_id")),
        sa.ForeignKeyConstraint(["second_id"], ["violation.id"], name=op.f("fk_violation_pair_second_id")),
        sa.ForeignKeyConstraint(["voided_id"], ["violation.id"], name=op.f("fk_violation_pair_voided_id")),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_violation_pair_area_id")),
        sa.ForeignKeyConstraint(["decided_by_id"], ["user_account.id"], name=op.f("fk_violation_pair_decided_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_violation_pair")),
    )
    op.create_index("uq_violation_pair_first_id_second_id", "violation_pair", ["first_id", "second_id"], unique=True)
    op.create_index(op.f("ix_violation_pair_second_id"), "violation_pair", ["second_id"])
    for name, columns in (
        ("ix_violation_pair_open_area_id", ["area_id", "last_utc", "id"]),
        ("ix_violation_pair_open", ["last_utc", "id"]),
    ):
        op.create_index(name, "violation_pair", columns, sqlite_where=OPEN, postgresql_where=OPEN)


def downgrade() -> None:
    op.execute(
        "UPDATE notice SET held_reason = 'no_home_village' WHERE held_reason = 'double' AND receiver_kind = 'village'"
    )
    op.execute("UPDATE notice SET held_reason = 'no_legal_basis' WHERE held_reason = 'double'")
    op.drop_table("violation_pair")
