"""Answers are corrected, objections settled by a void, notices beyond help closed.

Revision ID: 0031
Revises: 0030
"""

import sqlalchemy as sa
import trafficedu.core.orm
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

BEFORE = (
    "(state = 'sent' AND answered_utc IS NULL) = (urgency < 100000000000)"
    " AND (state = 'held') = (urgency BETWEEN 100000000000 AND 199999999999)"
)
AFTER = BEFORE.replace("answered_utc IS NULL)", "answered_utc IS NULL AND closed_utc IS NULL)")
MOMENT = trafficedu.core.orm.UTCDateTime(timezone=True)


def among(words: tuple[str, ...]) -> str:
    return ", ".join(f"'{word}'" for word in words)


def upgrade() -> None:
    op.create_table(
        "earlier_answer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("feedback_id", sa.Integer(), nullable=False),
        sa.Column("measure", sa.String(length=20), nullable=False),
        sa.Column("days", sa.Integer(), nullable=True),
        sa.Column("text", sa.String(length=500), nullable=False),
        sa.Column("answered_utc", MOMENT, nullable=False),
        sa.Column("answered_by_id", sa.Integer(), nullable=True),
        sa.Column("replaced_utc", MOMENT, nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(
            ["answered_by_id"], ["user_account.id"], name=op.f("fk_earlier_answer_answered_by_id")
        ),
        sa.ForeignKeyConstraint(["feedback_id"], ["feedback.id"], name=op.f("fk_earlier_answer_feedback_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_earlier_answer")),
    )
    op.create_index(op.f("ix_earlier_answer_feedback_id"), "earlier_answer", ["feedback_id"])
    op.add_column("feedback", sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
    with op.batch_alter_table("feedback", schema=None) as batch_op:
        batch_op.alter_column("version", existing_type=sa.Integer(), server_default=None)
    with op.batch_alter_table("objection", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_objection_state"), type_="check")
        batch_op.create_check_constraint(
            op.f("ck_objection_state"), f"state IN ({among(('open', 'upheld', 'dismissed', 'settled'))})"
        )
    op.execute(  # what waits for a decision on a record that no longer stands
        "UPDATE objection SET state = 'settled',"
        " decided_utc = (SELECT v.voided_utc FROM violation AS v WHERE v.id = objection.violation_id),"
        " decided_by_id = (SELECT v.voided_by_id FROM violation AS v WHERE v.id = objection.violation_id)"
        " WHERE state = 'open' AND violation_id IN (SELECT id FROM violation WHERE state = 'voided')"
    )
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.add_column(sa.Column("closed_utc", MOMENT, nullable=True))
        batch_op.add_column(sa.Column("corrected_utc", MOMENT, nullable=True))
        batch_op.drop_constraint(op.f("ck_notice_urgency"), type_="check")
        batch_op.create_check_constraint(op.f("ck_notice_urgency"), AFTER)


def downgrade() -> None:
    lite = op.get_bind().dialect.name == "sqlite"
    seconds = "CAST(strftime('%s', due_utc) AS INTEGER)" if lite else "CAST(floor(extract(epoch FROM due_utc)) AS BIGINT)"
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_notice_urgency"), type_="check")
    op.execute(f"UPDATE notice SET urgency = {seconds} WHERE state = 'sent' AND answered_utc IS NULL")
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.create_check_constraint(op.f("ck_notice_urgency"), BEFORE)
        batch_op.drop_column("corrected_utc")
        batch_op.drop_column("closed_utc")
    op.execute("UPDATE objection SET state = 'upheld' WHERE state = 'settled'")
    with op.batch_alter_table("objection", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_objection_state"), type_="check")
        batch_op.create_check_constraint(
            op.f("ck_objection_state"), f"state IN ({among(('open', 'upheld', 'dismissed'))})"
        )
    with op.batch_alter_table("feedback", schema=None) as batch_op:
        batch_op.drop_column("version")
    op.drop_table("earlier_answer")
