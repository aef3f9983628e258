"""The time line of a record: everything that every feature knows of it, in its order, for those who may see it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories.education import make_session, make_station
from tests.factories.feedback import World, make_rider, make_violation
from tests.factories.pictures import camera_photo
from tests.factories.riders import make_company
from tests.factories.sides import Side, make_sides
from trafficedu.accounts.models import User
from trafficedu.accounts.queries import actor_of
from trafficedu.accounts.rules import Role
from trafficedu.core.actors import Actor
from trafficedu.core.clock import local, utc_now
from trafficedu.core.events import publish
from trafficedu.core.passages import Passage, in_order
from trafficedu.core.text import Message
from trafficedu.education.queries.timeline import of_violation as studies
from trafficedu.evidence.services import pictures
from trafficedu.feedback.queries.timeline import of_violation as notices
from trafficedu.feedback.rules.notices import HeldReason, NoticeState
from trafficedu.feedback.rules.policy import MeasureKind
from trafficedu.feedback.services.answers import Answer, answer
from trafficedu.violations.events import CompanySettled, ToldApart
from trafficedu.violations.services import reviewing
from trafficedu.wiring.screens import TIMELINES


@pytest.fixture
def side(session: Session) -> Side:
    return make_sides(session)[0]


@pytest.fixture
def tell(session: Session, side: Side) -> Callable[[Role], list[Passage]]:
    """Return the time line of the side's record as a role reads it, in its order."""

    def told(role: Role) -> list[Passage]:
        by = actor_of(side.users[role])
        passages = [
            passage
            for teller in TIMELINES["violations.show"]
            for passage in teller(session, by, "en", violation_id=side.violation.id)
        ]
        return in_order(passages)

    return told


def sentences(told: list[Passage]) -> list[str]:
    return [re.sub(r"[A-Z][0-9A-Z]{11}|\d{4}-\d\d-\d\d( \d\d:\d\d)?", "#", str(passage.what)) for passage in told]


def drawn(session: Session, side: Side) -> pictures.Drawn:
    return pictures.draw_photo(session, side.violation, pictures.Sent("key-1", camera_photo()))


def test_a_record_s_whole_way_is_told_in_its_order(
    session: Session, side: Side, tell: Callable[[Role], list[Passage]]
) -> None:
    said = sentences(tell(Role.SUPERVISOR))
    station, company = side.station.name, side.company.name
    assert said[:2] == ["The offence", "Recorded"]
    at_once = {f"Told: {company}", "Study task opened: Basic course, due #", "Objection raised"}
    assert at_once <= set(said[2:6]), "what happened at the same moment"
    later = [sentence for sentence in said if sentence.startswith(("Seat", "Present", "Studied", "Quiz", "Study s"))]
    assert later[0] == f"Seat booked: {station}, #"
    assert later[1] == "Present: checked in"
    assert len([sentence for sentence in later if sentence.startswith("Studied: ")]) == len(side.study.plan.modules)
    assert later[-2:] == ["Quiz: 90 points", "Study signed off"]
    assert {"Objection raised", "Certificate # issued"} <= set(said)
    moments = [passage.at_utc for passage in tell(Role.SUPERVISOR)]
    assert moments == sorted(moments)


def test_what_was_studied_remains_after_the_record_was_voided(
    session: Session, side: Side, tell: Callable[[Role], list[Passage]]
) -> None:
    before = set(sentences(tell(Role.SUPERVISOR)))
    reviewing.void(session, side.violation, "记错了", actor_of(side.users[Role.SUPERVISOR]), utc_now())
    session.flush()
    told = tell(Role.SUPERVISOR)
    added = set(sentences(told)) - before
    assert before <= set(sentences(told))
    assert added == {
        "Voided",
        "Notice taken back",
        "This violation left the study task",
        "Objection: settled: record voided",
    }
    [voided] = [passage for passage in told if str(passage.what) == "Voided"]
    assert (voided.reason, voided.by) == ("记错了", side.users[Role.SUPERVISOR].display_name)


