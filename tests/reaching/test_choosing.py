"""A session is moved and its riders may choose: each is told until when, holds the seat, and is on a list till then."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories.education import District, assign, make_rider, make_session, make_violation
from tests.reaching.conftest import PHONE
from trafficedu.accounts.models import User
from trafficedu.core.actors import SYSTEM, VISITOR, Actor
from trafficedu.core.audit import AuditEntry
from trafficedu.core.clock import from_local, local, local_date, utc_now
from trafficedu.core.errors import Refusal
from trafficedu.education.models.courses import StudySession
from trafficedu.education.models.tasks import Booking, StudyTask
from trafficedu.education.queries.seats import live_booking
from trafficedu.education.rules.planning import RidersChoice
from trafficedu.education.rules.seating import choice_ends
from trafficedu.education.services import own_seat, seats, sessions
from trafficedu.education.services.sessions import SessionChange
from trafficedu.reaching.models import RiderMessage
from trafficedu.reaching.rules.telling import MessageKind
from trafficedu.reaching.services.delivery import rehearse
from trafficedu.riders.models import Rider
from trafficedu.riders.queries.people import last_four


@pytest.mark.parametrize(
    ("now", "last", "ends"),
    [
        ("2026-12-01 09:00", "2026-12-10 07:00", "2026-12-03 18:00"),
        ("2026-12-31 23:59", "2027-01-10 07:00", "2027-01-02 18:00"),
        ("2028-02-28 00:00", "2028-03-10 07:00", "2028-03-01 18:00"),
        ("2026-12-01 09:00", "2026-12-02 07:00", "2026-12-02 07:00"),
        ("2026-12-01 09:00", "2026-12-01 09:00", None),
    ],
)
def test_a_choice_ends_at_an_hour_and_never_after_the_seat_is_fixed(now: str, last: str, ends: str | None) -> None:
    at = datetime.fromisoformat
    assert choice_ends(at(now), 2, 18, at(last)) == (at(ends) if ends else None)


@pytest.fixture
def study(session: Session, district: District) -> StudySession:
    return make_session(session, district.at_a, utc_now() + timedelta(days=5))


@pytest.fixture
def task(session: Session, district: District, rider: Rider, study: StudySession) -> StudyTask:
    made = assign(session, make_violation(session, rider, district.a, utc_now()), SYSTEM, utc_now())
    assert made is not None
    assert made.is_booked
    return made


def move(session: Session, study: StudySession, staff: Actor, riders: RidersChoice = RidersChoice.CHOOSE) -> None:
    to = study.starts_utc + timedelta(days=2)
    now = utc_now() + timedelta(seconds=study.version)  # as people do: never twice in one second
    sessions.change_session(session, study, SessionChange(to, 20, riders=riders), study.version, staff, now)
    session.commit()


def seat_of(session: Session, task: StudyTask) -> Booking:
    booking = live_booking(session, task.id)
    assert booking is not None
    session.refresh(booking)
    return booking


def said(session: Session, task: StudyTask) -> str:
    rehearse(session, utc_now())
    query = select(RiderMessage.text).where(RiderMessage.task_id == task.id, RiderMessage.kind == MessageKind.MOVED)
    return session.scalars(query.order_by(RiderMessage.id.desc())).first() or ""


def test_the_rider_is_told_until_when_and_where(
    session: Session, task: StudyTask, study: StudySession, staff: Actor
) -> None:
    move(session, study, staff)
    until = seat_of(session, task).choose_until_utc
    in_two_days = datetime.combine(local_date(utc_now()) + timedelta(days=2), time(18))
    assert until == from_local(in_two_days)
    text = said(session, task)
    assert f"{in_two_days:%Y-%m-%d} 18:00前可另选场次：http://127.0.0.1:8000/n/" in text
    assert "未选的保留此名额" in text
    move(session, study, staff, RidersChoice.KEEP)
    assert seat_of(session, task).choose_until_utc is None, "moved once more, without a choice"
    assert "另选" not in said(session, task)


def test_the_seat_is_held_until_then_and_afterwards_is_one_like_any_other(
    session: Session, district: District, task: StudyTask, study: StudySession, staff: Actor
) -> None:
    seat_of(session, task).earlier_ok = True
    move(session, study, staff)
    until = seat_of(session, task).choose_until_utc
    assert until is not None
    earlier = make_session(session, district.at_a, utc_now() + timedelta(days=4), capacity=1)
    seats.offer_seats(session, earlier.id, SYSTEM, until - timedelta(minutes=1))
    assert seat_of(session, task).session == study
    seats.offer_seats(session, earlier.id, SYSTEM, until + timedelta(minutes=1))
    assert seat_of(session, task).session == earlier
    with pytest.raises(Refusal):
        own_seat.keep_seat(session, task, VISITOR, until + timedelta(minutes=2))


def test_the_rider_keeps_or_chooses_on_the_own_page(
    session: Session, district: District, task: StudyTask, study: StudySession, staff: Actor, client: Browser
) -> None:
    violation = task.links[0].violation
    address = f"/n/{violation.number}"
    client.post(address, data={"last_four": last_four(session, task.rider)})
    assert "保留此场次" not in client.get(address).text
    move(session, study, staff)
    until = seat_of(session, task).choose_until_utc
    assert until is not None
    page = client.get(address).text
    assert f"{local(until):%Y-%m-%d %H:%M}前可另选场次，也可保留；不作选择则保留" in page
    assert client.post(f"{address}/session/keep").status_code == 303
    assert seat_of(session, task).choose_until_utc is None
    assert "保留此场次" not in client.get(address).text
    move(session, study, staff)
    other = make_session(session, district.at_a, utc_now() + timedelta(days=6))
    session.commit()
    client.post(f"{address}/session", data={"session": other.number})
    session.expire_all()
    held = seat_of(session, task)
    assert (held.session, held.choose_until_utc) == (other, None)


def test_the_clerk_sees_who_has_not_chosen_rings_up_and_notes_the_answer(
    session: Session,
    district: District,
    task: StudyTask,
    study: StudySession,
    staff: Actor,
    client: Browser,
    make_user: Callable[..., User],
) -> None:
    second = assign(
        session, make_violation(session, make_rider(session, district.a), district.a, utc_now()), SYSTEM, utc_now()
    )
    assert second is not None
    client.sign_in(make_user("station", station_id=district.at_a.id))
    assert "没有待选择的骑手" in client.get("/calls/choosing").text
    move(session, study, staff)
    assert "还有2名骑手可以另选场次" in client.get(f"/sessions/{study.number}").text
    page = client.get(f"/calls/choosing?of={study.number}").text
    assert PHONE in page
    assert page.count(">保留名额</button>") == 2
    opened = select(AuditEntry).where(AuditEntry.action == "reaching:call:read")
    assert session.scalars(opened.order_by(AuditEntry.id.desc())).first() is not None
    assert client.post(f"/education/{task.number}/keep", data={"back": "choosing"}).status_code == 303
    page = client.get("/calls/choosing").text
    assert PHONE not in page
    assert page.count(">保留名额</button>") == 1
    other = make_user("station", station_id=district.at_b.id)
    assert "没有待选择的骑手" in client.sign_in(other).get("/calls/choosing").text
