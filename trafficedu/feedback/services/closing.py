"""Notices that nobody expects an answer to any more: a chore of the worker."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, literal, select, update
from sqlalchemy.orm import Session

from trafficedu.configuration.queries import figure
from trafficedu.core import audit
from trafficedu.core.actors import SYSTEM
from trafficedu.feedback.models import Notice
from trafficedu.feedback.rules.notices import REST_TO, NoticeAct, expected_from

AT_ONCE = 500
"""How many notices a round closes, so that no transaction is long."""


def close_beyond_help(session: Session, now: datetime) -> int:
    """Close notices whose deadline is more than the configured days ago; returns how many.

    They count as unanswered for good, leave every list of what is open, and still take an answer.
    """
    last = expected_from(now, timedelta(days=figure(session, "feedback.close_days")))
    beyond = select(Notice.id).where(Notice.urgency < last).order_by(Notice.urgency, Notice.id).limit(AT_ONCE)
    ids = session.scalars(beyond).all()
    if not ids:
        return 0
    # Again the condition: whoever answers one of them at this moment has won.
    closed = (
        update(Notice)
        .where(Notice.id.in_(ids), Notice.urgency < last)
        .values(closed_utc=now, urgency=literal(REST_TO, BigInteger) - Notice.violation_id, version=Notice.version + 1)
    )
    result: Any = session.execute(closed, execution_options={"synchronize_session": False})
    session.expire_all()
    audit.write(session, "feedback:notice:close", SYSTEM, notices=int(result.rowcount), act=NoticeAct.CLOSE)
    return int(result.rowcount)
