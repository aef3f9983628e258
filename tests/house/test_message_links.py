"""Every kind of message, made by the services that make it: each receiver opens its link and reads of that thing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories import accidents, feedback, hazards, jobs, lists, people, places, riders
from tests.factories.evaluation import add_accidents
from tests.factories.violations import new_violation
from tests.house.test_pushes import pushes_made
from trafficedu.accidents.models import Accident
from trafficedu.accounts.models import User
from trafficedu.accounts.queries import actor_of
from trafficedu.areas.queries import tree as areas
from trafficedu.companies.models import Company
from trafficedu.core.actors import SYSTEM, Actor
from trafficedu.core.clock import local_date, today, utc_now
from trafficedu.core.jobs import Asked, ask
from trafficedu.core.month import Month, Period
from trafficedu.core.text import message
from trafficedu.core.work import Ending
from trafficedu.coverage.queries.marks import find_cell
from trafficedu.coverage.rules import FigureKind, State
from trafficedu.coverage.services.looking import look_for_missing
from trafficedu.coverage.services.saying import say
from trafficedu.demo.afterwards import enter_pushes
from trafficedu.education.models.tasks import StudyTask
from trafficedu.education.queries.tasks import task_of_violation
from trafficedu.education.rules.states import TaskState
from trafficedu.education.services.reminding import remind
from trafficedu.evaluation.models import EvaluationResult
from trafficedu.evaluation.services.alarms import keep_and_tell
from trafficedu.evaluation.services.results import REVISION, TrendResult
from trafficedu.evaluation.services.runs import publish_run
from trafficedu.evaluation.services.watching import judge
from trafficedu.feedback.queries.notices import notice_of_violation
from trafficedu.hazards.services import checks, reminding
from trafficedu.messages.models import Push
from trafficedu.overview import services as village_lists
from trafficedu.overview.models import VillageList
from trafficedu.riders.services.engagements import NewEngagement, engage
from trafficedu.violations.models.records import Violation
from trafficedu.violations.services import companies, correcting, objections, requests
from trafficedu.violations.services.recording import record
from trafficedu.violations.services.reviewing import void

NOW = utc_now()
DAY = timedelta(days=1)
THIS = Month.of(local_date(NOW))


@dataclass
class World:
    """Who may be told: grid officer and leader of a village, the leader of its town, command, a company's contact."""

    app: Flask
    session: Session
    company: Company
    users: Mapping[str, User]

    def by(self, name: str) -> Actor:
        return actor_of(self.users[name])


@pytest.fixture
def world(app: Flask, session: Session) -> World:
    company = riders.make_company(session)
    at = {code: places.area(session, code).id for code in (places.DISTRICT, places.TOWN, places.VILLAGE)}
    users = {role: people.make_user(session, role, area_id=at[places.VILLAGE]) for role in ("grid", "leader")}
    users |= {role: people.make_user(session, role, area_id=at[places.DISTRICT]) for role in ("analyst", "supervisor")}
    users["town"] = people.make_user(session, "leader", area_id=at[places.TOWN])
    users["officer"] = people.make_user(session, "officer", area_id=at[places.TOWN])
    users["company"] = people.make_user(session, "company", company_id=company.id)
    return World(app, session, company, users)


def alarm(world: World) -> str:
    root, town = places.area(world.session, places.DISTRICT), places.area(world.session, places.TOWN)
    watch = {town.code: [{"months": 1, "count": 31, "expected": 9.0, "k": 0.01}]}
    parts = areas.list_children(world.session, root, today())
    payload = judge({"violations": {"watch": watch}}, parts, str(THIS - 1)) | {"revision": REVISION}
    assert keep_and_tell(world.session, root, TrendResult(payload, NOW, lambda own: None), NOW) == 3
    return town.name


def frozen_list(world: World) -> VillageList:
    lists.publish(world.session, lists.SEPTEMBER, {places.VILLAGE: "yellow"})
    lists.publish(world.session, lists.OCTOBER, {places.VILLAGE: "red"})
    return village_lists.freeze_list(world.session, lists.OCTOBER, world.by("analyst"), lists.NOW)


def listed(world: World) -> str:
    frozen = frozen_list(world)
    village_lists.publish_list(world.session, frozen, frozen.version, world.by("analyst"), lists.NOW + 10 * DAY)
    return places.area(world.session, places.VILLAGE).name


