from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from tests.factories import people
from tests.factories.education import NOW, District, assign, make_district, make_rider, make_session, make_violation
from trafficedu.accounts.queries import actor_of
from trafficedu.core import clock
from trafficedu.core.actors import SYSTEM, Actor
from trafficedu.education.models.tasks import Booking
from trafficedu.education.queries.seats import live_booking
from trafficedu.education.services import door, study
from trafficedu.education.views import study as study_views
from trafficedu.quizzes import panels
from trafficedu.quizzes.models import Attempt, AttemptItem
from trafficedu.quizzes.services import attempts
from trafficedu.quizzes.views import phone, taking

STARTS = NOW + timedelta(hours=2)


class Clock:
    """The moment at which a page is opened; a test moves it on."""

    def __init__(self) -> None:
        self.now = STARTS

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def stand(monkeypatch: pytest.MonkeyPatch) -> Clock:
    stand = Clock()
    monkeypatch.setattr(clock, "utc_now", stand)
    for module in (study_views, taking, panels, phone):
        monkeypatch.setattr(module, "utc_now", stand)
    return stand


@pytest.fixture
def district(session: Session) -> District:
    return make_district(session)


@pytest.fixture
def staff(session: Session, district: District) -> Actor:
    return actor_of(people.make_user(session, "station", station_id=district.at_a.id))


@pytest.fixture
def seat(session: Session, district: District) -> Callable[..., Booking]:
    """Give a rider a seat in a session of today."""
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


def ready(session: Session, booking: Booking, by: Actor, start: datetime = STARTS) -> datetime:
    """Check a rider in and let all be done but the quiz; returns when that is."""
    door.check_in(session, booking, by, start)
    for module in booking.session.plan.modules:
        if not module.is_quiz:
            study.start_module(session, booking, module.id, by, start)
            start += timedelta(minutes=module.minimum_minutes)
            study.end_module(session, booking, module.id, by, start)
    return start


def wrong(item: AttemptItem) -> set[int]:
    """Return an answer that is wrong."""
    return {min(set(range(len(item.version.options))) - item.version.right, default=0)}


def answer_all(session: Session, booking: Booking, attempt: Attempt, right: int, now: datetime) -> None:
    """Answer every question, the first ``right`` of them right."""
    for item in attempt.items:
        chosen = item.version.right if item.position <= right else wrong(item)
        attempts.answer(session, booking, item.id, chosen, now)
