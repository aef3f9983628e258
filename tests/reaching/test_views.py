"""The pages of messages to riders: the log, whom to ring up, how a rider is told, the day of a station."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories.education import District, assign, make_rider, make_session, make_violation
from tests.factories.violations import make_company
from tests.reaching.conftest import PHONE, with_phone
from trafficedu.accounts.models import User
from trafficedu.accounts.queries import actor_of
from trafficedu.configuration.queries import find_parameter, forget_configuration
from trafficedu.core.actors import SYSTEM
from trafficedu.core.audit import AuditEntry
from trafficedu.core.clock import from_local, utc_now
from trafficedu.education.events import RiderAbsent
from trafficedu.education.models.courses import StudySession
from trafficedu.education.models.tasks import StudyTask
from trafficedu.education.services.reminding import tell_missed
from trafficedu.education.services.seats import move_booking
from trafficedu.education.services.sessions import cancel_session
from trafficedu.messages.models import Push
from trafficedu.reaching.models import RiderContact, RiderMessage
from trafficedu.reaching.rules.telling import MessageState
from trafficedu.reaching.services.delivery import rehearse
from trafficedu.reaching.services.reminding import note_tomorrow
from trafficedu.riders.models import Rider

MakeUser = Callable[..., User]


@pytest.fixture
def study(session: Session, district: District) -> StudySession:
    return make_session(session, district.at_a, utc_now() + timedelta(days=2))


@pytest.fixture
def task(session: Session, district: District, rider: Rider, study: StudySession) -> StudyTask:
    made = assign(session, make_violation(session, rider, district.a, utc_now()), SYSTEM, utc_now())
    assert made is not None
    session.commit()
    return made


def told(session: Session, task: StudyTask) -> list[RiderMessage]:
    query = select(RiderMessage).where(RiderMessage.task_id == task.id).order_by(RiderMessage.id)
    return list(session.scalars(query.execution_options(populate_existing=True)))


def fail(session: Session, row: RiderMessage) -> None:
    row.state, row.reason, row.attempts, row.ended_utc = MessageState.FAILED, "refused 999", 1, utc_now()
    row.text = "已为您安排学习"
    session.commit()


def test_the_log_shows_what_happened_and_sends_again(
    session: Session, district: District, task: StudyTask, make_user: MakeUser, client: Browser
) -> None:
    (row,) = told(session, task)
    fail(session, row)
    client.sign_in(make_user("station", station_id=district.at_a.id))
    page = client.get("/rider-messages?state=failed&kind=booked").text
    assert "短信平台拒绝发送，代码 999" in page
    assert PHONE not in page
    assert row.text not in client.get("/rider-messages?state=sent").text
    assert row.text in client.get(f"/rider-messages?q={task.number}").text
    assert client.post(f"/rider-messages/{row.number}/resend").status_code == 303
    session.refresh(row)
    assert (row.state, row.attempts, row.text) == ("waiting", 0, "")
    assert client.post(f"/rider-messages/{row.number}/resend").status_code == 409


def test_the_list_to_ring_up_shows_numbers_is_audited_and_ticked(
    session: Session, district: District, task: StudyTask, study: StudySession, make_user: MakeUser, client: Browser
) -> None:
    (row,) = told(session, task)
    fail(session, row)
    clerk = make_user("station", station_id=district.at_a.id)
    client.sign_in(clerk)
    assert "1 名驾驶人没有收到通知" in client.get("/").text
    for address in ("/calls", f"/calls?of={study.number}"):
        page = client.get(address).text
        assert f"tel:{PHONE}" in page
        assert row.text in page
    opened = session.scalars(select(AuditEntry).where(AuditEntry.action == "reaching:call:read")).all()
    assert {entry.actor_id for entry in opened} == {clerk.id}
    client.post(f"/rider-messages/{row.number}/told", data={"back": "calls"})
    session.refresh(row)
    assert (row.told_by_id, row.state) == (clerk.id, "failed")
    assert PHONE not in client.get("/calls").text
    assert "已电话告知" in client.get("/rider-messages").text
    client.post(f"/rider-messages/{row.number}/not-told")
    assert PHONE in client.get("/calls").text


@pytest.mark.parametrize(
    ("role", "path"), [("supervisor", "/calls"), ("officer", "/rider-messages"), ("grid", "/calls")]
)
def test_numbers_are_for_the_station_alone(
    role: str, path: str, district: District, task: StudyTask, make_user: MakeUser, client: Browser
) -> None:
    client.sign_in(make_user(role, area_id=district.root.id))
    assert client.get(path).status_code == 403


def test_another_station_sees_nothing_of_it(
    session: Session, district: District, task: StudyTask, make_user: MakeUser, client: Browser
) -> None:
    (row,) = told(session, task)
    fail(session, row)
    client.sign_in(make_user("station", station_id=district.at_c.id))
    assert task.number not in client.get("/rider-messages").text
    assert PHONE not in client.get("/calls").text
    assert client.post(f"/rider-messages/{row.number}/told").status_code == 404


def test_how_a_rider_is_told_is_kept_encrypted_and_refused_with_its_reason(
    session: Session, district: District, task: StudyTask, make_user: MakeUser, client: Browser
) -> None:
    client.sign_in(make_user("station", station_id=district.at_a.id))
    address = f"/education/{task.number}/contact"
    wrong = client.post(address, data={"language": "en", "email": "nobody@", "version": "0"})
    assert (wrong.status_code, "nobody@" in wrong.text) == (422, True)
    bad = client.post(address, data={"language": "en", "wechat": "UID/../x", "version": "0"})
    assert "只含字母和数字" in bad.text
    given = {"language": "en", "email": "lin@example.cn", "wechat": "UID_a1", "declined": "y", "version": "0"}
    assert client.post(address, data=given).status_code == 303
    row = session.scalars(select(RiderContact)).one()
    assert (row.language, row.declined) == ("en", True)
    assert "example" not in f"{row.email_cipher}{row.wechat_cipher}"
    assert 'value="lin@example.cn"' in client.get(address).text
    assert client.post(address, data={**given, "version": "0"}).status_code in {409, 422}


def test_a_reminder_comes_once_the_day_before_and_only_where_it_is_wanted(
    session: Session, district: District, task: StudyTask, study: StudySession
) -> None:
    evening = from_local(datetime.combine(study.starts_on - timedelta(days=1), time(18)))
    task.bookings[0].booked_utc = evening - timedelta(days=1)
    session.flush()
    assert note_tomorrow(session, evening - timedelta(hours=3), 50) == 0, "before the hour"
    assert [note_tomorrow(session, evening + timedelta(minutes=minutes), 50) for minutes in (0, 5)] == [1, 0]
    session.add(RiderContact(rider_id=task.rider_id, declined=True, language="zh", changed_utc=evening))
    session.commit()
    assert [row.kind for row in told(session, task)] == ["booked", "day_before"]


def test_a_seat_that_was_moved_and_a_session_that_was_cancelled_are_one_message_each(
    session: Session, district: District, task: StudyTask, study: StudySession, make_user: MakeUser
) -> None:
    staff, now = actor_of(make_user("station", station_id=district.at_a.id)), utc_now()
    other = make_session(session, district.at_a, now + timedelta(days=3))
    move_booking(session, task, other, staff, now + timedelta(minutes=1))
    assert [(row.kind, row.was_utc) for row in told(session, task)] == [("booked", None), ("moved", study.starts_utc)]
    session.refresh(other)
    cancel_session(session, other, "讲师生病", other.version, 1, staff, now + timedelta(minutes=2))
    last = told(session, task)[-1]
    assert (last.kind, last.was_utc, last.station_id) == ("cancelled", other.starts_utc, other.station_id)
    assert last.booking is not None
    assert last.booking.session_id == other.id, "its station rings up who is not reached"


def test_company_and_village_are_told_of_a_seat_missed_as_configured(
    session: Session, district: District, make_user: MakeUser, study: StudySession
) -> None:
    company = make_company(session)
    rider = with_phone(session, make_rider(session, district.a))
    contact = make_user("company", company_id=company.id)
    grid = make_user("grid", area_id=district.a.id)
    violation = make_violation(session, rider, district.a, utc_now())
    task = assign(session, violation, SYSTEM, utc_now())
    assert task is not None
    task.company_id = company.id
    booking = task.bookings[-1]
    event = RiderAbsent(utc_now(), SYSTEM, booking.id, task.id)
    told_then = []
    for absences, company_from, village_from in [(1, 0, 0), (1, 2, 3), (2, 2, 3), (3, 2, 3), (3, 2, 3)]:
        for who, value in (("company", company_from), ("village", village_from)):
            find_parameter(session, f"reaching.{who}_absences").value = value
        task.absences = absences
        session.flush()
        forget_configuration(session)
        tell_missed(session, event)
        told_then.append([push.user_id for push in session.scalars(select(Push).order_by(Push.id))])
    assert told_then == [[], [], [contact.id], [contact.id, grid.id], [contact.id, grid.id]]
    assert make_rider(session, district.a).name not in str([push.body for push in session.scalars(select(Push))])


def test_what_waits_is_put_into_words_where_nothing_is_sent(
    session: Session, task: StudyTask, set_up: Callable[..., None]
) -> None:
    set_up(push_dry_run=False)
    assert rehearse(session, utc_now()) == 0, "this is no trial installation"
    set_up(push_dry_run=True)
    assert rehearse(session, utc_now()) == 1
    (row,) = told(session, task)
    assert (row.state, row.channel) == ("dry", "sms")
    assert "已为您安排" in row.text


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "2026-02-30", "heute"])
def test_what_is_no_day_is_answered(
    day: str, session: Session, district: District, make_user: MakeUser, client: Browser
) -> None:
    session.commit()
    client.sign_in(make_user("station", station_id=district.at_a.id))
    assert client.get(f"/station-days/{district.at_a.code}/{day}").status_code == 404
    assert client.get("/calls?of=SNOBODY").status_code == 404
    assert client.get("/calls?of=%00").status_code == 400