def protest_decided(world: World) -> str:
    (entry,) = frozen_list(world).entries
    made = village_lists.protest(world.session, entry, "事故发生在邻村", world.by("grid"), lists.NOW)
    village_lists.decide_protest(world.session, made, "upheld", "核实属实", world.by("supervisor"), lists.NOW)
    return places.area(world.session, places.VILLAGE).name


def evaluated(world: World, town: str, company: str, number: int = 1) -> None:
    """Publish October as the service does: the town and the company stand on these colours."""
    session = world.session
    run = lists.publish(session, lists.OCTOBER, {places.TOWN: town}, number=number)
    add_company(world, run.id, company)
    run.published_utc = None
    publish_run(session, run, world.by("analyst"), lists.NOW + number * DAY)


def add_company(world: World, run_id: int, colour: str) -> None:
    of = {"kind": "company", "company_id": world.company.id, "code": world.company.code, "name": world.company.name}
    given: dict[str, Any] = {"colour": colour, "score": lists.SCORES[colour], "present": 1.0, "hash": "c" * 64}
    world.session.add(EvaluationResult(run_id=run_id, inputs={}, dimensions={}, **of, **given))
    world.session.flush()


def colour_fell(world: World) -> str:
    add_company(world, lists.publish(world.session, lists.SEPTEMBER, {places.TOWN: "green"}).id, "green")
    evaluated(world, "orange", "red")
    return str(lists.OCTOBER)


def colour_corrected(world: World) -> str:
    evaluated(world, "green", "green")
    evaluated(world, "orange", "orange", number=2)
    return str(lists.OCTOBER)


def violation_of(world: World, *, engaged: bool) -> Violation:
    session, village = world.session, places.area(world.session, places.VILLAGE)
    rider = feedback.make_rider(session, None if engaged else village)
    if engaged:
        engage(session, rider, NewEngagement(world.company.id, today() - 30 * DAY, None, "contract"), SYSTEM, NOW)
        session.refresh(rider)
    given = {"rider_number": rider.number, "company_code": None, "plate": "", "occurred_utc": NOW - DAY}
    return record(session, new_violation(village, **given), world.by("supervisor"), NOW - DAY / 2)


def notice_number(world: World, violation: Violation) -> str:
    notice = notice_of_violation(world.session, violation.id)
    assert notice is not None
    return notice.number


def notice_withdrawn(world: World, *, engaged: bool = True) -> str:
    violation = violation_of(world, engaged=engaged)
    number = notice_number(world, violation)
    void(world.session, violation, "记录有误，核实后作废", world.by("supervisor"), NOW)
    return number


def notice_corrected(world: World) -> str:
    violation = violation_of(world, engaged=True)
    facts = correcting.CorrectedFacts(
        kind_code=violation.kind.code,
        occurred=violation.occurred,
        area_code=violation.area.code,
        place="通惠路口",
        penalty=violation.penalty,
        fine_yuan=violation.fine_yuan,
        note="",
    )
    correcting.correct(world.session, violation, facts, "地点写错", violation.version, world.by("supervisor"), NOW)
    return notice_number(world, violation)


def correction_decided(world: World) -> str:
    officer, village = world.by("officer"), places.area(world.session, places.VILLAGE)
    violation = record(world.session, new_violation(village, occurred_utc=NOW - DAY), officer, NOW - DAY / 2)
    asked = requests.ask(world.session, violation, None, "认错了人", officer, NOW)
    requests.refuse(world.session, asked, "证据清楚", world.by("supervisor"), NOW)
    return violation.number


def company_objected(world: World) -> str:
    violation = violation_of(world, engaged=True)
    made = objections.raise_objection(world.session, violation, "车已借出", "", NOW, world.by("company"))
    objections.decide_objection(world.session, made, False, "监控清楚", SYSTEM, NOW)
    return notice_number(world, violation)


def notice_readdressed(world: World) -> str:
    session, village = world.session, places.area(world.session, places.VILLAGE)
    rider = feedback.make_rider(session, village)
    given = {"rider_number": rider.number, "company_code": world.company.code, "plate": "", "occurred_utc": NOW - DAY}
    police = world.by("supervisor")
    violation = record(session, new_violation(village, **given), police, NOW - DAY / 2)
    claim = companies.Claim(violation.occurred_on, "consent")
    companies.claim(session, violation, claim, violation.version, world.by("company"), NOW)
    companies.take_back(session, violation, "企业说明认错了人", violation.version, police, NOW)
    return ""  # it is another's by now: only that the list opens can be asked for


