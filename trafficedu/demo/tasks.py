"""A study task with its seats and what was studied, and how it becomes rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from trafficedu.demo.offences import Offence
from trafficedu.demo.people import Person
from trafficedu.demo.plan import MINUTE, date_of
from trafficedu.demo.rows import Teller, World
from trafficedu.demo.timetable import Held
from trafficedu.education.models.courses import CourseVersion
from trafficedu.education.models.tasks import Attendance, Booking, Certificate, ModuleRecord, StudyTask, TaskViolation
from trafficedu.education.rules.reckoning import urgency
from trafficedu.education.rules.states import AttendanceState, BookingState, ModuleKind, TaskState

OVERRIDES = 0.004
OVERRIDE_REASON = "骑手视力不便，测验改为口头问答，内容已掌握。"
BREAK_MINUTES = 2


@dataclass(slots=True)
class Attended:
    """A study that took place: check-in, the modules, the quiz, the sign-off and an early leaving (0: none).

    A module is its id, its start and its end, and whether it was credited.
    """

    checked_in: int
    modules: list[tuple[int, int, int, bool]]
    score: int | None
    attempts: int
    signed: int
    override: str = ""
    left: int = 0


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
    state: TaskState = TaskState.OPEN
    absences: int = 0
    completed: int = 0
    waived_reason: str = ""
    studied: list[tuple[int, int, int, bool]] = field(default_factory=list)
    links: list[Offence] = field(default_factory=list)
    left: list[Offence] = field(default_factory=list)
    seats: list[Seat] = field(default_factory=list)

    @property
    def seat(self) -> Seat | None:
        """The seat it holds now."""
        return self.seats[-1] if self.seats and self.seats[-1].state == BookingState.BOOKED else None


def study_through(
    course: CourseVersion,
    held: Held,
    signs: bool,
    chance: Random,
    credited: Sequence[tuple[int, int, int, bool]] = (),
    *,
    hasty: bool = False,
) -> Attended:
    """Return how a rider went through a course: every module its minimum of minutes, the quiz passed.

    ``credited`` were studied on an earlier day. ``hasty``: nothing lasts longer than it has to.
    """
    checked_in = held.starts - chance.randrange(-4, 18) * MINUTE
    clock = max(held.starts, checked_in) + chance.randrange(1, 5) * MINUTE
    modules = [(module, start, end, True) for module, start, end, _ in credited]
    for module in course.modules[len(credited) :]:
        longer = chance.randrange(4)
        end = clock + (module.minimum_minutes + (0 if hasty else longer)) * MINUTE
        modules.append((module.id, clock, end, False))
        clock = end + BREAK_MINUTES * MINUTE
    score, attempts = None, 0
    if any(module.kind == ModuleKind.QUIZ for module in course.modules):
        score = max(course.pass_mark, min(100, 5 * round(chance.gauss(91, 6) / 5)))
        attempts = chance.choices((1, 2, 3), (85, 12, 3))[0]
    override = ""
    if signs and score is not None and chance.random() < OVERRIDES:
        score, override = course.pass_mark - 10, OVERRIDE_REASON
    return Attended(checked_in, modules, score, attempts, clock if signs else 0, override)


def leave_through(course: CourseVersion, held: Held, chance: Random) -> Attended:
    """Return how a rider went through the first module of a course and left after it."""
    whole = study_through(course, held, False, chance)
    (first,) = whole.modules[:1]
    return Attended(whole.checked_in, [first], None, 0, 0, left=first[2] + BREAK_MINUTES * MINUTE)


def _state_of(study: Attended) -> AttendanceState:
    if study.signed:
        return AttendanceState.SIGNED
    return AttendanceState.LEFT if study.left else AttendanceState.STUDYING


class TaskRows(Teller):
    """Writes tasks with all that hangs on them."""

    def __init__(self, world: World, courses: Sequence[CourseVersion]) -> None:
        super().__init__(world)
        self._courses = courses
        self.signers: Sequence[int] = ()
        """User id of the staff of each station."""
        self.supervisor = 0

    def write(self, task: Task) -> None:
        """Write a task, its violations (those that were voided have left it), and its seats."""
        firm = None if task.firm is None else self._places.firms[task.firm].company.id
        kept = [seat for seat in reversed(task.seats) if seat.state != BookingState.CANCELLED]
        self._rows.add(
            StudyTask,
            id=task.id,
            rider_id=task.person.id,
            course_id=self._courses[task.course].course_id,
            area_id=task.area,
            home_area_id=None if task.person.home is None else self._places.villages[task.person.home].id,
            company_id=firm,
            station_id=next((self._places.stations[seat.held.station].id for seat in kept), None),
            opened_utc=task.opened,
            due_on=task.due,
            urgency=urgency(task.state, date_of(task.due)),
            state=task.state,
            absences=task.absences,
            completed_utc=task.completed if task.state == TaskState.COMPLETED else None,
            waived_by_id=self.supervisor if task.state == TaskState.WAIVED else None,
            waived_reason=task.waived_reason,
        )
        for offence in [*task.links, *task.left]:
            self._rows.add(TaskViolation, violation_id=offence.id, task_id=task.id, left_utc=offence.voided_at)
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
            state=_state_of(study),
            open_since_utc=study.checked_in,
            ended_utc=study.left,
            checked_in_utc=study.checked_in,
            checked_in_by_id=signer,
            quiz_score=study.score,
            quiz_attempts=study.attempts,
            signed_off_utc=study.signed,
            signed_off_by_id=signer if study.signed else None,
            override_reason=study.override,
        )
        for module, start, end, credited in study.modules:
            self._rows.add(
                ModuleRecord,
                attendance_id=attendance,
                module_id=module,
                started_utc=start,
                ended_utc=end,
                minutes=(end - start) // MINUTE,
                credited=credited,
            )
        if study.signed:
            self._rows.add(Certificate, task_id=task.id, attendance_id=attendance, issued_utc=study.signed)
