"""What riders had seen of films at home when they checked in."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.core.loading import loaded
from trafficedu.education.models.tasks import OnlineStudy


def list_online(session: Session, attendance_id: int) -> Sequence[OnlineStudy]:
    """Return what counts of films seen at home for a study, in the order of the course."""
    found = session.scalars(
        select(OnlineStudy).where(OnlineStudy.attendance_id == attendance_id).options(loaded(OnlineStudy.module))
    )
    return sorted(found, key=lambda study: study.module.position)


def online_minutes(session: Session, attendance_id: int, module_id: int) -> int:
    """Return the minutes of a module that were seen at home before a check-in."""
    query = select(OnlineStudy.minutes).where(
        OnlineStudy.attendance_id == attendance_id, OnlineStudy.module_id == module_id
    )
    return session.scalar(query) or 0
