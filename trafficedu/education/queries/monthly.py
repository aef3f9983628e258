"""Studies of whole months, from the sums of what is over: what pages show, at any size of the table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import FromClause, literal
from sqlalchemy.orm import Session

from trafficedu.core.actors import Actor
from trafficedu.core.clock import local_date
from trafficedu.core.month import Month, Period
from trafficedu.core.tables import table_of
from trafficedu.education.models.tasks import StudyTask
from trafficedu.education.rules.reckoning import CompletionCounts
from trafficedu.education.rules.states import LEFT_OUT, UNFINISHED, TaskState
from trafficedu.settled.models import AddedFigure, Adds, month_text, named
from trafficedu.settled.queries import seen_path, sum_of
from trafficedu.violations.queries.monthly import FIRST_DAY

COUNTED = [state for state in TaskState if state not in LEFT_OUT]
OPENED, COMPLETED, DUE, ON_TIME, OWED = "opened", "completed", "due", "on_time", "owed"


def _adds(task: FromClause) -> Sequence[Adds]:
    """Return what a task adds: in the month it was opened in, and in that of its due date once that is over.

    ``owed.2026-10``: opened in that month, and not finished though the due date is over.
    """
    row = task.c
    counts = row.state.in_(COUNTED)
    completed = row.state == TaskState.COMPLETED
    owed = literal(f"{OWED}.", literal_execute=True) + month_text(row.opened_on)
    return [
        Adds(named(OPENED), row.opened_on, row.area_id, counts),
        Adds(named(COMPLETED), row.opened_on, row.area_id, completed),
        Adds(named(DUE), row.due_on, row.area_id, counts, past=True),
        Adds(named(ON_TIME), row.due_on, row.area_id, completed & (row.completed_on <= row.due_on), past=True),
        Adds(owed, row.due_on, row.area_id, row.state.in_(UNFINISHED), past=True),
    ]


FIGURE = AddedFigure("tasks", FIRST_DAY, table_of(StudyTask), _adds)


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
    until_now = Period(period.first, max(period.last, Month.of(local_date(now))))
    for (month, part), n in sum_of(session, FIGURE, seen, until_now, now).items():
        name, _, opened = part.partition(".")
        if period.first <= (Month.parse(opened) if opened else month) <= period.last:
            parts[name] += n
    not_yet_due = parts[OPENED] - parts[COMPLETED] - parts[OWED]
    return CompletionCounts(parts[OPENED], parts[COMPLETED], not_yet_due, parts[DUE], parts[ON_TIME])
