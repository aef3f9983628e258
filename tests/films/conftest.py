from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import people
from tests.factories.education import NOW, District, assign, make_district, make_rider, make_session, make_violation
from trafficedu.accounts.queries import actor_of
from trafficedu.core.actors import SYSTEM, Actor
from trafficedu.education.models.courses import Course
from trafficedu.education.models.tasks import Booking, StudyTask
from trafficedu.education.queries.seats import live_booking
from trafficedu.films.models import Film, Viewing
from trafficedu.films.rules.segments import NewFilm, NewSegment
from trafficedu.films.services import films, watching
from trafficedu.quizzes.rules.questions import Both

STARTS = NOW + timedelta(hours=20)
RUN = "9d0f6c0e-0000-4000-8000-000000000001"
OTHER_RUN = "9d0f6c0e-0000-4000-8000-000000000002"


def segment(ends_at: int, name: str = "甲") -> NewSegment:
    return NewSegment(ends_at, Both(name, "a"), Both("一句。\n又一句。", "One.\nTwo."), Both("法", "law"), "red-light")


def new_film(*ends: int, courses: tuple[str, ...] = ()) -> NewFilm:
    return NewFilm(Both("短片", "A film"), courses, [segment(end) for end in ends])


@pytest.fixture
def district(session: Session) -> District:
    return make_district(session)


@pytest.fixture
def staff(session: Session, district: District) -> Actor:
    return actor_of(people.make_user(session, "station", station_id=district.at_a.id))


@pytest.fixture
def film(session: Session) -> Film:
    """Three segments of four, five and six minutes: fifteen, as the course asks for; the only film in use."""
    for shipped in session.scalars(select(Film)):
        films.retire_film(session, shipped, SYSTEM)
    made = films.add_film(session, "own", new_film(240, 540, 900), SYSTEM, NOW)
    films.release_film(session, made, SYSTEM)
    return made


@pytest.fixture
def online(session: Session) -> None:
    """Let the film of the basic course be watched at home."""
    allow_online(session)


def allow_online(session: Session) -> None:
    course = session.scalars(select(Course).where(Course.code == "basic")).one()
    for module in course.versions[-1].modules:
        module.online = module.kind == "film"
    session.flush()


@pytest.fixture
def seat(session: Session, district: District) -> Callable[..., Booking]:
    """Give a rider a seat in a session of tomorrow."""
    study_session = make_session(session, district.at_a, STARTS)

    def make(name: str = "张测试") -> Booking:
        rider = make_rider(session, district.a, name)
        task = assign(session, make_violation(session, rider, district.a), SYSTEM, NOW)
        assert task is not None
        booking = live_booking(session, task.id)
        assert booking is not None
        assert booking.session_id == study_session.id
        return booking

    return make


class Watching:
    """A rider watches: the clock goes on with what is seen."""

    def __init__(self, session: Session, task: StudyTask, film: Film, now: datetime = NOW, run: str = RUN) -> None:
        self.session, self.task, self.film, self.now, self.run = session, task, film, now, run
        self.chance = Random(7)

    def begin(self) -> watching.Told:
        return watching.begin(self.session, self.task, self.film.id, self.run, self.now, self.chance)

    def beat(self, seconds: float = 10, *, playing: bool = True) -> watching.Told:
        self.now += timedelta(seconds=seconds)
        return watching.beat(
            self.session, self.task, self.film.id, self.run, self.now, playing=playing, chance=self.chance
        )

    def answer(self, picture: str, seconds: float = 3) -> watching.Told:
        self.now += timedelta(seconds=seconds)
        return watching.answer(self.session, self.task, self.film.id, self.run, picture, self.now, self.chance)

    def end(self, position: int) -> watching.Told:
        return watching.end(self.session, self.task, self.film.id, self.run, position, self.now, self.chance)

    def see(self, position: int) -> watching.Told:
        """See a segment whole, and answer what is asked."""
        length = next(each.seconds for each in self.film.segments if each.position == position)
        told = self.beat(0)
        while told.counted < length:
            told = self.beat(min(10, length - told.counted))
            if told.check is not None:
                self.answer(told.check.wanted)
                self.beat(0)
        return self.end(position)

    def see_all(self) -> None:
        self.begin()
        for each in self.film.segments:
            self.see(each.position)

    @property
    def viewing(self) -> Viewing:
        return self.session.scalars(select(Viewing).where(Viewing.task_id == self.task.id)).one()
