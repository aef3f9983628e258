"""What study brings to the ledger by itself: each once, and taken back when study takes it back."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.people import make_user
from tests.factories.sides import make_sides
from trafficedu.accounts.queries import actor_of
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import today, utc_now
from trafficedu.education.models.tasks import Attendance, Booking
from trafficedu.education.rules.states import TaskState
from trafficedu.education.services import assignment
from trafficedu.points.models import PointEntry
from trafficedu.points.queries import entries, scope
from trafficedu.points.rules import task_overdue_key
from trafficedu.points.services import happenings
from trafficedu.points.services.entries import add_counter
from trafficedu.wiring.work import REFERENCE


def test_an_overdue_study_costs_its_village_and_its_company_once(session: Session) -> None:
    side, _other = make_sides(session)
    side.waiting.due_on = side.task.due_on = today() - timedelta(days=1)
    side.waiting.company_id = side.company.id
    session.flush()
    before = happenings.enter_happenings(session, utc_now())
    assert happenings.enter_happenings(session, utc_now()) == 0, "asking again enters nothing"
    village, company = scope.of_area(side.village), scope.of_company(side.company)
    late = select(PointEntry).where(PointEntry.once_key.startswith(f"task-overdue:{side.waiting.id}:"))
    assert [
        (entry.kind, entry.points, entry.occurred_on) for entry in session.scalars(late.order_by(PointEntry.id))
    ] == [
        ("village", -1, today()),
        ("company", -1, today()),
    ]
    assert before >= 2
    balances = entries.balance_of(session, village), entries.balance_of(session, company)
    of_company = session.scalars(late.where(PointEntry.company_id.is_not(None))).one()
    add_counter(session, of_company, "误", SYSTEM, utc_now())
    supervisor = actor_of(make_user(session, "supervisor", area_id=side.village.id))
    assignment.waive(session, side.waiting, "住院", supervisor, utc_now())
    after = entries.balance_of(session, village), entries.balance_of(session, company)
    assert after == (balances[0] + 1, balances[1] + 1)
    assert happenings.enter_happenings(session, utc_now()) == 0


def test_an_entry_reversed_at_the_same_moment_does_not_keep_its_study_from_being_waived(session: Session) -> None:
    side, _other = make_sides(session)
    side.waiting.due_on = today() - timedelta(days=1)
    session.flush()
    happenings.enter_happenings(session, utc_now())
    late = select(PointEntry).where(PointEntry.once_key == task_overdue_key(side.waiting.id, "area"))
    entry = session.scalars(late).one()
    assert entry.countered_by is None, "so it was when it was looked at"
    add_counter(session, entry, "误", SYSTEM, utc_now())
    supervisor = actor_of(make_user(session, "supervisor", area_id=side.village.id))
    assignment.waive(session, side.waiting, "住院", supervisor, utc_now())
    assert side.waiting.state == TaskState.WAIVED
    counters = select(PointEntry.note).where(PointEntry.counters_id == entry.id)
    assert session.scalars(counters).all() == ["误"]


def test_what_an_earlier_version_left_out_and_had_not_taken_back_is_taken_back_by_an_update(session: Session) -> None:
    side, _other = make_sides(session)
    side.waiting.due_on = side.task.due_on = today() - timedelta(days=1)
    side.waiting.company_id = side.company.id
    session.flush()
    happenings.enter_happenings(session, utc_now())
    village, company = scope.of_area(side.village), scope.of_company(side.company)
    before = entries.balance_of(session, village), entries.balance_of(session, company)
    side.waiting.state = TaskState.WITHDRAWN
    session.flush()
    assert happenings.take_back_left_out in REFERENCE
    assert [happenings.take_back_left_out(session, utc_now()) for _ in range(2)] == [2, 0]
    after = entries.balance_of(session, village), entries.balance_of(session, company)
    assert after == (before[0] + 1, before[1] + 1)


def test_a_station_is_open_on_a_day_somebody_attended(session: Session) -> None:
    side, other = make_sides(session)
    for one in (side, other):
        one.study.starts_on = today() - timedelta(days=2)
    booking = Booking(task_id=side.waiting.id, session_id=side.study.id, state="attended", booked_utc=utc_now())
    session.add(booking)
    session.flush()
    attended = select(Attendance.id).join(Booking).where(Booking.session_id == side.study.id)
    if session.scalar(attended) is None:
        session.add(Attendance(booking_id=booking.id, checked_in_utc=utc_now(), open_since_utc=utc_now()))
    session.flush()
    happenings.enter_happenings(session, utc_now())
    opened = session.scalars(select(PointEntry).where(PointEntry.once_key.startswith("open-day:"))).all()
    mine = [entry for entry in opened if entry.area_id == side.village.id]
    assert [(entry.points, entry.occurred_on) for entry in mine] == [(1, today() - timedelta(days=2))]
