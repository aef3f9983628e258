"""Who completed a study and offended again, by month, from the sums of what is over.

A rider counts once in a period, with the first completion in it within the area asked for. So a completion is kept
under the month of the rider's completion before it, for each area that holds both: it is the first one of every period
that begins after that month. A month is counted again where a completion, or a violation of who completed, comes late.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Date, Dialect, Integer, Select, and_, func, literal, literal_column, or_, select
from sqlalchemy.orm import Session, aliased

from trafficedu.areas.queries.tree import within
from trafficedu.configuration.queries import figure
from trafficedu.core.actors import Actor
from trafficedu.core.bulk import BATCH
from trafficedu.core.clock import local_date
from trafficedu.core.month import EARLIEST, LONGEST_MONTHS, Month, Period
from trafficedu.core.tables import table_of
from trafficedu.education.models.tasks import StudyTask
from trafficedu.education.rules.reckoning import ReoffenceCounts
from trafficedu.education.rules.states import TaskState
from trafficedu.settled.models import Asks, Cell, CountedFigure, Days, days_after, month_of, named
from trafficedu.settled.queries import areas_above, seen_path, sum_of
from trafficedu.violations.models.records import Violation
from trafficedu.violations.queries.monthly import FIRST_DAY
from trafficedu.violations.rules.states import ViolationState

STUDIED, OBSERVED, AGAIN = "studied", "observed", "again"


def count_reoffence(session: Session, by: Actor, path: str, period: Period, now: datetime) -> ReoffenceCounts:
    """Count riders who completed in the area at ``path`` in a period, and those with a new violation afterwards.

    A rider counts once, with the first completion in the period. A violation is new when it happened after the day of
    completion and within ``education.reoffence_days`` of it, wherever it happened. Riders whose days are not over by
    ``now`` are ``not_yet_observed``, whether or not they offended already. The period is at most as long as the
    longest that can be chosen (``core.month.LONGEST_MONTHS``).
    """
    seen = seen_path(by, path)
    if seen is None:
        return ReoffenceCounts(0, 0, 0)
    parts: Counter[str] = Counter()
    for each in (COMPLETIONS, REOFFENCES):
        for (_, part), n in sum_of(session, each, seen, period, now).items():
            name, _, before = part.partition(".")
            if not before or Month.parse(before) < period.first:
                parts[name] += n
    return ReoffenceCounts(parts[OBSERVED], parts[AGAIN], parts[STUDIED] - parts[OBSERVED])


@dataclass(frozen=True)
class Completions(CountedFigure):
    """How many riders completed."""

    def asks(self) -> Sequence[Asks]:
        """Return that a completion bears on its month and the later ones, in which the rider may have completed."""
        columns = ("id", "rider_id", "area_id", "state", "completed_on")
        return [Asks(table_of(StudyTask), columns, "completed_on", self._since)]

    def _since(self, _dialect: Dialect) -> str:
        return (
            f"JOIN settled_month AS s ON s.figure = '{self.name}' AND s.watched >= r.completed_on "
            f"WHERE r.state = '{TaskState.COMPLETED}'"
        )

    def count(self, session: Session, month: Month, through: date, lag: int) -> Counter[Cell]:
        """Return the riders who completed, by the month in which each had completed before."""
        return Counter(
            (area_id, f"{STUDIED}{before}") for area_id, before, _ in _in_areas(session, month, through, lag)
        )

    def live(self, days: Days, path: str, period: Period, now: datetime, lag: int) -> Sequence[Select[Any]]:
        """Return the riders whose first completion in the period was on one of the days."""
        task = aliased(StudyTask)
        return [_number(STUDIED).where(_first_in(task, days, path, period))]


@dataclass(frozen=True)
class Reoffences(Completions):
    """How many of those who completed could be observed for ``education.reoffence_days``, and who offended again."""

    def lag(self, session: Session) -> int:
        """Return the days of observation."""
        return figure(session, "education.reoffence_days")

    def asks(self) -> Sequence[Asks]:
        """Return what bears on completions, and that a violation bears on its rider's of the days before."""
        columns = ("id", "rider_id", "state", "occurred_on")
        return [*super().asks(), Asks(table_of(Violation), columns, "occurred_on", self._before)]

    def _before(self, dialect: Dialect) -> str:
        completed = literal_column("t.completed_on", Date)
        month = month_of(completed).compile(dialect=dialect)
        observed = days_after(completed, literal_column("s.lag", Integer)).compile(dialect=dialect)
        return (
            f"JOIN study_task AS t ON t.rider_id = r.rider_id AND t.state = '{TaskState.COMPLETED}' "
            f"AND t.completed_on < r.occurred_on JOIN settled_month AS s ON s.figure = '{self.name}' "
            f"AND s.month = {month} AND t.completed_on <= s.watched AND r.occurred_on <= {observed} "
            f"WHERE r.state = '{ViolationState.CONFIRMED}'"
        )

    def count(self, session: Session, month: Month, through: date, lag: int) -> Counter[Cell]:
        """Return who was observed and who offended again, by the month in which each had completed before."""
        sums: Counter[Cell] = Counter()
        for area_id, before, again in _in_areas(session, month, through, lag):
            sums[area_id, f"{OBSERVED}{before}"] += 1
            if again:
                sums[area_id, f"{AGAIN}{before}"] += 1
        return sums

    def live(self, days: Days, path: str, period: Period, now: datetime, lag: int) -> Sequence[Select[Any]]:
        """Return the same of the riders whose first completion in the period was on one of the days."""
        task = aliased(StudyTask)
        observed = _first_in(task, days, path, period) & (task.completed_on < local_date(now) - timedelta(days=lag))
        return [_number(OBSERVED).where(observed), _number(AGAIN).where(observed, _offended_again(task, lag))]


