"""Who is told, what they can do about a rider, and what the escalation policy recommends to them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import takewhile
from typing import Any

from trafficedu.core.errors import Refusal
from trafficedu.core.states import Word
from trafficedu.core.text import Message, message


class Receiver(Word):
    """Who is told of a violation: the rider's company, or the home village of a rider without one."""

    COMPANY = "company", message("Company")
    VILLAGE = "village", message("Village")


class MeasureKind(Word):
    """What a receiver does about a rider."""

    ORDERS_REDUCED = "orders_reduced", message("Orders reduced")
    SUSPENDED = "suspended", message("Suspended")
    CRITICISED = "criticised", message("Criticised and educated")
    UNTIL_MONTH_END = "until_month_end", message("No orders until the end of the month")
    TRADE_SUSPENDED = "trade_suspended", message("Suspended in the whole trade")
    BLACKLISTED = "blacklisted", message("Blacklisted with every company")
    DISMISSED = "dismissed", message("Dismissed")
    HOME_VISIT = "home_visit", message("Visited at home")
    OTHER = "other", message("Other measure")


MEASURES_OF = {
    Receiver.COMPANY: (
        MeasureKind.CRITICISED,
        MeasureKind.ORDERS_REDUCED,
        MeasureKind.SUSPENDED,
        MeasureKind.UNTIL_MONTH_END,
        MeasureKind.DISMISSED,
        MeasureKind.TRADE_SUSPENDED,
        MeasureKind.BLACKLISTED,
        MeasureKind.HOME_VISIT,
        MeasureKind.OTHER,
    ),
    Receiver.VILLAGE: (MeasureKind.CRITICISED, MeasureKind.HOME_VISIT, MeasureKind.OTHER),
}
"""What each kind of receiver can do, the commonest first; a village has no orders to reduce."""

RECOMMENDED_TO = {kind: tuple(m for m in measures if m != MeasureKind.OTHER) for kind, measures in MEASURES_OF.items()}
"""What the policy can recommend to each kind of receiver: "other" says nothing."""

OFF_THE_ROAD = frozenset(
    {
        MeasureKind.SUSPENDED,
        MeasureKind.UNTIL_MONTH_END,
        MeasureKind.TRADE_SUSPENDED,
        MeasureKind.BLACKLISTED,
        MeasureKind.DISMISSED,
    }
)
"""Measures under which a rider delivers nothing for a time, or never again."""

MAXIMUM_DAYS = 365


class WindowKind(Word):
    """Which stops count together."""

    DAYS = "days", message("in so many days in a row")
    WEEK = "week", message("in a calendar week, Monday to Sunday")
    MONTH = "month", message("in a calendar month")
    UNBROKEN = "unbroken", message("until so many days have passed without one")


FIXED_DAYS = {WindowKind.WEEK: 7, WindowKind.MONTH: 31}
"""How long the calendar makes a window at most; of the others somebody says it."""


@dataclass(frozen=True)
class Window:
    """The stops that count together, up to and on a day; ``days`` says how long where ``kind`` leaves it open."""

    kind: WindowKind = WindowKind.DAYS
    days: int = 30

    def first_day(self, until: date) -> date:
        """Return the earliest day that may count on ``until``; what is unbroken is looked back for a year."""
        if self.kind == WindowKind.WEEK:
            return until - timedelta(days=until.weekday())
        if self.kind == WindowKind.MONTH:
            return until.replace(day=1)
        return until - timedelta(days=(MAXIMUM_DAYS if self.kind == WindowKind.UNBROKEN else self.days) - 1)

    def count(self, days: Iterable[date], until: date) -> int:
        """Return how many of ``days`` count together on ``until``."""
        first = self.first_day(until)
        within = sorted((day for day in days if first <= day <= until), reverse=True)
        if self.kind != WindowKind.UNBROKEN:
            return len(within)
        later = (until, *within)
        unbroken = takewhile(lambda pair: (pair[0] - pair[1]).days <= self.days, zip(later, within, strict=False))
        return sum(1 for _ in unbroken)

    def counted(self, count: int) -> Message:
        """Say which stop it is, as pages and papers do: of stops, however many records each of them has."""
        if self.kind == WindowKind.WEEK:
            return message("Stop %(count)d in the calendar week", count=count)
        if self.kind == WindowKind.MONTH:
            return message("Stop %(count)d in the calendar month", count=count)
        if self.kind == WindowKind.UNBROKEN:
            return message("Stop %(count)d without %(days)d days free of one", count=count, days=self.days)
        return message("Stop %(count)d in %(days)d days", count=count, days=self.days)

    @property
    def label(self) -> Message:
        """Name it, as the lines of a policy do."""
        if self.kind == WindowKind.DAYS:
            return message("in %(days)d days", days=self.days)
        if self.kind == WindowKind.UNBROKEN:
            return message("until %(days)d days have passed without one", days=self.days)
        return self.kind.label


