"""Who tries keys of other people's quizzes from one address has to wait. Flushes, never commits."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from trafficedu.core import throttle
from trafficedu.core.text import message

LIMIT = throttle.Limit(20, timedelta(minutes=15))
"""A station's riders share an address: an old link opened by a few of them must not shut out the others."""
UNKNOWN = message("This quiz does not exist, or its check-in was undone. Ask the station staff for a new code.")
WAIT = message("Many wrong quiz addresses were opened from this network. Wait a quarter of an hour, or use the tablet.")


def _limits(address: str) -> throttle.Limits:
    return [(f"quiz:{address}", LIMIT)]


def is_locked(session: Session, address: str, now: datetime) -> bool:
    """Tell whether too many wrong keys came from an address."""
    return throttle.locked_until(session, _limits(address), now) is not None


def count_wrong(session: Session, address: str, now: datetime) -> None:
    """Count a key that does not exist."""
    throttle.count(session, _limits(address), now)
