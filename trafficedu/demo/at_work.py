"""The first station while a session goes on, entered by the live services as somebody finds it who looks in now.

The session began half an hour before the present, whatever the hour, so that its board has somebody in every room. Who
sits in it had a seat of the same course in the days ahead: the figures of a day do not depend on the hour.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from random import Random
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.accounts.models import User
from trafficedu.accounts.queries import actor_of
from trafficedu.accounts.rules import Role
from trafficedu.core.actors import VISITOR
from trafficedu.core.clock import local_date
from trafficedu.core.numbers import new_number
from trafficedu.demo.accounts import USERNAMES
from trafficedu.demo.names import INVENTED
from trafficedu.education.models.courses import Course, StudySession
from trafficedu.education.models.tasks import Booking, StudyTask
from trafficedu.education.queries.queueing import queue_of
from trafficedu.education.queries.seats import is_in_reach
from trafficedu.education.rules.states import BookingState, ModuleKind, SessionState, TaskState
from trafficedu.education.services import queueing, study
from trafficedu.education.services.absence import leave_early, mark_absent
from trafficedu.education.services.arriving import Asked, arrive
from trafficedu.education.services.by_hand import record_quiz_by_hand
from trafficedu.education.services.door import Arrival, undo_check_in
from trafficedu.education.services.door_codes import device_hash
from trafficedu.education.services.rooms import plan_rooms
from trafficedu.quizzes.rules.words import Device
from trafficedu.quizzes.services import attempts

SINCE = timedelta(minutes=29)
"""How long the session has been going on: whoever came first has heard the lecture, and may still come late."""
SEATS, RIDERS, WALK_INS = 30, 26, 2
SCANNED, OFFLINE, ON_PHONES = range(10), range(10, 13), range(13, 19)
UNDONE, LATECOMER = 19, 20
"""Places in the list of riders: how each came; those after them have not come."""
IN_FILM, LEFT = range(10, 14), 9
BY_HAND, FAILED, RUNNING = 13, 15, range(16, 18)
REASON = "驾驶人不识字，由工作人员逐题口试"


def enter_session(session: Session, now: datetime, seed: int) -> int:
    """Hold a session at the first station now; returns how many riders have come, 0 where there is nobody to come."""
    clerk = session.scalar(select(User).where(User.username == USERNAMES[Role.STATION]))
    if clerk is None or clerk.station is None:
        return 0
    return _GoingOn(session, clerk, now, Random(seed)).enter()


class _GoingOn:
    """What has happened in a session so far, by minutes since it began."""

    def __init__(self, session: Session, clerk: User, now: datetime, chance: Random) -> None:
        assert clerk.station is not None
        self._session, self._now, self._chance = session, now, chance
        self._by, self._station = actor_of(clerk), clerk.station
        self._course = session.scalars(select(Course).order_by(Course.rank).limit(1)).one()

    def enter(self) -> int:
        """Let riders come, go from room to room and take the quiz; returns how many have come."""
        tasks = list(islice(self._suitable(), RIDERS))
        if not tasks:
            return 0
        self._study = self._hold()
        self._modules = {module.kind: module.id for module in self._study.plan.modules}
        expected = max(len(tasks) - WALK_INS, 1)
        bookings, walk_ins = [self._seat(task) for task in tasks[:expected]], tasks[expected:]
        plan_rooms(self._session, self._study)
        self._come(bookings, walk_ins)
        self._hear_and_see(bookings)
        self._sit_quizzes(bookings)
        self._ride()
        return sum(booking.has_checked_in for booking in bookings) + len(walk_ins)

    def _at(self, minutes: float) -> datetime:
        return min(self._now, self._study.starts_utc + timedelta(minutes=minutes))

    def _hold(self) -> StudySession:
        """Add the session, at a time at which the station and its lecturer have no other that begins."""
        starts = (self._now - SINCE).replace(second=0, microsecond=0)
        taken = set(
            self._session.scalars(select(StudySession.starts_utc).where(StudySession.station_id == self._station.id))
        )
        while starts in taken:
            starts -= timedelta(minutes=1)
        plan = self._course.on(local_date(starts))
        ends = starts + timedelta(minutes=plan.minutes)
        busy = select(StudySession.lecturer).where(
            StudySession.starts_utc < ends,
            StudySession.ends_utc > starts,
            StudySession.state == SessionState.SCHEDULED,
        )
        others = set(self._session.scalars(busy))
        free = [name for name in INVENTED["lecturers"] if name not in others]
        held = StudySession(
            number=new_number("S"),
            course=self._course,
            station=self._station,
            starts_utc=starts,
            starts_on=local_date(starts),
            ends_utc=ends,
            capacity=SEATS,
            lecturer=free[0] if free else "",
        )
        self._session.add(held)
        self._session.flush()
        return held

    def _suitable(self) -> Iterator[StudyTask]:
        """Yield tasks of the course with a seat in the days ahead whom the station serves, its own riders first."""
        today = local_date(self._now)
        query = (
            select(StudyTask)
            .join(Booking, Booking.task_id == StudyTask.id)
            .join(StudySession, StudySession.id == Booking.session_id)
            .where(
                StudyTask.state == TaskState.BOOKED,
                StudyTask.course_id == self._course.id,
                StudyTask.opened_on < today,
                Booking.state == BookingState.BOOKED,
                StudySession.starts_on > today,
            )
            .order_by(StudyTask.station_id != self._station.id, StudyTask.id)
        )
        for task in self._session.scalars(query).all():
            if is_in_reach(self._session, task, self._station.id):
                yield task

    def _seat(self, task: StudyTask) -> Booking:
        """Move a rider's seat into the session; nobody is told of that."""
        query = select(Booking).where(Booking.task_id == task.id, Booking.state == BookingState.BOOKED)
        booking = self._session.scalars(query).one()
        booking.session.seats_taken -= 1
        self._study.seats_taken += 1
        booking.session, task.station_id = self._study, self._station.id
        self._session.flush()
        return booking

    def _arrive(self, task: StudyTask, at: float, received: float | None = None, *, move: bool = False) -> None:
        """Let the clerk scan a rider's code; one that was ``received`` later was tapped without a network."""
        sent = None if received is None else self._at(received)
        asked = Asked(
            self._study,
            task.number,
            self._at(at),
            sent or self._at(at),
            Arrival(identified=True, received=sent),
            nonce=str(UUID(int=self._chance.getrandbits(128), version=4)),
            move=move,
        )
        arrive(self._session, asked, task, self._by)

    def _come(self, bookings: Sequence[Booking], walk_ins: Sequence[StudyTask]) -> None:
        for place, booking in enumerate(bookings):
            if place in SCANNED:
                self._arrive(booking.task, place * 0.7 - 9)
            elif place in OFFLINE:
                self._arrive(booking.task, place * 0.5 - 6, received=3.5)
            elif place in ON_PHONES:
                mark = f"demo-{place}"
                arrival = Arrival(device=device_hash(self._session, mark))
                at = self._at(place * 0.3 - 5)
                arrive(self._session, Asked(self._study, booking.task.number, at, at, arrival), booking.task, VISITOR)
            elif place == UNDONE:
                self._arrive(booking.task, -2)
                undo_check_in(self._session, booking, self._by, self._at(-1))
            elif place == LATECOMER:
                mark_absent(self._session, booking, self._by, self._at(8))
                self._arrive(booking.task, 11)
        for place, task in enumerate(walk_ins):
            self._arrive(task, 4 + place, move=True)

    def _start(self, booking: Booking, kind: ModuleKind, at: float, until: float | None = None) -> None:
        study.start_module(self._session, booking, self._modules[kind], self._by, self._at(at))
        if until is not None:
            study.end_module(self._session, booking, self._modules[kind], self._by, self._at(until))
        self._session.expire(booking.attendance, ["modules"])

    def _hear_and_see(self, bookings: Sequence[Booking]) -> None:
        """Begin with the lecture for some and the film for others; of who came first, most have heard it by now."""
        for place, booking in enumerate(bookings):
            if not booking.is_studying:
                continue
            if place in IN_FILM:
                self._start(booking, ModuleKind.FILM, 1, 17)
                continue
            self._start(booking, ModuleKind.LECTURE, 2 if place < LATECOMER else 12, 23 if place < UNDONE else None)
            if place == LEFT:
                leave_early(self._session, booking, self._by, self._at(24))
        for booking in bookings[4:LEFT]:
            if booking.is_studying:
                self._start(booking, ModuleKind.FILM, 24)

    def _sit_quizzes(self, bookings: Sequence[Booking]) -> None:
        for place, booking in enumerate(bookings):
            if not booking.is_studying:
                continue
            if place == BY_HAND:
                self._start(booking, ModuleKind.QUIZ, 18, 24)
                record_quiz_by_hand(self._session, booking, 90, REASON, self._by, self._at(25))
            elif place in {FAILED, *RUNNING}:
                self._sit(booking, 24, ended=place == FAILED)

    def _sit(self, booking: Booking, at: float, *, ended: bool) -> None:
        """Begin an attempt on the rider's phone; one that ends is answered wrongly, one that goes on is half done."""
        chance = Random(self._chance.random())
        attempt = attempts.begin(self._session, booking, Device.PHONE, VISITOR, self._at(at), chance)
        items = attempt.items
        for place, item in enumerate(items if ended else items[: len(items) // 2]):
            options = range(len(item.version.options))
            wrong = [option for option in options if option not in item.version.right]
            chosen = set(wrong[:1]) if ended and wrong else item.version.right
            attempts.answer(self._session, booking, item.id, chosen, self._at(at + 0.3 * (place + 1)))
        if ended:
            attempts.hand_in(self._session, booking, VISITOR, self._at(at + 4))

    def _ride(self) -> None:
        """Two were called to the machines and one rides, one was called and is not there, the others wait."""
        for at in (24.0, 25.0):
            queue = queue_of(self._session, self._study, self._at(at))
            if queue.free and queue.next_one(self._at(at)) is not None:
                called = queueing.call_next(self._session, self._study, self._by, self._at(at))
                if at == 24.0:
                    queueing.begin_ride(self._session, called.booking, self._by, self._at(at + 0.5))
                else:
                    queueing.fall_back(self._session, called.booking, self._by, self._at(at + 2))
        queue = queue_of(self._session, self._study, self._now)
        if queue.free and queue.next_one(self._now) is not None:
            queueing.call_next(self._session, self._study, self._by, self._at(28))
