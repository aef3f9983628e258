"""The rectangle an area fills on the map, for what is imported with positions.

Revision ID: 0032
Revises: 0031
"""

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

BOUNDARY = sa.table("area_boundary", sa.column("area_id"), sa.column("rings"))


def upgrade() -> None:
    extent = op.create_table(
        "area_extent",
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column("south", sa.Float(), nullable=False),
        sa.Column("west", sa.Float(), nullable=False),
        sa.Column("north", sa.Float(), nullable=False),
        sa.Column("east", sa.Float(), nullable=False),
        sa.CheckConstraint("south < north AND west < east", name=op.f("ck_area_extent_sides")),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_area_extent_area_id")),
        sa.PrimaryKeyConstraint("area_id", name=op.f("pk_area_extent")),
    )
    known = op.get_bind().execute(sa.select(BOUNDARY.c.area_id, BOUNDARY.c.rings)).all()
    rows = [row for area_id, rings in known if (row := _extent(area_id, rings))]
    if rows:
        op.bulk_insert(extent, rows)


def _extent(area_id: int, rings: Any) -> dict[str, Any] | None:
    outline = json.loads(rings) if isinstance(rings, str) else rings
    points = [point for ring in outline for point in ring]
    longitudes, latitudes = [point[0] for point in points], [point[1] for point in points]
    if not points or min(latitudes) == max(latitudes) or min(longitudes) == max(longitudes):
        return None
    return {
        "area_id": area_id,
        "south": min(latitudes),
        "west": min(longitudes),
        "north": max(latitudes),
        "east": max(longitudes),
    }


def downgrade() -> None:
    op.drop_table("area_extent")
