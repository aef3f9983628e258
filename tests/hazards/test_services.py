from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import hazards as factory
from tests.factories import places
from tests.factories.events import published
from tests.factories.hazards import DAY, NOW, PLAN, TODAY, make_fixed, make_hazard, make_planned
from tests.factories.pictures import camera_photo
from tests.hazards.conftest import Acting
from trafficedu.areas.models import Area
from trafficedu.core.actors import SYSTEM
from trafficedu.core.audit import AuditEntry
from trafficedu.core.errors import Missing, Refusal, Stale
from trafficedu.core.events import Event
from trafficedu.core.services import services_of
from trafficedu.hazards.events import CheckOverdue, HazardDueSoon, HazardOverdue, HazardVerified
from trafficedu.hazards.models import Hazard
from trafficedu.hazards.queries import records
from trafficedu.hazards.queries.checks import list_checkers
from trafficedu.hazards.rules import PhotoTime
from trafficedu.hazards.services import checks, deciding, planning, reminding, reporting
from trafficedu.hazards.services.checks import NewWatch
from trafficedu.hazards.services.deciding import FixDecision


@pytest.fixture
def heard(session: Session) -> list[Event]:
    """Events of hazards, as their handlers would receive them."""
    return published(session, HazardVerified, HazardOverdue, HazardDueSoon, CheckOverdue)


def refused(act: Callable[[], Any]) -> str | None:
    with pytest.raises(Refusal) as caught:
        act()
    return caught.value.field


def audited(session: Session, hazard: Hazard) -> list[str]:
    query = select(AuditEntry.action).where(AuditEntry.subject_kind == "hazard", AuditEntry.subject_id == hazard.id)
    return [action.rsplit(":", 1)[-1] for action in session.scalars(query.order_by(AuditEntry.id))]


def test_a_report_keeps_the_photo_without_where_it_was_taken(session: Session, village: Area, acting: Acting) -> None:
    hazard = make_hazard(session, village, acting("grid", village), latitude=30.17, longitude=120.26)
    (photo,) = hazard.photos
    stored = services_of(session).evidence.read(photo.key)
    assert b"Exif" not in stored
    assert b"SECRET" not in stored
    with Image.open(io.BytesIO(stored)) as picture:
        assert not picture.getexif()
    assert (photo.position, photo.taken, hazard.state) == (1, "before", "reported")
    assert audited(session, hazard) == ["reported"]


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("place", {"place": "  "}),
        ("risk", {"risk": "huge"}),
        ("kind", {"kind_code": "nothing"}),
        ("longitude", {"latitude": 30.0}),
        ("area_code", {"area_code": places.TOWN}),
        ("area_code", {"area_code": places.OTHER_VILLAGE}),
        ("photos", {"photos": (b"no photo",)}),
        ("photos", {"photos": tuple(camera_photo(seed=seed) for seed in range(21))}),
    ],
)
def test_a_report_that_cannot_be_is_refused_at_its_field(
    session: Session, village: Area, acting: Acting, field: str, values: dict[str, Any]
) -> None:
    officer = acting("officer")
    assert refused(lambda: make_hazard(session, village, officer, **values)) == field


def test_the_same_form_sent_twice_makes_one_report(session: Session, village: Area, acting: Acting) -> None:
    officer = acting("officer")
    first = make_hazard(session, village, officer, client_reference="a1")
    assert make_hazard(session, village, officer, client_reference="a1").id == first.id
    assert refused(lambda: make_hazard(session, village, acting("officer"), client_reference="a1")) is None


def test_from_report_to_verification(session: Session, village: Area, acting: Acting, heard: list[Event]) -> None:
    leader, officer = acting("leader"), acting("officer")
    hazard = make_hazard(session, village, officer)
    planning.plan(session, hazard, PLAN, hazard.version, leader, NOW)
    planning.begin(session, hazard, hazard.version, leader, NOW)
    planning.mark_fixed(session, hazard, "已重铺", [camera_photo(seed=1)], hazard.version, leader, NOW + 7 * DAY)
    deciding.verify(session, hazard, FixDecision(True, "平整"), hazard.version, officer, NOW + 9 * DAY)
    assert (hazard.state, hazard.on_time) == ("verified", True)
    assert heard == [HazardVerified(NOW + 9 * DAY, officer, hazard.id, village.id, True, TODAY + 9 * DAY)]
    steps = records.list_steps(session, hazard)
    assert [step.what for step in steps] == ["reported", "planned", "fixing", "fixed", "verified"]
    assert audited(session, hazard) == ["reported", "planned", "fixing", "fixed", "verified"]


