from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.factories import people
from tests.factories.education import NOW, TODAY, District, assign, make_rider, make_session, make_task, make_violation
from tests.factories.rooms import add_room
from trafficedu.accounts.queries import actor_of
from trafficedu.core.actors import SYSTEM, Actor
from trafficedu.core.audit import AuditEntry
from trafficedu.core.clock import utc_now
from trafficedu.core.errors import Denied, Missing, Refusal, Stale
from trafficedu.education.models.courses import StudySession
from trafficedu.education.models.tasks import Booking, Certificate
from trafficedu.education.queries import rates
from trafficedu.education.queries.hours import hours_of
from trafficedu.education.queries.seats import live_booking
from trafficedu.education.services import absence, door, exceptions, signing
from trafficedu.education.services import study as study_services
from trafficedu.education.services.certifying import render_certificate
from trafficedu.education.services.study import GroupResult
from trafficedu.riders.models import Rider
from trafficedu.stations.rules import RoomKind

STARTS = NOW + timedelta(hours=2)


@pytest.fixture
def study(session: Session, district: District) -> StudySession:
    return make_session(session, district.at_a, STARTS)


def seat(session: Session, rider: Rider, district: District) -> Booking:
    task = assign(session, make_violation(session, rider, district.a), SYSTEM, NOW)
    assert task is not None
    booking = live_booking(session, task.id)
    assert booking is not None
    return booking


@pytest.fixture
def booking(session: Session, rider: Rider, district: District, study: StudySession) -> Booking:
    return seat(session, rider, district)


def studied(session: Session, booking: Booking, staff: Actor, score: int | None = 90) -> None:
    """Check in and study every module for exactly its minimum."""
    now = STARTS
    door.check_in(session, booking, staff, now)
    for module in booking.session.plan.modules:
        study_services.start_module(session, booking, module.id, staff, now)
        now += timedelta(minutes=module.minimum_minutes)
        study_services.end_module(session, booking, module.id, staff, now)
    if score is not None:
        study_services.record_quiz(session, booking, score, staff, now)


def test_the_whole_study_ends_in_a_certificate(session: Session, booking: Booking, staff: Actor) -> None:
    studied(session, booking, staff)
    later = STARTS + timedelta(hours=1)
    certificate = signing.sign_off(session, booking, staff, later)
    assert booking.attendance is not None
    assert (booking.task.state, booking.task.completed_on, booking.task.completed_utc) == ("completed", TODAY, later)
    assert booking.attendance.signed_off_by_id == staff.user_id
    assert certificate.number.startswith("C")
    assert signing.sign_off(session, booking, staff, later) is certificate, "twice gives the first again"
    assert render_certificate(session, certificate.number, "zh", utc_now()).startswith(b"%PDF")


def test_a_sign_off_taken_back_and_given_again_counts_once(session: Session, booking: Booking, staff: Actor) -> None:
    studied(session, booking, staff)
    later = STARTS + timedelta(hours=1)
    signing.sign_off(session, booking, staff, later)
    supervisor = actor_of(people.make_user(session, "supervisor", area_id=booking.session.station.area.district.id))
    signing.take_back_sign_off(session, booking, "签发后发现签错了人，予以撤销", supervisor, later)
    signing.sign_off(session, booking, staff, later)
    assert len(session.scalars(select(Certificate)).all()) == 2
    due = booking.task.due_on
    after = later + timedelta(days=60)
    marks = rates.sum_marks(session, due.replace(day=1), due + timedelta(days=1), after)
    assert [(area, tasks, quiz) for area, _, _, tasks, _, quiz in marks] == [(booking.task.area_id, 1, 90)]


def test_modules_keep_their_order_and_their_minutes(session: Session, booking: Booking, staff: Actor) -> None:
    lecture, film = booking.session.plan.modules[:2]
    with pytest.raises(Refusal, match="Check the rider in first"):
        study_services.start_module(session, booking, lecture.id, staff, STARTS)
    door.check_in(session, booking, staff, STARTS)
    with pytest.raises(Refusal, match="done in order"):
        study_services.start_module(session, booking, film.id, staff, STARTS)
    record = study_services.start_module(session, booking, lecture.id, staff, STARTS)
    assert study_services.start_module(session, booking, lecture.id, staff, STARTS) is record
    with pytest.raises(Refusal, match="done in order"):
        study_services.start_module(session, booking, film.id, staff, STARTS)
    with pytest.raises(Refusal, match="more minutes") as refused:
        study_services.end_module(session, booking, lecture.id, staff, STARTS + timedelta(minutes=19, seconds=1))
    assert refused.value.text.params["minutes"] == 1
    study_services.end_module(session, booking, lecture.id, staff, STARTS + timedelta(minutes=20))
    study_services.start_module(session, booking, film.id, staff, STARTS + timedelta(minutes=20))


