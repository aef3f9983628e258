"""Measures, who can take which, what the escalation policy recommends, and when an answer is late. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from trafficedu.core.text import Message, message

ORDERS_REDUCED, SUSPENDED, CRITICISED = "orders_reduced", "suspended", "criticised"
DISMISSED, HOME_VISIT, OTHER = "dismissed", "home_visit", "other"
MEASURES_OF = {
    "company": (CRITICISED, ORDERS_REDUCED, SUSPENDED, DISMISSED, HOME_VISIT, OTHER),
    "village": (CRITICISED, HOME_VISIT, OTHER),
}
"""What each kind of receiver can do, the commonest first; a village has no orders to reduce."""

RECOMMENDED_TO = {kind: tuple(m for m in measures if m != OTHER) for kind, measures in MEASURES_OF.items()}
"""What the policy can recommend to each kind of receiver: "other" says nothing."""

MEASURE_NAMES = {
    CRITICISED: message("Criticised and educated"),
    ORDERS_REDUCED: message("Orders reduced"),
    SUSPENDED: message("Suspended"),
    DISMISSED: message("Dismissed"),
    HOME_VISIT: message("Visited at home"),
    OTHER: message("Other measure"),
}

MAXIMUM_DAYS = 365
DEFAULT_WINDOW_DAYS = 30


@dataclass(frozen=True)
class Measure:
    """What is done about a rider; ``days`` for a suspension only."""

    code: str
    days: int | None = None


@dataclass(frozen=True)
class Step:
    """A line of the escalation policy: ``measure`` from ``violations_from`` violations in ``window_days`` on."""

    violations_from: int
    window_days: int
    measure: Measure


@dataclass(frozen=True)
class Recommendation:
    """What the policy recommends (None: nothing), and the count in the window it rests on."""

    measure: Measure | None
    count: int
    window_days: int


def count_in_window(days: Iterable[date], until: date, window_days: int) -> int:
    """Return how many of ``days`` lie in the ``window_days`` days that end with ``until`` (included)."""
    first = until - timedelta(days=window_days - 1)
    return sum(first <= day <= until for day in days)


def recommend(steps: Sequence[Step], days: Sequence[date], until: date) -> Recommendation:
    """Return the strongest step that the rider's violations reach on the day of this one.

    Real policies count the same way: Qingdao 2020 (2 in a month: fewer orders, 3: none, 5: out), Yangzhou
    2019 (1, 2, 3 days off). A step is stronger the more violations it asks for.

    Parameters
    ----------
    steps
        The district's policy for this kind of receiver.
    days
        The days of the rider's violations that the receiver may know of, this one included.
    until
        The day of this violation.
    """
    for step in sorted(steps, key=lambda step: step.violations_from, reverse=True):
        count = count_in_window(days, until, step.window_days)
        if count >= step.violations_from:
            return Recommendation(step.measure, count, step.window_days)
    return Recommendation(None, count_in_window(days, until, DEFAULT_WINDOW_DAYS), DEFAULT_WINDOW_DAYS)


def ladder(steps: Sequence[Step]) -> list[tuple[int, Measure | None]]:
    """Return what is recommended for 1, 2, ... violations that all lie within the windows, up to one above the last."""
    most = max((step.violations_from for step in steps), default=0) + 1
    return [(count, _at(steps, count)) for count in range(1, most + 1)]


def _at(steps: Sequence[Step], count: int) -> Measure | None:
    reached = [step for step in steps if step.violations_from <= count]
    return max(reached, key=lambda step: step.violations_from).measure if reached else None


def one_tap(receiver_kind: str, recommended: Measure | None) -> tuple[Measure, ...]:
    """Return the measures offered as single keys: the recommended one, and talking to the rider."""
    talk = Measure(CRITICISED)
    if recommended is None or recommended == talk or recommended.code not in MEASURES_OF[receiver_kind]:
        return (talk,)
    return (recommended, talk)


def is_late(due_utc: datetime | None, done_utc: datetime | None, now: datetime) -> bool:
    """Tell whether an answer came, or is still missing, after its deadline."""
    return due_utc is not None and (done_utc or now) > due_utc


def in_words(measure: Measure) -> Message:
    """Name a measure, with its days where it has some."""
    if measure.days is not None:
        return message("Suspended for %(days)d days", days=measure.days)
    return MEASURE_NAMES[measure.code]
