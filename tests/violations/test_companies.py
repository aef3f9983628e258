"""Which company answers for a record: what a file says, what engagements say, what people decide, and who is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from itertools import cycle
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.feedback import World, acting, make_rider, make_world
from tests.factories.violations import new_violation
from trafficedu.accounts.models import User
from trafficedu.companies.models import Company
from trafficedu.core.actors import SYSTEM, Actor
from trafficedu.core.clock import local_date, utc_now
from trafficedu.core.errors import Missing, Refusal, Stale
from trafficedu.core.tabular import ImportReport, numbered, silent
from trafficedu.education.queries.tasks import task_of_violation
from trafficedu.feedback.models import Notice
from trafficedu.feedback.queries.display import paper_of
from trafficedu.feedback.queries.notices import find_notice, notice_of_violation
from trafficedu.feedback.services.answers import Answer, answer
from trafficedu.feedback.services.papers import document_of
from trafficedu.messages.models import Push
from trafficedu.riders.models import Engagement, Rider
from trafficedu.riders.queries.people import id_number_of
from trafficedu.riders.services.engagements import (
    EngagementChange,
    NewEngagement,
    change_engagement,
    engage,
    withdraw_engagement,
)
from trafficedu.violations.imports.files import COLUMNS, EXPORTER, IMPORTER
from trafficedu.violations.models.records import Violation
from trafficedu.violations.queries import companies
from trafficedu.violations.services import companies as answering
from trafficedu.violations.services import reviewing
from trafficedu.violations.services.companies import Claim
from trafficedu.violations.services.recording import record

NOW = utc_now()
LATER = NOW + timedelta(hours=1)
DAY = local_date(NOW - timedelta(hours=2))
LONG_AGO = date(2020, 1, 1)
KINDS = ("2007", "2004", "2009", "2019")
"""Of one rider at one time: no two records of the same kind, which might be one."""
_kinds = cycle(KINDS)


@pytest.fixture
def world(session: Session) -> World:
    return make_world(session)


@pytest.fixture
def rider(session: Session, world: World) -> Rider:
    return make_rider(session, world.other_village)


@pytest.fixture
def police(world: World, make_user: Callable[..., User]) -> Actor:
    return acting(make_user("supervisor", area_id=world.district.id))


@pytest.fixture
def contact(world: World, make_user: Callable[..., User]) -> Actor:
    return acting(make_user("company", company_id=world.company.id))


def works_for(
    session: Session,
    rider: Rider,
    company: Company,
    basis: str | None = "contract",
    since: date = LONG_AGO,
    **days: Any,
) -> Engagement:
    return engage(session, rider, NewEngagement(company.id, since, legal_basis=basis, **days), SYSTEM, NOW)


def recorded(session: Session, world: World, rider: Rider, company: Company | None = None, **values: Any) -> Violation:
    given = {"rider_number": rider.number, "company_code": company and company.code, **values}
    moment = {"occurred_utc": NOW - timedelta(hours=2), "kind_code": next(_kinds)}
    return record(session, new_violation(world.village, plate="", **moment | given), SYSTEM, NOW)


def notice_of(session: Session, violation: Violation) -> Notice:
    notice = notice_of_violation(session, violation.id)
    assert notice is not None
    return notice


def told(session: Session, violation: Violation) -> tuple[str, str, int | None]:
    notice = notice_of(session, violation)
    return notice.state, notice.held_reason, notice.company_id if notice.receiver_kind == "company" else notice.area_id


def row(session: Session, world: World, rider: Rider, reference: str, **changes: str) -> dict[str, str]:
    return dict.fromkeys(COLUMNS.names, "") | {
        "reference": reference,
        "occurred_at": "2025-03-04 08:15",
        "area_code": world.village.code,
        "kind": "2007",
        "id_type": rider.id_type,
        "id_number": id_number_of(session, rider),
        "name": rider.name,
        "penalty": "warning",
        **changes,
    }


def run(session: Session, rows: list[dict[str, str]]) -> ImportReport:
    return IMPORTER.run(session, numbered(rows), SYSTEM, NOW, skip_errors=True, progress=silent)


def counts(report: ImportReport) -> list[int]:
    return [report.added, report.updated, report.unchanged, len(report.refused)]


RECENT = f"{NOW - timedelta(hours=3):%Y-%m-%dT%H:%M:%SZ}"


@pytest.mark.parametrize("when", ["2025-03-04 08:15", RECENT], ids=["history", "recent"])
def test_an_empty_company_is_as_engaged_and_none_is_none(
    session: Session, world: World, rider: Rider, when: str
) -> None:
    """C5: the notices of an engaged rider went to a village, or were held for a reason that was not true."""
    works_for(session, rider, world.company)
    stranger, both = make_rider(session, name="李四光"), make_rider(session, name="王五一")
    for company in (world.company, world.other_company):
        works_for(session, both, company)
    own, other = world.company.code, world.other_company.code
    rows = [
        row(session, world, rider, "engaged", occurred_at=when, kind=KINDS[0]),
        row(session, world, rider, "none", occurred_at=when, kind=KINDS[1], company_code="none"),
        row(session, world, rider, "named", occurred_at=when, kind=KINDS[2], company_code=other),
        row(session, world, rider, "own", occurred_at=when, kind=KINDS[3], company_code=own),
        row(session, world, stranger, "nobody", occurred_at=when),
        row(session, world, both, "ambiguous", occurred_at=when),
    ]
    report = run(session, rows)
    assert counts(report) == [6, 0, 0, 0]
    session.expire_all()
    found = {each.reference: (each.company_known, each.company_id) for each in session.scalars(select(Violation))}
    assert found == {
        "engaged": ("engaged", world.company.id),
        "none": ("none", None),
        "named": ("named", None),
        "own": ("engaged", world.company.id),
        "nobody": ("nobody", None),
        "ambiguous": ("ambiguous", None),
    }
    assert [note.params for note in report.of_file] == [{"count": 1}] * 3
    assert len(session.scalars(select(Engagement)).all()) == 3, "a file opens no engagement by the way"
    assert counts(run(session, rows)) == [0, 0, 6, 0]
    for clear in (False, True):
        out = [dict(each) for each in EXPORTER.rows(session, SYSTEM, NOW, None, clear)]
        assert {each["reference"]: each["company_code"] for each in out} == {
            "engaged": world.company.code,
            "none": "none",
            "named": world.other_company.code,
            "own": world.company.code,
            "nobody": "none",
            "ambiguous": "",
        }
        written = [{name: _text(each.get(name)) for name in COLUMNS.names} for each in out]
        assert counts(run(session, written)) == [0, 0, 6, 0]


def _text(value: Any) -> str:
    return "" if value is None else value.isoformat() if isinstance(value, datetime) else str(value)


def test_another_company_in_a_known_row_is_refused_but_not_what_was_decided(
    session: Session, world: World, rider: Rider, police: Actor
) -> None:
    works_for(session, rider, world.company)
    named = row(session, world, rider, "A", occurred_at=RECENT, company_code=world.other_company.code)
    run(session, [named])
    violation = session.scalars(select(Violation)).one()
    answering.choose(session, violation, world.company.id, violation.version, police, NOW)
    for code, outcome in (
        (world.other_company.code, [0, 0, 1, 0]),
        (world.company.code, [0, 0, 1, 0]),
        ("", [0, 0, 1, 0]),
        ("none", [0, 0, 0, 1]),
    ):
        assert counts(run(session, [named | {"company_code": code}])) == outcome, code


def test_nothing_goes_out_while_the_company_is_open(session: Session, world: World, rider: Rider) -> None:
    works_for(session, rider, world.company)
    named = recorded(session, world, rider, world.other_company)
    assert told(session, named) == ("held", "company_named", world.other_company.id)
    works_for(session, rider, world.other_company, since=DAY + timedelta(days=1))
    assert told(session, named)[0] == "held", "an engagement of other days confirms nothing"
    task = task_of_violation(session, named.id)
    assert task is not None
    assert task.company_id is None, "no figure of the company counts the study before it is confirmed"


def test_the_company_says_ours(session: Session, world: World, rider: Rider, contact: Actor) -> None:
    first, second = (recorded(session, world, rider, world.company) for _ in range(2))
    since = DAY - timedelta(days=30)
    answering.claim(session, first, Claim(since, "consent"), first.version, contact, NOW)
    session.refresh(second)
    for violation in (first, second):
        assert (violation.company_id, violation.company_known) == (world.company.id, "engaged")
        assert told(session, violation) == ("sent", "", world.company.id)
    (engagement,) = rider.engagements
    assert (engagement.engaged_from, engagement.engaged_to, engagement.legal_basis) == (since, None, "consent")
    assert (engagement.source, engagement.recorded_by_id) == ("company", contact.user_id)
    task = task_of_violation(session, first.id)
    assert task is not None
    assert task.company_id == world.company.id
    with pytest.raises(Stale):
        answering.disown(session, first, first.version, contact, NOW)


def test_ours_ends_where_a_later_engagement_begins(
    session: Session, world: World, rider: Rider, contact: Actor
) -> None:
    violation = recorded(session, world, rider, world.company)
    works_for(session, rider, world.company, since=DAY + timedelta(days=3))
    for since, field in ((DAY + timedelta(days=1), "since"), (date(1999, 1, 1), "since")):
        with pytest.raises(Refusal) as refused, session.begin_nested():
            answering.claim(session, violation, Claim(since, "consent"), violation.version, contact, NOW)
        assert refused.value.field == field
    session.refresh(violation)
    answering.claim(session, violation, Claim(DAY, "consent"), violation.version, contact, NOW)
    assert rider.engagements[-1].engaged_to == DAY + timedelta(days=2)


def test_not_ours_leads_to_the_village_or_to_whoever_engages_the_rider(
    session: Session, world: World, rider: Rider, contact: Actor
) -> None:
    third = make_world(session).company
    alone, one, two = (recorded(session, world, rider, world.company) for _ in range(3))
    answering.disown(session, alone, alone.version, contact, NOW)
    assert told(session, alone) == ("sent", "", world.other_village.id)
    works_for(session, rider, world.other_company)
    answering.disown(session, one, one.version, contact, NOW)
    assert told(session, one) == ("sent", "", world.other_company.id)
    works_for(session, rider, third)
    assert two.company_known == "named", "that others engage the rider settles no name"
    answering.disown(session, two, two.version, contact, NOW)
    assert told(session, two) == ("held", "company_ambiguous", None)
    session.refresh(alone)
    assert (alone.company_id, alone.company_known) == (world.other_company.id, "engaged"), "not yet due: told anew"
    assert {each.named_company_id for each in (alone, one, two)} == {world.company.id}, "what was said stays"


def test_the_police_confirm_on_proof_for_that_day_alone(
    session: Session, world: World, rider: Rider, police: Actor
) -> None:
    violation = recorded(session, world, rider, world.company)
    answering.prove(session, violation, "order", None, violation.version, police, NOW)
    (engagement,) = rider.engagements
    assert (engagement.engaged_from, engagement.engaged_to, engagement.source) == (DAY, DAY, "proof")
    assert told(session, violation) == ("held", "no_legal_basis", world.company.id)
    change = EngagementChange(DAY, DAY, "consent")
    change_engagement(session, engagement, change, engagement.version, police, NOW)
    assert told(session, violation)[0] == "sent"
    reviewing.void(session, violation, "认错人", police, NOW)
    session.expire_all()
    assert rider.engagements == [], "what rested on a record that was wrong ends with it"


def test_the_police_choose_or_say_none(session: Session, world: World, rider: Rider, police: Actor) -> None:
    works_for(session, rider, world.company)
    works_for(session, rider, world.other_company, "consent")
    chosen, none = (recorded(session, world, rider) for _ in range(2))
    assert told(session, chosen) == ("held", "company_ambiguous", None)
    stranger = make_world(session).company
    with pytest.raises(Refusal):
        answering.choose(session, chosen, stranger.id, chosen.version, police, NOW)
    answering.choose(session, chosen, world.other_company.id, chosen.version, police, NOW)
    answering.name_none(session, none, none.version, police, NOW)
    assert told(session, chosen) == ("sent", "", world.other_company.id)
    assert told(session, none) == ("sent", "", world.other_village.id)
    assert len(rider.engagements) == 2
    for violation in (chosen, none):
        with pytest.raises(Stale):
            answering.name_none(session, violation, violation.version, police, NOW)
    notice = find_notice(session, notice_of(session, chosen).number, police)
    paper = paper_of(session, notice, police, NOW, "en", "https://example.org")
    assert paper.legal_basis == "the rider's separate consent", "the basis of the company that the paper goes to"


def test_a_decision_is_taken_back_with_a_reason(
    session: Session, world: World, rider: Rider, police: Actor, contact: Actor
) -> None:
    violation = recorded(session, world, rider, world.company)
    answering.claim(session, violation, Claim(DAY, "consent"), violation.version, contact, NOW)
    first = document_of(session, notice_of(session, violation), contact, NOW)
    with pytest.raises(Refusal):
        answering.take_back(session, violation, "  ", violation.version, police, NOW)
    answering.take_back(session, violation, "企业说明认错了人", violation.version, police, LATER)
    session.expire_all()
    assert (first.state, first.company_id) == ("revoked", world.company.id)
    assert (violation.company_id, violation.company_known, rider.engagements) == (None, "named", [])
    assert told(session, violation) == ("held", "company_named", world.company.id)
    said = [(each.act, each.decided_by_id) for each in companies.list_decisions(session, violation.id)]
    assert said == [("claimed", contact.user_id), ("undone", police.user_id)]
    with pytest.raises(Stale):
        answering.take_back(session, violation, "企业说明认错了人", violation.version, police, NOW)
    answering.name_none(session, violation, violation.version, police, LATER)
    assert told(session, violation) == ("sent", "", world.other_village.id)
    second = document_of(session, notice_of(session, violation), police, LATER)
    assert (second.state, second.number == first.number) == ("valid", False)
    pushed = session.scalars(select(Push.key).where(Push.user_id == contact.user_id)).all()
    assert [key.split(":")[2] for key in pushed] == ["readdressed"], "who has a measure to lift is told"


def test_what_was_answered_is_not_taken_from_its_receiver(
    session: Session, world: World, rider: Rider, police: Actor, contact: Actor
) -> None:
    violation = recorded(session, world, rider, world.company)
    answering.claim(session, violation, Claim(DAY, "consent"), violation.version, contact, NOW)
    answer(session, notice_of(session, violation), Answer("criticised"), contact, NOW)
    with pytest.raises(Refusal), session.begin_nested():
        answering.take_back(session, violation, "企业说明认错了人", violation.version, police, NOW)
    session.expire_all()
    assert told(session, violation) == ("sent", "", world.company.id)
    assert rider.engagements[0].source == "company"


def test_an_engagement_recorded_later_says_who_answers(session: Session, world: World, rider: Rider) -> None:
    stranger = make_rider(session, name="李四光")
    named, nobody = recorded(session, world, rider, world.company), recorded(session, world, stranger)
    assert told(session, nobody) == ("held", "no_home_village", None)
    for who in (rider, stranger):
        works_for(session, who, world.company, since=DAY)
    session.expire_all()
    for violation in (named, nobody):
        assert (violation.company_id, violation.company_known) == (world.company.id, "engaged")
        assert told(session, violation) == ("sent", "", world.company.id)


def test_an_engagement_that_ended_before_leaves_only_the_name(
    session: Session, world: World, rider: Rider, police: Actor
) -> None:
    ended, other = works_for(session, rider, world.company), world.other_company
    open_one = recorded(session, world, rider, world.company)
    change = EngagementChange(LONG_AGO, DAY - timedelta(days=1), "contract")
    change_engagement(session, ended, change, ended.version, police, NOW)
    session.expire_all()
    assert told(session, open_one) == ("held", "company_named", world.company.id)
    late = EngagementChange(LONG_AGO, None, "contract")
    change_engagement(session, ended, late, ended.version, police, NOW)
    session.expire_all()
    assert told(session, open_one) == ("sent", "", world.company.id)
    works_for(session, rider, other)
    session.expire_all()
    assert told(session, open_one) == ("sent", "", world.company.id), "a second company takes nothing away"


def test_history_follows_what_is_known_of_engagements(session: Session, world: World, rider: Rider) -> None:
    run(session, [row(session, world, rider, "empty"), row(session, world, rider, "none", company_code="none")])
    empty, none = session.scalars(select(Violation).order_by(Violation.reference)).all()
    engagement = works_for(session, rider, world.company)
    assert [(each.company_known, each.company_id) for each in (empty, none)] == [
        ("engaged", world.company.id),
        ("none", None),
    ]
    withdraw_engagement(session, engagement, SYSTEM, NOW)
    assert (empty.company_known, empty.company_id) == ("nobody", None)


def test_who_sees_what_waits(
    session: Session, world: World, rider: Rider, police: Actor, contact: Actor, make_user: Callable[..., User]
) -> None:
    works_for(session, rider, world.other_company)
    works_for(session, rider, make_world(session).company)
    named, ambiguous = recorded(session, world, rider, world.company), recorded(session, world, rider)
    run(session, [row(session, world, rider, "old", company_code=world.company.code)])
    void = recorded(session, world, rider, world.company)
    reviewing.void(session, void, "认错人", police, NOW)
    rows, total = companies.COMPANIES_OPEN.first(session, police, None, 9)
    assert {each.violation.id for each in rows} == {named.id, ambiguous.id}
    assert total == 2
    assert companies.COMPANIES_OPEN.page(session, police, None).total == 2
    assert [len(each.engaging) for each in rows] == [2, 2]
    elsewhere = acting(make_user("supervisor", area_id=make_world(session).district.id))
    assert companies.COMPANIES_OPEN.page(session, elsewhere, None).total == 0
    (own,) = companies.NAMED_RIDERS.page(session, contact, None).items
    assert (own.violation.id, own.name, own.handle[3:8]) == (named.id, "张*丰", "*****")
    other = acting(make_user("company", company_id=world.other_company.id))
    assert companies.NAMED_RIDERS.page(session, other, None).total == 0
    with pytest.raises(Missing):
        companies.find_named(session, named.number, other)
    with pytest.raises(Missing):
        companies.find_named(session, void.number, contact)