def test_nobody_verifies_the_own_work_and_nobody_without_a_photo_after(
    session: Session, village: Area, acting: Acting, heard: list[Event]
) -> None:
    fixer, officer = acting("officer"), acting("officer")
    hazard = make_planned(session, village)
    planning.mark_fixed(session, hazard, "", [], hazard.version, fixer, NOW + DAY)
    seen = hazard.version
    with pytest.raises(Refusal, match="someone else"):
        deciding.verify(session, hazard, FixDecision(True), seen, fixer, NOW + DAY)
    with pytest.raises(Refusal, match="someone else"):
        deciding.reject(session, hazard, "no", [], seen, fixer, NOW + DAY)
    assert refused(lambda: deciding.verify(session, hazard, FixDecision(True), seen, officer, NOW + DAY)) == "photos"
    after = FixDecision(True, photos=(camera_photo(seed=3),))
    deciding.verify(session, hazard, after, seen, officer, NOW + DAY)
    assert hazard.state == "verified"
    assert len(heard) == 1


def test_a_fix_sent_back_needs_a_new_photo_and_counts_by_its_second_day(
    session: Session, village: Area, acting: Acting
) -> None:
    fixer, officer = acting("leader"), acting("officer")
    hazard = make_fixed(session, village, fixer)
    assert refused(lambda: deciding.reject(session, hazard, " ", [], hazard.version, officer, NOW)) == "note"
    deciding.reject(session, hazard, "坑还在", [], hazard.version, officer, NOW + 2 * DAY)
    assert (hazard.state, hazard.fixed_on, hazard.fixed_by_id) == ("fixing", None, None)
    planning.mark_fixed(session, hazard, "", [], hazard.version, fixer, NOW + 8 * DAY)
    late = NOW + 9 * DAY
    assert (
        refused(lambda: deciding.verify(session, hazard, FixDecision(True), hazard.version, officer, late)) == "photos"
    )
    reporting.add_photos(session, hazard, [camera_photo(seed=9)], PhotoTime.AFTER, fixer, NOW + 8 * DAY)
    factory.verify(session, hazard, officer, late)
    assert hazard.on_time is False


def test_a_deadline_moved_after_it_passed_stays_missed(session: Session, village: Area, acting: Acting) -> None:
    leader, officer = acting("leader"), acting("officer")
    hazard = make_planned(session, village)
    later = replace(PLAN, deadline_on=TODAY + 30 * DAY)
    assert refused(lambda: planning.revise(session, hazard, later, "", hazard.version, leader, NOW)) == "reason"
    planning.revise(session, hazard, later, "雨天", hazard.version, leader, NOW + 8 * DAY)
    planning.mark_fixed(session, hazard, "", [camera_photo(seed=2)], hazard.version, leader, NOW + 9 * DAY)
    factory.verify(session, hazard, officer, NOW + 10 * DAY)
    assert (hazard.missed_on, hazard.on_time) == (TODAY + 7 * DAY, False)


def test_closing_opening_again_and_voiding_need_a_reason_and_delete_nothing(
    session: Session, village: Area, acting: Acting
) -> None:
    leader, supervisor = acting("leader"), acting("supervisor")
    hazard = make_hazard(session, village)
    assert refused(lambda: deciding.close(session, hazard, " ", hazard.version, leader, NOW)) == "reason"
    deciding.close(session, hazard, "阴影，不是坑", hazard.version, leader, NOW)
    with pytest.raises(Stale):
        planning.plan(session, hazard, PLAN, hazard.version, leader, NOW)
    deciding.reopen(session, hazard, "确有破损", hazard.version, supervisor, NOW)
    assert (hazard.state, hazard.state_reason) == ("reported", "")
    deciding.void(session, hazard, "重复", hazard.version, supervisor, NOW)
    assert (hazard.state, hazard.state_reason, len(hazard.photos)) == ("voided", "重复", 1)
    with pytest.raises(Stale):
        deciding.void(session, hazard, "重复", hazard.version, supervisor, NOW)


