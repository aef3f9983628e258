"""How large the demo district is, and its anchor in time. Moments are whole seconds, days are whole days.

Inside the demo a moment is an ``int`` of seconds since 1970 (UTC) and a day an ``int`` of days since 1970 on
the district's clock: a million records are compared and sorted faster that way. They become ``datetime`` and
``date`` when a row is written.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from trafficedu.core.clock import day_bounds, local_date
from trafficedu.core.month import Month

SHANGHAI_SECONDS = 8 * 3600
"""China keeps one offset all year since 1991; the demo begins later."""
DAY, HOUR, MINUTE = 86_400, 3_600, 60
FIRST_DAY = date(1970, 1, 1)
FIRST_MOMENT = datetime(1970, 1, 1, tzinfo=UTC)

DEFAULT_VIOLATIONS = 30_000
MOST_VIOLATIONS = 1_000_000
DEFAULT_MONTHS = 60
DEFAULT_SEED = 330109
MOST_DISTRICTS = 3


def moment(seconds: int) -> datetime:
    """Return the aware moment that ``seconds`` mean."""
    return FIRST_MOMENT + timedelta(seconds=seconds)


def seconds_of(when: datetime) -> int:
    """Return an aware moment as whole seconds."""
    return int(when.timestamp())


def day_of(seconds: int) -> int:
    """Return the day on the district's clock on which a moment falls."""
    return (seconds + SHANGHAI_SECONDS) // DAY


def start_of(day: int) -> int:
    """Return the moment at which a day begins in the district."""
    return day * DAY - SHANGHAI_SECONDS


def date_of(day: int) -> date:
    """Return the calendar date of a day."""
    return FIRST_DAY + timedelta(days=day)


def number_of(day: date) -> int:
    """Return a calendar date as a day."""
    return (day - FIRST_DAY).days


def weekday_of(day: int) -> int:
    """Return 0 for Monday to 6 for Sunday."""
    return (day + 3) % 7


@dataclass(frozen=True)
class Plan:
    """What is asked for: so many violations in so many months, the present one included, in so many districts."""

    violations: int = DEFAULT_VIOLATIONS
    months: int = DEFAULT_MONTHS
    seed: int = DEFAULT_SEED
    districts: int = 1


@dataclass(frozen=True)
class Span:
    """The months of the history and its end.

    ``now`` is the present. ``midnight`` begins today: what takes its course by itself (studies, answers,
    reviews) is told up to midnight only, so that the figures depend on the day and not on the hour; of today
    there are the violations recorded, and the seats and notices they led to.
    """

    months: Sequence[Month]
    now: int
    midnight: int

    @property
    def first_day(self) -> int:
        """The first day of the history."""
        return number_of(self.months[0].first)

    @property
    def today(self) -> int:
        """The last day of the history."""
        return day_of(self.midnight)


def span_until(now: datetime, months: int) -> Span:
    """Return the ``months`` calendar months that end with the one of ``now``."""
    today = local_date(now)
    running = Month.of(today)
    return Span(Month.range(running - (months - 1), running), seconds_of(now), seconds_of(day_bounds(today)[0]))


class Agenda:
    """Calls what was put down, ``action(moment, *given)``, earliest first; equals in the order they came in."""

    def __init__(self) -> None:
        self._waiting: list[tuple[int, int, Callable[..., None], tuple[Any, ...]]] = []
        self._count = 0

    def at(self, when: int, action: Callable[..., None], *given: Any) -> None:
        """Put something down for ``when``."""
        self._count += 1
        heapq.heappush(self._waiting, (when, self._count, action, given))

    def run_until(self, when: int) -> None:
        """Do everything that is due before ``when``; what that puts down is done too."""
        while self._waiting and self._waiting[0][0] < when:
            at, _, action, given = heapq.heappop(self._waiting)
            action(at, *given)

    def run_only(self, wanted: Callable[..., None], until: int) -> None:
        """Do what is left of one kind before ``until`` and drop the rest: it lies in the future."""
        for when, _, action, given in sorted(self._waiting):
            if action == wanted and when <= until:
                action(when, *given)
        self._waiting.clear()
