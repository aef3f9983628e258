"""One unit's month of a figure, what was said of it, and by whom; what is missing, and what was contradicted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.areas.models import Area
from trafficedu.areas.queries import tree
from trafficedu.core.actors import Actor
from trafficedu.core.errors import Missing
from trafficedu.core.loading import loaded
from trafficedu.core.month import Month, Period
from trafficedu.core.text import message
from trafficedu.coverage.models import CoverageAct, CoverageIssue, CoverageMark
from trafficedu.coverage.queries.coverage import Coverage, Unit, coverage_of
from trafficedu.coverage.rules import FigureKind, State

HISTORY = 50


@dataclass(frozen=True)
class Cell:
    """A unit's month of a figure: what is known, how many records there are, and what was said of it."""

    figure: FigureKind
    unit: Unit
    month: Month
    state: State | None
    records: int
    mark: CoverageMark | None

    @property
    def is_contradicted(self) -> bool:
        """Whether it was said to be without any, and there are records."""
        return self.mark is not None and self.mark.state is State.NONE and self.records > 0


def top_of(session: Session, by: Actor) -> Area | None:
    """Return the area whose units ``by`` sees: the own post, the top of the tree for who sees everything."""
    path = by.scope.area_path
    if by.scope.everything:
        return tree.root(session)
    return session.scalar(select(Area).where(Area.path == path)) if path else None


def find_cell(session: Session, figure: str, code: str, month: Month, by: Actor, now: datetime) -> Cell:
    """Return a unit's month; raise Missing for a figure, a unit or a month that there is not, or out of sight."""
    top = top_of(session, by)
    unit = None
    if top is not None and figure in set(FigureKind):
        found = coverage_of(session, figure, top, Period(month, month), now)
        unit = next((unit for unit in found.units if unit.code == code and unit.is_there(month)), None)
    if unit is None:
        raise Missing(message("No unit with the code %(code)s reports in this month.", code=code))
    kind = FigureKind(figure)
    query = select(CoverageMark).where(
        CoverageMark.figure == kind, CoverageMark.area_id == unit.id, CoverageMark.month == month
    )
    place = found.units.index(unit)
    return Cell(kind, unit, month, found.states[place][0], found.records[place][0], session.scalar(query))


def may_mark(by: Actor, unit: Unit) -> bool:
    """Tell whether ``by`` may say something of a unit's months: it lies within the own post."""
    return by.may("coverage:month:report") and by.scope.covers(unit.path)


def list_acts(session: Session, cell: Cell) -> Sequence[CoverageAct]:
    """Return the acts on a unit's month, the latest first."""
    query = select(CoverageAct).where(
        CoverageAct.figure == cell.figure, CoverageAct.area_id == cell.unit.id, CoverageAct.month == cell.month
    )
    return session.scalars(query.order_by(CoverageAct.id.desc()).limit(HISTORY)).all()


def list_issues(session: Session, by: Actor, limit: int = 20) -> Sequence[CoverageIssue]:
    """Return what has to be looked into within the post of ``by``, the latest first."""
    query = (
        select(CoverageIssue)
        .join(Area, Area.id == CoverageIssue.area_id)
        .options(loaded(CoverageIssue.area))
        .where(CoverageIssue.ended_utc.is_(None), by.scope.condition(area=Area.path))
    )
    return session.scalars(query.order_by(CoverageIssue.month.desc(), CoverageIssue.id).limit(limit)).all()


def contradicted(session: Session, found: Coverage) -> set[tuple[int, Month]]:
    """Return the units and months that were said to be without any and have records, of those covered."""
    query = select(CoverageMark.area_id, CoverageMark.month).where(
        CoverageMark.figure == found.figure, CoverageMark.state == State.NONE
    )
    nil = set(session.execute(query).tuples())
    return {
        (unit.id, month)
        for unit, counts in zip(found.units, found.records, strict=True)
        for month, records in zip(found.months, counts, strict=True)
        if records and (unit.id, month) in nil
    }


@dataclass(frozen=True)
class Silence:
    """A source that stopped: a unit, or a district as a whole, silent since the month after ``last``."""

    figure: FigureKind
    unit: Unit | None
    last: Month
    units: tuple[Unit, ...]

    @property
    def name(self) -> str:
        """Who is silent: a unit, or "" for all of them."""
        return self.unit.name if self.unit is not None else ""


def silent_sources(found: Coverage) -> Iterator[Silence]:
    """Yield the sources that stopped by the last closed month: one for all units where none reports any more."""
    if found.ended is not None and len(found.units) > 1:
        yield Silence(found.figure, None, found.ended, found.units)
        return
    for unit, heard in zip(found.units, found.heard, strict=True):
        if heard is not None and heard < found.closed and unit.is_there(found.closed):
            yield Silence(found.figure, unit, heard, (unit,))
