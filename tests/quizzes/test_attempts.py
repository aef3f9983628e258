from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from random import Random

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.quizzes.conftest import STARTS, answer_all, ready, wrong
from trafficedu.core.actors import SYSTEM, VISITOR, Actor
from trafficedu.core.errors import Refusal, Stale
from trafficedu.education.models.tasks import Attendance, Booking, ModuleRecord
from trafficedu.education.services import absence, by_hand, door, signing, study
from trafficedu.quizzes.models import Attempt, QuestionTally
from trafficedu.quizzes.queries.attempts import standing_of
from trafficedu.quizzes.rules.words import AttemptState, Device
from trafficedu.quizzes.services import attempts

Seat = Callable[..., Booking]


def begun(session: Session, booking: Booking, staff: Actor) -> Attempt:
    return attempts.begin(session, booking, Device.PHONE, VISITOR, ready(session, booking, staff), Random(7))


def attendance_of(booking: Booking) -> Attendance:
    assert booking.attendance is not None
    return booking.attendance


def quiz_record(booking: Booking) -> ModuleRecord:
    return next(record for record in attendance_of(booking).modules if record.module.is_quiz)


def test_a_quiz_begins_its_module_and_marks_itself_into_the_study(session: Session, seat: Seat, staff: Actor) -> None:
    booking = seat()
    attempt = begun(session, booking, staff)
    assert len(attempt.items) == 10
    assert quiz_record(booking).started_utc == attempt.begun_utc
    answer_all(session, booking, attempt, 8, attempt.begun_utc)
    done = attempt.begun_utc + timedelta(minutes=6)
    attempts.hand_in(session, booking, VISITOR, done)
    assert (attempt.state, attempt.score, attempt.passed) == (AttemptState.HANDED_IN, 80, True)
    attendance = attendance_of(booking)
    assert (attendance.quiz_score, attendance.quiz_attempts, attendance.quiz_by_hand) == (80, 1, "")
    assert quiz_record(booking).ended_utc == done, "the module lasted its minimum, so it ended with the quiz"
    assert signing.sign_off(session, booking, staff, done).number.startswith("C")


def test_nobody_takes_the_quiz_before_it_is_due(session: Session, seat: Seat, staff: Actor) -> None:
    booking = seat()
    with pytest.raises(Refusal, match="not under way"):
        attempts.begin(session, booking, Device.PHONE, VISITOR, STARTS)
    door.check_in(session, booking, staff, STARTS)
    with pytest.raises(Refusal, match="order"):
        attempts.begin(session, booking, Device.PHONE, VISITOR, STARTS)
    assert session.scalars(select(Attempt)).all() == []


def test_a_reload_or_another_device_shows_the_same_questions_in_the_same_order(
    session: Session, seat: Seat, staff: Actor
) -> None:
    booking = seat()
    attempt = begun(session, booking, staff)
    drawn = [(item.version_id, item.options_order) for item in attempt.items]
    attempts.answer(session, booking, attempt.items[0].id, attempt.items[0].version.right, attempt.begun_utc)
    session.expire_all()
    again = attempts.begin(session, booking, Device.TABLET, staff, attempt.begun_utc + timedelta(minutes=3))
    assert again.id == attempt.id
    assert [(item.version_id, item.options_order) for item in again.items] == drawn
    assert again.next_open == 2


def test_an_answer_sent_twice_is_kept_once_and_another_one_replaces_it(
    session: Session, seat: Seat, staff: Actor
) -> None:
    booking = seat()
    attempt = begun(session, booking, staff)
    item, later = attempt.items[0], attempt.begun_utc + timedelta(minutes=1)
    attempts.answer(session, booking, item.id, wrong(item), attempt.begun_utc)
    assert attempts.answer(session, booking, item.id, wrong(item), later).answered_utc == attempt.begun_utc
    attempts.answer(session, booking, item.id, item.version.right, later)
    assert set(item.chosen) == item.version.right
    assert item.answered_utc == later


def test_what_is_no_answer_to_the_question_is_refused(session: Session, seat: Seat, staff: Actor) -> None:
    booking, other = seat(), seat("李测试")
    attempt, theirs = begun(session, booking, staff), begun(session, other, staff)
    single = next(item for item in attempt.items if not item.version.takes_several)
    now = attempt.begun_utc
    for chosen, text in ((set(), "Choose an answer"), ({77}, "does not belong"), ({0, 1}, "one answer only")):
        with pytest.raises(Refusal, match=text):
            attempts.answer(session, booking, single.id, chosen, now)
    for item_id in (theirs.items[0].id, 0):
        with pytest.raises(Refusal, match="does not belong to this quiz"):
            attempts.answer(session, booking, item_id, {0}, now)
    assert {item.answer for item in (*attempt.items, *theirs.items)} == {None}


def test_a_late_answer_is_refused_in_words_and_the_clock_marks_what_was_given(
    session: Session, seat: Seat, staff: Actor
) -> None:
    booking = seat()
    attempt = begun(session, booking, staff)
    answer_all(session, booking, attempt, 9, attempt.begun_utc)
    item = attempt.items[9]
    with pytest.raises(Refusal, match="Time was up"):
        attempts.answer(session, booking, item.id, item.version.right, attempt.ends_utc)
    assert attempts.close_overdue(session, attempt.ends_utc, 10) == 1
    assert (attempt.state, attempt.score, attempt.ended_utc) == (AttemptState.TIMED_OUT, 90, attempt.ends_utc)
    assert attendance_of(booking).quiz_score == 90
    assert attempts.close_overdue(session, attempt.ends_utc, 10) == 0


