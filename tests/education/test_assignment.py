from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from tests.factories import people
from tests.factories.cities import make_city
from tests.factories.education import (
    NOW,
    TODAY,
    District,
    make_district,
    make_rider,
    make_session,
    make_station,
    make_violation,
)
from trafficedu.accounts.queries import actor_of
from trafficedu.configuration.queries import figure
from trafficedu.core.actors import SYSTEM
from trafficedu.core.audit import AuditEntry
from trafficedu.core.errors import Denied, Refusal
from trafficedu.core.events import publish
from trafficedu.education.models.courses import StudySession
from trafficedu.education.models.tasks import StudyTask, TaskViolation
from trafficedu.education.queries.seats import live_booking, sessions_with_seats
from trafficedu.education.queries.tasks import task_of_violation
from trafficedu.education.rules.states import TaskState
from trafficedu.education.services import assignment, exceptions, seats
from trafficedu.education.services.absence import leave_early
from trafficedu.education.services.door import check_in, undo_check_in
from trafficedu.riders.models import Rider
from trafficedu.violations.events import ViolationEstablished, ViolationVoided
from trafficedu.violations.models.records import Violation
from trafficedu.violations.rules.states import ViolationState


def establish(session: Session, violation: Violation, now: datetime = NOW) -> StudyTask:
    publish(session, ViolationEstablished(now, SYSTEM, violation.id))
    task = task_of_violation(session, violation.id)
    assert task is not None
    return task


def void(session: Session, violation: Violation) -> None:
    violation.state = ViolationState.VOIDED
    session.flush()
    publish(session, ViolationVoided(NOW, SYSTEM, violation.id))


def seat(session: Session, task: StudyTask) -> StudySession | None:
    booking = live_booking(session, task.id)
    return booking.session if booking else None


def test_the_first_violation_opens_a_task_with_a_seat_in_the_own_village(
    session: Session, district: District, rider: Rider
) -> None:
    far = make_session(session, district.at_b, NOW + timedelta(days=1))
    near = make_session(session, district.at_a, NOW + timedelta(days=3))
    task = establish(session, make_violation(session, rider, district.c))
    assert (task.state, task.course.code, task.due_on) == ("booked", "basic", TODAY + timedelta(days=15))
    assert seat(session, task) is near
    assert (near.seats_taken, far.seats_taken) == (1, 0)


def test_without_a_home_the_place_of_the_violation_counts(session: Session, district: District) -> None:
    make_session(session, district.at_a)
    at_c = make_session(session, district.at_c)
    task = establish(session, make_violation(session, make_rider(session), district.c))
    assert seat(session, task) is at_c


def test_in_a_city_the_own_district_then_the_citys_own_station_and_never_a_neighbour(session: Session) -> None:
    city = make_city(session)
    own, neighbour, _ = city.districts
    make_session(session, neighbour.at_a, NOW + timedelta(days=1))
    waiting = establish(session, make_violation(session, make_rider(session, own.a), own.a))
    assert seat(session, waiting) is None
    central = make_session(session, make_station(session, city.city), NOW + timedelta(days=2), capacity=3)
    task = establish(session, make_violation(session, make_rider(session, own.a), own.a))
    assert seat(session, task) is central
    far = make_session(session, own.at_c, NOW + timedelta(days=9))
    near = make_session(session, own.at_b, NOW + timedelta(days=10))
    offered = sessions_with_seats(session, waiting, NOW)
    assert offered == [central, far, near], "soonest first; the nearest is what is booked"
    assert seats.book(session, waiting, SYSTEM, NOW) is not None
    assert seat(session, waiting) is near


def test_a_seat_of_a_district_is_offered_to_who_lives_there_and_one_of_the_city_to_all(session: Session) -> None:
    city = make_city(session)
    own, neighbour, _ = city.districts
    lives_here = establish(session, make_violation(session, make_rider(session, own.c), neighbour.a))
    lives_there = establish(session, make_violation(session, make_rider(session, neighbour.c), own.a))
    study = make_session(session, own.at_b, capacity=5)
    assert seats.offer_seats(session, study.id, SYSTEM, NOW) == 1
    assert (seat(session, lives_here), seat(session, lives_there)) == (study, None)
    central = make_session(session, make_station(session, city.city), capacity=5)
    assert seats.offer_seats(session, central.id, SYSTEM, NOW) == 1
    assert seat(session, lives_there) is central


