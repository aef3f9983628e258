"""From the violation to the certificate, after the rules by which the live system assigns, seats and withdraws.

Who does not come is marked absent and seated again, a few times; then nobody seats the rider any more, and the
task stays open and overdue until the rider is caught again or a supervisor waives it. A task is written with seats,
attendance and certificates once nothing about it changes any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from trafficedu.demo.names import phrase
from trafficedu.demo.offences import Offence
from trafficedu.demo.people import Person
from trafficedu.demo.plan import DAY, HOUR, MINUTE, Agenda, date_of, day_of, start_of
from trafficedu.demo.rows import Teller, World
from trafficedu.demo.timetable import WEEKS_AHEAD, Held, Timetable
from trafficedu.education.models import Attendance, Booking, Certificate, Course, ModuleRecord, StudyTask, TaskViolation
from trafficedu.education.rules import (
    BookingState,
    ModuleKind,
    TaskState,
    due_date,
    latest_start,
    urgency,
    window_start,
)

OVERRIDES = 0.004
OVERRIDE_REASON = "骑手视力不便，测验改为口头问答，内容已掌握。"
BREAK_MINUTES = 2


@dataclass(slots=True)
class Attended:
    """A study that took place: check-in, the modules with start and end, the quiz, the sign-off (0: missing)."""

    checked_in: int
    modules: list[tuple[int, int, int]]
    score: int | None
    attempts: int
    signed: int
    override: str = ""


@dataclass(slots=True)
class Seat:
    """A booking."""

    held: Held
    booked: int
    state: BookingState = BookingState.BOOKED
    attended: Attended | None = None


@dataclass(slots=True)
class Task:
    """A study task; ``course`` is the place of its course from short to long."""

    id: int
    person: Person
    course: int
    area: int
    path: str
    firm: int | None
    opened: int
    due: int
    will_come: bool
    patience: int
    state: TaskState = TaskState.OPEN
    absences: int = 0
    given_up: bool = False
    completed: int = 0
    waived_reason: str = ""
    links: list[Offence] = field(default_factory=list)
    seats: list[Seat] = field(default_factory=list)

    @property
    def seat(self) -> Seat | None:
        """The seat it holds now."""
        return self.seats[-1] if self.seats and self.seats[-1].state == BookingState.BOOKED else None


def study_through(course: Course, held: Held, signs: bool, chance: Random) -> Attended:
    """Return how a rider went through a course: every module its minimum of minutes, the quiz passed."""
    checked_in = held.starts - chance.randrange(-4, 18) * MINUTE
    clock = max(held.starts, checked_in) + chance.randrange(1, 5) * MINUTE
    modules = []
    for module in course.modules:
        end = clock + (module.minimum_minutes + chance.randrange(4)) * MINUTE
        modules.append((module.id, clock, end))
        clock = end + BREAK_MINUTES * MINUTE
    score, attempts = None, 0
    if any(module.kind == ModuleKind.QUIZ for module in course.modules):
        score = max(course.pass_mark, min(100, 5 * round(chance.gauss(91, 6) / 5)))
        attempts = chance.choices((1, 2, 3), (85, 12, 3))[0]
    override = ""
    if signs and score is not None and chance.random() < OVERRIDES:
        score, override = course.pass_mark - 10, OVERRIDE_REASON
    return Attended(checked_in, modules, score, attempts, clock if signs else 0, override)


class TaskRows(Teller):
    """Writes tasks with all that hangs on them."""

    def __init__(self, world: World, courses: Sequence[Course]) -> None:
        super().__init__(world)
        self._courses = courses
        self.signers: Sequence[int] = ()
        """User id of the staff of each station."""
        self.supervisor = 0

    def write(self, task: Task) -> None:
        """Write a task, its violations that were not voided, and its seats."""
        firm = None if task.firm is None else self._places.firms[task.firm].company.id
        kept = [seat for seat in reversed(task.seats) if seat.state != BookingState.CANCELLED]
        self._rows.add(
            StudyTask,
            id=task.id,
            rider_id=task.person.id,
            course_id=self._courses[task.course].id,
            area_id=task.area,
            home_area_id=None if task.person.home is None else self._places.villages[task.person.home].id,
            company_id=firm,
            station_id=next((self._places.stations[seat.held.station].id for seat in kept), None),
            opened_utc=task.opened,
            due_on=task.due,
            urgency=urgency(task.state, date_of(task.due)),
            state=task.state,
            completed_utc=task.completed if task.state == TaskState.COMPLETED else None,
            waived_by_id=self.supervisor if task.state == TaskState.WAIVED else None,
            waived_reason=task.waived_reason,
        )
        for offence in task.links:
            if not offence.voided_at:
                self._rows.add(TaskViolation, violation_id=offence.id, task_id=task.id)
        for seat in task.seats:
            self._write_seat(task, seat)

    def _write_seat(self, task: Task, seat: Seat) -> None:
        booking = self._rows.add(
            Booking, task_id=task.id, session_id=seat.held.id, state=seat.state, booked_utc=seat.booked
        )
        if seat.attended is not None:
            self._write_study(task, seat.held, booking, seat.attended)

    def _write_study(self, task: Task, held: Held, booking: int, study: Attended) -> None:
        signer = self.signers[held.station]
        attendance = self._rows.add(
            Attendance,
            booking_id=booking,
            checked_in_utc=study.checked_in,
            checked_in_by_id=signer,
            quiz_score=study.score,
            quiz_attempts=study.attempts,
            signed_off_utc=study.signed,
            signed_off_by_id=signer if study.signed else None,
            override_reason=study.override,
        )
        for module, start, end in study.modules:
            self._rows.add(ModuleRecord, attendance_id=attendance, module_id=module, started_utc=start, ended_utc=end)
        if study.signed:
            self._rows.add(Certificate, task_id=task.id, attendance_id=attendance, issued_utc=study.signed)


COMES = (0.63, 0.77)
"""Share of riders who study in the end, in the first and in the last month."""
AT_FIRST, CAUGHT_AGAIN, LAST_ABSENCE = 0.86, 0.6, 2
LET_OFF = 0.42
UNSIGNED_DAYS, UNSIGNED = 3, 0.04
UNSIGNED_DAYS_HERE, UNSIGNED_HERE = 7, 0.35
FULL_ENOUGH = 6


class Study(Teller):
    """Opens tasks, gives seats, holds the sessions; told of everything in the order of time."""

    def __init__(self, world: World, courses: Sequence[Course], timetable: Timetable, agenda: Agenda) -> None:
        super().__init__(world)
        self._courses, self._timetable, self._agenda = courses, timetable, agenda
        self._due_days = self._figure("education.due_days")
        self._window_days = self._figure("education.repeat_window_days")
        self._lead = self._figure("education.booking_lead_minutes") * MINUTE
        self._paths = {village.id: village.path for village in world.places.villages}
        self._homes = [village.path for village in world.places.villages]
        self._unfinished: dict[int, Task] = {}
        self._finished: list[Task] = []
        self.task_rows = TaskRows(world, courses)

    def assign(self, now: int, offence: Offence, person: Person) -> None:
        """Open the rider's task, or let the violation join the one not begun."""
        person.days = [day for day in person.days if day > offence.day - 2 * self._window_days]
        person.days.append(offence.day)
        course = self._course_for(person, offence.day)
        task = self._unfinished.get(person.id)
        if task is None:
            task = self._unfinished[person.id] = self._open(now, offence, person, course)
            self._book_seat(now, task)
            return
        task.links.append(offence)
        if task.given_up:
            task.given_up, task.absences = False, 0
            task.will_come = self._chance.random() < CAUGHT_AGAIN
        if course > task.course:
            self._change_course(now, task, course)
        elif task.state == TaskState.OPEN:
            self._book_seat(now, task)

    def _course_for(self, person: Person, day: int) -> int:
        """Return the longest course that the rider's counting violations of the window call for."""
        last = date_of(day)
        count = sum(window_start(last, self._window_days) <= date_of(seen) <= last for seen in person.days)
        suitable = [place for place, course in enumerate(self._courses) if course.from_violations <= count]
        return max(suitable, key=lambda place: (self._courses[place].from_violations, place), default=0)

    def _open(self, now: int, offence: Offence, person: Person, course: int) -> Task:
        today = day_of(now)
        progress = (today - self._span.first_day) / (self._span.today - self._span.first_day + 1)
        return Task(
            self._rows.new_id(StudyTask),
            person,
            course,
            offence.area,
            self._paths[offence.area] if person.home is None else self._homes[person.home],
            offence.firm,
            now,
            today + (due_date(date_of(today), self._due_days) - date_of(today)).days,
            self._chance.random() < COMES[0] + (COMES[1] - COMES[0]) * progress,
            self._chance.randint(1, 3),
            links=[offence],
        )

    def _change_course(self, now: int, task: Task, course: int) -> None:
        task.course = course
        self._cancel_booking(task)
        self._book_seat(now, task)

    def _cancel_booking(self, task: Task) -> None:
        seat = task.seat
        if seat is not None:
            seat.state = BookingState.CANCELLED
            seat.held.taken -= 1

    def _book_seat(self, now: int, task: Task) -> None:
        """Book the best session; of today's seats none is given today, whatever the hour."""
        ready = now + self._lead + 1
        if now >= self._span.midnight:
            ready = max(ready, start_of(self._span.today + 1))
        last = latest_start(date_of(task.due), date_of(day_of(now)))
        last_day = task.due if last is not None else day_of(now) + 7 * WEEKS_AHEAD
        held = self._timetable.find(task.course, task.path, ready, last_day)
        if held is None:
            task.state = TaskState.OPEN
            again = start_of(task.due + 1) + HOUR if last is not None else now + DAY
            self._agenda.at(again, self._try_again, task)
            return
        held.taken += 1
        held.used = True
        seat = Seat(held, now)
        task.seats.append(seat)
        task.state = TaskState.BOOKED
        self._agenda.at(held.starts, self._hold, task, seat)

    def _try_again(self, now: int, task: Task) -> None:
        """Seat a task that has been waiting, as the worker does once its due date is over."""
        if task.state == TaskState.OPEN and not task.given_up:
            self._book_seat(now, task)

    def _hold(self, now: int, task: Task, seat: Seat) -> None:
        """Let a session begin for one of its riders: they study, or they are absent."""
        if seat.state != BookingState.BOOKED:
            return
        if task.will_come and (task.absences >= LAST_ABSENCE or self._chance.random() < AT_FIRST):
            self._attend(task, seat)
            return
        seat.state, task.state = BookingState.ABSENT, TaskState.OPEN
        task.absences += 1
        if task.will_come or task.absences < task.patience:
            self._book_seat(now + 2 * HOUR, task)
        else:
            self._give_up(now, task)

    def _attend(self, task: Task, seat: Seat) -> None:
        days, share = (UNSIGNED_DAYS_HERE, UNSIGNED_HERE) if seat.held.station == 0 else (UNSIGNED_DAYS, UNSIGNED)
        forgotten = seat.held.day >= self._span.today - days and self._chance.random() < share
        seat.attended = study_through(self._courses[task.course], seat.held, not forgotten, self._chance)
        seat.state = BookingState.ATTENDED
        task.state, task.completed = (
            (TaskState.IN_PROGRESS, 0) if forgotten else (TaskState.COMPLETED, seat.attended.signed)
        )
        self._finish(task)

    def _give_up(self, now: int, task: Task) -> None:
        task.given_up = True
        if self._chance.random() < LET_OFF:
            self._agenda.at(now + self._chance.randrange(20, 120) * DAY, self._waive, task)

    def _waive(self, _now: int, task: Task) -> None:
        if task.given_up and task.state == TaskState.OPEN:
            task.state, task.waived_reason = TaskState.WAIVED, phrase(self._chance, "waivers")
            self._finish(task)

    def withdraw(self, now: int, offence: Offence, person: Person) -> None:
        """Take a voided violation out of the rider's task not begun; an emptied task is withdrawn."""
        person.days.remove(offence.day)
        task = self._unfinished.get(person.id)
        if task is None:
            return
        if offence in task.links:
            task.links.remove(offence)
        if not task.links:
            self._cancel_booking(task)
            task.state = TaskState.WITHDRAWN
            self._finish(task)
            return
        course = self._course_for(person, max(link.day for link in task.links))
        if course != task.course:
            self._change_course(now, task, course)

    def _finish(self, task: Task) -> None:
        del self._unfinished[task.person.id]
        self._finished.append(task)

    def fill_today(self) -> None:
        """See to it that the first station has riders in its sessions of today, moved there from the days ahead."""
        for held in self._timetable.on_day(0, self._span.today):
            for task in self._unfinished.values():
                if held.taken >= min(FULL_ENOUGH, held.seats):
                    break
                if self._timetable.serves(0, task.path):
                    self._move(task, held)

    def _move(self, task: Task, held: Held) -> None:
        seat = task.seat
        if seat is None or seat.held.course != held.course or seat.held.day <= held.day:
            return
        if seat.booked + self._lead >= min(held.starts, self._span.midnight):
            return
        seat.held.taken -= 1
        held.taken += 1
        held.used, seat.held = True, held

    def write_until(self, moment: int) -> None:
        """Write the sessions that are over, and the finished tasks that refer to no others."""
        self._timetable.write_until(moment)
        later = []
        for task in self._finished:
            if all(seat.held.starts < moment for seat in task.seats):
                self.task_rows.write(task)
            else:
                later.append(task)
        self._finished = later

    def write_rest(self) -> None:
        """Write what is left: the sessions ahead, and the tasks not finished."""
        self.write_until(self._span.midnight)
        self._timetable.write_rest()
        for task in [*self._finished, *self._unfinished.values()]:
            self.task_rows.write(task)

    def overdue_at(self, home: int) -> int:
        """Return how many riders at home in a village (its place in the list) are overdue."""
        return sum(task.person.home == home and task.due < self._span.today for task in self._unfinished.values())