USUAL_WINDOW = Window()


@dataclass(frozen=True)
class Measure:
    """What is done about a rider; ``days`` for a suspension only."""

    code: MeasureKind
    days: int | None = None


@dataclass(frozen=True)
class Escalation:
    """A line of the escalation policy: ``measure`` from ``violations_from`` stops in the ``window`` on."""

    violations_from: int
    window: Window
    measure: Measure


@dataclass(frozen=True)
class PolicyLine:
    """A line of a policy without its days: to whom it recommends what."""

    receiver: Receiver
    escalation: Escalation

    def packed(self) -> list[Any]:
        """Return it as a draft or a file of ``reference`` keeps it."""
        step = self.escalation
        window, measure = step.window, step.measure
        return [self.receiver, step.violations_from, window.kind, window.days, measure.code, measure.days]

    @classmethod
    def unpacked(cls, kept: Sequence[Any]) -> PolicyLine:
        """Return what was kept."""
        receiver, count, window, window_days, measure, days = kept
        step = Escalation(count, Window(WindowKind(window), window_days), Measure(MeasureKind(measure), days))
        return cls(Receiver(receiver), step)


@dataclass(frozen=True)
class Rung:
    """What is recommended from ``count`` stops in a window on, up to ``until`` (None: and more)."""

    count: int
    until: int | None
    window: Window
    measure: Measure


def ladder_of(receiver: str, lines: Iterable[PolicyLine]) -> list[Rung]:
    """Return what a policy recommends to a kind of receiver, from the first stop on; nothing without a step."""
    steps = sorted(lines_for(receiver, lines), key=lambda step: step.violations_from)
    ends = [step.violations_from - 1 for step in steps[1:]] + [None]
    return [
        Rung(step.violations_from, until, step.window, step.measure) for step, until in zip(steps, ends, strict=False)
    ]


def lines_for(receiver: str, lines: Iterable[PolicyLine]) -> list[Escalation]:
    """Return the steps of a policy for one kind of receiver."""
    return [line.escalation for line in lines if line.receiver == receiver]


@dataclass(frozen=True)
class Basis:
    """The policy that something was recommended by, and since when it was in force."""

    name_zh: str
    name_en: str
    since: date

    def name(self, locale: str) -> str:
        """Return its name in ``zh`` or ``en``."""
        return self.name_en if locale == "en" else self.name_zh


