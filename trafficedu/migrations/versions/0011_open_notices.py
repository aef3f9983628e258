"""What a notice waits for is stored: when it was answered, and the areas it belongs to.

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

OPEN = sa.text("state = 'sent' AND answered_utc IS NULL")
OF_OPEN = (("area_id", "due_utc"), ("company_id", "due_utc"), ("violation_area_id", "due_utc"), ("due_utc",))
OF_FIGURES = (("counted_area_id", "sent_utc"), ("counted_area_id", "due_utc"))


def upgrade() -> None:
    op.add_column("notice", sa.Column("violation_area_id", sa.Integer(), nullable=True))
    op.add_column("notice", sa.Column("counted_area_id", sa.Integer(), nullable=True))
    op.add_column("notice", sa.Column("answered_utc", sa.DateTime(timezone=True), nullable=True))
    op.execute(
        "UPDATE notice SET violation_area_id = violation.area_id,"
        " counted_area_id = coalesce(notice.area_id, violation.area_id)"
        " FROM violation WHERE violation.id = notice.violation_id"
    )
    op.execute(
        "UPDATE notice SET answered_utc = feedback.answered_utc FROM feedback WHERE feedback.notice_id = notice.id"
    )
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.alter_column("violation_area_id", existing_type=sa.Integer(), nullable=False)
        batch_op.alter_column("counted_area_id", existing_type=sa.Integer(), nullable=False)
        for column in ("violation_area_id", "counted_area_id"):
            batch_op.create_foreign_key(op.f(f"fk_notice_{column}"), "area", [column], ["id"])
        batch_op.create_check_constraint(op.f("ck_notice_counted"), "counted_area_id = coalesce(area_id, violation_area_id)")
        batch_op.create_check_constraint(op.f("ck_notice_answered"), "answered_utc IS NULL OR sent_utc IS NOT NULL")
    for columns in OF_OPEN:
        name = f"ix_notice_open_{'_'.join(columns)}"
        op.create_index(name, "notice", columns, sqlite_where=OPEN, postgresql_where=OPEN)
    for columns in OF_FIGURES:
        op.create_index(f"ix_notice_{'_'.join(columns)}", "notice", columns)


def downgrade() -> None:
    for columns in OF_OPEN:
        op.drop_index(f"ix_notice_open_{'_'.join(columns)}", "notice")
    for columns in OF_FIGURES:
        op.drop_index(f"ix_notice_{'_'.join(columns)}", "notice")
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_notice_answered"), type_="check")
        batch_op.drop_constraint(op.f("ck_notice_counted"), type_="check")
        for column in ("violation_area_id", "counted_area_id"):
            batch_op.drop_constraint(op.f(f"fk_notice_{column}"), type_="foreignkey")
            batch_op.drop_column(column)
        batch_op.drop_column("answered_utc")
