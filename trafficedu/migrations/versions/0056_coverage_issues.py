"""What the worker found missing or contradicted, and when it looked.

Revision ID: 0056
Revises: 0055
"""

import sqlalchemy as sa
from alembic import op

revision = "0056"
down_revision = "0055"
branch_labels = None
depends_on = None

FIGURES = "figure IN ('violations', 'accidents', 'helmets', 'points', 'patrols')"


def upgrade() -> None:
    op.create_table(
        "coverage_issue",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("figure", sa.String(20), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("found_utc", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_utc", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('silent', 'contradicted')", name=op.f("ck_coverage_issue_kind")),
        sa.CheckConstraint(FIGURES, name=op.f("ck_coverage_issue_figure")),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_coverage_issue_area_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coverage_issue")),
        sa.UniqueConstraint(
            "kind", "figure", "area_id", "month", name=op.f("uq_coverage_issue_kind_figure_area_id_month")
        ),
    )
    op.create_table(
        "coverage_look",
        sa.Column("figure", sa.String(20), nullable=False),
        sa.Column("looked_utc", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("figure", name=op.f("pk_coverage_look")),
    )


def downgrade() -> None:
    op.drop_table("coverage_look")
    op.drop_table("coverage_issue")
