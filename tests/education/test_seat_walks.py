"""Random walks over all that happens to seats: true counters, nobody who fits waits or is skipped, one place each."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import combinations

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.factories.education import NOW, District, assign, course, make_rider, make_session, make_violation
from trafficedu.core.actors import SYSTEM, VISITOR, Actor
from trafficedu.core.clock import local_date
from trafficedu.core.errors import DomainError
from trafficedu.education.models.courses import StudySession
from trafficedu.education.models.tasks import Booking, StudyTask
from trafficedu.education.queries.free import turn
from trafficedu.education.queries.seats import candidates, live_booking, origin_path, sessions_with_seats
from trafficedu.education.queries.sessions import count_live_bookings
from trafficedu.education.rules.planning import RidersChoice
from trafficedu.education.rules.states import BookingState, TaskState
from trafficedu.education.services import absence, own_seat, pausing, seats, sessions
from trafficedu.education.services.door import check_in
from trafficedu.education.services.sessions import NewSession, SessionChange

STEPS = 60
HELD = (BookingState.BOOKED, BookingState.ATTENDED, BookingState.ABSENT, BookingState.EXCUSED)


class Walk:
    """One walk: what may happen next, each act by chance."""

    def __init__(self, session: Session, district: District, staff: Actor, seed: int) -> None:
        self.session, self.district, self.staff = session, district, staff
        self.chance, self.now = random.Random(seed), NOW
        self.riders = [make_rider(session, village) for village in (district.a, district.b, district.c) * 3]
        self.contested = 0
        self.acts = [self.offend, self.plan, self.change, self.cancel, self.choose, self.give_up, self.come, self.miss]

    def step(self) -> str:
        act = self.chance.choice([*self.acts, self.wait])
        waited = {task.id for task in self._waiting()}
        seated = {booking.id for booking in self._seats()}
        try:
            with self.session.begin_nested():
                act()
        except DomainError:
            self.session.expire_all()
        if act != self.choose:
            self._nobody_was_skipped(waited, seated)
        return act.__name__

    def _waiting(self) -> Sequence[StudyTask]:
        tasks = self.session.scalars(select(StudyTask).where(StudyTask.state == TaskState.OPEN))
        return [task for task in tasks if task.paused_until is None or task.paused_until <= local_date(self.now)]

    def _seats(self) -> Sequence[Booking]:
        return self.session.scalars(select(Booking).where(Booking.state == BookingState.BOOKED)).all()

    def _nobody_was_skipped(self, waited: set[int], seated: set[int]) -> None:
        """Check that a seat that was given by itself went to the first in turn of those whom it fitted.

        The lead time is left out of account: it ran from some moment of the step on.
        """
        self.session.expire_all()
        still = [task for task in self._waiting() if task.id in waited]
        for booking in self._seats():
            if booking.id in seated:
                continue
            passed = [task for task in still if fits(task, booking.session, self.now)]
            self.contested += len(passed)
            for task in passed:
                assert turn(booking.task) < turn(task), (booking.task.number, task.number)

    def offend(self) -> None:
        rider = self.chance.choice(self.riders)
        violation = make_violation(self.session, rider, self.district.a, self.now)
        assign(self.session, violation, SYSTEM, self.now)

    def plan(self) -> None:
        code = self.chance.choice(["basic", "basic", "intermediate", "intensive"])
        starts = self.now.replace(hour=self.chance.randrange(0, 8), minute=0) + timedelta(
            days=self.chance.randrange(1, 40)
        )
        new = NewSession(course(self.session, code), self.district.at_a, starts, self.chance.randrange(1, 4))
        sessions.create_session(self.session, new, self.staff, self.now)

    def change(self) -> None:
        one = self._coming()
        if one is not None:
            starts = one.starts_utc + timedelta(days=self.chance.choice([-1, 0, 0, 1]))
            new = SessionChange(starts, self.chance.randrange(1, 5), riders=self.chance.choice(list(RidersChoice)))
            sessions.change_session(self.session, one, new, one.version, self.staff, self.now)

    def cancel(self) -> None:
        one = self._coming()
        if one is not None and self.chance.random() < 0.3:
            count = count_live_bookings(self.session, one.id)
            sessions.cancel_session(self.session, one, "停电", one.version, count, self.staff, self.now)

    def choose(self) -> None:
        task = self._task(TaskState.BOOKED, TaskState.OPEN, TaskState.AWAY)
        offered = sessions_with_seats(self.session, task, self.now) if task is not None else []
        if task is not None and offered:
            agreed = self.chance.random() < 0.5
            own_seat.choose_own(self.session, task, self.chance.choice(offered), agreed, VISITOR, self.now)

    def give_up(self) -> None:
        task = self._task(TaskState.BOOKED)
        if task is not None:
            own_seat.give_up(self.session, task, VISITOR, self.now)

    def come(self) -> None:
        booking = self._today()
        if booking is not None:
            self.now = max(self.now, booking.session.starts_utc)
            check_in(self.session, booking, self.staff, self.now)

    def miss(self) -> None:
        booking = self._today()
        if booking is not None:
            self.now = max(self.now, booking.session.starts_utc)
            absence.mark_absent(self.session, booking, self.staff, self.now)

    def offend_first(self) -> None:
        rider = make_rider(self.session, self.chance.choice([self.district.a, self.district.b]))
        assign(self.session, make_violation(self.session, rider, self.district.a, self.now), SYSTEM, self.now)

    def plan_few(self) -> None:
        starts = self.now + timedelta(days=self.chance.randrange(1, 4), minutes=self.chance.randrange(0, 300))
        make_session(self.session, self.district.at_a, starts, capacity=self.chance.randrange(1, 3))
        newest = self.session.scalars(select(StudySession).order_by(StudySession.id.desc()).limit(1)).one()
        seats.offer_seats(self.session, newest.id, SYSTEM, self.now)

    def miss_next(self) -> None:
        query = select(Booking).join(Booking.session).where(Booking.state == BookingState.BOOKED)
        booking = self.session.scalar(query.order_by(StudySession.starts_utc, Booking.id).limit(1))
        if booking is not None:
            self.now = max(self.now, booking.session.starts_utc)
            absence.mark_absent(self.session, booking, self.staff, self.now)

    def wait(self) -> None:
        self.now += timedelta(hours=self.chance.choice([5, 24, 72]))
        pausing.bring_back(self.session, self.now, 100)
        absence.note_absent(self.session, self.now, 100)
        seats.book_waiting(self.session, self.now)

    def _coming(self) -> StudySession | None:
        query = select(StudySession).where(StudySession.starts_utc > self.now, StudySession.state == "scheduled")
        found = self.session.scalars(query.order_by(StudySession.id)).all()
        return self.chance.choice(found) if found else None

    def _task(self, *states: TaskState) -> StudyTask | None:
        query = select(StudyTask).where(StudyTask.state.in_(states)).order_by(StudyTask.id)
        found = self.session.scalars(query).all()
        return self.chance.choice(found) if found else None

    def _today(self) -> Booking | None:
        query = (
            select(Booking)
            .join(Booking.session)
            .where(Booking.state == BookingState.BOOKED, StudySession.starts_on == local_date(self.now))
        )
        found = self.session.scalars(query.order_by(Booking.id)).all()
        return self.chance.choice(found) if found else None


def fits(task: StudyTask, study: StudySession, now: datetime) -> bool:
    """Tell by the words of the rule, not by the product's query, whether a seat could have been given to who waits."""
    today, home = local_date(now), task.rider.home_area or task.area
    in_time = task.due_on >= study.starts_on or task.due_on < today
    near = home.path.startswith(study.station.area.district.path)
    return task.course_id == study.course_id and in_time and near


