"""Arithmetic of the overview: which period is looked at; which village is on the red-yellow-black list. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum, auto

from trafficedu.core.states import Transitions, Word
from trafficedu.core.text import message

LONGEST_MONTHS = 60
EARLIEST = date(2000, 1, 1)


def month_after(month: date, months: int = 1) -> date:
    """Return the first day of the month ``months`` after that of ``month`` (before it where negative)."""
    number = month.year * 12 + month.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)


@dataclass(frozen=True)
class Period:
    """Whole months from ``first`` to ``last`` (first days of months, both included)."""

    first: date
    last: date

    @property
    def after(self) -> date:
        """The first day that no longer belongs to the period."""
        return month_after(self.last)

    @property
    def final_day(self) -> date:
        """The last day of the period."""
        return self.after - timedelta(days=1)

    @property
    def months(self) -> list[date]:
        """The first day of every month, ascending."""
        count = (self.last.year - self.first.year) * 12 + self.last.month - self.first.month + 1
        return [month_after(self.first, step) for step in range(count)]

    @property
    def year_before(self) -> Period:
        """The same months one year earlier: the period that seasons allow to compare with."""
        return Period(month_after(self.first, -12), month_after(self.last, -12))


def period_of(first: date | None, last: date | None, today: date) -> Period:
    """Return the period asked for, put right: in order, not beyond this month, at most 60 months.

    Without a wish: the last twelve full months, because a month that has just begun reads like a fall.
    """
    running = today.replace(day=1)
    ending = _within((last or month_after(running, -1)).replace(day=1), running)
    beginning = _within((first or month_after(ending, -11)).replace(day=1), running)
    beginning, ending = min(beginning, ending), max(beginning, ending)
    return Period(max(beginning, month_after(ending, 1 - LONGEST_MONTHS)), ending)


def _within(month: date, running: date) -> date:
    """Return a month no later than the ``running`` one and no earlier than any record can be."""
    return min(max(month, EARLIEST), running)


def change_percent(now: int, before: int) -> float | None:
    """Return by how many percent ``now`` differs from ``before``; None where there was nothing before."""
    return None if before == 0 else 100 * (now - before) / before


class Shade(Word):
    """The lists in the order they are read: who must act first. Red is praise (红榜), black is blame (黑榜)."""

    BLACK = "black", message("black list")
    YELLOW = "yellow", message("yellow list")
    RED = "red", message("red list")


class ListReason(Word):
    """Why a village is on a list."""

    RED = "red", message("red this month")
    ORANGE_AGAIN = "orange_again", message("orange for months in a row")
    ORANGE = "orange", message("orange this month")
    FELL = "fell", message("fell by two colours or more")
    BEST = "best", message("among the best green villages")


class ListState(Word):
    """Frozen, so that villages can protest; published once that time is over."""

    FROZEN = "frozen", message("frozen"), "open"
    PUBLISHED = "published", message("published"), "done"


class ListAct(StrEnum):
    """What is done to a frozen list."""

    PROTEST = auto()
    TAKE_OFF = auto()
    PUBLISH = auto()


LIST_LIFE = Transitions(
    {
        ListAct.PROTEST: ((ListState.FROZEN,), None),
        ListAct.TAKE_OFF: ((ListState.FROZEN,), None),
        ListAct.PUBLISH: ((ListState.FROZEN,), ListState.PUBLISHED),
    }
)


class Decision(Word):
    """What became of a protest; an upheld one takes the village off the list."""

    NONE = ""
    UPHELD = "upheld", message("right: the village leaves the list")
    REJECTED = "rejected", message("not right: the village stays on it")


RANKS = {"green": 0, "blue": 1, "yellow": 2, "orange": 3, "red": 4}
"""The five colours from best to worst; grey says nothing and has no rank."""


@dataclass(frozen=True)
class Standing:
    """A village's results: colours from this month backwards, ``""`` where there is none; score of this month."""

    area_id: int
    code: str
    colours: tuple[str, ...]
    score: float | None


@dataclass(frozen=True)
class Listed:
    """A village's place on the list and the code of the reason why."""

    standing: Standing
    shade: Shade
    why: ListReason


@dataclass(frozen=True)
class ListRule:
    """How the list is read off the results; both figures are the district's.

    ``most_red`` is the greatest number of villages praised; so many months orange in a row as ``black_months``
    weigh like one red.
    """

    most_red: int
    black_months: int


def read_list(standings: Iterable[Standing], rule: ListRule) -> list[Listed]:
    """Return the villages of the list, black first, each list from the worst (red: the best) score on.

    Black: red this month, or orange for ``black_months`` in a row. Yellow: orange, or fallen by two colours or
    more since the month before. Red: the ``most_red`` best of those green this month and not on the yellow list.
    Grey is no result: it is never listed.
    """
    known = [one for one in standings if one.colours and one.colours[0] in RANKS]
    judged = [(one, _blame(one, rule)) for one in known]
    blamed = [Listed(one, *why) for one, why in judged if why is not None]
    green = sorted((one for one, why in judged if why is None and one.colours[0] == "green"), key=_best_first)
    praised = [Listed(one, Shade.RED, ListReason.BEST) for one in green[: rule.most_red]]
    order = {shade: place for place, shade in enumerate(Shade)}
    return sorted(blamed, key=lambda one: (order[one.shade], _worst_first(one.standing))) + praised


def _blame(one: Standing, rule: ListRule) -> tuple[Shade, ListReason] | None:
    now = one.colours[0]
    if now == "red":
        return Shade.BLACK, ListReason.RED
    months = one.colours[: rule.black_months]
    if len(months) == rule.black_months and all(colour in {"orange", "red"} for colour in months):
        return Shade.BLACK, ListReason.ORANGE_AGAIN
    if now == "orange":
        return Shade.YELLOW, ListReason.ORANGE
    before = one.colours[1] if len(one.colours) > 1 else ""
    if before in RANKS and RANKS[now] - RANKS[before] >= 2:
        return Shade.YELLOW, ListReason.FELL
    return None


def _worst_first(one: Standing) -> tuple[float, str]:
    return (one.score if one.score is not None else -1.0, one.code)


def _best_first(one: Standing) -> tuple[float, str]:
    return (-(one.score if one.score is not None else 0.0), one.code)
