"""Records put right: corrected, taken back, and what that does to objections."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories.events import published
from tests.factories.violations import NOW, District, make_violation, new_rider
from trafficedu.accounts.models import User
from trafficedu.accounts.queries import actor_of
from trafficedu.areas.models import Area
from trafficedu.core.actors import Actor
from trafficedu.core.clock import local, utc_now
from trafficedu.core.errors import Denied, Refusal, Stale
from trafficedu.core.times import Moment
from trafficedu.violations.events import ViolationCorrected, ViolationVoided
from trafficedu.violations.models.records import Violation
from trafficedu.violations.queries.corrections import list_corrections
from trafficedu.violations.services import correcting, objections
from trafficedu.violations.services.correcting import CorrectedFacts


@pytest.fixture
def heard(session: Session) -> list[Any]:
    return published(session, ViolationCorrected, ViolationVoided)


def said(violation: Violation) -> CorrectedFacts:
    """What the record says now."""
    return CorrectedFacts(
        violation.kind.code,
        violation.occurred,
        violation.area.code,
        violation.place,
        violation.penalty,
        violation.fine_yuan,
        violation.note,
    )


def test_an_officer_corrects_the_own_record_and_what_it_said_is_kept(
    session: Session, district: District, officer: Actor, heard: list[Any]
) -> None:
    violation = make_violation(session, district.village, officer)
    facts = replace(
        said(violation), kind_code="2004", area_code=district.neighbour.code, penalty="fine", fine_yuan=20, place="东门"
    )
    later = NOW + timedelta(minutes=10)
    correcting.correct(session, violation, facts, "按错了键", violation.version, officer, later)
    assert (violation.kind.code, violation.area_id, violation.fine_yuan) == ("2004", district.neighbour.id, 20)
    assert violation.occurred == said(violation).occurred
    [event] = [event for event in heard if isinstance(event, ViolationCorrected)]
    assert event.fields == {"kind", "area_code", "place", "penalty", "fine_yuan"}
    kept = list_corrections(session, violation.id, "zh")
    lines = {str(line.field): (str(line.before), str(line.after), line.by) for line in kept}
    assert lines["Village"] == ("东一村", "东二村", officer.name)
    assert lines["Penalty imposed"][:2] == ("warning", "fine")
    assert lines["Fine in yuan"][:2] == ("", "20")
    assert lines["Violation"][:2] == ("闯红灯", "逆向行驶")


def test_after_the_minutes_only_a_supervisor_may(
    session: Session, district: District, officer: Actor, acting: Callable[[str, Area], Actor]
) -> None:
    violation = make_violation(session, district.village, officer)
    late, facts = NOW + timedelta(minutes=10, seconds=1), replace(said(violation), place="别处")
    for act in (
        lambda by: correcting.correct(session, violation, facts, "地点不对", violation.version, by, late),
        lambda by: correcting.take_back(session, violation, "认错人", by, late),
    ):
        with pytest.raises(Denied):
            act(officer)
        with pytest.raises(Denied):
            act(acting("officer", district.town))
    months_later = NOW + timedelta(days=200)
    supervisor = acting("supervisor", district.town)
    correcting.correct(session, violation, facts, "地点不对", violation.version, supervisor, months_later)
    assert violation.place == "别处"


@pytest.mark.usefixtures("heard")
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({}, None),
        ({"kind_code": "1234"}, "kind"),
        ({"area_code": "000"}, "area_code"),
        ({"penalty": "fine"}, "fine_yuan"),
        ({"penalty": "fine", "fine_yuan": 51}, "fine_yuan"),
        ({"occurred": Moment(NOW + timedelta(minutes=1))}, "occurred_at"),
        ({"occurred": Moment(NOW - timedelta(days=40))}, "occurred_at"),
    ],
)
def test_the_rules_of_recording_hold(
    session: Session, district: District, officer: Actor, change: dict[str, Any], field: str | None
) -> None:
    violation = make_violation(session, district.village, officer)
    facts = replace(said(violation), **change)
    with pytest.raises(Refusal) as refusal:
        correcting.correct(session, violation, facts, "改", violation.version, officer, NOW + timedelta(minutes=5))
    assert refusal.value.field == field
    assert list_corrections(session, violation.id, "zh") == []


def test_two_who_correct_at_once_do_not_overwrite_each_other(
    session: Session, district: District, officer: Actor
) -> None:
    violation = make_violation(session, district.village, officer)
    seen = violation.version
    correcting.correct(session, violation, replace(said(violation), place="一"), "改", seen, officer, NOW)
    with pytest.raises(Stale):
        correcting.correct(session, violation, replace(said(violation), place="二"), "改", seen, officer, NOW)


def test_taking_back_voids_and_settles_what_was_objected(
    session: Session, district: District, officer: Actor, heard: list[Any]
) -> None:
    violation = make_violation(session, district.village, officer)
    objection = objections.raise_objection(session, violation, "不是我", "", NOW)
    correcting.take_back(session, violation, "认错人", officer, NOW + timedelta(minutes=9))
    assert (violation.state, objection.state, objection.decision) == ("voided", "settled", "")
    assert heard == [ViolationVoided(NOW + timedelta(minutes=9), officer, violation.id)]
    with pytest.raises(Stale):
        correcting.take_back(session, violation, "again", officer, NOW)
    with pytest.raises(Stale):
        objections.decide_objection(session, objection, False, "维持", officer, NOW)
    with pytest.raises(Stale):
        objections.decide_objection(session, objection, True, "有误", officer, NOW)


def test_objections_end_with_their_days_and_their_number(session: Session, district: District, officer: Actor) -> None:
    violation = make_violation(session, district.village)
    for words in ("不是我", "另有视频"):
        objection = objections.raise_objection(session, violation, words, "", NOW + timedelta(days=60))
        objections.decide_objection(session, objection, False, "证据清楚", officer, NOW)
    with pytest.raises(Refusal) as refusal:
        objections.raise_objection(session, violation, "不是我", "", NOW)
    assert "2 times" in str(refusal.value.text)
    other = make_violation(session, district.village, rider=new_rider())
    with pytest.raises(Refusal) as refusal:
        objections.raise_objection(session, other, "不是我", "", NOW + timedelta(days=61))
    assert "until 2027-01-19" in str(refusal.value.text)


def test_a_corrected_place_takes_its_objection_along(session: Session, district: District, officer: Actor) -> None:
    violation = make_violation(session, district.village, officer)
    objection = objections.raise_objection(session, violation, "不是我", "", NOW)
    facts = replace(said(violation), area_code=district.neighbour.code)
    correcting.correct(session, violation, facts, "村社不对", violation.version, officer, NOW)
    assert objection.area_id == district.neighbour.id


class TestPages:
    def test_what_was_tapped_wrong_is_put_right_at_once(
        self, session: Session, phone: Browser, officer_user: User, district: District
    ) -> None:
        number = self.fresh(session, officer_user, district).number
        recorded = phone.get(f"/record/{number}").get_data(as_text=True)
        assert f"/violations/{number}/correct" in recorded
        page = phone.get(f"/violations/{number}/correct").get_data(as_text=True)
        assert 'value="市心路口"' in page
        answer = phone.post(f"/violations/{number}/correct", data=self.typed(session, number, kind="2004"))
        assert answer.status_code == 303, answer.get_data(as_text=True)
        shown = phone.get(f"/violations/{number}").get_data(as_text=True)
        assert "corrected:" in shown
        assert "按错了键" in shown

    def test_what_was_taken_back_can_be_recorded_again(
        self, session: Session, phone: Browser, officer_user: User, district: District
    ) -> None:
        number = self.fresh(session, officer_user, district).number
        assert phone.post(f"/violations/{number}/take-back", data={"reason": "认错人"}).status_code == 303
        shown = phone.get(f"/violations/{number}").get_data(as_text=True)
        assert f"/record?like={number}" in shown
        again = phone.get(f"/record?like={number}").get_data(as_text=True)
        assert 'value="市心路口"' in again
        assert "测试骑手" not in again

    def test_a_record_of_an_hour_ago_is_the_supervisor_s(
        self, session: Session, phone: Browser, officer_user: User, district: District
    ) -> None:
        an_hour_ago = utc_now() - timedelta(hours=1)
        violation = make_violation(
            session, district.village, actor_of(officer_user), an_hour_ago, occurred_utc=an_hour_ago
        )
        address = f"/violations/{violation.number}"
        assert f"{address}/correct" not in phone.get(f"/record/{violation.number}").text
        assert "a supervisor decides" in phone.get(f"{address}/correct").text
        given = self.typed(session, violation.number, kind="2004", reason="按错了键")
        assert phone.post(f"{address}/correct", data=given).status_code == 303
        assert (violation.kind.code, violation.state) == ("2007", "confirmed"), "it waits for the supervisor"
        page = phone.get(address).text
        assert "按错了键" in page
        assert f'href="{address}/correct"' not in page
        again = phone.post(f"{address}/take-back", data={"reason": "又错了"})
        assert again.status_code == 422
        assert "is asked for already" in again.text

    def test_somebody_else_s_record_is_not_even_asked_about(
        self, session: Session, phone: Browser, district: District
    ) -> None:
        violation = make_violation(session, district.village)
        for page in ("correct", "take-back"):
            assert phone.get(f"/violations/{violation.number}/{page}").status_code == 403

    def test_what_was_voided_says_so_before_anything_is_typed(
        self, session: Session, phone: Browser, officer_user: User, district: District
    ) -> None:
        violation = self.fresh(session, officer_user, district)
        address = f"/violations/{violation.number}"
        assert phone.post(f"{address}/take-back", data={"reason": "认错人"}).status_code == 303
        for page in ("correct", "take-back"):
            answer = phone.get(f"{address}/{page}")
            assert (answer.status_code, answer.headers["Location"]) == (303, address)
            assert "Nothing of it can be changed any more" in phone.get(address).text
        late = phone.post(f"{address}/take-back", data={"reason": "又错了"})
        assert late.status_code == 409, "what is sent is answered as before"

    def test_a_stale_page_corrects_nothing(
        self, session: Session, phone: Browser, officer_user: User, district: District
    ) -> None:
        violation = self.fresh(session, officer_user, district)
        given = self.typed(session, violation.number, kind="2004", version="999")
        assert phone.post(f"/violations/{violation.number}/correct", data=given).status_code == 409
        assert violation.kind.code == "2007"

    @staticmethod
    def fresh(session: Session, officer_user: User, district: District) -> Violation:
        now = utc_now()
        occurred = now - timedelta(minutes=5)
        return make_violation(session, district.village, actor_of(officer_user), now, occurred_utc=occurred)

    @staticmethod
    def typed(session: Session, number: str, **changes: str) -> dict[str, str]:
        violation = session.scalars(select(Violation).where(Violation.number == number)).one()
        return {
            "kind": violation.kind.code,
            "occurred_at": local(violation.occurred_utc).strftime("%Y-%m-%dT%H:%M"),
            "area_code": violation.area.code,
            "place": violation.place,
            "penalty": violation.penalty,
            "fine_yuan": "",
            "note": violation.note,
            "reason": "按错了键",
            "version": str(violation.version),
            **changes,
        }
