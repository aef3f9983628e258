"""What an answer is worth, and when a rider may try again. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from trafficedu.core.text import Message, message

PASSED = message("The quiz has been passed. It need not be taken again.")


def written(positions: Collection[int]) -> str:
    """Return options, by their place in the question, as they are stored: ``"0,2"``."""
    return ",".join(str(position) for position in sorted(positions))


def written_in_order(places: Sequence[int]) -> str:
    """Return places in the order given, as the order of an attempt's options is stored."""
    return ",".join(str(place) for place in places)


def read(stored: str) -> tuple[int, ...]:
    """Return what :func:`written` or :func:`written_in_order` stored."""
    return tuple(int(part) for part in stored.split(",") if part)


def is_right(chosen: Collection[int], right: Collection[int]) -> bool:
    """Tell whether an answer counts: all right options and no other one; nothing for a part of them."""
    return bool(right) and set(chosen) == set(right)


def score_of(right: Sequence[bool]) -> int:
    """Return the score out of 100, rounded down: nobody passes by rounding. 0 without questions."""
    return 100 * sum(right) // len(right) if right else 0


@dataclass(frozen=True)
class Tried:
    """An attempt that has ended: its score, what was needed, and when it ended."""

    score: int
    pass_mark: int
    ended: datetime

    @property
    def passed(self) -> bool:
        """Whether the score is enough."""
        return self.score >= self.pass_mark


@dataclass(frozen=True)
class RetryRule:
    """How often a quiz may be taken in one study, and how long somebody waits before the next time."""

    most: int
    wait_minutes: int


def why_not_again(tried: Sequence[Tried], rule: RetryRule, now: datetime) -> Message | None:
    """Return why somebody may not begin another attempt now, None where they may."""
    if not tried:
        return None
    if any(attempt.passed for attempt in tried):
        return PASSED
    if len(tried) >= rule.most:
        return message("All %(most)d attempts have been used. Speak to the station staff.", most=rule.most)
    left = tried[-1].ended + timedelta(minutes=rule.wait_minutes) - now
    if left > timedelta():
        minutes = -(-int(left.total_seconds()) // 60)
        return message("The next attempt opens in %(minutes)d minutes. Read the explanations first.", minutes=minutes)
    return None
