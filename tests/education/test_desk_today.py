"""Who walks in, or comes late after being marked absent, is found at the desk and seated in the session going on."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories.education import District, assign, make_rider, make_session, make_task, make_violation
from trafficedu.accounts.models import User
from trafficedu.core.actors import SYSTEM, Actor
from trafficedu.core.clock import utc_now
from trafficedu.education.models.courses import StudySession
from trafficedu.education.models.tasks import StudyTask
from trafficedu.education.queries.seats import live_booking
from trafficedu.education.services import absence

MakeUser = Callable[..., User]


@pytest.fixture
def going_on(session: Session, district: District) -> StudySession:
    """A session that began ten minutes ago, with free seats."""
    return make_session(session, district.at_a, utc_now() - timedelta(minutes=10))


@pytest.fixture
def late(session: Session, district: District, going_on: StudySession, staff: Actor) -> StudyTask:
    """The study of a rider with a seat there who was marked absent by now."""
    booked = utc_now() - timedelta(days=2)
    task = assign(
        session, make_violation(session, make_rider(session, district.a, "迟到者"), district.a), SYSTEM, booked
    )
    assert task is not None
    booking = live_booking(session, task.id)
    assert booking is not None
    assert booking.session_id == going_on.id
    absence.mark_absent(session, booking, staff, utc_now())
    return task


@pytest.fixture
def walk_in(session: Session, district: District, going_on: StudySession) -> StudyTask:
    """The study of a rider without a seat."""
    return make_task(session, make_rider(session, district.a, "走进来"), district.a)


@pytest.mark.parametrize("who", ["late", "walk_in"])
def test_the_desk_finds_and_seats_whoever_stands_there(
    who: str,
    session: Session,
    client: Browser,
    make_user: MakeUser,
    district: District,
    going_on: StudySession,
    request: pytest.FixtureRequest,
) -> None:
    task: StudyTask = request.getfixturevalue(who)
    clerk = make_user("station", station_id=district.at_a.id)
    session.commit()
    client.sign_in(clerk)
    found = client.post("/desk", data={"words": task.rider.name})
    assert found.status_code == 303
    assert task.number in found.headers["Location"], "the only one opens at once"
    address = f"/education/{task.number}/seat?lang=en"
    page = client.get(address).text
    assert "(going on now)" in page
    offered = re.findall(r'<option value="(S[0-9A-Z]+)"|value="(S[0-9A-Z]+)"', page)
    assert going_on.number in {number for pair in offered for number in pair}
    client.post(address, data={"session": going_on.number})
    session.expire_all()
    seat = live_booking(session, task.id)
    assert seat is not None
    assert seat.session_id == going_on.id
    told = client.post(f"/sessions/{going_on.number}/arrivals", data={"words": task.number})
    assert told.json is not None
    assert (told.status_code, told.json["tone"]) == (200, "done")
