"""Helmets counted in whole months at each site, from the sums of what is over: what pages show at any size."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, String, case, cast, func, literal, literal_column, select
from sqlalchemy.orm import Session

from trafficedu.areas.models import Area
from trafficedu.areas.queries.tree import within
from trafficedu.core.actors import Actor, at_or_below
from trafficedu.core.month import Month, Period
from trafficedu.core.tables import table_of
from trafficedu.coverage.models import Covered
from trafficedu.coverage.rules import FigureKind
from trafficedu.helmets.models import HelmetSite, HelmetSurvey
from trafficedu.helmets.rules import CELLS, LATEST_MONTHS, CountMethod, HeadState, SurveyState, tally
from trafficedu.settled.models import PART, AddedFigure, Adds
from trafficedu.settled.queries import sums_alone

SURVEYS = "surveys"
"""``on_site.surveys.5``: those in which somebody of the cells 0 and 2 was observed, and nobody of the others."""


@dataclass(frozen=True)
class RateCriteria:
    """What is asked: months, an area with all below it, and who was counted.

    An empty group or role means both. An empty method means both, which only a comparison wants: the methods see
    different riders.
    """

    period: Period
    area_path: str = ""
    method: str = CountMethod.ON_SITE
    group: str = ""
    role: str = ""

    @classmethod
    def latest(cls, month: Month, area_path: str = "") -> RateCriteria:
        """Ask for the latest rate as of the end of ``month``."""
        return cls(Period(month - (LATEST_MONTHS - 1), month), area_path)

    @property
    def cells(self) -> set[int]:
        """The places in ``rules.CELLS`` of who was counted."""
        return {
            place for place, (group, seat) in enumerate(CELLS) if self.group in ("", group) and self.role in ("", seat)
        }


@dataclass
class Seen:
    """What surveys of one site counted together, those of a month and a method unless said otherwise."""

    site_id: int
    month: Month
    method: str
    helmeted: int = 0
    bare: int = 0
    unclear: int = 0
    surveys: int = 0


def _part(survey: Any, *names: str) -> ColumnElement[str]:
    return cast(survey.method, String(PART)) + literal("".join(f".{name}" for name in names), literal_execute=True)


def _heads(survey: Any, cells: Iterable[int], head: HeadState) -> ColumnElement[int]:
    return reduce(add, (survey[tally(*CELLS[cell], head)] for cell in cells))


def _observed(survey: Any, cells: Collection[int]) -> ColumnElement[bool]:
    return reduce(add, (_heads(survey, cells, head) for head in HeadState)) > literal_column("0")


def _adds(survey: FromClause) -> Sequence[Adds]:
    """Return what a survey adds at its site: the heads it saw, and itself where it saw any."""
    row, every = survey.c, range(len(CELLS))
    counts = row.state == SurveyState.COUNTED
    return [
        *(
            Adds(_part(row, head), row.occurred_on, row.site_id, counts, number=_heads(row, every, head))
            for head in HeadState
        ),
        Adds(_part(row, SURVEYS), row.occurred_on, row.site_id, counts & _observed(row, every)),
    ]


def _adds_to_cells(survey: FromClause) -> Sequence[Adds]:
    """Return the same by whom it saw: the heads of each cell, and itself under the cells in which it saw any."""
    row = survey.c
    counts = row.state == SurveyState.COUNTED
    seen = [
        case((_observed(row, [cell]), literal_column(str(1 << cell))), else_=literal_column("0"))
        for cell in range(len(CELLS))
    ]
    cells = _part(row, SURVEYS, "") + cast(reduce(add, seen), String(PART))
    return [
        *(
            Adds(_part(row, head, str(cell)), row.occurred_on, row.site_id, counts, number=_heads(row, [cell], head))
            for cell in range(len(CELLS))
            for head in HeadState
        ),
        Adds(cells, row.occurred_on, row.site_id, counts & _observed(row, range(len(CELLS)))),
    ]


BEGINS = select(func.min(HelmetSurvey.occurred_on))
FIGURE = AddedFigure("helmets", BEGINS, table_of(HelmetSurvey), _adds, alone=True)
OF_CELLS = AddedFigure("helmet_cells", BEGINS, table_of(HelmetSurvey), _adds_to_cells, alone=True)


def _places(path: str) -> Select[tuple[int, str]]:
    """Return a query of the sites at and below ``path``, and the path of the area of each."""
    query = select(HelmetSite.id, Area.path).join(Area, HelmetSite.area_id == Area.id)
    return query.where(at_or_below(Area.path, path))


COVERED = Covered(FigureKind.HELMETS, FIGURE, lambda part: part.endswith(f".{SURVEYS}"), places=_places)


def list_seen(session: Session, criteria: RateCriteria, by: Actor) -> list[Seen]:
    """Return what was counted by site, month and method, in the surveys that count and observed anybody asked for."""
    found: dict[tuple[int, Month, str], Seen] = {}
    figure = FIGURE if len(criteria.cells) == len(CELLS) else OF_CELLS
    for site_id, month, part, n in sums_alone(session, figure, criteria.period, site_ids(session, criteria, by)):
        method, what, of = f"{part}.".split(".")[:3]
        if criteria.method in ("", method) and (not of or _is_of(what, int(of), criteria.cells)):
            seen = found.setdefault((site_id, month, method), Seen(site_id, month, method))
            setattr(seen, what, getattr(seen, what) + n)
    return [seen for seen in found.values() if seen.surveys]


def _is_of(what: str, of: int, cells: Collection[int]) -> bool:
    """Tell whether a part is of one of the cells: that of a number, or one of those in which surveys saw anybody."""
    return any(of >> cell & 1 for cell in cells) if what == SURVEYS else of in cells


def count_surveys(session: Session, sites: Sequence[int], period: Period) -> dict[int, int]:
    """Return site id -> surveys that count and observed anybody; sites without any are left out."""
    surveys: dict[int, int] = {}
    for site_id, _, part, n in sums_alone(session, FIGURE, period, sites):
        if part.endswith(SURVEYS):
            surveys[site_id] = surveys.get(site_id, 0) + n
    return surveys


def site_ids(session: Session, criteria: RateCriteria, by: Actor) -> Sequence[int]:
    """Return the sites of the area asked for that ``by`` sees, used or not."""
    query = select(HelmetSite.id).where(by.scope.condition(area=lambda path: HelmetSite.area_id.in_(within(path))))
    if criteria.area_path:
        query = query.where(HelmetSite.area_id.in_(within(criteria.area_path)))
    return session.scalars(query).all()


def paths_of_sites(session: Session, ids: Any) -> dict[int, str]:
    """Return site id -> path of its area."""
    query = select(HelmetSite.id, Area.path).join(Area, HelmetSite.area_id == Area.id).where(HelmetSite.id.in_(ids))
    return dict(session.execute(query).tuples().all())