def reminded(world: World, *, engaged: bool) -> str:
    violation = violation_of(world, engaged=engaged)
    task = task_of_violation(world.session, violation.id)
    assert isinstance(task, StudyTask)
    task.state, task.absences = TaskState.AWAY, 2
    remind(world.session, task, world.by("supervisor"), NOW)
    return notice_number(world, violation) if engaged else task.number


def hazard_due(world: World) -> str:
    hazard = hazards.make_planned(world.session, places.area(world.session, places.VILLAGE))
    assert reminding.remind(world.session, hazards.NOW + 4 * DAY) == 1
    assert reminding.remind(world.session, hazards.NOW + 8 * DAY) == 1
    return hazard.number


def check_due(world: World) -> str:
    town = places.area(world.session, places.TOWN)
    new = checks.NewWatch(town.code, "上月两起事故", 7, world.users["officer"].username, local_date(NOW))
    checks.list_area(world.session, new, world.by("supervisor"), NOW)
    assert reminding.remind_checks(world.session, NOW + DAY) == 1
    return town.name


def look(session: Session) -> int:
    return sum(look_for_missing(session, NOW) for _ in FigureKind)


def source_stopped(world: World) -> str:
    session = world.session
    towns = areas.list_children(session, places.area(session, places.DISTRICT), today())
    add_accidents(session, {town: [5] * 14 for town in towns}, THIS - 14)
    gone = Period(THIS - 4, THIS - 1)
    town = places.area(session, places.TOWN)
    session.execute(delete(Accident).where(Accident.area_id == town.id, Accident.occurred_on >= gone.first_day))
    assert look(session) == 1
    return town.name


def nil_contradicted(world: World) -> str:
    session, town = world.session, places.area(world.session, places.TOWN)
    month = THIS - 2
    cell = find_cell(session, FigureKind.ACCIDENTS, town.code, month, SYSTEM, NOW)
    say(session, cell, State.NONE, "", SYSTEM, NOW)
    noon = datetime.combine(month.first, NOW.time(), NOW.tzinfo)
    accidents.make_accident(session, town, occurred_utc=noon, now=noon)
    assert look(session) >= 1
    return town.name


def job_ended(world: World) -> str:
    asked = Asked("test", message("Violations"), {})
    number = ask(world.session, asked, world.by("analyst"), utc_now() - timedelta(minutes=1), "zh")
    world.session.commit()
    assert jobs.run(world.app, lambda _work: Ending()) == 1
    world.session.expire_all()
    return number


def demo(world: World) -> str:
    world.users["grid"].username = "grid"
    world.session.flush()
    enter_pushes(world.session, NOW)
    return ""


MAKERS: Mapping[str, Callable[[World], str]] = {
    "alarm": alarm,
    "colour fell": colour_fell,
    "colour corrected": colour_corrected,
    "contradicted": nil_contradicted,
    "correction": correction_decided,
    "demo": demo,
    "hazard": hazard_due,
    "hazard-check": check_due,
    "job": job_ended,
    "list": listed,
    "list protest": protest_decided,
    "notice withdrawn": notice_withdrawn,
    "notice withdrawn from a village": lambda world: notice_withdrawn(world, engaged=False),
    "notice corrected": notice_corrected,
    "notice readdressed": notice_readdressed,
    "objection": company_objected,
    "silent": source_stopped,
    "study of a company": lambda world: reminded(world, engaged=True),
    "study of a village": lambda world: reminded(world, engaged=False),
}
"""KIND (first the word of its key) -> what makes one, and returns what the page behind its link must speak of."""


def told(session: Session, word: str) -> Iterator[Push]:
    yield from session.scalars(select(Push).where(Push.key.startswith(f"{word}:")).order_by(Push.id)).all()


def test_every_kind_of_message_is_made_here() -> None:
    assert {made.word for made in pushes_made()} == {kind.split()[0] for kind in MAKERS}


@pytest.mark.parametrize("kind", MAKERS)
def test_every_receiver_opens_the_link_and_reads_of_that_thing(client: Browser, world: World, kind: str) -> None:
    thing = MAKERS[kind](world)
    world.session.commit()
    pushes = list(told(world.session, kind.split()[0]))
    assert pushes, "nobody was told"
    for push in pushes:
        user = world.session.get_one(User, push.user_id)
        client.sign_in(user)
        page = client.get(push.path)
        assert page.status_code == 200, f"{user.role} {push.key}: {push.path}"
        assert thing in page.text, f"{user.role} {push.key}: {push.path} does not speak of {thing}"