def require_true(session: Session, now: datetime) -> None:
    """Check what holds after every step."""
    session.flush()
    session.expire_all()
    for one in session.scalars(select(StudySession)):
        held = select(func.count()).where(Booking.session_id == one.id, Booking.state.in_(HELD))
        taken = session.scalar(held.select_from(Booking)) or 0
        assert one.seats_taken == (taken if one.takes_place else 0) <= one.capacity + one.extra_seats, one.number
    for task in session.scalars(select(StudyTask)):
        booking = live_booking(session, task.id)
        assert (booking is not None) == task.is_booked, task.state
        assert booking is None or booking.session.takes_place
        assert booking is None or booking.session.course_id == task.course_id
    _nobody_fits_and_waits(session, now)
    _nobody_is_in_two_places(session)


def _nobody_fits_and_waits(session: Session, now: datetime) -> None:
    for task in session.scalars(select(StudyTask).where(StudyTask.state == TaskState.OPEN)):
        if task.paused_until is None or task.paused_until <= local_date(now):
            assert not candidates(session, seats.seeker_of(task, origin_path(session, task)), now), task.number


def _nobody_is_in_two_places(session: Session) -> None:
    query = (
        select(StudyTask.rider_id, StudySession)
        .join(Booking, Booking.task_id == StudyTask.id)
        .join(StudySession, Booking.session_id == StudySession.id)
        .where(
            Booking.state.in_((BookingState.BOOKED, BookingState.ATTENDED)),
            StudyTask.state.in_((TaskState.BOOKED, TaskState.IN_PROGRESS)),
        )
    )
    of_rider: dict[int, list[StudySession]] = {}
    for rider_id, held in session.execute(query):
        of_rider.setdefault(rider_id, []).append(held)
    for places in of_rider.values():
        for one, other in combinations(places, 2):
            assert one.ends_utc <= other.starts_utc or other.ends_utc <= one.starts_utc, (one.number, other.number)


@pytest.mark.parametrize("seed", range(6))
def test_a_walk_leaves_every_seat_where_it_belongs(
    session: Session, district: District, staff: Actor, seed: int
) -> None:
    walk, done = Walk(session, district, staff, seed), []
    make_session(session, district.at_a, NOW + timedelta(days=2), capacity=2)
    for _ in range(STEPS):
        done.append(walk.step())
        try:
            require_true(session, walk.now)
        except AssertionError as wrong:
            raise AssertionError(f"after {_told(done)}: {wrong}") from wrong
    assert session.scalar(select(func.count()).select_from(Booking)), "the walk went somewhere"


@pytest.mark.parametrize("seed", range(3))
def test_where_seats_are_rare_nobody_who_fits_is_skipped(
    session: Session, district: District, staff: Actor, seed: int
) -> None:
    walk, done = Walk(session, district, staff, seed), []
    walk.acts = [walk.offend_first, walk.offend_first, walk.offend_first, walk.plan_few, walk.plan_few, walk.miss_next]
    walk.acts += [walk.cancel, walk.give_up, walk.miss_next]
    for _ in range(STEPS):
        done.append(walk.step())
        require_true(session, walk.now)
    assert walk.contested > 5, _told(done)
    assert session.scalar(select(func.max(StudyTask.absences))), "somebody missed a seat and was given another in turn"


def _told(done: Sequence[str]) -> str:
    return " ".join(done)
