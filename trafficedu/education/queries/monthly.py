"""Studies of whole months, from the sums of what is over: what pages show, at any size of the table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import FromClause, func, select
from sqlalchemy.orm import Session

from trafficedu.areas.queries import within
from trafficedu.core.actors import Actor
from trafficedu.core.clock import local_date
from trafficedu.core.month import Period
from trafficedu.core.tables import table_of
from trafficedu.education.models import StudyTask
from trafficedu.education.rules import LEFT_OUT, UNFINISHED, CompletionCounts, TaskState
from trafficedu.settled.models import AddedFigure, Adds, named
from trafficedu.settled.queries import seen_path, sum_of
from trafficedu.violations.queries.monthly import FIRST_DAY

COUNTED = [state for state in TaskState if state not in LEFT_OUT]
OPENED, COMPLETED, DUE, ON_TIME = "opened", "completed", "due", "on_time"


def _adds(task: FromClause) -> Sequence[Adds]:
    """Return what a task adds: in the month it was opened in, and in that of its due date once that is over."""
    row = task.c
    counts = row.state.in_(COUNTED)
    completed = row.state == TaskState.COMPLETED
    return [
        Adds(named(OPENED), row.opened_on, row.area_id, counts),
        Adds(named(COMPLETED), row.opened_on, row.area_id, completed),
        Adds(named(DUE), row.due_on, row.area_id, counts, past=True),
        Adds(named(ON_TIME), row.due_on, row.area_id, completed & (row.completed_on <= row.due_on), past=True),
    ]


FIGURE = AddedFigure("studies", FIRST_DAY, table_of(StudyTask), _adds)


def count_completion(session: Session, by: Actor, path: str, period: Period, now: datetime) -> CompletionCounts:
    """Count the tasks of the area at ``path`` opened, and those due, in a period, as known now.

    Returns
    -------
    CompletionCounts
        ``opened``: opened in the period, waived and withdrawn ones out; ``completed``: of those, completed;
        ``not_yet_due``: of those, unfinished with a due date not over; ``due``: due date in the period and over;
        ``completed_on_time``: of those, completed by their due date.
    """
    seen = seen_path(by, path)
    if seen is None:
        return CompletionCounts(0, 0, 0, 0, 0)
    parts: Counter[str] = Counter()
    for (_, part), n in sum_of(session, FIGURE, seen, period, now).items():
        parts[part] += n
    not_yet_due = select(func.count()).where(
        StudyTask.state.in_(UNFINISHED),
        StudyTask.due_on >= local_date(now),
        StudyTask.opened_on.between(period.first_day, period.last_day),
        StudyTask.area_id.in_(within(seen)),
    )
    waiting = session.scalar(not_yet_due) or 0 if parts[OPENED] > parts[COMPLETED] else 0
    return CompletionCounts(parts[OPENED], parts[COMPLETED], waiting, parts[DUE], parts[ON_TIME])
