"""Reads at the door: whom a code or words mean, what a list is found by, whether it has changed since."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import islice, product

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from trafficedu.core.actors import Actor
from trafficedu.core.loading import loaded
from trafficedu.education.models.courses import StudySession
from trafficedu.education.models.tasks import Attendance, Booking, ModuleRecord, StudyTask, TaskViolation
from trafficedu.education.queries.tasks import visible_to
from trafficedu.education.rules.door import Shown
from trafficedu.education.rules.states import BookingState
from trafficedu.riders.models import Rider
from trafficedu.riders.queries.people import last_four, phone_of
from trafficedu.riders.rules import searched_name
from trafficedu.stations.models import Station
from trafficedu.violations.models.records import Violation

MOST_READINGS = 16
"""Ways to read one name that are searched: nobody types the seventeenth."""
FAMILY_READINGS = {
    **dict(单="shan", 曾="zeng", 解="xie", 仇="qiu", 查="zha", 任="ren", 华="hua", 缪="miao", 盖="ge", 朴="piao"),
    **dict(区="ou", 尉="yu", 冼="xian", 员="yun", 乐="yue", 纪="ji", 种="chong", 繁="po", 翟="zhai", 覃="qin"),
}
"""FAMILY -> how it is read as one, unlike the word: a list in the order of pinyin has the family Zeng at Z."""


def task_shown(session: Session, kind: Shown, number: str) -> StudyTask | None:
    """Return the task that the number of a receipt or of a task leads to, None where there is none. Not scoped."""
    query = select(StudyTask)
    if kind == Shown.RECEIPT:
        query = (
            query.join(TaskViolation, TaskViolation.task_id == StudyTask.id)
            .join(Violation, TaskViolation.violation_id == Violation.id)
            .where(Violation.number == number, TaskViolation.left_utc.is_(None))
        )
    else:
        query = query.where(StudyTask.number == number)
    return session.scalar(query.options(loaded(StudyTask.rider)))


def is_receipt(session: Session, number: str) -> bool:
    """Tell whether there is a record with the number of a receipt."""
    return session.scalar(select(Violation.id).where(Violation.number == number)) is not None


def is_seen(session: Session, task: StudyTask, by: Actor) -> bool:
    """Tell whether ``by`` may see a task."""
    return session.scalar(select(StudyTask.id).where(StudyTask.id == task.id, visible_to(by))) is not None


def seat_in(session: Session, task_id: int, session_id: int) -> Booking | None:
    """Return the seat of a task in a session that stands or stood until the rider missed it, the last one."""
    return session.scalar(
        select(Booking)
        .where(Booking.task_id == task_id, Booking.session_id == session_id, Booking.state != BookingState.CANCELLED)
        .order_by(Booking.id.desc())
        .limit(1)
        .options(loaded(Booking.attendance, Attendance.checked_in_by), loaded(Booking.session), loaded(Booking.task))
        .execution_options(populate_existing=True)
    )


def seat_elsewhere(session: Session, task_id: int) -> Booking | None:
    """Return the seat that a task holds or studies in, with its session and station."""
    return session.scalar(
        select(Booking)
        .where(Booking.task_id == task_id, Booking.state.in_((BookingState.BOOKED, BookingState.ATTENDED)))
        .order_by(Booking.id.desc())
        .limit(1)
        .options(loaded(Booking.session, StudySession.station, Station.area), loaded(Booking.attendance))
    )


def receipts_of(session: Session, task_ids: Iterable[int]) -> dict[int, list[str]]:
    """Return by task the numbers of the receipts that lead to it."""
    rows = session.execute(
        select(TaskViolation.task_id, Violation.number)
        .join(Violation, TaskViolation.violation_id == Violation.id)
        .where(TaskViolation.task_id.in_(list(task_ids)), TaskViolation.left_utc.is_(None))
    )
    found: dict[int, list[str]] = {}
    for task_id, number in rows:
        found.setdefault(task_id, []).append(number)
    return found


@lru_cache(maxsize=4096)
def read_name(name: str) -> tuple[str, tuple[str, ...]]:
    """Return how a name is sorted, and what it is searched by: initials and whole pinyin, each in all readings."""
    from pypinyin import Style, lazy_pinyin, pinyin  # noqa: PLC0415 - its tables load where a list is drawn

    plain = "".join(searched_name(name).split())
    first, *rest = lazy_pinyin(plain, style=Style.TONE3, neutral_tone_with_five=True) or [""]
    sort = " ".join([FAMILY_READINGS.get(plain[:1], first), *rest]) + f" {name}"
    readings = pinyin(plain, style=Style.NORMAL, heteronym=True)
    if plain[:1] in FAMILY_READINGS and readings:
        readings[0] = list(dict.fromkeys([FAMILY_READINGS[plain[0]], *readings[0]]))
    ways = list(islice(product(*readings), MOST_READINGS))
    searched = [*("".join(part[:1] for part in way) for way in ways), *("".join(way) for way in ways)]
    return sort.lower(), tuple(dict.fromkeys(word.lower() for word in searched if word))


def found_by(session: Session, rider: Rider, numbers: Sequence[str]) -> str:
    """Return all by which a rider of a list is found while somebody types: words between bars, small letters."""
    _sort, readings = read_name(rider.name)
    phone = phone_of(session, rider)
    words = ["".join(searched_name(rider.name).split()), *readings, last_four(session, rider), phone[-4:], *numbers]
    return f"|{'|'.join(word.lower() for word in words if word)}|"


def version_of(session: Session, study: StudySession, now: datetime, *facts: object) -> str:
    """Return a mark of all that the list of a session shows: another one as soon as anything of it is.

    While modules run their minutes are shown, and the key that ends them appears: another one every minute.
    """
    seats = select(
        func.count(),
        func.sum(Booking.version),
        func.max(Booking.id),
        func.sum(Attendance.version),
        func.sum(StudyTask.version),
    ).select_from(Booking)
    seats = seats.join(StudyTask, Booking.task_id == StudyTask.id)
    seats = seats.outerjoin(Attendance, Attendance.booking_id == Booking.id).where(Booking.session_id == study.id)
    modules = (
        select(func.count(), func.count(ModuleRecord.ended_utc), func.max(ModuleRecord.id))
        .join(Attendance, ModuleRecord.attendance_id == Attendance.id)
        .join(Booking, Attendance.booking_id == Booking.id)
        .where(Booking.session_id == study.id)
    )
    begun, ended, last = session.execute(modules).one()
    minute = int(now.timestamp()) // 60 if begun > ended else 0
    told = [*session.execute(seats).one(), begun, ended, last, minute, study.version, study.state, *facts]
    return hashlib.sha256(repr(told).encode()).hexdigest()[:20]
