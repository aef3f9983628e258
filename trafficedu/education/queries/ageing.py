"""How long study tasks are overdue, of an area: the same figure for everybody who sees the area."""

from __future__ import annotations

from datetime import date, datetime
from itertools import pairwise

from sqlalchemy import ColumnElement, and_
from sqlalchemy.orm import Session

from trafficedu.areas.queries import tree as areas
from trafficedu.core.actors import Actor
from trafficedu.core.ageing import WEEK, Ageing, watched
from trafficedu.core.clock import local_date
from trafficedu.core.reach import Reach
from trafficedu.education.models.tasks import StudyTask
from trafficedu.education.queries.monthly import count_completion
from trafficedu.education.queries.tasks import BY_URGENCY, WHOLE, overdue_on


def age_overdue(session: Session, by: Actor, now: datetime, path: str) -> Ageing:
    """Return how long the overdue tasks of violations at and below ``path`` are so, whoever asks."""
    today = local_date(now)
    period = watched(today)
    ids = areas.ids_in_reach(session, by, path)

    def reach(part: ColumnElement[bool]) -> Reach:
        if ids is None:
            return Reach([part], whole=WHOLE)
        return Reach([part], StudyTask.area_id.expression, ids, whole=WHOLE)

    bounds = date.min, period.first_day, max(period.first_day, today - WEEK), today
    beyond, older, week = (
        reach(and_(overdue_on(until), ~overdue_on(since))).count(session, BY_URGENCY)
        for since, until in pairwise(bounds)
    )
    oldest = reach(overdue_on(today)).first(session, BY_URGENCY, 1)
    return Ageing(
        since=period.first,
        week=week,
        older=older,
        beyond=beyond,
        due=count_completion(session, by, path, period, now).due,
        first=session.get_one(StudyTask, oldest[0]).due_on if oldest else None,
    )
