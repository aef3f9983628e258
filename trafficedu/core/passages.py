"""What happened to a record in its order: each feature tells what it knows, the page puts it into one time line.

A feature tells by a function of its ``queries``, ``(session, by, locale, **subject)``, which is named in
``wiring.screens.TIMELINES``; what ``by`` may not see it leaves out. Must not know the web or any feature.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from trafficedu.core.audit import DONE, AuditEntry
from trafficedu.core.orm import Base
from trafficedu.core.text import Message

MOST_ROWS = 200


@dataclass(frozen=True)
class Passage:
    """One thing that happened: when to the minute, what, by whom, why, and the page that says more.

    ``written`` is the row of the audit trail that was written with it, 0 where there is none or nobody looked: a row is
    dated when it is written, a column when its act began, so that the time alone may put what follows before its cause.
    ``page`` is an endpoint and ``values`` its arguments; only who may open it is led there.
    """

    at_utc: datetime
    what: Message
    by: Message | str = ""
    reason: Message | str = ""
    page: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    written: int = 0


Teller = Callable[..., Iterable[Passage]]


def in_order(told: Iterable[Passage]) -> list[Passage]:
    """Return passages as they happened.

    By the minute, as they are shown; within one as they were written; what has no row stands before what was
    written later, and at the same moment as it was told, causes first.
    """
    minutes: dict[datetime, list[Passage]] = {}
    for passage in sorted(told, key=lambda each: each.at_utc):
        minutes.setdefault(passage.at_utc.replace(second=0, microsecond=0), []).append(passage)
    return [passage for minute in minutes.values() for passage in _within(minute)]


def _within(minute: Sequence[Passage]) -> list[Passage]:
    """Return the passages of one minute in order; they come by their exact times."""
    ordered = sorted((each for each in minute if each.written), key=lambda each: each.written)
    for passage in minute:
        if not passage.written:
            later = (at for at, other in enumerate(ordered) if other.written and other.at_utc >= passage.at_utc)
            ordered.insert(next(later, len(ordered)), passage)
    return ordered


def audited(
    session: Session, subjects: Mapping[type[Base], Collection[int]], actions: Collection[str]
) -> Sequence[AuditEntry]:
    """Return what was done to these records, of some acts: what no column of theirs keeps. The latest rows at most."""
    about = [
        and_(AuditEntry.subject_kind == model.__tablename__, AuditEntry.subject_id.in_(ids))
        for model, ids in subjects.items()
        if ids
    ]
    if not about:
        return []
    rows = select(AuditEntry).where(or_(*about), AuditEntry.action.in_(actions), AuditEntry.result == DONE)
    return session.scalars(rows.order_by(AuditEntry.id.desc()).limit(MOST_ROWS)).all()[::-1]
