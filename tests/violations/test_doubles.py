"""Doubles: asked before saving, listed where nobody can be asked, merged or told apart; no second notice meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.accidents.test_at_once import at_once
from tests.conftest import Browser
from tests.factories.violations import NOW, District, make_district, make_violation, new_rider, new_violation, passages
from tests.violations.test_correcting import said
from tests.violations.test_imports import counts, row, run
from tests.violations.test_views import typed
from trafficedu.areas.models import Area
from trafficedu.core.actors import SYSTEM, Actor
from trafficedu.core.audit import AuditEntry
from trafficedu.core.clock import local
from trafficedu.core.database import database
from trafficedu.core.errors import Missing, Refusal, Stale
from trafficedu.core.times import Moment
from trafficedu.core.transactions import WRITES
from trafficedu.education.models.tasks import StudyTask
from trafficedu.feedback.models import Notice
from trafficedu.feedback.queries.policy import recommendations
from trafficedu.violations.models.decisions import Objection, ViolationPair
from trafficedu.violations.models.records import Violation
from trafficedu.violations.queries.doubles import DUPLICATES, find_pair
from trafficedu.violations.services import correcting, merging, recording, reviewing
from trafficedu.violations.services.doubles import DoubleMet, DoubleSaid, tell_apart
from trafficedu.violations.services.objections import raise_objection

PLATE = "杭州A12345"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def first(session: Session, district: District, officer: Actor) -> Violation:
    violation = make_violation(
        session, district.village, officer, plate=PLATE, rider=new_rider(home_area_id=district.village.id)
    )
    session.commit()
    return violation


@pytest.fixture
def supervisor(acting: Callable[[str, Area], Actor], district: District) -> Actor:
    return acting("supervisor", district.town)


def again(first: Violation, minutes: float = 2, **values: Any) -> dict[str, Any]:
    assert first.rider is not None
    return {
        "rider_number": first.rider.number,
        "plate": PLATE,
        "occurred_utc": first.occurred_utc + minutes * MINUTE,
    } | (values)


def by_file(session: Session, first: Violation, officer: Actor, minutes: float = 2, **values: Any) -> Violation:
    key = f"F{session.scalar(select(func.count()).select_from(Violation))}"
    given = again(first, minutes, reference=key, source="import") | values
    return make_violation(session, first.area, officer, **given)


def pairs(session: Session) -> dict[tuple[int, int], str]:
    rows = session.execute(select(ViolationPair.first_id, ViolationPair.second_id, ViolationPair.state))
    return {(one, two): state for one, two, state in rows}


def notice_of(session: Session, violation: Violation) -> Notice:
    return session.scalars(
        select(Notice).where(Notice.violation_id == violation.id).execution_options(populate_existing=True)
    ).one()


def count(session: Session, model: Any) -> int:
    return session.scalar(select(func.count()).select_from(model)) or 0


def test_the_kerb_is_asked_and_nothing_is_written(
    session: Session, district: District, officer: Actor, first: Violation
) -> None:
    new = new_violation(district.village, **again(first), double=DoubleSaid())
    with pytest.raises(DoubleMet) as met, session.begin_nested():
        recording.record(session, new, officer, NOW)
    assert (met.value.earlier.id, met.value.field, count(session, Violation)) == (first.id, "double_answer", 1)
    wrong = replace(new, double=DoubleSaid("another", "V00000000000"))
    with pytest.raises(DoubleMet), session.begin_nested():
        recording.record(session, wrong, officer, NOW)


def test_the_same_stop_keeps_the_earlier_record(
    session: Session, district: District, officer: Actor, first: Violation
) -> None:
    new = new_violation(district.village, **again(first), double=DoubleSaid("same", first.number))
    assert recording.record(session, new, officer, NOW) is first
    assert (count(session, Violation), count(session, Notice), count(session, ViolationPair)) == (1, 1, 0)
    kept = session.scalars(select(AuditEntry).where(AuditEntry.action == "violations:double:same")).one()
    assert kept.subject_id == first.id
    reviewing.void(session, first, "测试", officer, NOW)
    with pytest.raises(Refusal, match="no longer of this offence"), session.begin_nested():
        recording.record(session, new, officer, NOW)


def test_another_offence_is_recorded_and_both_say_so(
    session: Session, district: District, officer: Actor, first: Violation
) -> None:
    answer = DoubleSaid("another", first.number)
    second = make_violation(session, district.village, officer, **again(first), double=answer)
    assert pairs(session) == {(first.id, second.id): "apart"}
    assert notice_of(session, second).state == "sent"
    assert [str(entry.what) for entry in passages(session, first)] == [
        "Recorded",
        f"Told apart from {second.number}, which is of another offence",
    ]


@pytest.mark.parametrize(
    "values",
    [
        {"kind_code": "2004"},
        {"occurred_utc": NOW - timedelta(minutes=49.5)},
        {"place": "育才路口"},
        {"offender": "passenger"},
        {"rider_number": "", "rider": new_rider()},
    ],
)
def test_what_is_no_double_is_not_asked(
    session: Session, district: District, officer: Actor, first: Violation, values: dict[str, Any]
) -> None:
    given = again(first) | values
    if given["rider_number"] == "":
        del given["rider_number"]
        given |= {"plate_answer": "borrowed", "plate_met": first.rider.number if first.rider else ""}
    make_violation(session, district.village, officer, **given, double=DoubleSaid())
    assert pairs(session) == {}


def test_a_file_waits_for_a_decision_and_sends_no_second_notice(
    session: Session, officer: Actor, first: Violation, supervisor: Actor
) -> None:
    second = by_file(session, first, officer)
    third = by_file(session, first, officer, 3)
    assert pairs(session) == {(first.id, second.id): "open", (second.id, third.id): "open"}
    held = [notice_of(session, row) for row in (second, third)]
    assert [(row.state, row.held_reason) for row in held] == [("held", "double")] * 2
    rows, total = DUPLICATES.first(session, supervisor, None, 10)
    assert ([row.second_id for row in rows], total) == ([second.id, third.id], 2)
    advice = recommendations(session, [notice_of(session, first)])
    assert advice[notice_of(session, first).id].count == 1, "three taps are one stop"
    task = session.scalars(select(StudyTask)).one()
    assert task.course.rank == 1, "no longer course before it is decided"


def test_merged_the_second_is_voided_as_a_duplicate(
    session: Session, officer: Actor, first: Violation, supervisor: Actor
) -> None:
    second = by_file(session, first, officer)
    third = by_file(session, first, officer, 3)
    objection = raise_objection(session, second, "不是我", "", NOW)
    pair = find_pair(session, second.number, first.number, supervisor)
    merging.merge(session, pair, second.id, supervisor, NOW)
    session.expire_all()
    assert (second.state, first.state, third.state) == ("voided", "confirmed", "confirmed")
    assert notice_of(session, second).state == "voided"
    assert session.get_one(Objection, objection.id).state == "settled"
    [told] = [passage for passage in passages(session, second) if str(passage.what) == "Voided"]
    assert (str(told.what), str(told.reason)) == ("Voided", f"Duplicate of {first.number}")
    assert str(passages(session, first)[-1].what) == f"{second.number} was voided as a duplicate of this record"
    assert pairs(session) == {
        (first.id, second.id): "merged",
        (second.id, third.id): "dropped",
        (first.id, third.id): "open",
    }, "what waited beside the voided record is compared with the other one"
    with pytest.raises(Stale):
        tell_apart(session, pair, supervisor, NOW)


def test_the_first_may_be_voided_instead(session: Session, officer: Actor, first: Violation, supervisor: Actor) -> None:
    second = by_file(session, first, officer)
    merging.merge(session, find_pair(session, first.number, second.number, supervisor), first.id, supervisor, NOW)
    session.expire_all()
    assert (first.state, second.state) == ("voided", "confirmed")
    assert (notice_of(session, first).state, notice_of(session, second).state) == ("voided", "sent")


def test_told_apart_the_second_is_told(session: Session, officer: Actor, first: Violation, supervisor: Actor) -> None:
    second = by_file(session, first, officer)
    tell_apart(session, find_pair(session, first.number, second.number, supervisor), supervisor, NOW)
    notice = notice_of(session, second)
    assert (notice.state, notice.held_reason, notice.sent_utc) == ("sent", "", NOW)
    pair = session.scalars(select(ViolationPair)).one()
    assert (pair.state, pair.decided_by_id, pair.decided_utc) == ("apart", supervisor.user_id, NOW)
    with pytest.raises(Stale):
        merging.merge(session, pair, second.id, supervisor, NOW)


def test_a_correction_ends_the_question_and_begins_another(
    session: Session, officer: Actor, first: Violation, supervisor: Actor
) -> None:
    second = by_file(session, first, officer)
    for minutes, state in ((60, "dropped"), (5, "open")):
        facts = replace(said(second), occurred=Moment(first.occurred_utc - minutes * MINUTE))
        correcting.correct(session, second, facts, "时间有误", second.version, supervisor, NOW)
        session.expire_all()
        assert pairs(session) == {(first.id, second.id): state}
    assert notice_of(session, second).state == "sent", "what went out stays"


def test_camera_plates_are_compared_and_a_rejected_one_no_more(
    session: Session, district: District, officer: Actor
) -> None:
    camera: dict[str, Any] = {"plate": "杭州A88888", "rider": None, "source": "camera"}
    one, two = (make_violation(session, district.village, officer, **camera) for _ in range(2))
    assert pairs(session) == {(one.id, two.id): "open"}
    reviewing.reject(session, one, "看不清", SYSTEM, NOW)
    assert pairs(session) == {(one.id, two.id): "dropped"}


def test_another_post_does_not_see_the_pair(
    session: Session, district: District, officer: Actor, first: Violation, acting: Callable[[str, Area], Actor]
) -> None:
    second = by_file(session, first, officer)
    stranger = acting("supervisor", district.other_town)
    assert DUPLICATES.first(session, stranger, None, 10) == ([], 0)
    with pytest.raises(Missing):
        find_pair(session, first.number, second.number, stranger)


class TestPages:
    def test_the_record_page_shows_the_earlier_record_and_takes_either_answer(
        self, session: Session, district: District, phone: Browser
    ) -> None:
        form = typed(district)
        first = phone.post("/record", data=form).location.rpartition("/")[2]
        again = form | {"client_reference": "c-2"}
        asked = phone.post("/record", data=again)
        assert asked.status_code == 422
        assert f'name="double_met" value="{first}"' in asked.text
        assert "测试officer" in asked.text
        assert count(session, Violation) == 1
        same = phone.post("/record", data=again | {"double_met": first, "double_answer": "same"})
        assert same.location == f"/violations/{first}"
        another = phone.post("/record", data=again | {"double_met": first, "double_answer": "another"})
        assert another.status_code == 303
        assert count(session, Violation) == 2

    def test_the_supervisor_compares_and_merges(
        self, session: Session, district: District, officer: Actor, first: Violation, desk: Browser
    ) -> None:
        second = by_file(session, first, officer)
        session.commit()
        path = f"/violations/{first.number}/compare/{second.number}"
        assert path in desk.get("/violations/duplicates").text
        assert desk.get(path).text.count(first.number) > 1
        assert desk.post(path, data={}).status_code == 422
        assert desk.post(path, data={"decision": first.number}).location == "/violations/duplicates"
        session.expire_all()
        assert (first.state, second.state) == ("confirmed", "voided")
        assert f"Duplicate of {first.number}" in desk.get(f"/violations/{second.number}").text
        assert desk.post(path, data={"decision": "apart"}).status_code == 409

    def test_an_import_says_which_row_doubles_and_takes_it(self, session: Session, first: Violation) -> None:
        moment = local(first.occurred_utc + MINUTE).strftime("%Y-%m-%d %H:%M")
        given = {"occurred_at": moment, "plate": PLATE, "id_type": "", "id_number": "", "name": "", "phone": ""}
        report = run(session, [row(first.area, "D-1", source="camera", **given)])
        assert counts(report) == (1, 0, 0, 0)
        assert [str(text) for text in report.of_cells] == [
            f"Line 2, reference: May be the same offence as {first.number}: it waits for a decision."
        ]
        assert str(report.of_file[-1]).endswith("wait for a decision: 1.")


@pytest.mark.parametrize("whose", ["rider", "plate"])
def test_of_two_officers_at_once_one_is_asked(fresh_app: Flask, whose: str) -> None:
    """Each with the rider alone, or with the plate alone as a camera record has it."""
    with fresh_app.app_context(), database().sessionmaker(info=WRITES, expire_on_commit=False) as own:
        district = make_district(own)
        rider = make_violation(own, district.village, occurred_utc=NOW - timedelta(days=1)).rider
        own.commit()
    assert rider is not None
    by_rider = {"rider_number": rider.number, "plate": ""}
    given = by_rider if whose == "rider" else {"rider": None, "plate": PLATE, "source": "camera"}
    new = new_violation(district.village, **given, double=DoubleSaid())
    number: list[str] = []

    def deed(session: Session) -> str:
        number.append(recording.record(session, new, replace(SYSTEM, role="officer"), NOW).number)
        return "recorded"

    assert sorted(at_once(fresh_app, [deed] * 4)) == ["recorded", "refused", "refused", "refused"]
    assert len(number) == 1
