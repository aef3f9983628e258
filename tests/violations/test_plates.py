"""What records say of plates: a passenger nothing, another rider only what was answered, and no more than stands."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories import violations
from tests.factories.violations import NOW, District, identity, new_rider, new_violation
from tests.violations.test_correcting import said
from tests.violations.test_views import typed
from trafficedu.areas.models import Area
from trafficedu.core.actors import SYSTEM, Actor
from trafficedu.core.clock import today, utc_now
from trafficedu.core.errors import Refusal, Stale
from trafficedu.core.times import Moment
from trafficedu.riders.models import PlateUse, Rider
from trafficedu.riders.queries.plates import rider_of
from trafficedu.riders.services.plates import PlateMet
from trafficedu.violations.models.decisions import PlateQuestion
from trafficedu.violations.models.records import Violation
from trafficedu.violations.services import correcting, plates, recording, reviewing

PLATE = "杭州A12345"
OWNER = "卢安华"


def make_violation(session: Session, area: Area, *args: Any, **values: Any) -> Violation:
    """Record a violation on :data:`PLATE`, unless another one is given."""
    return violations.make_violation(session, area, *args, **{"plate": PLATE} | values)


@pytest.fixture
def known(session: Session, district: District, officer: Actor) -> Rider:
    """The rider of an e-bike, by a record of two days ago."""
    before = NOW - timedelta(days=2)
    violation = make_violation(
        session,
        district.village,
        officer,
        rider=new_rider(name=OWNER),
        occurred_utc=before - timedelta(hours=1),
        now=before,
    )
    session.commit()
    assert violation.rider is not None
    return violation.rider


def usual(session: Session) -> Rider | None:
    session.expire_all()
    return rider_of(session, PLATE, NOW.date())


def asked(session: Session) -> PlateQuestion:
    return session.scalars(select(PlateQuestion)).one()


def uses(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(PlateUse)) or 0


def test_a_passenger_never_gets_the_plate(session: Session, district: District, officer: Actor, known: Rider) -> None:
    by_form = make_violation(session, district.village, officer, offender="passenger")
    camera = make_violation(session, district.village, officer, offender="passenger", source="camera", rider=None)
    reviewing.identify_rider(session, camera, new_rider(name="乘客乙"), officer, NOW)
    file = make_violation(session, district.village, officer, offender="passenger", reference="F1", source="import")
    for violation in (by_form, camera, file):
        reviewing.void(session, violation, "测试", officer, NOW)
    make_violation(session, district.village, officer, offender="passenger", plate="杭州B55555")
    assert (usual(session), uses(session)) == (known, 1)
    assert session.scalar(select(func.count()).select_from(PlateQuestion)) == 0


def test_a_record_at_the_kerb_asks_and_writes_nothing(
    session: Session, district: District, officer: Actor, known: Rider
) -> None:
    new = new_violation(district.village, plate=PLATE)
    with pytest.raises(PlateMet) as met, session.begin_nested():
        recording.record(session, new, officer, NOW)
    assert met.value.usual is known
    assert session.scalar(select(func.count()).select_from(Violation)) == 1


def test_void_gives_the_plate_back(session: Session, district: District, officer: Actor, known: Rider) -> None:
    given: dict[str, Any] = {"plate_answer": "transferred", "plate_met": known.number}
    violation = make_violation(session, district.village, officer, **given)
    assert usual(session) is violation.rider
    reviewing.void(session, violation, "认错人", officer, NOW)
    assert (usual(session), uses(session)) == (known, 1)


def test_a_corrected_day_takes_the_use_along(
    session: Session, district: District, officer: Actor, known: Rider, acting: Callable[[str, Area], Actor]
) -> None:
    supervisor = acting("supervisor", district.town)
    answer = {"plate_answer": "transferred", "plate_met": known.number}
    violation = make_violation(session, district.village, officer, **answer)
    file = make_violation(session, district.village, officer, source="import", reference="F1")
    earlier = violation.occurred_utc - timedelta(days=1)
    for record in (violation, file):
        facts = replace(said(record), occurred=Moment(earlier), area_code=district.neighbour.code)
        correcting.correct(session, record, facts, "日期有误", record.version, supervisor, NOW)
    days = {use.rider_id: (use.used_from, use.used_to) for use in session.scalars(select(PlateUse))}
    day = violation.occurred_on
    assert (days[violation.rider_id or 0], days[known.id][1]) == ((day, None), day - timedelta(days=1))
    assert (asked(session).occurred_on, asked(session).area_id) == (day, district.neighbour.id)


def test_what_another_record_saw_too_outlives_a_void(session: Session, district: District, officer: Actor) -> None:
    rider = new_rider()
    first = make_violation(session, district.village, officer, rider=rider)
    assert first.rider is not None
    second = make_violation(session, district.village, officer, rider_number=first.rider.number)
    reviewing.void(session, first, "重复", officer, NOW)
    assert (usual(session), uses(session)) == (second.rider, 1)
    reviewing.void(session, second, "重复", officer, NOW)
    assert (usual(session), uses(session)) == (None, 0)


@pytest.mark.parametrize("door", ["camera", "file"])
def test_where_nobody_can_be_asked_the_supervisor_decides(
    session: Session, district: District, officer: Actor, known: Rider, door: str
) -> None:
    if door == "camera":
        violation = make_violation(session, district.village, officer, source="camera", rider=None)
        reviewing.identify_rider(session, violation, new_rider(), officer, NOW)
    else:
        violation = make_violation(session, district.village, officer, source="import", reference="F1")
    question = asked(session)
    assert (question.is_open, question.usual, usual(session)) == (True, known, known)
    with pytest.raises(Refusal), session.begin_nested():
        plates.decide(session, question, "", "", officer, NOW)
    plates.decide(session, asked(session), "transferred", "", officer, NOW)
    assert usual(session) is violation.rider
    use = session.scalars(select(PlateUse).where(PlateUse.record == violation.number)).one()
    assert not use.confirmed
    with pytest.raises(Stale):
        plates.decide(session, asked(session), "borrowed", "", officer, NOW)
    reviewing.void(session, violation, "认错人", officer, NOW)
    assert usual(session) is known


def test_a_mistyped_plate_is_mended_and_its_own_rider_asked_about(
    session: Session, district: District, officer: Actor, known: Rider
) -> None:
    violation = make_violation(session, district.village, officer, source="import", reference="F1")
    other = make_violation(session, district.village, officer, plate="杭州B55555")
    with pytest.raises(Refusal), session.begin_nested():
        plates.decide(session, asked(session), "mistyped", PLATE, officer, NOW)
    plates.decide(session, asked(session), "mistyped", "杭州B55555", officer, NOW)
    assert (violation.plate, asked(session).is_open, asked(session).usual) == ("杭州B55555", True, other.rider)
    plates.decide(session, asked(session), "mistyped", "", officer, NOW)
    assert (violation.plate, asked(session).state, usual(session)) == ("", "mistyped", known)


def test_a_rejected_or_void_record_asks_no_more(
    session: Session, district: District, officer: Actor, known: Rider
) -> None:
    violation = make_violation(session, district.village, officer, source="camera", rider=new_rider())
    reviewing.reject(session, violation, "号牌不清", SYSTEM, NOW)
    assert asked(session).state == "dropped"
    free = make_violation(session, district.village, officer, source="camera", rider=new_rider(), plate="杭州B55555")
    reviewing.reject(session, free, "号牌不清", SYSTEM, NOW)
    assert rider_of(session, "杭州B55555", NOW.date()) is None


def test_a_camera_record_of_a_known_plate_proposes_its_rider(
    session: Session, desk: Browser, district: District
) -> None:
    now = utc_now()
    at: dict[str, Any] = {"now": now, "occurred_utc": now - timedelta(hours=1)}
    first = make_violation(session, district.village, rider=new_rider(name=OWNER), **at)
    violation = make_violation(session, district.village, source="camera", rider=None, **at)
    session.commit()
    page = f"/violations/{violation.number}/identify"
    text = desk.get(page).text
    assert "卢*华" in text
    assert OWNER not in text
    assert desk.post(page, data={"action": "usual"}).status_code == 303
    session.refresh(violation)
    assert violation.rider_id == first.rider_id
    assert "卢*华" not in desk.get(page).text
    assert session.scalar(select(func.count()).select_from(PlateQuestion)) == 0


class TestForm:
    def known(self, session: Session, district: District, plate: str = PLATE, name: str = OWNER) -> Rider:
        now = utc_now()
        rider = new_rider(name=name)
        at = {"now": now, "occurred_utc": now - timedelta(days=1)}
        violation = make_violation(session, district.village, rider=rider, plate=plate, **at)
        session.commit()
        assert violation.rider is not None
        return violation.rider

    def test_one_more_tap_with_a_default(self, session: Session, phone: Browser, district: District) -> None:
        known = self.known(session, district)
        given = typed(district, name="借车人")
        answer = phone.post("/record", data=given)
        assert answer.status_code == 422
        assert all(shown in answer.text for shown in (OWNER, "借车人", f'name="plate_met" value="{known.number}"'))
        assert re.search(r'<input checked[^>]* name="plate_answer"[^>]* value="borrowed"', answer.text)
        asks = {"plate_met": known.number, "plate_answer": "mistyped"}
        assert "Enter the plate again." in phone.post("/record", data=given | asks).text
        assert phone.post("/record", data=given | asks | {"plate_answer": "borrowed"}).status_code == 303
        assert rider_of(session, PLATE, today()) is known

    def test_a_card_shows_the_question_at_once(self, session: Session, phone: Browser, district: District) -> None:
        self.known(session, district)
        number = identity()
        self.known(session, district, "杭州B55555", "史娜婷")
        other = make_violation(
            session,
            district.village,
            now=utc_now(),
            occurred_utc=utc_now() - timedelta(hours=1),
            plate="",
            rider=new_rider(id_number=number, name="借车人"),
        )
        session.commit()
        answer = phone.post("/record", data=typed(district, id_number=number, action="look_up"))
        assert answer.status_code == 200
        assert OWNER in answer.text
        assert other.rider is not None
        answer = phone.post("/record", data=typed(district, id_number="", rider_number=other.rider.number, plate=""))
        assert answer.status_code == 303, "without the plate nothing is asked"

    def test_a_plate_corrected_after_the_look_up_is_asked_about(
        self, session: Session, phone: Browser, district: District
    ) -> None:
        found = self.known(session, district, PLATE, "龚娜雪")
        self.known(session, district, "杭州B55555", "史娜婷")
        looked = phone.post("/record", data=typed(district, id_number="", action="look_up"))
        assert f'name="found_by_plate" value="{PLATE}"' in looked.text
        card = {"id_number": "", "name": "", "rider_number": found.number, "found_by_plate": PLATE}
        corrected = typed(district, **card, plate="杭州B55555")
        answer = phone.post("/record", data=corrected)
        assert (answer.status_code, session.scalar(select(func.count()).select_from(Violation))) == (422, 2)
        agreed = {"still_on": "杭州B55555", "still_them": "look_up"}
        again = phone.post("/record", data=corrected | agreed)
        assert again.status_code == 200
        assert "史娜婷" in again.text
        assert 'name="still_them"' not in again.text
        still = phone.post("/record", data=corrected | agreed | {"still_them": "same"})
        assert still.status_code == 422, "it is known as that of a third: asked too"
        assert "史娜婷" in still.text
        unknown = typed(district, **card, plate="杭州C77777", still_on="杭州C77777", still_them="same")
        assert phone.post("/record", data=unknown).status_code == 303
        assert rider_of(session, "杭州C77777", today()) is found

    def test_the_last_choice_wins(self, session: Session, phone: Browser, district: District) -> None:
        given = typed(district, kind="2007", other_kind="NM-PHONE", penalty="warning", fine_yuan="30")
        assert phone.post("/record", data=given).status_code == 303
        violation = session.scalars(select(Violation)).one()
        assert (violation.kind.code, violation.penalty, violation.fine_yuan) == ("2007", "warning", None)


def test_the_list_is_decided_by_one_tap(session: Session, desk: Browser, district: District) -> None:
    now = utc_now()
    at = {"now": now, "occurred_utc": now - timedelta(hours=1)}
    first = make_violation(session, district.village, rider=new_rider(name=OWNER), **at)
    violation = make_violation(session, district.village, source="camera", rider=new_rider(name="骑车人"), **at)
    elsewhere = make_violation(session, district.other_village, source="camera", rider=new_rider(name="别处"), **at)
    session.commit()
    assert f"/inbox/plate/{violation.number}" in desk.get("/").text
    text = desk.get("/plates").text
    assert OWNER in text
    assert "骑车人" in text
    assert "别处" not in text
    assert desk.post(f"/violations/{elsewhere.number}/plate", data={"answer": "borrowed"}).status_code == 404
    assert desk.post(f"/violations/{violation.number}/plate", data={"answer": ""}).status_code == 422
    assert desk.post(f"/violations/{violation.number}/plate", data={"answer": "borrowed"}).status_code == 303
    assert desk.post(f"/violations/{violation.number}/plate", data={"answer": "borrowed"}).status_code == 409
    assert "骑车人" not in desk.get("/plates").text
    opened = desk.post(f"/violations/{violation.number}/vehicle")
    page = desk.get(opened.location).text
    assert all(shown in page for shown in (OWNER, "骑车人", first.number, violation.number))
