from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories import people
from tests.factories.education import District, make_rider, make_task, make_violation
from trafficedu.accounts.models import User
from trafficedu.accounts.queries import actor_of
from trafficedu.core.clock import today, utc_now
from trafficedu.core.errors import Refusal
from trafficedu.education.models.reminders import Reminder
from trafficedu.education.models.tasks import StudyTask
from trafficedu.education.rules.states import TaskState
from trafficedu.education.services.reminding import remind
from trafficedu.messages.models import Push


@pytest.fixture
def supervisor(session: Session, district: District) -> User:
    return people.make_user(session, "supervisor", area_id=district.root.id)


@pytest.fixture
def away(session: Session, district: District) -> StudyTask:
    rider = make_rider(session, district.c)
    make_violation(session, rider, district.a)
    task = make_task(session, rider, district.a, due_on=today() - timedelta(days=4))
    task.state, task.absences = TaskState.AWAY, 2
    session.commit()
    return task


def test_a_reminder_tells_the_home_village_and_is_kept(
    client: Browser, session: Session, district: District, supervisor: User, away: StudyTask
) -> None:
    grid = people.make_user(session, "grid", area_id=district.c.id)
    elsewhere = people.make_user(session, "grid", area_id=district.b.id)
    client.sign_in(supervisor)
    home = client.get("/?lang=zh").text
    assert f"/education/{away.number}/remind" in home
    answer = client.post(f"/education/{away.number}/remind", data={"back": "home"})
    assert (answer.status_code, answer.location) == (303, "/")
    [kept] = session.scalars(select(Reminder))
    assert (kept.task_id, kept.reminded_by_id, kept.reminded_on, kept.told) == (away.id, supervisor.id, today(), 1)
    assert list(session.scalars(select(Push.user_id))) == [grid.id]
    assert elsewhere.id != grid.id
    home = client.get("/?lang=zh").text
    assert "已催学" in home
    assert supervisor.display_name in home
    assert "已催学" in client.get(f"/education/{away.number}?lang=zh").text
    assert "已催学" in client.get("/education?state=away&lang=zh").text


def test_many_are_reminded_at_once_and_who_is_seated_is_left_out(
    client: Browser, session: Session, district: District, supervisor: User, away: StudyTask
) -> None:
    people.make_user(session, "grid", area_id=district.c.id)
    rider = make_rider(session, district.c)
    make_violation(session, rider, district.a)
    done = make_task(session, rider, district.a, due_on=today())
    done.state = TaskState.COMPLETED
    session.commit()
    client.sign_in(supervisor)
    rows = re.findall(r'name="row" value="(T\w+\.\w+)"', client.get("/education").text)
    assert {row.partition(".")[0] for row in rows} == {away.number, done.number}
    page = client.post("/education/chosen?lang=en", data={"act": "remind", "row": rows}).text
    assert "1 is left out" in page
    assert re.findall(r'name="row" value="(T\w+)\.', page) == [away.number]
    assert session.scalars(select(Reminder)).all() == []
    given = {"act": "remind", "confirmed": "y", "row": [row for row in rows if row.startswith(away.number)]}
    assert "1 done, 0 refused" in client.post("/education/chosen?lang=en", data=given).text
    again = client.post("/education/chosen?lang=en", data=given).text
    assert "0 done, 1 refused" in again
    assert "reminded today already" in again
    [kept] = session.scalars(select(Reminder))
    assert (kept.task_id, kept.reminded_by_id) == (away.id, supervisor.id)


def test_twice_a_day_is_refused_and_said(
    client: Browser, session: Session, district: District, away: StudyTask
) -> None:
    people.make_user(session, "grid", area_id=district.c.id)
    client.sign_in(people.make_user(session, "supervisor", area_id=district.root.id))
    client.post(f"/education/{away.number}/remind")
    client.post(f"/education/{away.number}/remind")
    assert "今天已收到催学提醒" in client.get(f"/education/{away.number}?lang=zh").text
    assert len(session.scalars(select(Reminder)).all()) == 1


def test_where_nobody_could_remind_the_officer_is_told_to_call(
    session: Session, supervisor: User, away: StudyTask
) -> None:
    with pytest.raises(Refusal, match="Call the rider"):
        remind(session, away, actor_of(supervisor), utc_now())


def test_who_has_a_seat_needs_no_reminder(
    session: Session, district: District, supervisor: User, away: StudyTask
) -> None:
    people.make_user(session, "grid", area_id=district.c.id)
    away.state = TaskState.BOOKED
    session.commit()
    with pytest.raises(Refusal, match="not waiting for a seat"):
        remind(session, away, actor_of(supervisor), utc_now())