def _number(part: str) -> Select[Any]:
    return select(literal(0, Integer), literal(EARLIEST.first, Date), named(part), func.count())


def _offended_again(task: type[StudyTask], lag: int) -> ColumnElement[bool]:
    violation = select(Violation.id).where(
        Violation.rider_id == task.rider_id,
        Violation.state == ViolationState.CONFIRMED,
        Violation.occurred_on > task.completed_on,
        Violation.occurred_on <= days_after(task.completed_on, literal(lag, Integer)),
    )
    return violation.exists()


def _first_in(task: type[StudyTask], days: Days, path: str, period: Period) -> ColumnElement[bool]:
    """Return the condition that a completion on one of the days is its rider's first in the period, in the area."""
    earlier = aliased(StudyTask)
    before = select(earlier.id).where(
        earlier.rider_id == task.rider_id,
        earlier.state == TaskState.COMPLETED,
        earlier.completed_on >= period.first_day,
        or_(
            earlier.completed_on < task.completed_on,
            and_(earlier.completed_on == task.completed_on, earlier.id < task.id),
        ),
        earlier.area_id.in_(within(path)),
    )
    return and_(
        task.state == TaskState.COMPLETED,
        or_(*(task.completed_on.between(*each) for each in days)),
        task.area_id.in_(within(path)),
        ~before.exists(),
    )


def _in_areas(session: Session, month: Month, through: date, lag: int) -> Iterator[tuple[int, str, bool]]:
    """Yield each completion of a month once for every area that holds it.

    With the area, when the rider completed before in it (``.2026-03``, or "" for not within the longest period), and
    whether the rider offended again.
    """
    above = areas_above(session)
    of_month = select(StudyTask.rider_id).where(
        StudyTask.state == TaskState.COMPLETED, StudyTask.completed_on.between(month.first, through)
    )
    query = (
        select(StudyTask.rider_id, StudyTask.completed_on, StudyTask.area_id, _offended_again(StudyTask, lag))
        .where(
            StudyTask.state == TaskState.COMPLETED,
            StudyTask.rider_id.in_(of_month),
            StudyTask.completed_on.between((month - LONGEST_MONTHS).first, through),
        )
        .order_by(StudyTask.rider_id, StudyTask.completed_on, StudyTask.id)
    )
    rows = session.execute(query.execution_options(yield_per=BATCH))
    for _, completions in groupby(rows, key=lambda row: row[0]):
        last: dict[int, str] = {}
        for _, day, own, again in completions:
            for area_id in above[own]:
                if day in month:
                    yield area_id, last.get(area_id, ""), bool(again)
                last[area_id] = f".{Month.of(day)}"


COMPLETIONS = Completions("completions", FIRST_DAY)
REOFFENCES = Reoffences("reoffences", FIRST_DAY)
