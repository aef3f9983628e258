"""The effort that patrols add up to: whole months from the sums of what is over, days of others as they are read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, FromClause, extract, func, or_, select
from sqlalchemy.orm import Session

from trafficedu.areas.models import Area
from trafficedu.areas.queries.tree import within
from trafficedu.core.actors import SYSTEM, Actor
from trafficedu.core.clock import local_date
from trafficedu.core.counting import CAP
from trafficedu.core.month import EARLIEST, Month, Period
from trafficedu.core.tables import table_of
from trafficedu.coverage.models import Covered
from trafficedu.coverage.rules import FigureKind
from trafficedu.patrols.models import Patrol
from trafficedu.settled.models import AddedFigure, Adds, named
from trafficedu.settled.queries import seen_path, sum_of

DAY = timedelta(days=1)
PATROLS, MINUTES, STOPS, COUNTED = "patrols", "minutes", "stops", "counted"


@dataclass(frozen=True)
class Effort:
    """What was done: hours of patrols, vehicles stopped, patrols.

    ``stops`` is the sum over those ``counted`` patrols that counted any, None where none did: dividing by it needs the
    two told together.
    """

    hours: float
    stops: int | None
    patrols: int
    counted: int = 0


NO_EFFORT = Effort(0.0, None, 0)
COUNTS = (Patrol.ended_utc.is_not(None), Patrol.voided_utc.is_(None))


def _adds(patrol: FromClause) -> Sequence[Adds]:
    """Return what a patrol adds on the day it began, once it has ended: one, its minutes, its stops where counted."""
    row = patrol.c
    counts = row.ended_utc.is_not(None) & row.voided_utc.is_(None)

    def adds(part: str, counts: ColumnElement[bool], number: ColumnElement[int] | None = None) -> Adds:
        return Adds(named(part), row.started_on, row.area_id, counts, number=number)

    return [
        adds(PATROLS, counts),
        adds(MINUTES, counts, row.minutes),
        adds(STOPS, counts, row.stops),
        adds(COUNTED, counts & row.stops.is_not(None)),
    ]


FIGURE = AddedFigure("patrols", select(func.min(Patrol.started_on)), table_of(Patrol), _adds)
COVERED = Covered(FigureKind.PATROLS, FIGURE, lambda part: part == PATROLS)


def effort_by_area(session: Session, month: Month) -> Mapping[str, Effort]:
    """Return the effort in a month by the path of the area it was recorded in, whoever asks.

    A patrol belongs to the month in which it began. Areas without a patrol are not there; a town's own patrols are
    under the town's path, those of its villages under theirs: add up by prefix (:func:`effort_of`).
    """
    query = (
        select(Area.path, *_sums(Patrol))
        .join(Area, Area.id == Patrol.area_id)
        .where(*COUNTS, Patrol.started_on.between(month.first, month.last))
        .group_by(Area.path)
    )
    return {row[0]: _effort(row[1:]) for row in session.execute(query)}


def stops_by_area_and_month(session: Session, period: Period) -> list[tuple[str, Month, int]]:
    """Return path of the area itself, month and vehicles stopped, of the patrols that counted any, whoever asks."""
    year, month = extract("year", Patrol.started_on), extract("month", Patrol.started_on)
    query = (
        select(Area.path, year, month, func.sum(Patrol.stops))
        .join(Area, Area.id == Patrol.area_id)
        .where(*COUNTS, Patrol.stops.is_not(None), Patrol.started_on.between(period.first_day, period.last_day))
        .group_by(Area.path, year, month)
    )
    return [(path, Month(int(y), int(m)), int(stops)) for path, y, m, stops in session.execute(query)]


def effort_of(session: Session, path: str, month: Month, now: datetime) -> Effort:
    """Return the effort at and below ``path`` in ``month``, whoever asks."""
    return effort_by_month(session, SYSTEM, path, Period(month, month), now).get(month, NO_EFFORT)


def effort_by_month(session: Session, by: Actor, path: str, period: Period, now: datetime) -> dict[Month, Effort]:
    """Return the effort that ``by`` sees at and below ``path`` by month; empty months are not there."""
    seen = seen_path(by, path)
    parts: dict[Month, Counter[str]] = {}
    for (month, part), n in (sum_of(session, FIGURE, seen, period, now) if seen is not None else {}).items():
        parts.setdefault(month, Counter())[part] += n
    return {month: _of_parts(sums) for month, sums in sorted(parts.items()) if sums[PATROLS]}


def together(efforts: Sequence[Effort]) -> Effort:
    """Return what several efforts add up to."""
    counted = sum(effort.counted for effort in efforts)
    return Effort(
        sum(effort.hours for effort in efforts),
        sum(effort.stops or 0 for effort in efforts) if counted else None,
        sum(effort.patrols for effort in efforts),
        counted,
    )


def effort_between(
    session: Session, by: Actor, path: str, first: date | None, last: date | None, now: datetime
) -> Effort | None:
    """Return the effort that ``by`` sees at and below ``path`` from one day to another, both included.

    None where more than a thousand patrols of months cut short would have to be read.
    """
    seen = seen_path(by, path)
    today = local_date(now)
    first = max(first or EARLIEST.first, EARLIEST.first)
    last = min(last or today, today)
    if seen is None or first > last:
        return NO_EFFORT
    begins = Month.of(first) if first == Month.of(first).first else Month.of(first).next
    ends = Month.of(last) if last in {Month.of(last).last, today} else Month.of(last) - 1
    if begins > ends:
        whole, cut = [], [(first, last)]
    else:
        whole = list(effort_by_month(session, by, path, Period(begins, ends), now).values())
        cut = [(first, begins.first - DAY), (ends.next.first, last)]
    days = [Patrol.started_on.between(*each) for each in cut if each[0] <= each[1]]
    read = effort_of_rows(session, [or_(*days), Patrol.area_id.in_(within(seen))]) if days else NO_EFFORT
    return together([*whole, read]) if read is not None else None


def effort_of_rows(session: Session, conditions: Sequence[ColumnElement[bool]]) -> Effort | None:
    """Return the effort of the patrols that count under conditions; None of more than a thousand."""
    some = select(Patrol.minutes, Patrol.stops).where(*COUNTS, *conditions).limit(CAP + 1).subquery()
    effort = _effort(session.execute(select(*_sums(some.c))).one())
    return effort if effort.patrols <= CAP else None


def _sums(patrol: Any) -> Sequence[ColumnElement[Any]]:
    return func.sum(patrol.minutes), func.sum(patrol.stops), func.count(), func.count(patrol.stops)


def _effort(sums: Any) -> Effort:
    minutes, stops, patrols, counted = sums
    return Effort(int(minutes or 0) / 60, None if stops is None else int(stops), int(patrols), int(counted))


def _of_parts(sums: Mapping[str, int]) -> Effort:
    return Effort(sums[MINUTES] / 60, sums[STOPS] if sums[COUNTED] else None, sums[PATROLS], sums[COUNTED])
