"""Who and what is free: a session with a seat to give, a rider who is given one, and in which turn."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, or_

from trafficedu.education.models.tasks import StudyTask


def has_free_seat(study: Any) -> ColumnElement[bool]:
    """Return the condition that a session (its columns, or :class:`StudySession`) has a seat to give."""
    free: ColumnElement[bool] = study.seats_taken < study.capacity + study.extra_seats
    return free


def not_paused(today: date) -> ColumnElement[bool]:
    """Return the condition that a task is given a seat by itself: its rider gave none up in the last days."""
    return or_(StudyTask.paused_until.is_(None), StudyTask.paused_until <= today)


IN_TURN = (StudyTask.due_on, StudyTask.opened_utc, StudyTask.id)
"""The one order in which those who wait are given seats by themselves: by due date, then who waits longest.

Nothing else counts. A seat that was missed has its own answer, a pause (``rules.seating``); once it is over the rider
stands by the due date like anybody else, so that a free seat never passes over somebody whom it fits.
"""


def turn(task: StudyTask) -> tuple[date, datetime, int]:
    """Return where a task stands in :data:`IN_TURN`, for tasks that were read already."""
    return task.due_on, task.opened_utc, task.id
