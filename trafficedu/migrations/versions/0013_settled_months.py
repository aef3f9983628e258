"""Sums of months that are over, and what changed in them since.

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

BY_DAY = (("study_task", "opened_on"), ("study_task", "completed_on"), ("notice", "sent_utc"))


def upgrade() -> None:
    # the tables begin empty: the worker's next rounds settle the months; the triggers come with the program
    for table, column in BY_DAY:
        op.create_index(f"ix_{table}_{column}", table, [column])
    op.drop_index("ix_notice_counted_area_id_sent_utc", "notice")
    op.drop_index("ix_notice_counted_area_id_due_utc", "notice")
    op.create_table(
        "settled_month",
        sa.Column("figure", sa.String(20), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("watched", sa.Date(), nullable=False),
        sa.Column("lag", sa.Integer(), nullable=False),
        sa.Column("watched_txid", sa.BigInteger(), nullable=True),
        sa.Column("through", sa.Date(), nullable=True),
        sa.Column("counted_utc", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("figure", "month", name=op.f("pk_settled_month")),
    )
    op.create_table(
        "settled_sum",
        sa.Column("figure", sa.String(20), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("area_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("part", sa.String(20), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("figure", "month", "area_id", "part", name=op.f("pk_settled_sum")),
    )
    op.create_table(
        "late_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("figure", sa.String(20), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column("part", sa.String(20), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_late_change")),
    )
    op.create_index("ix_late_change_figure_month", "late_change", ["figure", "month"])


def downgrade() -> None:
    op.create_index("ix_notice_counted_area_id_sent_utc", "notice", ["counted_area_id", "sent_utc"])
    op.create_index("ix_notice_counted_area_id_due_utc", "notice", ["counted_area_id", "due_utc"])
    for table, column in BY_DAY:
        op.drop_index(f"ix_{table}_{column}", table)
    op.drop_table("late_change")
    op.drop_table("settled_sum")
    op.drop_table("settled_month")