def test_the_second_editor_is_told(session: Session, village: Area, acting: Acting) -> None:
    hazard = make_hazard(session, village)
    seen = hazard.version
    planning.plan(session, hazard, PLAN, seen, acting("leader"), NOW)
    with pytest.raises(Stale):
        reporting.correct(session, hazard, factory.new_hazard(village), seen, acting("officer"), NOW)


def test_a_withdrawn_photo_is_shown_nowhere_and_kept(session: Session, village: Area, acting: Acting) -> None:
    supervisor = acting("supervisor")
    hazard = make_hazard(session, village)
    (photo,) = hazard.photos
    reporting.withdraw_photo(session, photo, "拍到行人", supervisor, NOW)
    assert records.photos_of(session, hazard) == []
    with pytest.raises(Missing):
        records.find_photo(session, hazard.number, 1, supervisor)
    assert services_of(session).evidence.read(photo.key)


def test_reminders_go_out_once_for_a_deadline(session: Session, village: Area, heard: list[Event]) -> None:
    hazard = make_planned(session, village)
    make_hazard(session, village, place="另一处")
    assert reminding.remind(session, NOW) == 0
    assert reminding.remind(session, NOW + 4 * DAY) == 1
    assert reminding.remind(session, NOW + 5 * DAY) == 0
    assert reminding.remind(session, NOW + 8 * DAY) == 1
    assert reminding.remind(session, NOW + 9 * DAY) == 0
    deadline = TODAY + 7 * DAY
    assert heard == [
        HazardDueSoon(NOW + 4 * DAY, SYSTEM, hazard.id, village.id, deadline),
        HazardOverdue(NOW + 8 * DAY, SYSTEM, hazard.id, village.id, deadline),
    ]
    assert hazard.missed_on == deadline
    later = replace(PLAN, deadline_on=TODAY + 12 * DAY)
    planning.revise(session, hazard, later, "雨天", hazard.version, factory.FINDER, NOW + 9 * DAY)
    assert reminding.remind(session, NOW + 9 * DAY) == 1
    assert reminding.remind(session, NOW + 13 * DAY) == 1
    assert len(heard) == 4


def test_a_town_under_check_is_due_a_period_after_each_look(
    session: Session, town: Area, acting: Acting, heard: list[Event]
) -> None:
    supervisor, officer = acting("supervisor"), acting("officer")
    (checker,) = [one for one in list_checkers(session, town.path) if one.id == officer.user_id]
    new = NewWatch(town.code, "上月两起事故", 7, checker.username, TODAY)
    watch = checks.list_area(session, new, supervisor, NOW)
    with session.begin_nested() as point:
        assert refused(lambda: checks.list_area(session, new, supervisor, NOW)) == "area_code"
        point.rollback()
    assert reminding.remind_checks(session, NOW) == 0
    assert reminding.remind_checks(session, NOW + DAY) == 1
    assert reminding.remind_checks(session, NOW + DAY) == 0
    assert heard == [CheckOverdue(NOW + DAY, SYSTEM, watch.id, town.id, TODAY)]
    checks.note_look(session, watch, 2, "", watch.version, officer, NOW + 2 * DAY)
    assert (watch.due_on, watch.looks[0].due_on) == (TODAY + 9 * DAY, TODAY)
    checks.end_watch(session, watch, "连续两月无隐患", watch.version, supervisor, NOW + 3 * DAY)
    with pytest.raises(Stale):
        checks.note_look(session, watch, 0, "", watch.version, officer, NOW + 3 * DAY)
    assert checks.list_area(session, new, supervisor, NOW).id != watch.id


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("area_code", {"area_code": places.DISTRICT}),
        ("area_code", {"area_code": places.OTHER_TOWN}),
        ("checker", {"checker": "nobody"}),
        ("period_days", {"period_days": 0}),
        ("reason", {"reason": " "}),
        ("due_on", {"due_on": TODAY - timedelta(days=1)}),
    ],
)
def test_a_check_that_cannot_be_is_refused_at_its_field(
    session: Session, town: Area, acting: Acting, field: str, values: dict[str, Any]
) -> None:
    supervisor = acting("supervisor")
    (checker,) = list_checkers(session, town.path)
    given: dict[str, Any] = {
        "area_code": town.code,
        "reason": "事故多发",
        "period_days": 7,
        "checker": checker.username,
        "due_on": TODAY,
    }
    assert refused(lambda: checks.list_area(session, NewWatch(**given | values), supervisor, NOW)) == field
