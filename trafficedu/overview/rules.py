"""Arithmetic of the overview: when most happens; which village is on the red-yellow-black list. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum, auto

from trafficedu.core.states import Transitions, Word
from trafficedu.core.text import message

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

    VETO = "veto", message("a fatal accident caps the colour")
    FIRMLY_RED = "firmly_red", message("firmly red")
    FIRMLY_BAD = "firmly_bad", message("firmly orange or worse")
    NOT_FIRM = "not_firm", message("red or orange this month, but not firm: to watch")
    RED = "red", message("red this month")
    ORANGE_AGAIN = "orange_again", message("orange for months in a row")
    ORANGE = "orange", message("orange this month")
    FELL = "fell", message("fell by two colours or more")
    BEST = "best", message("among the best green villages")
    FIRMLY_GOOD = "firmly_good", message("green, and firmly good")


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
    """A village's results.

    Parameters
    ----------
    colours
        From this month backwards, ``""`` where there is none, or one under other rules; score of this month.
    firm
        What is firm this month; None under rule set 1, which knows nothing of that.
    veto
        The colour that a fatal accident of this month caps at, or "".
    """

    area_id: int
    code: str
    colours: tuple[str, ...]
    score: float | None
    firm: str | None = None
    veto: str = ""


@dataclass(frozen=True)
class Listed:
    """A village's place on the list and the code of the reason why."""

    result: VillageResults
    shade: Shade
    why: ListReason


@dataclass(frozen=True)
class ListRule:
    """How the list is read off the results; the first two figures are the district's, the last the rule set's.

    ``most_red`` is the greatest number of villages praised; so many months orange in a row as ``black_months``
    weigh like one red under rule set 1. ``only_red``: under rule set 2 only what is firmly red is on the black list,
    not what is firmly orange or worse.
    """

    most_red: int
    black_months: int
    only_red: bool = False


def read_list(results: Iterable[VillageResults], rule: ListRule) -> list[Listed]:
    """Return the villages of the list, black first, each list from the worst (red: the best) score on.

    Under rule set 2 only what is firm names anybody. Black: firmly orange or worse (or, by the rule, firmly red), and
    where a fatal accident caps the colour, which is a fact. Red: the ``most_red`` best of those green and firmly good.
    Yellow, to watch: red or orange without being firm, or fallen by two colours or more.

    Under rule set 1, black: red this month, or orange for ``black_months`` in a row. Yellow: orange, or fallen by two
    colours or more since the month before. Red: the ``most_red`` best of those green and not on the yellow list.
    Grey is no result: it is never listed.
    """
    known = [village for village in results if village.colours and village.colours[0] in RANKS]
    judged = [(village, _blame(village, rule)) for village in known]
    blamed = [Listed(village, *why) for village, why in judged if why is not None]
    green = sorted((village for village, why in judged if why is None and _is_good(village)), key=_best_first)
    praised = [
        Listed(village, Shade.RED, ListReason.BEST if village.firm is None else ListReason.FIRMLY_GOOD)
        for village in green[: rule.most_red]
    ]
    order = {shade: place for place, shade in enumerate(Shade)}
    return sorted(blamed, key=lambda listed: (order[listed.shade], _worst_first(listed.result))) + praised


def _is_good(village: VillageResults) -> bool:
    return village.colours[0] == "green" and village.firm in (None, "good")


def _blame(village: VillageResults, rule: ListRule) -> tuple[Shade, ListReason] | None:
    shade = _blame_of_month(village, rule) if village.firm is None else _blame_if_firm(village, rule)
    if shade is not None:
        return shade
    before = village.colours[1] if len(village.colours) > 1 else ""
    if before in RANKS and RANKS[village.colours[0]] - RANKS[before] >= 2:
        return Shade.YELLOW, ListReason.FELL
    return None


def _blame_if_firm(village: VillageResults, rule: ListRule) -> tuple[Shade, ListReason] | None:
    """Return the blame under rule set 2."""
    if village.veto and not (rule.only_red and village.firm != "red"):
        return Shade.BLACK, ListReason.VETO
    if village.firm == "red":
        return Shade.BLACK, ListReason.FIRMLY_RED
    if village.firm == "orange_or_worse" and not rule.only_red:
        return Shade.BLACK, ListReason.FIRMLY_BAD
    if village.colours[0] in ("orange", "red"):
        return Shade.YELLOW, ListReason.NOT_FIRM if not village.veto else ListReason.VETO
    return None


def _blame_of_month(village: VillageResults, rule: ListRule) -> tuple[Shade, ListReason] | None:
    """Return the blame under rule set 1."""
    now = village.colours[0]
    if now == "red":
        return Shade.BLACK, ListReason.RED
    months = village.colours[: rule.black_months]
    if len(months) == rule.black_months and all(colour in {"orange", "red"} for colour in months):
        return Shade.BLACK, ListReason.ORANGE_AGAIN
    if now == "orange":
        return Shade.YELLOW, ListReason.ORANGE
    return None


def _worst_first(village: VillageResults) -> tuple[float, str]:
    return (village.score if village.score is not None else -1.0, village.code)


def _best_first(village: VillageResults) -> tuple[float, str]:
    return (-(village.score if village.score is not None else 0.0), village.code)
