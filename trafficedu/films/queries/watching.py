"""How a rider stands with the films of the course: what may be watched now, what was seen, what is left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.configuration.queries import figure
from trafficedu.core.loading import loaded
from trafficedu.core.text import Message, message
from trafficedu.core.times import Moment
from trafficedu.education.models.tasks import Booking, StudyTask
from trafficedu.education.queries.courses import plan_of
from trafficedu.education.queries.hours import hours_of
from trafficedu.education.queries.seats import live_booking
from trafficedu.education.rules.reckoning import minutes_online
from trafficedu.films.models import Film, Viewing
from trafficedu.films.queries.films import films_of_course

DONE = message("This study is completed, waived or no longer owed. There is nothing left to watch.")
CHECKED_IN = message("You have checked in at the station. What you saw counts already; the rest is shown there.")
NO_SEAT = message("You can watch the film once you have a seat in a session that lies ahead. Choose one first.")
NOT_HERE = message("Films are not watched at home in this district. You see them at the station.")
NO_FILM = message("Your course has no film to watch at home. You see it at the station.")


@dataclass(frozen=True)
class Shown:
    """A film of the rider's course, and how far it was seen; no viewing where it was not begun."""

    film: Film
    viewing: Viewing | None

    @property
    def seconds_seen(self) -> int:
        """How many seconds of it count."""
        return self.viewing.seconds_seen if self.viewing else 0

    @property
    def is_seen(self) -> bool:
        """Whether it was seen to its end."""
        return self.viewing is not None and self.viewing.next_segment is None

    @property
    def minutes_left(self) -> int:
        """How long it still is, rounded up."""
        return -(-max(0, self.film.seconds - self.seconds_seen) // 60)


@dataclass(frozen=True)
class Standing:
    """How somebody stands with the films of a task: why none may be watched now, which there are, what counts.

    ``asked`` are the minutes of film that the course asks for and allows at home.
    """

    task: StudyTask
    booking: Booking | None
    why_not: Message | None
    films: Sequence[Shown]
    asked: int

    @property
    def minutes(self) -> int:
        """How many minutes count, at most what the course asks for."""
        return min(self.asked, sum(shown.seconds_seen for shown in self.films) // 60)

    @property
    def next_film(self) -> Shown | None:
        """The first film not seen to its end, None where there is none or enough was seen."""
        if self.minutes >= self.asked:
            return None
        return next((shown for shown in self.films if not shown.is_seen), None)

    @property
    def offers(self) -> Shown | None:
        """The film to offer now, None where none may be watched."""
        return None if self.why_not is not None else self.next_film


def find_task(session: Session, number: str) -> StudyTask | None:
    """Return the task with a number, which whoever asks proved to be the own one."""
    return session.scalar(select(StudyTask).where(StudyTask.number == number))


def list_viewings(session: Session, task_id: int) -> Sequence[Viewing]:
    """Return what was watched for a task, as it is now."""
    return session.scalars(
        select(Viewing)
        .where(Viewing.task_id == task_id)
        .options(loaded(Viewing.film, Film.segments), loaded(Viewing.seen))
        .order_by(Viewing.id)
        .execution_options(populate_existing=True)
    ).all()


def standing_of(session: Session, task: StudyTask, now: datetime) -> Standing:
    """Return how the rider of a task stands with its films."""
    booking = live_booking(session, task.id)
    viewings = list_viewings(session, task.id)
    version = booking.session.plan if booking is not None else None
    online = {module.id for module in version.modules if module.online} if version is not None else set()
    modules = [module for module in plan_of(version, "en") if module.id in online] if version is not None else []
    asked = sum(minutes_online(modules, 24 * 60).values())
    films = _films(session, version.code if version else "", viewings) if asked or viewings else []
    return Standing(task, booking, _why_not(session, task, booking, asked, films, now), films, asked)


def _films(session: Session, course: str, viewings: Sequence[Viewing]) -> list[Shown]:
    """Return the films of a course in their order; a version that was begun stays the rider's."""
    begun: dict[str, Viewing] = {}
    for viewing in viewings:  # of two versions, the one of which more was seen
        other = begun.get(viewing.film.code)
        if other is None or viewing.seconds_seen >= other.seconds_seen:
            begun[viewing.film.code] = viewing
    codes = set(begun)
    shown = [Shown(viewing.film, viewing) for viewing in begun.values()]
    offered = films_of_course(session, course) if course else []
    shown += [Shown(film, None) for film in offered if film.code not in codes]
    return sorted(shown, key=lambda each: each.film.code)


def _why_not(
    session: Session, task: StudyTask, booking: Booking | None, asked: int, films: Sequence[Shown], now: datetime
) -> Message | None:
    if task.is_in_progress:
        return CHECKED_IN
    if task.is_completed or task.is_waived or task.is_withdrawn or task.is_joined:
        return DONE
    if booking is None or not booking.session.takes_place or now >= hours_of(session, booking.session).closes:
        return NO_SEAT
    if not figure(session, "films.online"):
        return NOT_HERE
    if not asked or not films:
        return NO_FILM
    opens = booking.session.starts_utc - timedelta(days=figure(session, "films.days_before"))
    if now < opens:
        return message("The film can be watched from %(when)s on.", when=Moment(opens).told)
    return None