def test_answers_and_photos_are_told(session: Session, side: Side, tell: Callable[[Role], list[Passage]]) -> None:
    officer, contact = actor_of(side.users[Role.OFFICER]), actor_of(side.users[Role.COMPANY])
    pictures.add_photo(session, side.violation, drawn(session, side), officer, utc_now())
    answer(session, side.notice, Answer(MeasureKind.CRITICISED, None, "已教育"), contact, utc_now())
    told = {str(passage.what): passage for passage in tell(Role.SUPERVISOR)}
    assert told["Photo 1 added"].by == officer.name
    [answered] = [passage for what, passage in told.items() if what.startswith("Answered: ")]
    assert (answered.by, answered.reason) == (contact.name, "已教育")


def test_who_may_not_see_it_is_not_told(session: Session, side: Side, tell: Callable[[Role], list[Passage]]) -> None:
    officer = actor_of(side.users[Role.OFFICER])
    pictures.add_photo(session, side.violation, drawn(session, side), officer, utc_now())
    supervisor, analyst = sentences(tell(Role.SUPERVISOR)), sentences(tell(Role.ANALYST))
    assert "Photo 1 added" in supervisor
    assert not [sentence for sentence in analyst if "Photo" in sentence or "receipt" in sentence.lower()]
    assert set(analyst) < set(supervisor)


def test_the_page_shows_exact_times_and_leads_where_its_reader_may_go(
    client: Browser, side: Side, tell: Callable[[Role], list[Passage]]
) -> None:
    user: User = side.users[Role.SUPERVISOR]
    client.sign_in(user)
    page = client.get(f"/violations/{side.violation.number}").text
    line = re.search(r'<ol class="timeline">.*?</ol>', page, re.DOTALL)
    assert line
    shown = re.findall(r"<time[^>]*>([^<]+)</time>", line[0])
    assert shown == [f"{local(passage.at_utc):%Y-%m-%d %H:%M}" for passage in tell(Role.SUPERVISOR)]
    assert "data-relative" not in line[0]
    assert f'href="/education/{side.task.number}"' in line[0]
    assert f'href="/notices/{side.notice.number}"' in line[0]
    client.sign_in(side.users[Role.ANALYST])
    other = client.get(f"/violations/{side.violation.number}").text
    assert "/objections/" not in other


def test_what_follows_stands_below_its_cause(session: Session, world: World) -> None:
    """A second violation raises the course at once: a seat is given up, the course changes, another seat is booked."""
    station = make_station(session, world.village)
    for code in ("basic", "intermediate"):
        make_session(session, station, utc_now() + timedelta(days=2), code=code)
    rider = make_rider(session, world.village)
    first = make_violation(session, world.village, rider=rider)
    make_violation(session, world.village, rider=rider)
    session.flush()
    by = Actor(None, "", permissions=frozenset({"education:task:read"}))
    said = sentences(in_order(studies(session, by, "en", violation_id=first.id)))
    assert said == [
        "Study task opened: Basic course, due #",
        f"Seat booked: {station.name}, #",
        "Another violation joined the study task",
        "The seat was given up",
        "The course of the study task changed",
        f"Seat moved: {station.name}, #",
    ]


def test_what_no_row_was_written_with_stands_by_its_time_and_then_as_told() -> None:
    began = utc_now().replace(second=1, microsecond=0)

    def passage(what: str, seconds: int, written: int = 0) -> Passage:
        return Passage(began + timedelta(seconds=seconds), Message(what), written=written)

    told = [
        passage("asked", 0),
        passage("granted", 3),
        passage("voided", 3),
        passage("booked", 3, written=12),
        passage("given up", 4, written=11),
        passage("recorded", -60),
        passage("later", 5),
    ]
    in_turn = ["recorded", "asked", "granted", "voided", "given up", "booked", "later"]
    assert [str(each.what) for each in in_order(told)] == in_turn


def test_a_notice_that_stays_with_its_receiver_is_not_told_as_moved(session: Session, side: Side) -> None:
    by, other = actor_of(side.users[Role.SUPERVISOR]), make_company(session)
    moved = "Notice now goes to another receiver"

    def said() -> list[str]:
        return sentences(in_order(notices(session, by, "en", violation_id=side.violation.id)))

    side.notice.state, side.notice.held_reason = NoticeState.HELD, HeldReason.DOUBLE
    session.flush()
    publish(session, ToldApart(utc_now(), by, side.violation.id))
    session.flush()
    assert side.notice.is_sent
    assert moved not in said()
    side.violation.company = other
    session.flush()
    publish(session, CompanySettled(utc_now(), by, side.violation.id, taken_back=False))
    session.flush()
    assert moved in said()