def test_those_who_wait_where_nothing_is_free_do_not_keep_a_neighbour_from_a_seat(session: Session) -> None:
    own, neighbour, _ = make_city(session).districts
    first = establish(session, make_violation(session, make_rider(session, own.a), neighbour.a))
    second = establish(session, make_violation(session, make_rider(session, neighbour.a), own.a))
    study = make_session(session, neighbour.at_b)
    assert seats.book_waiting(session, NOW, limit=1) == 1
    assert (seat(session, first), seat(session, second)) == (None, study)


def test_town_before_district_then_earliest_then_emptier(session: Session, district: District, rider: Rider) -> None:
    make_session(session, district.at_c, NOW + timedelta(days=1))
    make_session(session, district.at_b, NOW + timedelta(days=4), seats_taken=0)
    full_ish = make_session(session, district.at_b, NOW + timedelta(days=2), capacity=10, seats_taken=9)
    emptier = make_session(session, district.at_b, NOW + timedelta(days=2), capacity=10, seats_taken=2)
    task = establish(session, make_violation(session, rider, district.c))
    assert seat(session, task) is emptier
    assert full_ish.seats_taken == 9


@pytest.mark.parametrize(
    "values",
    [
        {"starts": NOW + timedelta(days=16)},
        {"starts": NOW + timedelta(minutes=59)},
        {"capacity": 5, "seats_taken": 5},
        {"state": "cancelled"},
        {"code": "intensive"},
    ],
    ids=["after the due date", "within the lead time", "full", "cancelled", "another course"],
)
def test_what_is_no_seat_leaves_the_task_waiting(
    session: Session, district: District, rider: Rider, values: dict[str, object]
) -> None:
    make_session(session, district.at_a, **values)  # type: ignore[arg-type]
    task = establish(session, make_violation(session, rider, district.a))
    assert (task.state, seat(session, task)) == ("open", None)


def test_a_station_of_another_district_is_never_offered(session: Session, district: District, rider: Rider) -> None:
    make_session(session, make_district(session).at_a)
    assert seat(session, establish(session, make_violation(session, rider, district.a))) is None


def test_a_further_violation_joins_raises_the_course_and_leaves_the_due_date(
    session: Session, district: District, rider: Rider
) -> None:
    basic = make_session(session, district.at_a, capacity=1)
    task = establish(session, make_violation(session, rider, district.a))
    waiting = establish(session, make_violation(session, make_rider(session), district.a))
    due = task.due_on
    higher = make_session(session, district.at_a, NOW + timedelta(days=5), code="intermediate")
    assert establish(session, make_violation(session, rider, district.b), NOW + timedelta(days=1)) is task
    assert (task.course.code, task.due_on, seat(session, task)) == ("intermediate", due, higher)
    assert seat(session, waiting) is basic, "the seat that became free goes to the next who waits"
    assert (waiting.state, basic.seats_taken) == ("booked", 1)


def test_a_raised_course_without_a_session_waits_and_gives_its_seat_back(
    session: Session, district: District, rider: Rider
) -> None:
    basic = make_session(session, district.at_a)
    task = establish(session, make_violation(session, rider, district.a))
    establish(session, make_violation(session, rider, district.a))
    assert (task.state, seat(session, task), basic.seats_taken) == ("open", None, 0)


@pytest.mark.parametrize(
    ("earlier", "code"), [(0, "basic"), (1, "intermediate"), (2, "intermediate"), (3, "intensive")]
)
def test_the_course_follows_the_number_in_the_window(
    session: Session, district: District, rider: Rider, earlier: int, code: str
) -> None:
    for days in range(earlier):
        make_violation(session, rider, district.a, NOW - timedelta(days=364 - days))
    make_violation(session, rider, district.a, NOW - timedelta(days=365))
    make_violation(session, rider, district.a, NOW - timedelta(days=3), state=ViolationState.VOIDED)
    assert establish(session, make_violation(session, rider, district.a)).course.code == code


