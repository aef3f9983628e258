"""The code on the station's screen that changes, and the rider's own phone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from tests.education.test_door import STARTS, booking, study, violation
from tests.factories.education import NOW, District, make_session
from trafficedu.core.errors import Refusal
from trafficedu.education.models.courses import StudySession
from trafficedu.education.models.tasks import Booking
from trafficedu.education.rules.door import step_of
from trafficedu.education.services import door_codes as codes
from trafficedu.education.services.door_codes import Proof
from trafficedu.riders.queries.people import last_four
from trafficedu.violations.models.records import Violation

__all__ = ["booking", "study", "violation"]


def test_a_copied_code_is_refused_after_its_time_and_opens_no_other_session(
    session: Session, district: District, study: StudySession
) -> None:
    begin = STARTS - timedelta(seconds=STARTS.timestamp() % 15)
    code = codes.code_of(session, study, begin)
    assert codes.open_door(session, study.number, code, begin + timedelta(seconds=29)) is study
    for late in (30, 31, 3600):
        with pytest.raises(Refusal) as refused:
            codes.open_door(session, study.number, code, begin + timedelta(seconds=late))
        assert refused.value.text is codes.EXPIRED
    other = make_session(session, district.at_b, STARTS)
    step = step_of(begin)
    for number, wrong in (
        (other.number, code),
        (study.number, f"{step + 1}-{code.partition('-')[2]}"),
        (study.number, f"{step}-"),
        (study.number, "²-x"),
        (study.number, "9" * 40 + "-x"),
    ):
        with pytest.raises(Refusal) as refused:
            codes.open_door(session, number, wrong, begin)
        assert refused.value.text is codes.NO_CODE


def test_a_rider_checks_in_alone_by_name_or_receipt_and_last_four(
    session: Session, study: StudySession, booking: Booking, violation: Violation
) -> None:
    tail = last_four(session, booking.task.rider)
    for who in (booking.task.rider.name, f" {violation.number.lower()} "):
        let = codes.let_in(session, study, Proof(who, tail.lower(), "phone-1"), STARTS)
        assert (let.refused, len(let.phone_key)) == (None, 24)
    attendance = booking.attendance
    assert attendance is not None
    assert (attendance.checked_in_by_id, attendance.identified_utc) == (None, None)
    assert attendance.device == codes.device_hash(session, "phone-1")
    assert "phone-1" not in (attendance.device or "")


def test_guessing_ends_after_some_wrong_answers(session: Session, study: StudySession, booking: Booking) -> None:
    rider = booking.task.rider
    for number in range(5):
        let = codes.let_in(session, study, Proof(rider.name, f"000{number}", f"phone-{number}"), STARTS)
        assert let.refused is codes.NOT_FOUND
    right = Proof(rider.name, last_four(session, rider), "phone-9")
    assert codes.let_in(session, study, right, STARTS).refused is codes.TOO_MANY
    assert booking.attendance is None
    later = STARTS + timedelta(minutes=15)
    assert codes.let_in(session, study, right, later).refused is None


def test_who_has_no_seat_here_is_sent_to_the_desk(session: Session, district: District, booking: Booking) -> None:
    other = make_session(session, district.at_b, STARTS)
    proof = Proof(booking.task.rider.name, last_four(session, booking.task.rider), "phone")
    assert codes.let_in(session, other, proof, STARTS).refused is codes.NOT_FOUND
    early = codes.let_in(session, booking.session, proof, NOW)
    assert early.refused is not None
    assert booking.state == "booked"
