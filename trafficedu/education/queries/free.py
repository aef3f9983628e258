"""Conditions of who and what is free: a session with a seat to give, a rider who is given one."""

from __future__ import annotations

from datetime import date
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