def test_after_check_in_the_next_task_opens(session: Session, district: District, rider: Rider) -> None:
    begins = NOW + timedelta(hours=2)
    study = make_session(session, district.at_a, begins)
    first = establish(session, make_violation(session, rider, district.a))
    booking = live_booking(session, first.id)
    assert booking is not None
    assert booking.session is study
    check_in(session, booking, SYSTEM, begins)
    second = establish(session, make_violation(session, rider, district.a), begins)
    assert second is not first
    assert (first.state, second.state) == ("in_progress", "open")
    with pytest.raises(Refusal, match="next study task"):
        undo_check_in(session, booking, SYSTEM, begins)
    leave_early(session, booking, SYSTEM, begins + timedelta(minutes=5))
    assert (first.state, second.state, len(first.links)) == ("open", "joined", 2)


def test_the_same_violation_twice_is_assigned_once(session: Session, district: District, rider: Rider) -> None:
    violation = make_violation(session, rider, district.a)
    assert establish(session, violation) is establish(session, violation)
    assert session.scalar(select(func.count()).select_from(TaskViolation)) == 1
    assert session.scalar(select(func.count()).select_from(StudyTask)) == 1


@pytest.mark.parametrize("values", [{"state": "pending"}, {"historic": True}])
def test_what_does_not_count_opens_nothing(
    session: Session, district: District, rider: Rider, values: dict[str, object]
) -> None:
    violation = make_violation(session, rider, district.a, **values)  # type: ignore[arg-type]
    publish(session, ViolationEstablished(NOW, SYSTEM, violation.id))
    assert task_of_violation(session, violation.id) is None


def test_voiding_the_only_violation_withdraws_the_task_and_frees_the_seat(
    session: Session, district: District, rider: Rider
) -> None:
    study = make_session(session, district.at_a, capacity=1)
    violation = make_violation(session, rider, district.a)
    task = establish(session, violation)
    waiting = establish(session, make_violation(session, make_rider(session), district.a))
    void(session, violation)
    assert task.state == "withdrawn"
    assert seat(session, waiting) is study
    assert study.seats_taken == 1
    assert task_of_violation(session, violation.id) is task, "what was, remains to be read"
    assert task.links[0].left_utc == NOW


def test_voiding_one_of_two_computes_the_course_anew(session: Session, district: District, rider: Rider) -> None:
    make_session(session, district.at_a, code="intermediate")
    basic = make_session(session, district.at_a)
    establish(session, make_violation(session, rider, district.a))
    second = make_violation(session, rider, district.a)
    task = establish(session, second)
    assert task.course.code == "intermediate"
    void(session, second)
    assert (task.state, task.course.code, seat(session, task)) == ("booked", "basic", basic)


def test_voiding_after_completion_leaves_the_study_standing(session: Session, district: District, rider: Rider) -> None:
    violation = make_violation(session, rider, district.a)
    task = establish(session, violation)
    task.state, task.completed_utc, task.completed_on = TaskState.COMPLETED, NOW, TODAY
    void(session, violation)
    assert task.state == "completed"
    assert task_of_violation(session, violation.id) is task


def test_moving_to_a_chosen_session(session: Session, district: District, rider: Rider) -> None:
    old = make_session(session, district.at_a)
    chosen = make_session(session, district.at_c)
    full = make_session(session, district.at_b, capacity=1, seats_taken=1)
    other = make_session(session, district.at_b, code="intensive")
    task = establish(session, make_violation(session, rider, district.a))
    assert list(sessions_with_seats(session, task, NOW)) == [old, chosen]
    seats.move_booking(session, task, chosen, SYSTEM, NOW)
    assert (seat(session, task), old.seats_taken, chosen.seats_taken) == (chosen, 0, 1)
    for refused in (full, other):
        with pytest.raises(Refusal):
            seats.move_booking(session, task, refused, SYSTEM, NOW)
    assert (seat(session, task), chosen.seats_taken) == (chosen, 1)


