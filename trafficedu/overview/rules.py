"""Arithmetic of the overview: what changed; which village is on the red-yellow-black list. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum, auto

from trafficedu.core.states import Transitions, Word
from trafficedu.core.text import message


def change_percent(now: int, before: int) -> float | None:
    """Return by how many percent ``now`` differs from ``before``; None where there was nothing before."""
    return None if before == 0 else 100 * (now - before) / before


BUSIEST_HOURS = 3
"""So many hours in a row are named as the time when most happens."""


def busiest(by_hour: Sequence[int], width: int = BUSIEST_HOURS) -> tuple[int, int]:
    """Return the hour at which the busiest ``width`` hours in a row begin, and how much they hold; midnight is no end.

    Of several the earliest in the day.
    """
    hours = len(by_hour)
    sums = [sum(by_hour[(first + step) % hours] for step in range(width)) for first in range(hours)]
    most = max(sums)
    return sums.index(most), most


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
    REREAD = auto()


LIST_LIFE = Transitions(
    {
        ListAct.PROTEST: ((ListState.FROZEN,), None),
        ListAct.TAKE_OFF: ((ListState.FROZEN,), None),
        ListAct.PUBLISH: ((ListState.FROZEN,), ListState.PUBLISHED),
        ListAct.REREAD: ((ListState.FROZEN, ListState.PUBLISHED), ListState.FROZEN),
    }
)


class ObjectionOutcome(Word):
    """What became of a protest; an upheld one takes the village off the list."""

    NONE = ""
    UPHELD = "upheld", message("upheld: the village is removed from the list")
    REJECTED = "rejected", message("not upheld: the village stays on the list")


RANKS = {"green": 0, "blue": 1, "yellow": 2, "orange": 3, "red": 4}
"""The five colours from best to worst; grey says nothing and has no rank."""


@dataclass(frozen=True)
class VillageResults:
    """A village's results: colours from this month backwards, ``""`` where there is none; score of this month."""

    area_id: int
    code: str
    colours: tuple[str, ...]
    score: float | None


@dataclass(frozen=True)
class Listed:
    """A village's place on the list and the code of the reason why."""

    result: VillageResults
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


def read_list(results: Iterable[VillageResults], rule: ListRule) -> list[Listed]:
    """Return the villages of the list, black first, each list from the worst (red: the best) score on.

    Black: red this month, or orange for ``black_months`` in a row. Yellow: orange, or fallen by two colours or
    more since the month before. Red: the ``most_red`` best of those green this month and not on the yellow list.
    Grey is no result: it is never listed.
    """
    known = [village for village in results if village.colours and village.colours[0] in RANKS]
    judged = [(village, _blame(village, rule)) for village in known]
    blamed = [Listed(village, *why) for village, why in judged if why is not None]
    green = sorted(
        (village for village, why in judged if why is None and village.colours[0] == "green"), key=_best_first
    )
    praised = [Listed(village, Shade.RED, ListReason.BEST) for village in green[: rule.most_red]]
    order = {shade: place for place, shade in enumerate(Shade)}
    return sorted(blamed, key=lambda listed: (order[listed.shade], _worst_first(listed.result))) + praised


def _blame(village: VillageResults, rule: ListRule) -> tuple[Shade, ListReason] | None:
    now = village.colours[0]
    if now == "red":
        return Shade.BLACK, ListReason.RED
    months = village.colours[: rule.black_months]
    if len(months) == rule.black_months and all(colour in {"orange", "red"} for colour in months):
        return Shade.BLACK, ListReason.ORANGE_AGAIN
    if now == "orange":
        return Shade.YELLOW, ListReason.ORANGE
    before = village.colours[1] if len(village.colours) > 1 else ""
    if before in RANKS and RANKS[now] - RANKS[before] >= 2:
        return Shade.YELLOW, ListReason.FELL
    return None


def _worst_first(village: VillageResults) -> tuple[float, str]:
    return (village.score if village.score is not None else -1.0, village.code)


def _best_first(village: VillageResults) -> tuple[float, str]:
    return (-(village.score if village.score is not None else 0.0), village.code)
