"""A round of the worker over what waits to be sent: each claimed by one worker, none held up by the rest.

Pushes to users and messages to riders are tables of their own, with ``id``, ``state``, ``attempts``, ``next_utc``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from trafficedu.core.transactions import writing

ROUND_SECONDS = 20
"""How long a round of the worker sends: other chores wait behind it."""
CLAIM_HOLDS = timedelta(minutes=10)
BATCH = 50


def attend(due: Iterable[int], deliver: Callable[[int], bool]) -> int:
    """Deliver what is due until the round is over; returns how many were attended to."""
    ends, made = time.monotonic() + ROUND_SECONDS, 0
    for row_id in due:
        if time.monotonic() > ends:
            break
        made += deliver(row_id)
    return made


def claimed(session: Session, model: type[Any], row_id: int, waiting: str, sending: str, now: datetime) -> bool:
    """Claim what waits, and commit; False where somebody else did."""
    claim = update(model).where(model.id == row_id, model.state == waiting)
    with writing(session):
        result: Any = session.execute(
            claim.values(state=sending, attempts=model.attempts + 1, next_utc=now + CLAIM_HOLDS)
        )
    return bool(result.rowcount)
