"""What counts as seen: time by the server's clock, while the film ran in sight, with a question answered now and then.

A phone says every few seconds whether the film runs. What lies between two such words counts, at most
:data:`MOST_BETWEEN` of it; so a film cannot be seen faster than the clock, and a phone that fell silent stands still.
Pure: time and chance are passed in.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random

BEAT_SECONDS = 10
"""How often a player says that it runs."""
MOST_BETWEEN = 20
"""Seconds that count between two such words at most, however late the second one comes."""
TOLERANCE = 2.0
"""Seconds that may be missing at the end of a segment: the last word travels, too."""
EARLIEST_SHARE, LATEST_SHARE = 0.2, 0.85
"""Within which part of a segment the rider is asked to show presence."""
OFFERED = 3
"""Pictures to choose from."""
MOST_TRIES = 2
"""Wrong taps are mended once: a thumb slips."""


@dataclass(frozen=True)
class Run:
    """One time that a segment is watched: how many seconds count so far, when the phone spoke last, whether it ran."""

    counted: float
    beat: datetime
    playing: bool


def advanced(run: Run, now: datetime, *, playing: bool) -> Run:
    """Return a run once the phone said at ``now`` whether the film runs."""
    passed = max(0.0, (now - run.beat).total_seconds())
    more = min(passed, MOST_BETWEEN) if run.playing else 0.0
    return replace(run, counted=run.counted + more, beat=max(now, run.beat), playing=playing)


def seconds_left(run: Run, length: int) -> int:
    """Return how many more seconds of a segment have to be seen, rounded up; 0 when it may end."""
    left = length - TOLERANCE - run.counted
    return max(0, -(-int(left * 1000) // 1000))


def draw_moment(length: int, chance: Random) -> int:
    """Return after how many seconds of a segment its rider is asked to show presence."""
    return round(length * chance.uniform(EARLIEST_SHARE, LATEST_SHARE))


def draw_pictures(names: list[str], chance: Random) -> tuple[str, list[str]]:
    """Return which picture is to be tapped, and those to choose from in their order."""
    offered = chance.sample(sorted(names), OFFERED)
    return chance.choice(offered), offered


def is_late(asked: datetime, now: datetime, seconds: int) -> bool:
    """Tell whether the time for an answer is over; a word on its way gets a little more."""
    return now > asked + timedelta(seconds=seconds + TOLERANCE)
