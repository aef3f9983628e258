"""The five colours of the last full months, so that the demo's pages have something to explain."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import local_date
from trafficedu.core.errors import Refusal
from trafficedu.evaluation.rules import last_full_month, month_after
from trafficedu.evaluation.services.runs import evaluate, publish_run

MONTHS = 3


def evaluate_months(session: Session, now: datetime) -> int:
    """Evaluate and publish the last full months that have records; returns how many."""
    last = last_full_month(local_date(now))
    done = 0
    for back in reversed(range(MONTHS)):
        try:
            publish_run(session, evaluate(session, month_after(last, -back), now), SYSTEM, now)
        except Refusal:
            continue  # nothing is recorded so far back
        done += 1
    return done