def test_handing_in_late_counts_as_of_the_limit_and_twice_gives_the_same(
    session: Session, seat: Seat, staff: Actor
) -> None:
    booking = seat()
    attempt = begun(session, booking, staff)
    answer_all(session, booking, attempt, 10, attempt.begun_utc)
    late = attempt.ends_utc + timedelta(minutes=2)
    assert attempts.hand_in(session, booking, VISITOR, late) is attempt
    assert attempts.hand_in(session, booking, VISITOR, late).id == attempt.id
    assert (attempt.state, attempt.score, attendance_of(booking).quiz_attempts) == (AttemptState.TIMED_OUT, 100, 1)
    with pytest.raises(Stale):
        attempts.answer(session, booking, attempt.items[0].id, wrong(attempt.items[0]), late)


def test_another_attempt_asks_other_questions_after_a_wait_and_a_number_of_times(
    session: Session, seat: Seat, staff: Actor
) -> None:
    booking = seat()
    asked: set[int] = set()
    now = ready(session, booking, staff)
    for _ in range(3):
        attempt = attempts.begin(session, booking, Device.PHONE, VISITOR, now)
        questions = {item.version.question_id for item in attempt.items}
        assert questions & asked == set()
        asked |= questions
        answer_all(session, booking, attempt, 3, now)
        attempts.hand_in(session, booking, VISITOR, now)
        with pytest.raises(Refusal, match="minutes|have been used"):
            attempts.begin(session, booking, Device.PHONE, VISITOR, now)
        now += timedelta(minutes=5)
    with pytest.raises(Refusal, match="3 attempts|have been used"):
        attempts.begin(session, booking, Device.PHONE, VISITOR, now)
    assert attendance_of(booking).quiz_attempts == 3
    attempts_made = session.scalars(select(Attempt).order_by(Attempt.number)).all()
    assert [attempt.is_first for attempt in attempts_made] == [True, False, False]


def test_a_passed_quiz_is_not_taken_again(session: Session, seat: Seat, staff: Actor) -> None:
    booking = seat()
    attempt = begun(session, booking, staff)
    answer_all(session, booking, attempt, 10, attempt.begun_utc)
    attempts.hand_in(session, booking, VISITOR, attempt.begun_utc)
    with pytest.raises(Refusal, match="has been passed"):
        attempts.begin(session, booking, Device.PHONE, VISITOR, attempt.begun_utc + timedelta(hours=1))


def test_a_quick_quiz_ends_its_module_once_that_lasted_its_minimum(session: Session, seat: Seat, staff: Actor) -> None:
    booking = seat()
    attempt = begun(session, booking, staff)
    answer_all(session, booking, attempt, 10, attempt.begun_utc)
    attempts.hand_in(session, booking, VISITOR, attempt.begun_utc + timedelta(minutes=1))
    assert quiz_record(booking).ended_utc is None
    assert attempts.end_passed_modules(session, attempt.begun_utc + timedelta(minutes=4), 10) == 0
    assert attempts.end_passed_modules(session, attempt.begun_utc + timedelta(minutes=5), 10) == 1
    assert quiz_record(booking).minutes == 5


def test_who_left_meanwhile_is_marked_but_nothing_enters_the_study(session: Session, seat: Seat, staff: Actor) -> None:
    booking = seat()
    attempt = begun(session, booking, staff)
    answer_all(session, booking, attempt, 10, attempt.begun_utc)
    absence.leave_early(session, booking, staff, attempt.begun_utc + timedelta(minutes=1))
    attempts.close_overdue(session, attempt.ends_utc, 10)
    assert (attempt.score, attendance_of(booking).quiz_score) == (100, None)
    assert standing_of(session, booking, attempt.ends_utc).why_not is not None


def test_only_first_attempts_count_for_how_questions_do(session: Session, seat: Seat, staff: Actor) -> None:
    booking = seat()
    attempt = begun(session, booking, staff)
    answer_all(session, booking, attempt, 4, attempt.begun_utc)
    attempts.hand_in(session, booking, VISITOR, attempt.begun_utc)
    tallies = session.scalars(select(QuestionTally).where(QuestionTally.shown > 0)).all()
    assert len(tallies) == 10
    assert sum(tally.right_count for tally in tallies) == 4
    assert sum(tally.rest_sum for tally in tallies) == pytest.approx(4 * 3 / 9 + 6 * 4 / 9)
    second = attempts.begin(session, booking, Device.PHONE, VISITOR, attempt.begun_utc + timedelta(minutes=5))
    answer_all(session, booking, second, 10, second.begun_utc)
    attempts.hand_in(session, booking, VISITOR, second.begun_utc)
    assert sum(session.scalars(select(QuestionTally.shown))) == 10


def test_a_score_by_hand_needs_a_reason_and_a_quiz_taken_afterwards_clears_it(
    session: Session, seat: Seat, staff: Actor
) -> None:
    booking = seat()
    now = ready(session, booking, staff)
    quiz = next(module for module in booking.session.plan.modules if module.is_quiz)
    study.start_module(session, booking, quiz.id, staff, now)
    with pytest.raises(Refusal) as refused:
        by_hand.record_quiz_by_hand(session, booking, 90, "手写", staff, now)
    assert refused.value.field == "reason"
    assert attendance_of(booking).quiz_score is None
    by_hand.record_quiz_by_hand(session, booking, 60, "平板故障，驾驶人在纸上作答", staff, now)
    assert attendance_of(booking).quiz_by_hand == "平板故障，驾驶人在纸上作答"
    attempt = attempts.begin(session, booking, Device.TABLET, SYSTEM, now)
    answer_all(session, booking, attempt, 9, now)
    attempts.hand_in(session, booking, SYSTEM, now)
    assert (attendance_of(booking).quiz_score, attendance_of(booking).quiz_by_hand) == (90, "")
