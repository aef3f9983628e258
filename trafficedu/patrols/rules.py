"""What a patrol may say. Pure, time passed in."""

from __future__ import annotations

from datetime import datetime, timedelta

from trafficedu.core.errors import Refusal
from trafficedu.core.states import Word
from trafficedu.core.text import message

LONGEST = timedelta(hours=16)
"""Longer than a double shift: the end was forgotten."""
OLDEST = timedelta(days=31)
MOST_STOPS = 5000


class PatrolState(Word):
    """How a patrol stands; derived from its end and from whether it was taken back."""

    RUNNING = "running", message("under way"), "open"
    ENDED = "ended", message("ended"), "done"
    VOIDED = "voided", message("voided"), "problem"


def minutes_of(started: datetime, ended: datetime, now: datetime) -> int:
    """Return the length in whole minutes.

    Raises
    ------
    Refusal
        At ``ended_at``: before the start, in the future, or later than :data:`LONGEST` after the start.
    """
    if ended < started:
        raise Refusal(message("The end is before the start. Check the time."), field="ended_at")
    if ended > now:
        raise Refusal(message("This time is in the future. Check the date and time."), field="ended_at")
    if ended - started > LONGEST:
        hours = int(LONGEST.total_seconds() // 3600)
        text = message("A patrol can last at most %(hours)d hours. Enter when it actually ended.", hours=hours)
        raise Refusal(text, field="ended_at")
    return int((ended - started).total_seconds() // 60)


def whole_minute(moment: datetime) -> datetime:
    """Return the minute in which a moment lies, as forms write it."""
    return moment.replace(second=0, microsecond=0)


def check_start(started: datetime, now: datetime) -> None:
    """Raise Refusal at ``started_at`` for a start in the future, or too long ago to be entered."""
    if started > now:
        raise Refusal(message("This time is in the future. Check the date and time."), field="started_at")
    if now - started > OLDEST:
        text = message("A patrol must be entered within %(days)d days.", days=OLDEST.days)
        raise Refusal(text, field="started_at")


def check_stops(stops: int | None) -> None:
    """Raise Refusal at ``stops`` unless they are unknown or from 0 to :data:`MOST_STOPS`."""
    if stops is not None and not 0 <= stops <= MOST_STOPS:
        raise Refusal(message("Enter stops from 0 to %(most)d.", most=MOST_STOPS), field="stops")
