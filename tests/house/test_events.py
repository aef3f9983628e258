"""What follows from an event happens when the event happened and on the account of whoever brought it about."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.factories import hazards, people, places
from tests.factories.lists import OCTOBER, SEPTEMBER, publish
from tests.factories.violations import District, make_company, make_district, new_rider, new_violation
from trafficedu.accounts.models import User
from trafficedu.accounts.queries import actor_of
from trafficedu.core.actors import Actor
from trafficedu.core.audit import AuditEntry
from trafficedu.core.clock import local_date, utc_now
from trafficedu.education.models.tasks import StudyTask
from trafficedu.education.queries.tasks import task_of_violation
from trafficedu.evaluation.services.runs import publish_run
from trafficedu.feedback.models import Notice
from trafficedu.feedback.queries.notices import notice_of_violation
from trafficedu.hazards.services.reminding import remind
from trafficedu.messages.models import Push
from trafficedu.points.models import PointEntry
from trafficedu.riders.services.engagements import EngagementChange, NewEngagement, change_engagement, engage
from trafficedu.riders.services.people import NewRider, find_or_register, update_rider
from trafficedu.violations.models.records import Violation
from trafficedu.violations.services.recording import record
from trafficedu.violations.services.reviewing import void

NOW = utc_now().replace(microsecond=0)
THEN = NOW - timedelta(days=3)
DUE = timedelta(hours=72)


@pytest.fixture
def district(session: Session) -> District:
    return make_district(session)


@pytest.fixture
def officer(session: Session, district: District) -> Actor:
    return actor_of(people.make_user(session, "officer", area_id=district.town.id))


@pytest.fixture
def seen(session: Session, district: District, officer: Actor) -> int:
    """The last audit row before the test begins."""
    return session.scalar(select(func.max(AuditEntry.id))) or 0


def actors_since(session: Session, seen: int) -> dict[str, set[int | None]]:
    """Return who is named by the audit rows after ``seen``, by action."""
    actors: dict[str, set[int | None]] = {}
    for entry in session.scalars(select(AuditEntry).where(AuditEntry.id > seen)):
        actors.setdefault(entry.action, set()).add(entry.actor_id)
    return actors


def recorded(session: Session, district: District, officer: Actor, **values: object) -> Violation:
    new = new_violation(district.village, **{"occurred_utc": THEN - timedelta(hours=1), **values})
    return record(session, new, officer, THEN)


def notice_of(session: Session, violation: Violation) -> Notice:
    notice = notice_of_violation(session, violation.id)
    assert notice is not None
    return notice


def task_of(session: Session, violation: Violation) -> StudyTask:
    task = task_of_violation(session, violation.id)
    assert task is not None
    return task


def test_a_record_of_three_days_ago_tells_and_assigns_as_of_then(
    session: Session, district: District, officer: Actor, seen: int
) -> None:
    violation = recorded(session, district, officer, rider=new_rider(home_area_id=district.village.id))
    notice, task = notice_of(session, violation), task_of(session, violation)
    assert (violation.recorded_utc, notice.sent_utc, notice.due_utc) == (THEN, THEN, THEN + DUE)
    assert (task.opened_utc, task.opened_on) == (THEN, local_date(THEN))
    assert task.due_on == local_date(THEN) + timedelta(days=15)
    actors = actors_since(session, seen)
    assert {"violations:violation:record", "feedback:notice:queue", "education:task:open"} <= actors.keys()
    assert set().union(*actors.values()) == {officer.user_id}


def test_a_void_takes_back_as_of_then(session: Session, district: District, officer: Actor, seen: int) -> None:
    violation = recorded(session, district, officer)
    task = task_of(session, violation)
    void(session, violation, "认错人", officer, THEN + timedelta(days=1))
    assert notice_of(session, violation).voided_utc == THEN + timedelta(days=1)
    assert task.state == "withdrawn"
    actors = actors_since(session, seen)
    assert {"feedback:notice:withdraw", "education:task:reduce", "education:task:withdrawn"} <= actors.keys()
    assert set().union(*actors.values()) == {officer.user_id}


def test_a_legal_basis_releases_as_of_then(session: Session, district: District, officer: Actor, seen: int) -> None:
    rider = find_or_register(session, new_rider(), officer, THEN)
    work = NewEngagement(make_company(session).id, local_date(THEN) - timedelta(days=9))
    engagement = engage(session, rider, work, officer, THEN)
    violation = recorded(session, district, officer, rider=None, rider_number=rider.number)
    assert notice_of(session, violation).sent_utc is None
    change = EngagementChange(engagement.engaged_from, None, "consent")
    change_engagement(session, engagement, change, engagement.version, officer, THEN + timedelta(days=1))
    notice = notice_of(session, violation)
    assert (notice.sent_utc, notice.due_utc) == (THEN + timedelta(days=1), THEN + timedelta(days=1) + DUE)
    assert actors_since(session, seen)["feedback:notice:release"] == {officer.user_id}


def test_a_home_village_releases_as_of_then(session: Session, district: District, officer: Actor, seen: int) -> None:
    violation = recorded(session, district, officer)
    rider = violation.rider
    assert rider is not None
    assert notice_of(session, violation).sent_utc is None
    change = NewRider(rider.id_type, "*", rider.name, "*", district.village.id, rider.birth_date)
    update_rider(session, rider, change, rider.version, officer, THEN + timedelta(days=1))
    notice = notice_of(session, violation)
    assert (notice.sent_utc, notice.due_utc) == (THEN + timedelta(days=1), THEN + timedelta(days=1) + DUE)
    assert actors_since(session, seen)["feedback:notice:release"] == {officer.user_id}


def test_a_hazard_brings_points_and_pushes_as_of_then(session: Session, make_user: Callable[..., User]) -> None:
    village = places.area(session, places.VILLAGE)
    make_user("grid", area_id=village.id)
    supervisor = actor_of(make_user("supervisor", area_id=places.area(session).id))
    fixed = hazards.make_fixed(session, village, hazards.FINDER)
    late = hazards.make_planned(session, village, place="另一处")
    seen = session.scalar(select(func.max(AuditEntry.id))) or 0
    verified = hazards.NOW + 2 * hazards.DAY
    hazards.verify(session, fixed, supervisor, verified)
    overdue = hazards.NOW + 10 * hazards.DAY
    remind(session, overdue)
    earned, lost = session.scalars(select(PointEntry).order_by(PointEntry.id)).all()
    assert (earned.recorded_utc, lost.occurred_on) == (verified, hazards.TODAY + 8 * hazards.DAY)
    (push,) = session.scalars(select(Push).where(Push.key.contains(late.number))).all()
    assert push.created_utc == overdue
    actors = actors_since(session, seen)
    assert actors["points:entry:record"] == {supervisor.user_id, None}, "nobody brought about that a day passed"
    assert actors["messages:push:queue"] == {None}


def test_a_worse_colour_is_told_as_of_then(session: Session, make_user: Callable[..., User]) -> None:
    make_user("leader", area_id=places.area(session, places.TOWN).id)
    analyst = actor_of(make_user("analyst", area_id=places.area(session).id))
    publish(session, SEPTEMBER, {places.TOWN: "green"})
    run = publish(session, OCTOBER, {places.TOWN: "orange"})
    run.published_utc = None
    seen = session.scalar(select(func.max(AuditEntry.id))) or 0
    publish_run(session, run, analyst, THEN)
    (push,) = session.scalars(select(Push)).all()
    assert push.created_utc == THEN
    assert actors_since(session, seen)["messages:push:queue"] == {analyst.user_id}
