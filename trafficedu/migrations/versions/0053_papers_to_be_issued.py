"""Of a record and a notice it is known whether their paper is yet to be issued; of a task, who was reminded of it.

Revision ID: 0050
Revises: 0049
"""

import sqlalchemy as sa
from alembic import op

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None

DUE = (
    ("violation", "receipt_due", "receipt_due AND state = 'confirmed' AND rider_id IS NOT NULL"),
    ("notice", "paper_due", "paper_due AND state = 'sent'"),
)


def upgrade() -> None:
    for table, column, where in DUE:
        op.add_column(table, sa.Column(column, sa.Boolean(), nullable=False, server_default=sa.false()))
        name = f"ix_{table}_{column}"
        op.create_index(name, table, ["id"], sqlite_where=sa.text(where), postgresql_where=sa.text(where))
    op.create_table(
        "study_reminder",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("reminded_utc", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reminded_on", sa.Date(), nullable=False),
        sa.Column("reminded_by_id", sa.Integer(), nullable=True),
        sa.Column("told", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["reminded_by_id"], ["user_account.id"], name=op.f("fk_study_reminder_reminded_by_id")),
        sa.ForeignKeyConstraint(["task_id"], ["study_task.id"], name=op.f("fk_study_reminder_task_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_study_reminder")),
        sa.UniqueConstraint("task_id", "reminded_on", name=op.f("uq_study_reminder_task_id_reminded_on")),
    )


def downgrade() -> None:
    op.drop_table("study_reminder")
    for table, column, _where in DUE:
        op.drop_index(f"ix_{table}_{column}", table)
        op.drop_column(table, column)
