"""What waits for a decision is found by indexes of its own: camera records to review, objections.

Revision ID: 0020
Revises: 0019
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

INDEXES = (
    ("ix_violation_pending_area_id_review_due_on", "violation", ["area_id", "review_due_on", "id"], "pending"),
    ("ix_violation_pending_review_due_on", "violation", ["review_due_on", "id"], "pending"),
    ("ix_objection_open_area_id_due_on", "objection", ["area_id", "due_on", "id"], "open"),
    ("ix_objection_open_due_on", "objection", ["due_on", "id"], "open"),
)


def upgrade() -> None:
    op.add_column("objection", sa.Column("area_id", sa.Integer(), nullable=True))
    op.execute(
        "UPDATE objection SET area_id = violation.area_id FROM violation WHERE violation.id = objection.violation_id"
    )
    with op.batch_alter_table("objection", schema=None) as batch_op:
        batch_op.alter_column("area_id", existing_type=sa.Integer(), nullable=False)
        batch_op.create_foreign_key(op.f("fk_objection_area_id"), "area", ["area_id"], ["id"])
    for name, table, columns, state in INDEXES:
        waiting = sa.text(f"state = '{state}'")
        op.create_index(name, table, columns, sqlite_where=waiting, postgresql_where=waiting)


def downgrade() -> None:
    for name, table, _columns, _state in INDEXES:
        op.drop_index(name, table)
    with op.batch_alter_table("objection", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("fk_objection_area_id"), type_="foreignkey")
        batch_op.drop_column("area_id")
