"""Pure rules of helmet counts: drawing sites, adding taps up, and comparing two methods."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, auto
from math import sqrt

from trafficedu.core.errors import Refusal
from trafficedu.core.states import Transitions, Word
from trafficedu.core.text import message

LATEST_MONTHS = 3
"""What one month counts of helmets says too little: the latest rate is that of so many months."""


class SiteUse(Word):
    """A site that is no longer counted at stays for its figures."""

    UNUSED = "unused", message("No longer in use")


class RoadClass(Word):
    """The kind of road a site lies at."""

    ARTERIAL = "arterial", message("Main road")
    SECONDARY = "secondary", message("Secondary road")
    BRANCH = "branch", message("Side road")
    RURAL = "rural", message("Rural road")
    UNKNOWN = "unknown", message("Road class unknown")


class CountMethod(Word):
    """How riders were counted."""

    ON_SITE = "on_site", message("On site")
    VIDEO = "video", message("Video")


class RiderGroup(Word):
    """Whom a count is of."""

    DELIVERY = "delivery", message("Delivery riders")
    OTHER = "other", message("Other riders")


class Seat(Word):
    """Where on the e-bike somebody sat."""

    RIDER = "rider", message("Rider")
    PASSENGER = "passenger", message("Passenger")


class HeadState(Word):
    """What was seen on a head."""

    HELMETED = "helmeted", message("With helmet")
    BARE = "bare", message("No helmet")
    UNCLEAR = "unclear", message("Unclear")


class SurveySource(Word):
    """How a survey came in: counted on the page, entered from paper, read from a file."""

    PAGE = "page"
    FORM = "form"
    FILE = "file"


class Strata(Word):
    """By what sites are grouped before they are drawn."""

    BY_CLASS = "road_class", message("By road class")
    BY_TOWN = "town", message("By town")
    BY_NOTHING = "none", message("Without strata")


class SurveyState(Word):
    """A survey counts until it is found wrong."""

    COUNTED = "counted", message("Counts"), "done"
    VOID = "void", message("Void"), "problem"


class SurveyAct(StrEnum):
    """What is done to a survey."""

    VOID = auto()


CELLS = tuple((group, seat) for group in RiderGroup for seat in Seat)
"""Whom a count tells apart."""


def tally(group: RiderGroup, seat: Seat, head: HeadState) -> str:
    """Return the column of a survey that keeps how many of a cell it saw so."""
    return f"{group}_{seat}_{head}"


SURVEY_LIFE = Transitions({SurveyAct.VOID: ((SurveyState.COUNTED,), SurveyState.VOID)})
MOST_EVENTS = 1000
"""Taps in one sending; a phone with more sends several times."""
SHEET_KEY = re.compile(r"[A-Za-z0-9-]{16,64}")
SHARED_CODE = re.compile(r"[0-9A-HJKMNP-TV-Z]{4}")


def check_started(started: datetime, now: datetime) -> None:
    """Raise Refusal at ``started_at`` for a survey that has not begun."""
    if started > now:
        raise Refusal(message("This time is in the future. Check the date and time."), field="started_at")


def order_by_lot(seed: str, codes: Iterable[str]) -> list[str]:
    """Return ``codes`` in an order that only ``seed`` decides: by SHA-256 of ``seed:code``.

    No generator of a library is used, so that the same seed gives the same order in ten years, and an auditor can
    check one line of it with any tool.
    """
    return sorted(set(codes), key=lambda code: hashlib.sha256(f"{seed}:{code}".encode()).hexdigest())


def allot(sizes: Mapping[str, int], sites: int) -> dict[str, int]:
    """Share a number of sites among strata in proportion to their sizes (largest remainder, Hamilton).

    Every stratum gets at least one while there are enough to go round, none more than it has. Ties go by name, so
    that a repetition allots alike.
    """
    total = sum(sizes.values())
    sites = min(sites, total)
    filled = {name: size for name, size in sizes.items() if size}
    if not filled:
        return {}
    if sites < len(filled):
        largest = sorted(filled, key=lambda name: (-filled[name], name))[:sites]
        return {name: int(name in largest) for name in filled}
    exact = {name: sites * size / total for name, size in filled.items()}
    shares = {name: min(filled[name], max(1, int(exact[name]))) for name in filled}
    while (missing := sites - sum(shares.values())) != 0:
        step = 1 if missing > 0 else -1
        open_ = [name for name in filled if (shares[name] < filled[name] if step > 0 else shares[name] > 1)]
        name = max(sorted(open_), key=lambda stratum: step * (exact[stratum] - shares[stratum]))
        shares[name] += step
    return shares


def draw(frame: Mapping[str, Sequence[str]], number: int, seed: str) -> dict[str, list[str]]:
    """Draw ``number`` sites from ``frame`` (stratum -> codes), by lot within each stratum."""
    shares = allot({name: len(set(codes)) for name, codes in frame.items()}, number)
    return {name: order_by_lot(seed, frame[name])[:share] for name, share in sorted(shares.items()) if share}


@dataclass(frozen=True)
class Tap:
    """One tap on a device: number from 1, whose helmet, what was seen, and +1 or, when taken back, -1."""

    sequence: int
    group: str
    role: str
    company_code: str
    result: str
    step: int


Cell = tuple[str, str, str]
"""Group, role, company code ("" where not told apart)."""


def add_up(taps: Iterable[Tap]) -> dict[Cell, dict[str, int]]:
    """Return what ``taps`` add to each cell, by result; a part of a log may take more back than it adds."""
    sums: dict[Cell, dict[str, int]] = {}
    for tap in taps:
        cell = sums.setdefault((tap.group, tap.role, tap.company_code), {})
        cell[tap.result] = cell.get(tap.result, 0) + tap.step
    return sums


@dataclass(frozen=True)
class RateInterval:
    """A rate and its interval, as shares between 0 and 1."""

    rate: float
    low: float
    high: float


def difference(first: RateInterval, second: RateInterval) -> RateInterval:
    """Return ``one - other`` with an interval recovered from the two (Newcombe 1998, Stat. Med. 17:873, method 10).

    Their intervals may come from clusters; the method needs only limits. The two samples must not share riders.
    """
    gap = first.rate - second.rate
    below = sqrt((first.rate - first.low) ** 2 + (second.high - second.rate) ** 2)
    above = sqrt((first.high - first.rate) ** 2 + (second.rate - second.low) ** 2)
    return RateInterval(gap, gap - below, gap + above)
