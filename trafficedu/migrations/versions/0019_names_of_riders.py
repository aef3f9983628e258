"""Parts of riders' names are found by an index: single characters and pairs, kept up by the program's triggers.

Revision ID: 0019
Revises: 0018
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

PLACES = ", ".join(str(place) for place in range(1, 61))
TERMS = {
    "postgresql": "SELECT DISTINCT substr(lower(name COLLATE \"C\"), place.n, width.n), id FROM rider,"
    " generate_series(1, length(name)) AS place(n), generate_series(1, 2) AS width(n)"
    " WHERE place.n + width.n - 1 <= length(name)",
    "sqlite": "SELECT DISTINCT substr(lower(name), place.value, width.value), rider.id FROM rider,"
    f" json_each('[{PLACES}]') AS place, json_each('[1, 2]') AS width"
    " WHERE place.value + width.value - 1 <= length(name)",
}


def upgrade() -> None:
    op.create_table(
        "rider_term",
        sa.Column("term", sa.String(2), nullable=False),
        sa.Column("rider_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("term", "rider_id", name=op.f("pk_rider_term")),
        sqlite_with_rowid=False,
    )
    op.get_bind().exec_driver_sql(f"INSERT INTO rider_term (term, rider_id) {TERMS[op.get_bind().dialect.name]}")
    op.create_index("ix_rider_home_area_id_id", "rider", ["home_area_id", "id"])
    op.drop_index("ix_rider_home_area_id", "rider")
    op.drop_index("ix_rider_name", "rider")


def downgrade() -> None:
    op.create_index("ix_rider_name", "rider", ["name"])
    op.create_index("ix_rider_home_area_id", "rider", ["home_area_id"])
    op.drop_index("ix_rider_home_area_id_id", "rider")
    op.drop_table("rider_term")
