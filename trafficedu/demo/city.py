"""The demo's city: the shipped district with its neighbours across the river, under the city they belong to.

Names and codes are real (as those of ``reference/areas.csv``, of the same source); nothing else about them is.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.areas.imports.outlines import take_outlines, try_outlines
from trafficedu.areas.imports.tree import COLUMNS, IMPORTER
from trafficedu.areas.models import DISTRICT, Area
from trafficedu.core.actors import SYSTEM
from trafficedu.core.outlines import GivenFile
from trafficedu.core.positions import Datum
from trafficedu.core.reading import read_rows
from trafficedu.core.tabular import numbered, silent

NEIGHBOURS = Path(__file__).with_name("neighbours.csv")
OUTLINE = Path(__file__).with_name("xiaoshan.geojson")
"""The real outline of the district in GCJ-02, thinned to some 40 m; the file names its source. None of its towns was
found."""


def draw_district(session: Session, now: datetime) -> None:
    """Take in the outline of the shipped district."""
    given = GivenFile(OUTLINE.name, OUTLINE.read_bytes(), Datum.GCJ02)
    take_outlines(session, try_outlines(session, given, SYSTEM, now), SYSTEM, now)


def add_neighbours(session: Session, districts: int, now: datetime) -> None:
    """Put the shipped district under its city, beside so many others that there are ``districts`` of them."""
    if districts == 1:
        return
    rows = [{key: str(cell) for key, cell in row.values.items()} for row in read_rows(NEIGHBOURS, COLUMNS)]
    city = next(row["code"] for row in rows if row["level"] == "city")
    chosen = [row["code"] for row in rows if row["level"] == "district"][: districts - 1]
    kept = [row for row in rows if row["code"] == city or row["code"].startswith(tuple(chosen))]
    own = session.scalars(select(Area).where(Area.level == DISTRICT)).one()
    kept.append(
        {
            "code": own.code,
            "name": own.name,
            "level": "district",
            "parent_code": city,
            "valid_from": own.valid_from.isoformat(),
            "evaluated": "true",
        }
    )
    report = IMPORTER.run(session, numbered(kept), SYSTEM, now, skip_errors=False, progress=silent)
    assert not report.refused, report.refused[0]