@dataclass(frozen=True)
class Recommendation:
    """What the policy recommends (None: nothing), the count in the window it rests on, and by which policy."""

    measure: Measure | None
    count: int
    window: Window
    basis: Basis | None = None

    @property
    def counted(self) -> Message:
        """Which stop it is."""
        return self.window.counted(self.count)

    def packed(self) -> dict[str, Any]:
        """Return it as a notice keeps it."""
        return {
            "measure": self.measure and self.measure.code,
            "days": self.measure and self.measure.days,
            "count": self.count,
            "window": self.window.kind,
            "window_days": self.window.days,
            "basis": self.basis and [self.basis.name_zh, self.basis.name_en, self.basis.since.isoformat()],
        }

    @classmethod
    def unpacked(cls, kept: Mapping[str, Any]) -> Recommendation:
        """Return what a notice kept."""
        measure = Measure(MeasureKind(kept["measure"]), kept["days"]) if kept["measure"] else None
        name_zh, name_en, since = kept["basis"] or ("", "", "")
        return cls(
            measure,
            kept["count"],
            Window(WindowKind(kept["window"]), kept["window_days"]),
            Basis(name_zh, name_en, date.fromisoformat(since)) if since else None,
        )


@dataclass(frozen=True)
class Advice:
    """What the policy in force on a day recommends to a receiver, and what one more stop on that day would bring."""

    receiver: Receiver
    present: Recommendation
    following: Recommendation


def check_suspension(measure: str, days: int | None) -> None:
    """Raise Refusal at ``days`` unless a suspension says for how many and any other measure says none."""
    if measure == MeasureKind.SUSPENDED:
        if days is None or not 1 <= days <= MAXIMUM_DAYS:
            text = message("Enter the number of days, from 1 to %(maximum)d.", maximum=MAXIMUM_DAYS)
            raise Refusal(text, field="days")
    elif days is not None:
        raise Refusal(message("Days only apply to a suspension. Leave them empty for this measure."), field="days")


def recommend(steps: Sequence[Escalation], days: Sequence[date], until: date) -> Recommendation:
    """Return the strongest step that the rider's stops reach on the day of this one.

    Real policies count the same way: Qingdao 2020 (2 in a month: fewer orders, 3: none, 5: out), Yangzhou
    2019 (1, 2, 3 days off). A step is stronger the more stops it asks for. Where none is reached, the count is that of
    the first step to come.

    Parameters
    ----------
    steps
        The district's policy for this kind of receiver.
    days
        The days of the rider's stops that the receiver may know of, this one included.
    until
        The day of this stop.
    """
    ordered = sorted(steps, key=lambda step: step.violations_from)
    for step in reversed(ordered):
        count = step.window.count(days, until)
        if count >= step.violations_from:
            return Recommendation(step.measure, count, step.window)
    window = ordered[0].window if ordered else USUAL_WINDOW
    return Recommendation(None, window.count(days, until), window)


def advise(
    receiver: Receiver, steps: Sequence[Escalation], days: Sequence[date], until: date, basis: Basis | None = None
) -> Advice:
    """Return what is recommended to ``receiver`` after stops on ``days``, and after one more on the day ``until``."""
    present, following = (recommend(steps, counted, until) for counted in (days, [*days, until]))
    return Advice(receiver, replace(present, basis=basis), replace(following, basis=basis))


def ladder(steps: Sequence[Escalation]) -> list[tuple[int, Measure | None]]:
    """Return what is recommended for 1, 2, ... stops that all lie within the windows, up to one above the last."""
    most = max((step.violations_from for step in steps), default=0) + 1
    return [(count, _at(steps, count)) for count in range(1, most + 1)]


def _at(steps: Sequence[Escalation], count: int) -> Measure | None:
    reached = [step for step in steps if step.violations_from <= count]
    return max(reached, key=lambda step: step.violations_from).measure if reached else None


def one_tap(receiver_kind: str, recommended: Measure | None) -> tuple[Measure, ...]:
    """Return the measures offered as single keys: the recommended one, and talking to the rider."""
    talk = Measure(MeasureKind.CRITICISED)
    if recommended is None or recommended == talk or recommended.code not in MEASURES_OF[Receiver(receiver_kind)]:
        return (talk,)
    return (recommended, talk)


def in_words(measure: Measure) -> Message:
    """Name a measure, with its days where it has some."""
    if measure.days == 1:
        return message("Suspended for one day")
    if measure.days is not None:
        return message("Suspended for %(days)d days", days=measure.days)
    return measure.code.label
