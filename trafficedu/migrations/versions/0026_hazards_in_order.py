"""Hazards have indexes in both orders of their lists, by which no hazard is without a deadline.

Revision ID: 0026
Revises: 0025
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

OPEN = "state IN ('reported', 'planned', 'fixing', 'fixed')"
NEW = (
    ("ix_hazard_area_id_in_time", ["area_id", "reported_utc", "id"], None),
    ("ix_hazard_area_id_deadline", ["area_id", "sorted_on", "id"], None),
    ("ix_hazard_in_time", ["reported_utc", "id"], "id > 0"),
    ("ix_hazard_deadline", ["sorted_on", "id"], "id > 0"),
    ("ix_hazard_open_area_id_in_time", ["area_id", "reported_utc", "id"], OPEN),
    ("ix_hazard_open_area_id_deadline", ["area_id", "sorted_on", "id"], OPEN),
    ("ix_hazard_open_in_time", ["reported_utc", "id"], f"{OPEN} AND id > 0"),
    ("ix_hazard_open_deadline", ["sorted_on", "id"], f"{OPEN} AND id > 0"),
)
OLD = (
    ("ix_hazard_open_area_id_deadline_on", ["area_id", "deadline_on"], OPEN),
    ("ix_hazard_open_deadline_on", ["deadline_on"], OPEN),
)


def upgrade() -> None:
    op.add_column("hazard", sa.Column("sorted_on", sa.Date(), nullable=True))
    op.execute("UPDATE hazard SET sorted_on = coalesce(deadline_on, '9999-12-31')")
    with op.batch_alter_table("hazard") as batch:
        batch.alter_column("sorted_on", existing_type=sa.Date(), nullable=False)
        batch.create_check_constraint(
            op.f("ck_hazard_sorted_on"), "sorted_on = coalesce(deadline_on, '9999-12-31')"
        )
    _drop(OLD)
    _create(NEW)


def downgrade() -> None:
    _drop(NEW)
    with op.batch_alter_table("hazard") as batch:
        batch.drop_constraint(op.f("ck_hazard_sorted_on"), type_="check")
        batch.drop_column("sorted_on")
    _create(OLD)


def _create(indexes: tuple[tuple[str, list[str], str | None], ...]) -> None:
    for name, columns, where in indexes:
        part = None if where is None else sa.text(where)
        op.create_index(name, "hazard", columns, sqlite_where=part, postgresql_where=part)


def _drop(indexes: tuple[tuple[str, list[str], str | None], ...]) -> None:
    for name, _columns, _where in indexes:
        op.drop_index(name, "hazard")
