"""What somebody says of a month: refused, kept with its history, taken back, contradicted, told of once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.coverage.conftest import fill
from tests.factories.officers import Acting
from tests.factories.violations import District
from trafficedu.accounts.models import User
from trafficedu.core.actors import SYSTEM
from trafficedu.core.audit import AuditEntry
from trafficedu.core.errors import Missing, Refusal
from trafficedu.core.month import Month, Period
from trafficedu.coverage.models import CoverageAct, CoverageIssue
from trafficedu.coverage.queries.coverage import coverage_of
from trafficedu.coverage.queries.marks import Cell, find_cell, may_mark
from trafficedu.coverage.rules import State
from trafficedu.coverage.services.looking import look_for_missing
from trafficedu.coverage.services.saying import say, take_back
from trafficedu.messages.models import Push

NOW = datetime(2026, 11, 20, 4, tzinfo=UTC)
OCTOBER = Month(2026, 10)
MONTHS = Month.range(Month(2026, 2), OCTOBER)
FIGURES = 5


def cell(session: Session, here: District, month: Month = OCTOBER, town: str = "") -> Cell:
    return find_cell(session, "accidents", town or here.other_town.code, month, SYSTEM, NOW)


def states(session: Session, here: District) -> list[State | None]:
    found = coverage_of(session, "accidents", here.root, Period(OCTOBER, OCTOBER), NOW)
    return [row[0] for row in found.states]


@pytest.fixture(autouse=True)
def only_this_district(session: Session, here: District, monkeypatch: pytest.MonkeyPatch) -> None:
    """The shipped tree is there too: let this district be the top of it."""
    monkeypatch.setattr("trafficedu.areas.queries.tree.root", lambda _session: here.root)


def test_a_month_is_reported_reopened_and_taken_back_with_its_history(session: Session, here: District) -> None:
    fill(session, here.village, MONTHS, 5)
    fill(session, here.other_village, MONTHS[:-1], 6)
    assert states(session, here) == [State.REPORTED, State.MISSING]
    say(session, cell(session, here), State.NONE, "", SYSTEM, NOW)
    assert states(session, here) == [State.REPORTED, State.NONE]
    with pytest.raises(Refusal, match="marked like this already"):
        say(session, cell(session, here), State.NONE, "", SYSTEM, NOW)
    with pytest.raises(Refusal, match="Say why the month is opened"):
        say(session, cell(session, here), State.OPEN, "", SYSTEM, NOW)
    say(session, cell(session, here), State.OPEN, "补报", SYSTEM, NOW)
    assert states(session, here) == [State.REPORTED, State.OPEN]
    with pytest.raises(Refusal, match="Say why the mark"):
        take_back(session, cell(session, here), "", SYSTEM, NOW)
    take_back(session, cell(session, here), "误操作", SYSTEM, NOW)
    assert states(session, here) == [State.REPORTED, State.MISSING]
    with pytest.raises(Refusal, match="Nothing is marked"):
        take_back(session, cell(session, here), "x", SYSTEM, NOW)
    acts = session.scalars(select(CoverageAct).order_by(CoverageAct.id)).all()
    assert [(act.before, act.state, act.reason) for act in acts] == [
        (None, State.NONE, ""),
        (State.NONE, State.OPEN, "补报"),
        (State.OPEN, None, "误操作"),
    ]
    audited = session.scalars(select(AuditEntry).where(AuditEntry.action == "coverage:month:report")).all()
    assert [row.detail["state"] for row in audited] == ["none", "open", None]


def test_a_nil_report_beside_records_and_a_month_that_runs_are_refused(session: Session, here: District) -> None:
    fill(session, here.village, MONTHS, 4)
    with pytest.raises(Refusal, match="Void them first if they are wrong"):
        say(session, cell(session, here, town=here.town.code), State.NONE, "", SYSTEM, NOW)
    with pytest.raises(Refusal, match="is not over yet"):
        say(session, cell(session, here, Month(2026, 11)), State.REPORTED, "", SYSTEM, NOW)


def test_who_may_say_something_of_whose_month(session: Session, here: District, acting: Acting) -> None:
    leader, analyst = acting("leader", here.town), acting("analyst", here.root)
    own = find_cell(session, "accidents", here.town.code, OCTOBER, leader, NOW)
    assert may_mark(leader, own.unit)
    assert may_mark(analyst, own.unit)
    with pytest.raises(Missing):
        find_cell(session, "accidents", here.other_town.code, OCTOBER, leader, NOW)
    of_village = acting("leader", here.village)
    seen = find_cell(session, "accidents", here.town.code, OCTOBER, of_village, NOW)
    assert not may_mark(of_village, seen.unit), "the town's, to be read only"
    for code, figure in ((here.village.code, "accidents"), (here.town.code, "education"), ("x", "accidents")):
        with pytest.raises(Missing):
            find_cell(session, figure, code, OCTOBER, analyst, NOW)


def look(session: Session, now: datetime) -> int:
    return sum(look_for_missing(session, now) for _ in range(FIGURES + 1))


def told(session: Session) -> list[tuple[str, str]]:
    query = select(User.role, Push.key).join(User, User.id == Push.user_id).order_by(Push.id)
    return [(str(role), key) for role, key in session.execute(query)]


def test_a_source_that_stops_is_told_of_once_and_ends_with_a_report(
    session: Session, here: District, acting: Acting
) -> None:
    for role, area in (
        ("leader", here.other_town),
        ("leader", here.town),
        ("analyst", here.root),
        ("supervisor", here.root),
    ):
        acting(role, area)
    fill(session, here.village, MONTHS, 5)
    fill(session, here.other_village, MONTHS[:-3], 6)
    assert look(session, NOW) == 1
    key = f"silent:accidents:{here.other_town.code}:2026-07"
    assert sorted(told(session)) == [(role, key) for role in ("analyst", "leader", "supervisor")]
    assert look(session, NOW + timedelta(hours=7)) == 0
    assert len(told(session)) == 3
    for month in MONTHS[-3:]:
        say(session, cell(session, here, month), State.NONE, "", SYSTEM, NOW)
    assert look(session, NOW + timedelta(hours=7)) == 0, "looked at again at once, and ended"
    issue = session.scalars(select(CoverageIssue)).one()
    assert issue.ended_utc is not None


def test_a_district_that_stops_is_told_of_as_one(session: Session, here: District, acting: Acting) -> None:
    acting("analyst", here.root)
    fill(session, here.village, MONTHS[:-3], 5)
    fill(session, here.other_village, MONTHS[:-3], 6)
    assert look(session, NOW) == 1
    assert told(session) == [("analyst", f"silent:accidents:{here.root.code}:2026-07")]


def test_records_after_a_nil_report_contradict_it_and_the_analyst_is_told(
    session: Session, here: District, acting: Acting
) -> None:
    acting("analyst", here.root)
    fill(session, here.village, MONTHS, 5)
    fill(session, here.other_village, MONTHS[:-1], 6)
    say(session, cell(session, here), State.NONE, "", SYSTEM, NOW)
    assert look(session, NOW) == 0
    fill(session, here.other_village, [OCTOBER], 2)
    assert cell(session, here).is_contradicted
    assert states(session, here) == [State.REPORTED, State.REPORTED]
    assert look(session, NOW + timedelta(hours=7)) == 1
    assert told(session) == [("analyst", f"contradicted:accidents:{here.other_town.code}:2026-10")]
