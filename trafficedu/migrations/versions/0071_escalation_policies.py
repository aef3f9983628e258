"""Escalation policies as a whole: which was in force since when, chosen by whom; drafts; what a notice recommended.

Revision ID: 0071
Revises: 0070
"""

from typing import Any

import sqlalchemy as sa
import trafficedu.core.orm
from alembic import op

revision = "0071"
down_revision = "0070"
branch_labels = None
depends_on = None

BEFORE = ["receiver_kind", "violations_from", "valid_from"]
BEFORE_NAME = "uq_escalation_step_receiver_kind_violations_from_valid_from"
NOW_NAME = "uq_escalation_step_line"


def _moment(name: str, *, nullable: bool = True) -> sa.Column[Any]:
    return sa.Column(name, trafficedu.core.orm.UTCDateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "escalation_policy",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=12), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name_zh", sa.String(length=60), nullable=False),
        sa.Column("name_en", sa.String(length=60), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("about", sa.JSON(), nullable=False),
        _moment("adopted_utc", nullable=False),
        sa.Column("adopted_by_id", sa.Integer(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["adopted_by_id"], ["user_account.id"], name=op.f("fk_escalation_policy_adopted_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_escalation_policy")),
        sa.UniqueConstraint("number", name=op.f("uq_escalation_policy_number")),
    )
    op.create_table(
        "escalation_draft",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=12), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("about", sa.JSON(), nullable=False),
        _moment("made_utc", nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=True),
        _moment("discarded_utc"),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["made_by_id"], ["user_account.id"], name=op.f("fk_escalation_draft_made_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_escalation_draft")),
        sa.UniqueConstraint("number", name=op.f("uq_escalation_draft_number")),
    )
    op.add_column("notice", sa.Column("advice", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("escalation_step", sa.Column("policy_id", sa.Integer(), nullable=True))
    op.add_column("escalation_step", sa.Column("window_kind", sa.String(length=10), nullable=True))
    _carry_over()
    with op.batch_alter_table("escalation_step", schema=None) as batch:
        batch.alter_column("policy_id", existing_type=sa.Integer(), nullable=False)
        batch.alter_column("window_kind", existing_type=sa.String(length=10), nullable=False)
        batch.drop_constraint(BEFORE_NAME, type_="unique")
        batch.create_unique_constraint(NOW_NAME, ["policy_id", *BEFORE])
        batch.create_check_constraint("window_kind", "window_kind IN ('days', 'week', 'month', 'unbroken')")
        batch.create_foreign_key("fk_escalation_step_policy_id", "escalation_policy", ["policy_id"], ["id"])


def _carry_over() -> None:
    """Name the lines there are: the policy that came with the program, changed or not, since its first day."""
    op.execute("UPDATE escalation_step SET window_kind = 'days'")
    op.execute(
        "INSERT INTO escalation_policy"
        " (number, code, name_zh, name_en, reason, about, adopted_utc, valid_from, version)"
        " SELECT 'E00000000003', 'default', '默认规则', 'Default policy', '', '{}', '2020-01-01 00:00:00.000000', first, 1"
        " FROM (SELECT min(valid_from) AS first FROM escalation_step) AS lines WHERE first IS NOT NULL"
    )
    op.execute("UPDATE escalation_step SET policy_id = (SELECT max(id) FROM escalation_policy)")


def downgrade() -> None:
    # only the lines without an end, counted by days, are what the older program knows
    op.execute("DELETE FROM escalation_step WHERE valid_to IS NOT NULL OR window_kind <> 'days'")
    with op.batch_alter_table("escalation_step", schema=None) as batch:
        batch.drop_constraint("fk_escalation_step_policy_id", type_="foreignkey")
        batch.drop_constraint(op.f("ck_escalation_step_window_kind"), type_="check")
        batch.drop_constraint(NOW_NAME, type_="unique")
        batch.create_unique_constraint(BEFORE_NAME, BEFORE)
        batch.drop_column("window_kind")
        batch.drop_column("policy_id")
    op.drop_column("notice", "advice")
    op.drop_table("escalation_draft")
    op.drop_table("escalation_policy")
