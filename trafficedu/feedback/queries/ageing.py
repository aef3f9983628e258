"""How long notices are unanswered beyond their time, of an area: the same figure for everybody who sees the area."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

from sqlalchemy import ColumnElement, and_
from sqlalchemy.orm import Session

from trafficedu.areas.queries import tree as areas
from trafficedu.core.actors import Actor
from trafficedu.core.ageing import WEEK, Ageing, watched
from trafficedu.core.clock import day_bounds, local_date
from trafficedu.core.reach import Reach
from trafficedu.feedback.models import Notice
from trafficedu.feedback.queries.monthly import count_feedback
from trafficedu.feedback.queries.notices import BY_TIME_LEFT, WHOLE, overdue_since
from trafficedu.feedback.rules.policy import Receiver


def age_late(session: Session, by: Actor, now: datetime, path: str, kind: Receiver) -> Ageing:
    """Return how long the unanswered notices of the area at ``path`` are overdue, whoever asks.

    Of the same notices as its feedback rates: to a village where the village is, to a company where the violation was.
    """
    period = watched(local_date(now))
    since = day_bounds(period.first_day)[0]
    bounds = datetime.fromtimestamp(0, UTC), since, max(since, now - WEEK), now
    column = Notice.area_id if kind == Receiver.VILLAGE else Notice.violation_area_id
    ids = areas.ids_in_reach(session, by, path)

    def reach(part: ColumnElement[bool]) -> Reach:
        of_kind = and_(part, Notice.receiver_kind == kind)
        return Reach([of_kind], whole=WHOLE) if ids is None else Reach([of_kind], column.expression, ids, whole=WHOLE)

    beyond, older, week = (
        reach(and_(overdue_since(until), ~overdue_since(start))).count(session, BY_TIME_LEFT)
        for start, until in pairwise(bounds)
    )
    oldest = reach(overdue_since(now)).first(session, BY_TIME_LEFT, 1)
    due_utc = session.get_one(Notice, oldest[0]).due_utc if oldest else None
    return Ageing(
        since=period.first,
        week=week,
        older=older,
        beyond=beyond,
        due=next(row.due for row in count_feedback(session, by, path, period, now) if row.receiver_kind == kind),
        first=local_date(due_utc) if due_utc is not None else None,
    )