def test_a_seat_is_moved_to_no_station_that_does_not_serve_the_rider(session: Session) -> None:
    city = make_city(session)
    own, neighbour, _ = city.districts
    present = make_session(session, own.at_a, capacity=2)
    task = establish(session, make_violation(session, make_rider(session, own.a), own.a))
    closed = make_session(session, make_station(session, own.b), NOW + timedelta(days=3))
    closed.station.active = False
    for beyond in (make_session(session, neighbour.at_a, NOW + timedelta(days=1)), closed):
        with pytest.raises(Refusal, match="cannot be chosen"):
            seats.move_booking(session, task, beyond, SYSTEM, NOW)
        assert (seat(session, task), beyond.seats_taken) == (present, 0)
    central = make_session(session, make_station(session, city.city), NOW + timedelta(days=2))
    seats.move_booking(session, task, central, SYSTEM, NOW)
    assert seat(session, task) is central


def test_waiving_takes_a_reason_and_two_people(session: Session, district: District, rider: Rider) -> None:
    study = make_session(session, district.at_a)
    task = establish(session, make_violation(session, rider, district.a))
    supervisor = actor_of(people.make_user(session, "supervisor", area_id=district.root.id))
    officer = actor_of(people.make_user(session, "officer", area_id=district.root.id))
    reason = "长期住院，医院已出具证明"
    with pytest.raises(Denied):
        exceptions.propose_waiver(session, task, reason, officer, NOW)
    with pytest.raises(Refusal, match="in at least"):
        exceptions.propose_waiver(session, task, "住院", supervisor, NOW)
    proposal = exceptions.propose_waiver(session, task, reason, supervisor, NOW)
    with pytest.raises(Refusal, match="yourself"):
        exceptions.grant(session, proposal, supervisor, NOW)
    second = actor_of(people.make_user(session, "supervisor", area_id=district.root.id))
    exceptions.grant(session, proposal, second, NOW)
    assert (task.state, task.waived_by_id, study.seats_taken) == ("waived", second.user_id, 0)
    with pytest.raises(Refusal, match="finished"):
        exceptions.propose_waiver(session, task, reason, supervisor, NOW)
    assignment.resume(session, task, "证明系伪造，撤销免除", second, NOW)
    assert (task.state, study.seats_taken) == ("booked", 1)


def test_the_worker_seats_an_overdue_task_in_the_next_session(
    session: Session, district: District, rider: Rider
) -> None:
    late = make_session(session, district.at_a, NOW + timedelta(days=20))
    task = establish(session, make_violation(session, rider, district.a))
    assert seats.book_waiting(session, NOW) == 0
    assert seats.book_waiting(session, NOW + timedelta(days=16)) == 1
    assert seat(session, task) is late


def test_a_first_violation_costs_few_statements(session: Session, district: District, rider: Rider) -> None:
    """The figure is a fence: whoever raises it says why (recording is measured against a bare insert)."""
    make_session(session, district.at_a)
    violation = make_violation(session, rider, district.a)
    figure(session, "education.due_days")
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    event.listen(session.get_bind(), "before_cursor_execute", note)
    try:
        assignment.assign_for_violation(session, ViolationEstablished(NOW, SYSTEM, violation.id))
        session.flush()
    finally:
        event.remove(session.get_bind(), "before_cursor_execute", note)
    assert len(statements) <= 12, statements


def test_every_step_is_audited(session: Session, district: District, rider: Rider) -> None:
    make_session(session, district.at_a)
    establish(session, make_violation(session, rider, district.a))
    study = select(AuditEntry.action).where(AuditEntry.action.startswith("education:")).order_by(AuditEntry.id)
    assert session.scalars(study).all()[-2:] == ["education:task:open", "education:seat:book"]
