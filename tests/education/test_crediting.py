"""Who leaves early gets what was completed credited at another session, for some days, by rule."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from tests.factories.education import NOW, TODAY, District, assign, course, make_rider, make_session, make_violation
from trafficedu.configuration.queries import find_parameter
from trafficedu.configuration.services import set_figure
from trafficedu.core.actors import SYSTEM, Actor
from trafficedu.education.models.tasks import Booking, StudyTask
from trafficedu.education.queries.seats import live_booking
from trafficedu.education.services import absence, courses, door, study
from trafficedu.education.services.courses import CourseInput, ModuleInput

STARTS = NOW + timedelta(hours=2)
WEEK = timedelta(days=7)


@pytest.fixture
def task(session: Session, district: District) -> StudyTask:
    for place in range(7):
        make_session(session, district.at_a, STARTS + place * WEEK)
    found = assign(session, make_violation(session, make_rider(session, district.a), district.a), SYSTEM, NOW)
    assert found is not None
    return found


def set_days(session: Session, days: int) -> None:
    parameter = find_parameter(session, "education.credit_days")
    set_figure(session, parameter, days, parameter.version, SYSTEM)


def come(session: Session, task: StudyTask, staff: Actor) -> tuple[Booking, datetime]:
    booking = live_booking(session, task.id)
    assert booking is not None
    door.check_in(session, booking, staff, booking.session.starts_utc)
    return booking, booking.session.starts_utc


def hear(session: Session, booking: Booking, staff: Actor, minutes: int | None = None) -> datetime:
    """Study the lecture for its minimum, or leave in the middle of it."""
    lecture, starts = booking.session.plan.modules[0], booking.session.starts_utc
    study.start_module(session, booking, lecture.id, staff, starts)
    ends = starts + timedelta(minutes=minutes or lecture.minimum_minutes)
    if minutes is None:
        study.end_module(session, booking, lecture.id, staff, ends)
    absence.leave_early(session, booking, staff, ends)
    return ends


def credited(booking: Booking) -> list[str]:
    assert booking.attendance is not None
    return [record.module.name_en for record in booking.attendance.modules if record.credited]


def test_what_was_completed_counts_and_what_was_broken_off_does_not(
    session: Session, task: StudyTask, staff: Actor
) -> None:
    first, _ = come(session, task, staff)
    hear(session, first, staff, minutes=5)
    second, _ = come(session, task, staff)
    assert credited(second) == []
    hear(session, second, staff)
    third, now = come(session, task, staff)
    assert credited(third) == ["Road safety lecture"], "although it was broken off once before"
    film = third.session.plan.modules[1]
    study.start_module(session, third, film.id, staff, now)


def test_leaving_again_does_not_prolong_what_was_credited(session: Session, task: StudyTask, staff: Actor) -> None:
    set_days(session, 8)
    booking, _ = come(session, task, staff)
    hear(session, booking, staff)
    seen = []
    for _ in range(2):
        again, now = come(session, task, staff)
        seen.append(credited(again))
        absence.leave_early(session, again, staff, now + timedelta(minutes=1))
    assert seen == [["Road safety lecture"], []], "so many days from the lecture, not from the last visit"


def test_no_days_of_credit_credit_nothing(session: Session, task: StudyTask, staff: Actor) -> None:
    set_days(session, 0)
    booking, _ = come(session, task, staff)
    hear(session, booking, staff)
    again, _ = come(session, task, staff)
    assert credited(again) == []


@pytest.mark.parametrize(("minimum", "kept"), [(20, ["Road safety lecture"]), (25, [])])
def test_a_new_version_of_the_course_takes_what_is_the_same_and_long_enough(
    session: Session, task: StudyTask, staff: Actor, minimum: int, kept: list[str]
) -> None:
    booking, _ = come(session, task, staff)
    hear(session, booking, staff)
    basic = course(session)
    present = basic.versions[-1]
    modules = [
        ModuleInput(one.kind, one.name_zh, one.name_en, one.minimum_minutes, one.maximum_minutes)
        for one in present.modules
    ]
    modules[0] = ModuleInput(modules[0].kind, modules[0].name_zh, modules[0].name_en, minimum, 40)
    new = CourseInput("基础班", "Basic course", 1, 80, TODAY + timedelta(days=1), modules)
    courses.renew_course(session, basic, new, present.version, SYSTEM)
    again, _ = come(session, task, staff)
    assert credited(again) == kept
