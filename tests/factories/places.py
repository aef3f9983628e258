"""Areas, companies and stations for tests, and the files they come in."""

from __future__ import annotations

import csv
import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.areas.models import Area
from trafficedu.companies.models import Company
from trafficedu.stations.models import Station

DISTRICT, TOWN, OTHER_TOWN = "330109", "330109001", "330109101"
VILLAGE, NEXT_VILLAGE, OTHER_VILLAGE = "330109001001", "330109001014", "330109101002"
UNIT = "330109401"
"""Codes of the shipped tree: a district, two towns, villages in each, a statistical unit."""

_numbers = itertools.count(1)


def area(session: Session, code: str = TOWN) -> Area:
    """Return an area of the shipped tree."""
    return session.scalars(select(Area).where(Area.code == code)).one()


def village_of(session: Session, town: str, place: int = 0) -> Area:
    """Return a village of ``town``, by its place in the list."""
    found = select(Area).where(Area.path.startswith(f"{DISTRICT}/{town}/"), Area.level == "village")
    return session.scalars(found.order_by(Area.path).offset(place).limit(1)).one()


def twins(session: Session) -> list[Area]:
    """Add two villages of one name in two towns, and one whose name contains it."""
    made = []
    for code, town, name in (("t1", TOWN, "双桥"), ("t2", OTHER_TOWN, "双桥"), ("t3", TOWN, "双桥头")):
        above = area(session, town)
        facts = {"level": "village", "parent_id": above.id, "path": f"{above.path}{code}/"}
        made.append(Area(code=code, name=name, valid_from=date(2026, 1, 1), **facts))
    session.add_all(made)
    session.commit()
    return made


def names_in(html: str) -> list[str]:
    """Return where a page's fields of places have their names from."""
    return re.findall(r'data-places="([^"]+)"', html)


def add_company(session: Session, **values: Any) -> Company:
    """Add a company with a code and a name of its own."""
    number = next(_numbers)
    company = Company(**{"code": f"K{number}", "name": f"测试配送{number}号"} | values)
    session.add(company)
    session.flush()
    return company


def add_station(session: Session, place: Area, **values: Any) -> Station:
    """Add a station in ``place``."""
    number = next(_numbers)
    station = Station(**{"code": f"S{number}", "name": f"测试交治站{number}号", "area_id": place.id} | values)
    session.add(station)
    session.flush()
    return station


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, str]], encoding: str = "utf-8") -> Path:
    """Write a table as a spreadsheet would save it."""
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
    return path