@pytest.mark.parametrize(
    ("begun", "ended", "counted"),
    [
        (0, 20, 20),
        (0, 20.99, 20),
        (0, 40, 40),
        (0, 41, 40),  # more than its maximum of a lecture never counts
        (0, 540, 40),
        (150, 175, 20),  # study in this session counts to 170 minutes after it began
        (155, 540, 15),
    ],
)
def test_minutes_count_to_the_maximum_of_a_module_and_the_end_of_the_sessions_hours(
    session: Session, booking: Booking, staff: Actor, study: StudySession, begun: float, ended: float, counted: int
) -> None:
    lecture = study.plan.modules[0]
    assert (lecture.minimum_minutes, lecture.maximum_minutes) == (20, 40)
    assert hours_of(session, study).closes == STARTS + timedelta(minutes=170)
    door.check_in(session, booking, staff, STARTS)
    start, end = (STARTS + timedelta(minutes=minutes) for minutes in (begun, ended))
    study_services.start_module(session, booking, lecture.id, staff, start)
    assert study_services.end_module_for_all(session, study, lecture.id, staff, end) == GroupResult(1, 0)
    assert booking.attendance is not None
    assert [record.minutes for record in booking.attendance.modules] == [counted]
    short = [text for text in signing.gaps_of(booking, "en") if lecture.name_en in str(text)]
    assert bool(short) == (counted < 20)


def test_no_sign_off_without_the_modules(session: Session, booking: Booking, staff: Actor) -> None:
    with pytest.raises(Refusal, match="Check the rider in first"):
        signing.sign_off(session, booking, staff, STARTS)
    door.check_in(session, booking, staff, STARTS)
    with pytest.raises(Refusal, match="Not ready"):
        signing.sign_off(session, booking, staff, STARTS)
    assert session.scalar(select(func.count()).select_from(Certificate)) == 0


@pytest.mark.parametrize("score", [None, 79])
def test_no_sign_off_below_the_pass_mark(session: Session, booking: Booking, staff: Actor, score: int | None) -> None:
    studied(session, booking, staff, score)
    with pytest.raises(Refusal, match="Not ready"):
        signing.sign_off(session, booking, staff, STARTS + timedelta(hours=1))
    assert booking.task.state == "in_progress"
    study_services.record_quiz(session, booking, 80, staff, STARTS)
    signing.sign_off(session, booking, staff, STARTS + timedelta(hours=1))
    assert booking.attendance is not None
    assert booking.attendance.quiz_attempts == (1 if score is None else 2)


def test_an_exception_takes_a_reason_and_a_second_person(session: Session, booking: Booking, staff: Actor) -> None:
    door.check_in(session, booking, staff, STARTS)
    bare = Actor(staff.user_id, staff.name, permissions=staff.permissions - {"education:session:override"})
    reason = "设备故障，已当面考核合格"
    with pytest.raises(Denied):
        exceptions.propose_sign_off(session, booking, reason, bare, STARTS)
    with pytest.raises(Refusal, match="in at least"):
        exceptions.propose_sign_off(session, booking, "设备故障", staff, STARTS)
    proposal = exceptions.propose_sign_off(session, booking, reason, staff, STARTS)
    with pytest.raises(Denied):
        exceptions.grant(session, proposal, staff, STARTS)
    assert booking.task.state == "in_progress", "proposed is not granted"
    both = Actor(staff.user_id, staff.name, permissions=staff.permissions | {"education:exception:grant"})
    with pytest.raises(Refusal, match="yourself"):
        exceptions.grant(session, proposal, both, STARTS)
    supervisor = actor_of(people.make_user(session, "supervisor", area_id=booking.task.area_id))
    exceptions.grant(session, proposal, supervisor, STARTS)
    with pytest.raises(Stale):
        exceptions.refuse(session, proposal, "不同意", supervisor, STARTS)
    assert booking.attendance is not None
    assert (booking.attendance.override_reason, booking.attendance.override_by_id) == (reason, supervisor.user_id)
    assert (booking.attendance.signed_off_by_id, booking.task.state) == (staff.user_id, "completed")
    last = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id.desc())).first()
    assert last == "education:session:override"


def test_the_system_and_an_officer_sign_nothing_off(
    session: Session, booking: Booking, staff: Actor, district: District
) -> None:
    studied(session, booking, staff)
    officer = actor_of(people.make_user(session, "officer", area_id=district.root.id))
    for who in (SYSTEM, officer):
        with pytest.raises(Denied):
            signing.sign_off(session, booking, who, STARTS + timedelta(hours=1))


