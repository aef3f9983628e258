"""The last full month of an area beside the same month a year before: what the analyst reads first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from trafficedu.areas.models import Area
from trafficedu.areas.queries import tree as areas
from trafficedu.core.actors import Actor
from trafficedu.core.clock import local_date
from trafficedu.core.month import Month, Period
from trafficedu.education.queries import monthly as studies
from trafficedu.education.rules.reckoning import CompletionCounts
from trafficedu.feedback.queries import monthly as answers
from trafficedu.feedback.queries.rates import FeedbackCounts
from trafficedu.overview.queries.picture import find_area
from trafficedu.overview.rules import change_percent
from trafficedu.violations.queries import monthly as violations
from trafficedu.violations.queries.kinds import list_kinds

LONGEST = 6


@dataclass(frozen=True)
class ViolationChange:
    """Violations of a kind or an area in the month, in the month before, and in the same month a year before."""

    code: str
    name: str
    now: int
    month_before: int
    year_before: int

    @property
    def difference(self) -> int:
        """How many more than a year before: the comparison that seasons allow."""
        return self.now - self.year_before


@dataclass(frozen=True)
class MonthFigures:
    """The figures of one month; ``completion`` and ``feedback`` as they stand now, then those of the month before."""

    area_name: str
    period: Period
    total: ViolationChange
    completion: CompletionCounts
    completion_before: CompletionCounts
    feedback: Sequence[tuple[FeedbackCounts, FeedbackCounts | None]]
    kinds: Sequence[ViolationChange]
    below: Sequence[ViolationChange]

    @property
    def change_percent(self) -> float | None:
        """By how many percent the violations differ from a year before; None without any then."""
        return change_percent(self.total.now, self.total.year_before)


def read_month(session: Session, by: Actor, now: datetime, locale: str) -> MonthFigures:
    """Return the last full month of what ``by`` sees, and what changed most in it."""
    last = Month.of(local_date(now)) - 1
    area = find_area(session, "", by)
    return read_month_of(session, by, area, last, now, locale)


def read_month_of(session: Session, by: Actor, area: Area, last: Month, now: datetime, locale: str) -> MonthFigures:
    """Return the month ``last`` of an area in the scope of ``by``, and what changed most in it."""
    month, before = Period(last, last), Period(last - 1, last - 1)
    periods = (month, before, month.year_before)
    kinds = _kinds(session, by, area, periods, now, locale)
    answered = {row.receiver_kind: row for row in answers.count_feedback(session, by, area.path, before, now)}
    return MonthFigures(
        area_name=area.name,
        period=month,
        total=ViolationChange(
            area.code,
            area.name,
            sum(row.now for row in kinds),
            sum(row.month_before for row in kinds),
            sum(row.year_before for row in kinds),
        ),
        completion=studies.count_completion(session, by, area.path, month, now),
        completion_before=studies.count_completion(session, by, area.path, before, now),
        feedback=[
            (row, answered.get(row.receiver_kind)) for row in answers.count_feedback(session, by, area.path, month, now)
        ],
        kinds=_most_changed(kinds),
        below=_most_changed(_below(session, by, area, periods, now)),
    )


def _most_changed(rows: Sequence[ViolationChange]) -> Sequence[ViolationChange]:
    changed = [row for row in rows if row.difference]
    return sorted(changed, key=lambda row: (-abs(row.difference), row.code))[:LONGEST]


def _kinds(
    session: Session, by: Actor, area: Area, periods: Sequence[Period], now: datetime, locale: str
) -> list[ViolationChange]:
    names = {kind.code: kind.name(locale) for kind in list_kinds(session)}

    def counted(period: Period) -> dict[str, int]:
        rows = violations.count_by_kind_and_month(session, by, area.path, period, now)
        return {row.kind_code: row.violations for row in rows}

    return _side_by_side(names, [counted(period) for period in periods])


def _below(session: Session, by: Actor, area: Area, periods: Sequence[Period], now: datetime) -> list[ViolationChange]:
    children = areas.list_children(session, area, periods[0].last_day)
    if not children:
        return []

    def counted(period: Period) -> dict[str, int]:
        counts = violations.count_below(session, by, area.path, children, period, now)
        return {child.code: counts[child.id] for child in children}

    return _side_by_side({child.code: child.name for child in children}, [counted(period) for period in periods])


def _side_by_side(names: dict[str, str], counts: Sequence[dict[str, int]]) -> list[ViolationChange]:
    return [ViolationChange(code, name, *(count.get(code, 0) for count in counts)) for code, name in names.items()]
