"""Reads of reminders."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from trafficedu.core.loading import loaded
from trafficedu.education.models.reminders import Reminder


def latest_of(session: Session, task_ids: Iterable[int]) -> dict[int, Reminder]:
    """Return the last reminder of each of some tasks that had one, by task, with who sent it."""
    last = select(func.max(Reminder.id)).where(Reminder.task_id.in_(set(task_ids))).group_by(Reminder.task_id)
    found = session.scalars(select(Reminder).where(Reminder.id.in_(last)).options(loaded(Reminder.reminded_by)))
    return {reminder.task_id: reminder for reminder in found}


def list_of_task(session: Session, task_id: int) -> Sequence[Reminder]:
    """Return the reminders of a task, the latest first, with who sent them."""
    query = select(Reminder).where(Reminder.task_id == task_id).options(loaded(Reminder.reminded_by))
    return session.scalars(query.order_by(Reminder.id.desc())).all()
