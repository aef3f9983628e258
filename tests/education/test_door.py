"""Who stands at the door: one gesture, one answer, one attendance."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from tests.factories.education import (
    NOW,
    District,
    assign,
    make_rider,
    make_session,
    make_task,
    make_violation,
    sign_off_by_exception,
)
from trafficedu.configuration.models import Parameter
from trafficedu.configuration.queries import forget_configuration
from trafficedu.core.actors import SYSTEM, Actor
from trafficedu.core.numbers import new_number
from trafficedu.education.models.courses import StudySession
from trafficedu.education.models.door import DoorTap
from trafficedu.education.models.tasks import Attendance, Booking, StudyTask
from trafficedu.education.queries import door as queries
from trafficedu.education.queries.seats import live_booking
from trafficedu.education.rules.door import Outcome, Shown, is_fresh, put_right, read_code, step_of
from trafficedu.education.services import absence, arriving, door, seats
from trafficedu.education.services.arriving import Answer, Asked
from trafficedu.education.services.door import Arrival
from trafficedu.riders.models import Rider
from trafficedu.violations.models.records import Violation

STARTS = NOW + timedelta(hours=2)


@pytest.fixture
def study(session: Session, district: District) -> StudySession:
    return make_session(session, district.at_a, STARTS)


@pytest.fixture
def violation(session: Session, study: StudySession, district: District, rider: Rider) -> Violation:
    """The record whose receipt the rider shows; its study has a seat in the session."""
    violation = make_violation(session, rider, district.a)
    assert assign(session, violation, SYSTEM, NOW) is not None
    return violation


@pytest.fixture
def booking(session: Session, violation: Violation) -> Booking:
    task = queries.task_shown(session, Shown.RECEIPT, violation.number)
    assert task is not None
    found = live_booking(session, task.id)
    assert found is not None
    return found


def configure(session: Session, code: str, value: int) -> None:
    session.execute(update(Parameter).where(Parameter.code == code).values(value=value))
    forget_configuration(session)


def shown(
    session: Session,
    study: StudySession,
    text: str,
    staff: Actor,
    at: datetime = STARTS,
    *,
    nonce: str = "",
    move: bool = False,
    identified: bool = False,
    now: datetime | None = None,
) -> Answer:
    asked = Asked(study, text, at, now or at, Arrival(identified=identified), nonce, move)
    return arriving.answer(session, asked, staff)


def attendances(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Attendance)) or 0


def test_the_code_of_a_receipt_checks_in_and_once_more_says_so(
    session: Session, study: StudySession, violation: Violation, booking: Booking, staff: Actor
) -> None:
    address = f"https://jzt.example.cn/n/{violation.number}?lang=zh"
    first = shown(session, study, address, staff)
    assert (first.outcome, first.booking) == (Outcome.DONE, booking)
    assert booking.attendance is not None
    assert len(booking.attendance.phone_key or "") == 24
    again = shown(session, study, f" {violation.number.lower()} ", staff, STARTS + timedelta(minutes=1))
    assert again.outcome == Outcome.HERE
    assert staff.name in str(again.text.params["who"])
    assert attendances(session) == 1


@pytest.mark.parametrize(
    ("minutes", "outcome"),
    [(-61, Outcome.EARLY), (-60, Outcome.DONE), (29, Outcome.DONE), (30, Outcome.LATE), (400, Outcome.LATE)],
)
def test_the_hours_at_the_door_are_configured(
    session: Session, study: StudySession, booking: Booking, staff: Actor, minutes: int, outcome: Outcome
) -> None:
    at = STARTS + timedelta(minutes=minutes)
    assert shown(session, study, booking.task.number, staff, at).outcome == outcome
    assert attendances(session) == outcome.is_in
    configure(session, "education.late_minutes", 720)
    later = shown(session, study, booking.task.number, staff, STARTS + timedelta(minutes=100))
    assert later.outcome == (Outcome.HERE if outcome.is_in else Outcome.DONE)


def waiting(session: Session, district: District, name: str = "王走来") -> StudyTask:
    return make_task(session, make_rider(session, district.a, name), district.a)


def test_a_walk_in_takes_a_free_seat_and_only_a_free_one(
    session: Session, district: District, study: StudySession, staff: Actor
) -> None:
    study.capacity = 1
    first, second = waiting(session, district), waiting(session, district, "李走来")
    answer = shown(session, study, "王走来", staff, STARTS + timedelta(minutes=15))
    assert (answer.outcome, answer.task) == (Outcome.SEATED, first)
    session.refresh(study)
    assert study.seats_taken == 1
    full = shown(session, study, "李走来", staff)
    assert full.outcome == Outcome.NO_SEAT
    assert (second.state, attendances(session)) == ("open", 1)


@pytest.mark.parametrize(("minutes", "at"), [(15, 16), (-1, -30)])
def test_walk_ins_are_seated_as_long_as_is_configured(
    session: Session, district: District, study: StudySession, staff: Actor, minutes: int, at: int
) -> None:
    configure(session, "education.walk_in_minutes", minutes)
    task = waiting(session, district)
    answer = shown(session, study, "王走来", staff, STARTS + timedelta(minutes=at))
    assert (answer.outcome, task.state) == (Outcome.NOT_SEATED, "open")


def test_who_was_marked_absent_and_comes_late_has_the_seat_again(
    session: Session, district: District, study: StudySession, booking: Booking, staff: Actor
) -> None:
    later = make_session(session, district.at_a, STARTS + timedelta(days=1))
    absence.mark_absent(session, booking, staff, STARTS + timedelta(minutes=5))
    task = booking.task
    assert (task.absences, later.seats_taken) == (1, 1)
    answer = shown(session, study, task.number, staff, STARTS + timedelta(minutes=10))
    session.refresh(later)
    assert (answer.outcome, booking.state, task.state) == (Outcome.LATE_SEATED, "attended", "in_progress")
    assert (task.absences, later.seats_taken) == (0, 0)
    assert booking.taken_back


def test_a_tap_that_arrives_when_all_is_settled_moves_no_seat(
    session: Session, study: StudySession, district: District, violation: Violation, booking: Booking, staff: Actor
) -> None:
    absence.mark_absent(session, booking, staff, STARTS + timedelta(hours=1))
    make_session(session, district.at_a, STARTS + timedelta(days=9))
    later = STARTS + timedelta(days=5)
    seat = seats.book(session, booking.task, staff, later)
    assert seat is not None
    told = shown(session, study, violation.number, staff, STARTS, now=later)
    assert told.outcome == Outcome.LATE
    assert (booking.is_absent, seat.is_booked, attendances(session)) == (True, True, 0)
    same_day = shown(session, study, violation.number, staff, STARTS, now=STARTS + timedelta(hours=6))
    assert same_day.outcome == Outcome.LATE_SEATED, "a tablet that was without a network all day"


def test_a_part_of_a_name_checks_nobody_in(
    session: Session, study: StudySession, booking: Booking, staff: Actor
) -> None:
    name = booking.task.rider.name
    part = shown(session, study, name[:1], staff)
    assert (part.outcome, list(part.several)) == (Outcome.SEVERAL, [booking.task])
    assert shown(session, study, "  ", staff).outcome == Outcome.UNKNOWN, "nothing said is nobody, not everybody"
    assert attendances(session) == 0
    assert shown(session, study, f" {name} ", staff).outcome == Outcome.DONE


def test_a_seat_elsewhere_is_named_and_moved_only_when_asked(
    session: Session, district: District, booking: Booking, staff: Actor
) -> None:
    task = booking.task
    other_hour = make_session(session, district.at_a, STARTS - timedelta(hours=1))
    other_day = make_session(session, district.at_a, STARTS + timedelta(days=1))
    at = STARTS - timedelta(hours=1)
    assert shown(session, other_hour, task.number, staff, at).outcome == Outcome.OTHER_SESSION
    assert shown(session, other_day, task.number, staff, other_day.starts_utc).outcome == Outcome.OTHER_DAY
    assert attendances(session) == 0
    named = shown(session, other_hour, task.number, staff, at)
    assert named.may_move
    moved = shown(session, other_hour, task.number, staff, at, move=True)
    assert (moved.outcome, booking.state, other_hour.seats_taken) == (Outcome.SEATED, "cancelled", 1)


def test_a_station_is_told_of_another_ones_rider_only_what_is_no_secret(
    session: Session, district: District, booking: Booking, violation: Violation
) -> None:
    from tests.factories import people  # noqa: PLC0415 - another post than the fixture's
    from trafficedu.accounts.queries import actor_of  # noqa: PLC0415

    elsewhere = actor_of(people.make_user(session, "station", station_id=district.at_c.id))
    here = make_session(session, district.at_c, STARTS)
    answer = shown(session, here, violation.number, elsewhere)
    assert (answer.outcome, answer.task, answer.may_move) == (Outcome.OTHER_STATION, None, False)
    assert district.at_a.name not in str(answer.text.params)
    assert shown(session, here, violation.number, elsewhere, move=True).outcome == Outcome.OTHER_STATION
    assert booking.state == "booked"


def test_codes_that_check_in_nobody_say_which_they_are(
    session: Session, study: StudySession, violation: Violation, booking: Booking, staff: Actor
) -> None:
    door.check_in(session, booking, staff, STARTS)
    certificate = sign_off_by_exception(session, booking, staff, STARTS + timedelta(minutes=1))
    for text, outcome in (
        (f"https://jzt.example.cn/verify/{certificate.number}", Outcome.CERTIFICATE),
        (f"https://jzt.example.cn/in/{study.number}/120-abc", Outcome.CERTIFICATE),
        ("https://weixin.qq.com/x/abc", Outcome.UNKNOWN),
        (new_number("V"), Outcome.UNKNOWN),
        ("无此人", Outcome.UNKNOWN),
    ):
        assert shown(session, study, text, staff).outcome == outcome, text


def test_who_completed_or_owes_nothing_is_told_so(
    session: Session, district: District, study: StudySession, staff: Actor
) -> None:
    rider = make_rider(session, district.a)
    done = make_task(session, rider, district.a, state="completed", station_id=district.at_a.id)
    assert shown(session, study, done.number, staff).outcome == Outcome.NO_TASK
    alone = make_violation(session, rider, district.a)
    assert shown(session, study, alone.number, staff).outcome == Outcome.NO_TASK


def test_two_names_alike_are_asked_about(
    session: Session, district: District, study: StudySession, staff: Actor
) -> None:
    tasks = [waiting(session, district), waiting(session, district)]
    answer = shown(session, study, "王走来", staff)
    assert (answer.outcome, {task.id for task in answer.several}) == (Outcome.SEVERAL, {task.id for task in tasks})


def test_the_document_is_compared_first_where_that_is_asked(
    session: Session, study: StudySession, booking: Booking, staff: Actor
) -> None:
    configure(session, "education.identity_asked", 1)
    asked = shown(session, study, booking.task.number, staff)
    assert (asked.outcome, attendances(session)) == (Outcome.CONFIRM, 0)
    done = shown(session, study, booking.task.number, staff, identified=True)
    assert done.outcome == Outcome.DONE
    assert booking.attendance is not None
    assert (booking.attendance.identified_utc, booking.attendance.identified_by_id) == (STARTS, staff.user_id)


def test_a_document_compared_later_is_kept_with_who_and_when(session: Session, booking: Booking, staff: Actor) -> None:
    attendance = door.check_in(session, booking, staff, STARTS)
    assert not attendance.identified_utc
    later = STARTS + timedelta(minutes=3)
    door.confirm_identity(session, booking, staff, later)
    door.confirm_identity(session, booking, SYSTEM, later + timedelta(minutes=1))
    assert (attendance.identified_utc, attendance.identified_by_id) == (later, staff.user_id)


def test_a_tap_that_is_sent_again_counts_once_even_after_it_was_undone(
    session: Session, study: StudySession, booking: Booking, staff: Actor
) -> None:
    nonce = str(uuid.uuid4())
    first = shown(session, study, booking.task.number, staff, nonce=nonce)
    assert first.outcome == Outcome.DONE
    door.undo_check_in(session, booking, staff, STARTS + timedelta(minutes=1))
    again = shown(session, study, booking.task.number, staff, STARTS + timedelta(minutes=2), nonce=nonce)
    assert again.outcome == Outcome.DONE
    assert (booking.state, attendances(session)) == ("booked", 0)
    other = shown(session, study, booking.task.number, staff, STARTS + timedelta(minutes=2), nonce=str(uuid.uuid4()))
    assert (other.outcome, attendances(session)) == (Outcome.DONE, 1)


def test_two_tablets_without_a_network_make_one_attendance_and_both_are_told(
    session: Session, study: StudySession, booking: Booking, staff: Actor
) -> None:
    """The second to arrive was the first to tap: the attendance stands, both taps are kept."""
    night = STARTS + timedelta(hours=9)
    first = shown(session, study, booking.task.number, staff, STARTS, nonce=str(uuid.uuid4()), now=night)
    second = shown(
        session, study, booking.task.number, staff, STARTS - timedelta(minutes=1), nonce=str(uuid.uuid4()), now=night
    )
    assert (first.outcome, second.outcome, attendances(session)) == (Outcome.DONE, Outcome.HERE, 1)
    taps = session.scalars(select(DoorTap).order_by(DoorTap.id)).all()
    assert [(tap.outcome, tap.tapped_utc, tap.received_utc) for tap in taps] == [
        (Outcome.DONE, STARTS, night),
        (Outcome.HERE, STARTS - timedelta(minutes=1), night),
    ]


def test_a_clock_a_day_ahead_does_not_matter_and_nothing_is_of_the_future() -> None:
    tapped = STARTS + timedelta(days=1)
    assert put_right(tapped, timedelta(days=1), STARTS + timedelta(hours=1)) == STARTS
    assert put_right(STARTS - timedelta(hours=5), timedelta(hours=-5), STARTS + timedelta(hours=1)) == STARTS
    assert put_right(tapped, timedelta(), STARTS) == STARTS


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("张三", Shown.WORDS),
        ("zs", Shown.WORDS),
        ("212X", Shown.WORDS),
        ("V00000000000", Shown.WORDS),
        ("http://a/n/x", Shown.OTHER),
    ],
)
def test_what_is_no_number_is_taken_for_words(text: str, kind: Shown) -> None:
    assert read_code(text).kind == kind


def test_a_code_counts_for_its_stretch_and_the_next_one() -> None:
    begin = datetime.fromtimestamp(step_of(NOW) * 15, NOW.tzinfo)
    step = step_of(begin)
    fresh = [is_fresh(step, begin + timedelta(seconds=each)) for each in (-1, 0, 14, 29, 30, 60)]
    assert fresh == [False, True, True, True, False, False]


def test_names_are_sorted_and_found_by_every_reading() -> None:
    names = ["曾小红", "张伟", "单田芳", "阿里", "欧阳明"]
    assert sorted(names, key=lambda name: queries.read_name(name)[0]) == ["阿里", "欧阳明", "单田芳", "曾小红", "张伟"]
    assert {"dtf", "stf", "shantianfang"} <= set(queries.read_name("单田芳")[1])
