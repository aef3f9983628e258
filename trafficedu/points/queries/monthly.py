"""Points of whole months, of each area and company alone, from the sums of what is over: however long the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, FromClause, and_, func, select

from trafficedu.core.tables import table_of
from trafficedu.coverage.models import Covered
from trafficedu.coverage.rules import FigureKind
from trafficedu.points.models import PointEntry
from trafficedu.settled.models import AddedFigure, Adds, named

EARNED, LOST, ENTRIES = "earned", "lost", "entries"
FIRST_DAY = select(func.min(PointEntry.occurred_on))


def _adds(day: ColumnElement[Any], points: ColumnElement[int], owner: ColumnElement[int]) -> Sequence[Adds]:
    """Return what an entry adds: points earned or lost (below 0), and one entry."""
    own = owner.is_not(None)
    return [
        Adds(named(EARNED), day, owner, and_(own, points > 0), number=points),
        Adds(named(LOST), day, owner, and_(own, points < 0), number=points),
        Adds(named(ENTRIES), day, owner, own),
    ]


def _of_areas(entry: FromClause) -> Sequence[Adds]:
    return _adds(entry.c.occurred_on, entry.c.points, entry.c.area_id)


def _of_companies(entry: FromClause) -> Sequence[Adds]:
    return _adds(entry.c.occurred_on, entry.c.points, entry.c.company_id)


OF_AREAS = AddedFigure("points", FIRST_DAY, table_of(PointEntry), _of_areas, alone=True)
OF_COMPANIES = AddedFigure("company_points", FIRST_DAY, table_of(PointEntry), _of_companies, alone=True)
COVERED = Covered(FigureKind.POINTS, OF_AREAS, lambda part: part == ENTRIES, import_kind="points")
