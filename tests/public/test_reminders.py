"""A rider does without reminders on the own page, and comes back; what has to be done is told all the same."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories.education import make_session, make_station
from tests.factories.feedback import World, make_violation
from trafficedu.core.audit import AuditEntry
from trafficedu.core.clock import from_local, utc_now
from trafficedu.education.models.tasks import StudyTask
from trafficedu.education.queries.tasks import task_of_violation
from trafficedu.reaching.models import RiderContact, RiderMessage
from trafficedu.reaching.rules.telling import MessageKind
from trafficedu.reaching.services.delivery import rehearse
from trafficedu.reaching.services.reminding import note_tomorrow
from trafficedu.riders.queries.people import last_four
from trafficedu.violations.models.records import Violation


@pytest.fixture
def violation(session: Session, world: World) -> Violation:
    make_session(session, make_station(session, world.village), utc_now() + timedelta(days=2))
    violation = make_violation(session, world.village)
    session.commit()
    return violation


@pytest.fixture
def task(session: Session, violation: Violation) -> StudyTask:
    found = task_of_violation(session, violation.id)
    assert found is not None
    assert found.is_booked
    return found


def open_receipt(session: Session, client: Browser, violation: Violation) -> str:
    assert violation.rider is not None
    address = f"/n/{violation.number}"
    client.post(address, data={"last_four": last_four(session, violation.rider)})
    return address


def told(session: Session, task: StudyTask) -> dict[str, tuple[str, str]]:
    rehearse(session, utc_now())
    rows = session.scalars(select(RiderMessage).where(RiderMessage.task_id == task.id))
    return {row.kind: (row.state, row.text) for row in rows}


def remind(session: Session, task: StudyTask) -> None:
    study = task.bookings[-1].session
    evening = from_local(datetime.combine(study.starts_on - timedelta(days=1), time(18)))
    task.bookings[-1].booked_utc = evening - timedelta(days=1)
    session.flush()
    note_tomorrow(session, evening, 10)


def test_nobody_changes_it_without_the_last_four(session: Session, client: Browser, violation: Violation) -> None:
    answer = client.post(f"/n/{violation.number}/reminders", data={"wanted": "no"})
    assert answer.headers["Location"].endswith(f"/n/{violation.number}")
    assert session.scalars(select(RiderContact)).all() == []


def test_a_rider_does_without_reminders_and_wants_them_again(
    session: Session, client: Browser, violation: Violation, task: StudyTask
) -> None:
    address = open_receipt(session, client, violation)
    assert "关闭提醒" in client.get(address).text
    session.add(RiderContact(rider_id=task.rider_id, language="en", email_cipher="kept", changed_utc=utc_now()))
    session.commit()
    assert client.post(f"{address}/reminders", data={"wanted": "no"}).status_code == 303
    page = client.get(address).text
    assert "提醒已关闭" in page
    assert "恢复提醒" in page
    session.expire_all()
    kept = session.get_one(RiderContact, task.rider_id)
    assert (kept.declined, kept.language, kept.email_cipher) == (True, "en", "kept")
    remind(session, task)
    kept.email_cipher = None
    said = told(session, task)
    assert said[MessageKind.DAY_BEFORE][0] == "declined"
    assert said[MessageKind.BOOKED][0] != "declined", "what has to be done is told all the same"
    assert client.post(f"{address}/reminders", data={"wanted": "yes"}).status_code == 303
    session.expire_all()
    assert not session.get_one(RiderContact, task.rider_id).declined
    trail = select(AuditEntry).where(AuditEntry.action == "reaching:contact:own").order_by(AuditEntry.id)
    noted = [(row.actor_id, row.detail) for row in session.scalars(trail)]
    assert noted == [(None, {"declined": True}), (None, {"declined": False})]


def test_a_reminder_names_the_page_where_it_is_declined(
    session: Session, violation: Violation, task: StudyTask
) -> None:
    remind(session, task)
    said = told(session, task)
    assert (
        f"/n/{violation.number}" in said[MessageKind.DAY_BEFORE][1] or "告知单页面" in said[MessageKind.DAY_BEFORE][1]
    )
    assert "提醒" in said[MessageKind.DAY_BEFORE][1]
    assert "不需提醒" not in said[MessageKind.BOOKED][1]
