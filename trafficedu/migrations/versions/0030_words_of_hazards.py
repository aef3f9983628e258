"""What is written of a hazard is found by an index: single characters and pairs, kept up by the program's triggers.

Revision ID: 0030
Revises: 0029
"""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

PLACES = ", ".join(str(place) for place in range(1, 703))
TEXT = {
    "postgresql": "(place || chr(10) || description || chr(10) || responsible)",
    "sqlite": "(hazard.place || char(10) || hazard.description || char(10) || hazard.responsible)",
}
TERMS = {
    "postgresql": f"SELECT DISTINCT substr(lower({TEXT['postgresql']} COLLATE \"C\"), at.n, width.n), id FROM hazard,"
    f" generate_series(1, length({TEXT['postgresql']})) AS at(n), generate_series(1, 2) AS width(n)"
    f" WHERE at.n + width.n - 1 <= length({TEXT['postgresql']})",
    "sqlite": f"SELECT DISTINCT substr(lower({TEXT['sqlite']}), at.value, width.value), hazard.id FROM hazard,"
    f" json_each('[{PLACES}]') AS at, json_each('[1, 2]') AS width"
    f" WHERE at.value + width.value - 1 <= length({TEXT['sqlite']})",
}


def upgrade() -> None:
    op.create_table(
        "hazard_term",
        sa.Column("term", sa.String(2), nullable=False),
        sa.Column("hazard_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("term", "hazard_id", name=op.f("pk_hazard_term")),
        sqlite_with_rowid=False,
    )
    op.get_bind().exec_driver_sql(f"INSERT INTO hazard_term (term, hazard_id) {TERMS[op.get_bind().dialect.name]}")


def downgrade() -> None:
    op.drop_table("hazard_term")
