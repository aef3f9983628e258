"""What somebody said about the months of figures; accidents without an e-bike tell that a month was reported.

Revision ID: 0054
Revises: 0053
"""

import sqlalchemy as sa
from alembic import op

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None

FIGURES = "figure IN ('violations', 'accidents', 'helmets', 'points', 'patrols')"


def upgrade() -> None:
    op.create_table(
        "coverage_mark",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("figure", sa.String(20), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(FIGURES, name=op.f("ck_coverage_mark_figure")),
        sa.CheckConstraint("state IN ('reported', 'none', 'open')", name=op.f("ck_coverage_mark_state")),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_coverage_mark_area_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coverage_mark")),
        sa.UniqueConstraint("figure", "area_id", "month", name=op.f("uq_coverage_mark_figure_area_id_month")),
    )
    op.create_table(
        "coverage_act",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("figure", sa.String(20), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("before", sa.String(10), nullable=True),
        sa.Column("state", sa.String(10), nullable=True),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("by_file", sa.Boolean(), nullable=False),
        sa.Column("at_utc", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_user_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(FIGURES, name=op.f("ck_coverage_act_figure")),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_coverage_act_area_id")),
        sa.ForeignKeyConstraint(["by_user_id"], ["user_account.id"], name=op.f("fk_coverage_act_by_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coverage_act")),
    )
    op.create_index("ix_coverage_act_of_month", "coverage_act", ["figure", "area_id", "month", "id"])
    op.create_index(op.f("ix_coverage_act_by_user_id"), "coverage_act", ["by_user_id"])
    op.execute("UPDATE settled_month SET through = NULL, counted_utc = NULL WHERE figure = 'accidents'")


def downgrade() -> None:
    op.drop_table("coverage_act")
    op.drop_table("coverage_mark")
    op.execute("UPDATE settled_month SET through = NULL, counted_utc = NULL WHERE figure = 'accidents'")
