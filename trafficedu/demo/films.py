"""Films seen at home: the two shorter courses allow them, some riders of the latest studies saw one, some are at it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from trafficedu.core.orm import among
from trafficedu.education.models.courses import Course, CourseModule, CourseVersion, StudySession
from trafficedu.education.models.tasks import Attendance, Booking, ModuleRecord, OnlineStudy
from trafficedu.education.rules.states import BookingState, ModuleKind
from trafficedu.films.models import Film, SegmentSeen, Viewing
from trafficedu.films.rules.words import FilmState

ONLINE = ("basic", "intermediate")
STUDIES, WAITING = 160, 40
"""Of how many of the latest studies, and of riders with a seat ahead, some watched."""
WATCHED = 0.4


def enter_films(session: Session, now: datetime, seed: int) -> int:
    """Allow films at home, and write what was seen of the shipped one; returns how many riders watched."""
    versions = select(CourseVersion.id).join(Course).where(Course.code.in_(ONLINE))
    films = CourseModule.kind == ModuleKind.FILM
    session.execute(update(CourseModule).where(films, CourseModule.version_id.in_(versions)).values(online=True))
    film = session.scalar(select(Film).where(among(Film.state, FilmState.IN_USE)).order_by(Film.id).limit(1))
    if film is None:
        return 0
    chance = Random(seed)
    studied = select(Booking.task_id, Attendance.checked_in_utc, ModuleRecord.id, ModuleRecord.module_id, Attendance.id)
    ended = (
        studied.join(Attendance, Attendance.booking_id == Booking.id)
        .join(ModuleRecord, ModuleRecord.attendance_id == Attendance.id)
        .join(CourseModule, CourseModule.id == ModuleRecord.module_id)
        .where(films, CourseModule.online, ModuleRecord.minutes >= CourseModule.minimum_minutes)
        .where(ModuleRecord.credited.is_(False))
        .order_by(Attendance.id.desc())
        .limit(STUDIES)
    )
    written, seen = _Written(film), film.seconds // 60
    for task, came, record, module, attendance in session.execute(ended).all():
        if chance.random() < WATCHED:
            since = came - timedelta(hours=chance.randint(12, 60))
            until = written.watch(task, since, len(film.segments), chance)
            written.credit(attendance, module, seen, since, until)
            written.records.append(record)
    ahead = select(Booking.task_id).join(Booking.session).join(StudySession.course)
    waiting = ahead.where(among(Booking.state, BookingState.BOOKED), StudySession.starts_utc > now)
    allowed = waiting.where(Course.code.in_(ONLINE)).order_by(StudySession.starts_utc, Booking.id).limit(WAITING)
    for task in session.scalars(allowed).all():
        if chance.random() < WATCHED:
            written.watch(task, now - timedelta(hours=chance.randint(2, 40)), chance.randint(1, 4), chance)
    written.flush(session, seen)
    return len(written.viewings)


class _Written:
    """What is to be written, as rows."""

    def __init__(self, film: Film) -> None:
        self._film = film
        self.viewings: dict[int, dict[str, Any]] = {}
        self.seen: dict[int, list[dict[str, Any]]] = {}
        self.credits: list[dict[str, Any]] = []
        self.records: list[int] = []

    def watch(self, task: int, since: datetime, segments: int, chance: Random) -> datetime:
        """Let a rider see the first segments; returns when the last of them ended."""
        rows = list(self._segments(since, segments, chance))
        whole = segments == len(self._film.segments)
        self.viewings[task] = {
            "task_id": task,
            "film_id": self._film.id,
            "begun_utc": since,
            "ended_utc": rows[-1]["ended_utc"] if whole else None,
            "position": segments,
            "missed": int(chance.random() < 0.15),
        }
        self.seen[task] = rows
        ended: datetime = rows[-1]["ended_utc"]
        return ended

    def _segments(self, at: datetime, number: int, chance: Random) -> Iterator[dict[str, Any]]:
        for segment in self._film.segments[:number]:
            ended = at + timedelta(seconds=segment.seconds + chance.randint(2, 30))
            yield {"position": segment.position, "began_utc": at, "ended_utc": ended, "seconds": segment.seconds}
            at = ended

    def credit(self, attendance: int, module: int, minutes: int, since: datetime, until: datetime) -> None:
        """Count what was seen for a study."""
        self.credits.append(
            {
                "attendance_id": attendance,
                "module_id": module,
                "minutes": minutes,
                "seen_from_utc": since,
                "seen_until_utc": until,
            }
        )

    def flush(self, session: Session, minutes: int) -> None:
        """Write it all."""
        if not self.viewings:
            return
        ids = session.scalars(
            insert(Viewing).returning(Viewing.id, sort_by_parameter_order=True), list(self.viewings.values())
        ).all()
        keys = dict(zip(self.viewings, ids, strict=True))
        rows = [row | {"viewing_id": keys[task]} for task, seen in self.seen.items() for row in seen]
        session.execute(insert(SegmentSeen), rows)
        if self.credits:
            session.execute(insert(OnlineStudy), self.credits)
            mine = ModuleRecord.id.in_(self.records)
            session.execute(update(ModuleRecord).where(mine).values(online_minutes=minutes))
        session.flush()
        session.expire_all()