def test_check_in_is_for_the_day_and_can_be_undone_until_a_module_begins(
    session: Session, booking: Booking, staff: Actor
) -> None:
    opens, closes = STARTS - timedelta(minutes=60), booking.session.ends_utc + timedelta(minutes=120)
    for now in (opens - timedelta(seconds=1), closes):
        with pytest.raises(Refusal, match="check in from|is over"):
            door.check_in(session, booking, staff, now)
    first = door.check_in(session, booking, staff, STARTS)
    assert door.check_in(session, booking, staff, STARTS) is first
    door.undo_check_in(session, booking, staff, STARTS)
    assert (booking.state, booking.task.state) == ("booked", "booked")
    door.check_in(session, booking, staff, STARTS)
    study_services.start_module(session, booking, booking.session.plan.modules[0].id, staff, STARTS)
    with pytest.raises(Refusal, match="can no longer be undone"):
        door.undo_check_in(session, booking, staff, STARTS)


def test_an_absent_rider_gets_the_next_seat(
    session: Session, booking: Booking, staff: Actor, district: District, study: StudySession
) -> None:
    following = make_session(session, district.at_a, STARTS + timedelta(days=7))
    with pytest.raises(Refusal, match="not begun yet"):
        absence.mark_absent(session, booking, staff, NOW)
    new = absence.mark_absent(session, booking, staff, STARTS + timedelta(hours=3))
    assert new is not None
    assert new.session is following
    assert (booking.state, booking.task.state, study.seats_taken) == ("absent", "booked", 1)


def test_leaving_before_the_end_reopens_the_task(session: Session, booking: Booking, staff: Actor) -> None:
    door.check_in(session, booking, staff, STARTS)
    later = STARTS + timedelta(minutes=5)
    with pytest.raises(Stale):
        absence.mark_absent(session, booking, staff, later)
    assert (booking.task.state, booking.attendance and booking.attendance.state) == ("in_progress", "studying")
    assert absence.leave_early(session, booking, staff, later) is None
    assert booking.attendance is not None
    assert (booking.state, booking.attendance.state, booking.task.state) == ("attended", "left", "open")
    with pytest.raises(Stale):
        absence.leave_early(session, booking, staff, later)
    absence.come_back(session, booking, "认错人", staff, later)
    assert (booking.attendance.state, booking.task.state) == ("studying", "in_progress")


def test_a_lecture_begins_and_ends_for_everybody_at_once(
    session: Session, booking: Booking, staff: Actor, district: District, study: StudySession
) -> None:
    add_room(session, district.at_a, RoomKind.VR, machines=4)
    others = [seat(session, make_rider(session, district.a, f"王{n}"), district) for n in range(3)]
    here = [booking, *others[:2]]
    for one in here:
        door.check_in(session, one, staff, STARTS)
    now, plan = STARTS, study.plan.modules
    assert study_services.start_module_for_all(session, study, plan[0].id, staff, now) == GroupResult(3, 0)
    late = door.check_in(session, others[2], staff, now + timedelta(minutes=5))
    assert (
        study_services.start_module_for_all(session, study, plan[0].id, staff, now + timedelta(minutes=5)).served == 1
    )
    assert study_services.end_module_for_all(session, study, plan[0].id, staff, now + timedelta(minutes=20)).served == 3
    assert len(late.modules) == 1
    now += timedelta(minutes=25)
    assert study_services.end_module_for_all(session, study, plan[0].id, staff, now).served == 1
    for module in plan[1:]:
        assert study_services.start_module_for_all(session, study, module.id, staff, now).served == 4
        now += timedelta(minutes=module.minimum_minutes)
        assert study_services.end_module_for_all(session, study, module.id, staff, now).served == 4
    for one, score in zip([booking, *others], (100, 80, 79, 0), strict=True):
        study_services.record_quiz(session, one, score, staff, now)
    assert signing.sign_off_ready(session, study, staff, now) == GroupResult(2, 2)
    assert sorted(one.task.state for one in [booking, *others]) == ["completed"] * 2 + ["in_progress"] * 2


def test_an_unfinished_task_has_no_certificate(session: Session, district: District, rider: Rider) -> None:
    task = make_task(session, rider, district.a)
    for number in (task.number, "C" + task.number[1:], ""):
        with pytest.raises(Missing, match="no certificate"):
            render_certificate(session, number, "zh", utc_now())


def test_a_score_is_a_score(session: Session, booking: Booking, staff: Actor) -> None:
    door.check_in(session, booking, staff, STARTS)
    for score in (-1, 101):
        with pytest.raises(Refusal, match="between 0 and 100"):
            study_services.record_quiz(session, booking, score, staff, STARTS)
    with pytest.raises(Refusal, match="quiz has not begun"):
        study_services.record_quiz(session, booking, 90, staff, STARTS)
