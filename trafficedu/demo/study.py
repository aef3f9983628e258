"""From the violation to the certificate, after the rules by which the live system assigns, seats and withdraws.

Who does not come is marked absent and seated again once; after the second time the rider is listed as not coming,
until somebody gives a seat by hand, because the rider was caught again or a supervisor sees to it, or the study is
waived: within some months. A few leave early, and go on with what is left. A task is written with seats, attendance and
certificates once nothing about it changes any more.
"""

from __future__ import annotations

from collections.abc import Sequence

from trafficedu.demo.care import AMONG_THE_CAUGHT, COMING, shifted
from trafficedu.demo.names import phrase
from trafficedu.demo.offences import Offence
from trafficedu.demo.people import Person
from trafficedu.demo.plan import DAY, HOUR, MINUTE, Agenda, date_of, day_of, number_of, start_of
from trafficedu.demo.rows import Teller, World
from trafficedu.demo.tasks import Seat, Task, TaskRows, leave_through, study_through
from trafficedu.demo.timetable import Held, Timetable
from trafficedu.education.models.courses import CourseVersion
from trafficedu.education.models.tasks import StudyTask
from trafficedu.education.rules.reckoning import due_date, latest_start, window_start
from trafficedu.education.rules.states import BookingState, TaskState

COMES = (0.63, 0.82)
"""Share of riders who study in the end, in the first and in the last month."""
AT_FIRST, CAUGHT_AGAIN, AS_AGREED = 0.86, 0.6, 0.55
LEAVES = 0.012
LET_OFF = 0.3
"""Of those who do not come, each time; the others are given a seat by hand, and some come then."""
SEEN_TO = (6, 36)
"""Days until a supervisor has decided what becomes of somebody who does not come."""
UNSIGNED_DAYS, UNSIGNED = 3, 0.04
UNSIGNED_DAYS_HERE, UNSIGNED_HERE = 6, 0.35
FULL_ENOUGH = 6
HASTY_AT, HASTY_DAYS = 1, 400
"""The station whose staff lets nothing last longer than it has to, and since when."""


class Study(Teller):
    """Opens tasks, gives seats, holds the sessions; told of everything in the order of time."""

    def __init__(self, world: World, courses: Sequence[CourseVersion], timetable: Timetable, agenda: Agenda) -> None:
        super().__init__(world)
        self._courses, self._timetable, self._agenda = courses, timetable, agenda
        self._due_days = self._figure("education.due_days")
        self._window_days = self._figure("education.repeat_window_days")
        self._lead = self._figure("education.booking_lead_minutes") * MINUTE
        self._horizon = self._figure("education.horizon_days")
        self._credit = self._figure("education.credit_days") * DAY
        self._paths = {village.id: village.path for village in world.places.villages}
        self._care = {village.id: village.care for village in world.places.villages}
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
        if task.state == TaskState.AWAY:
            task.course = max(course, task.course)
            if self._chance.random() < CAUGHT_AGAIN:
                self._seat_by_hand(now, task)
        elif course > task.course:
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
        comes = shifted(
            COMES[0] + (COMES[1] - COMES[0]) * progress, COMING * (self._care[offence.area] - AMONG_THE_CAUGHT)
        )
        return Task(
            self._rows.new_id(StudyTask),
            person,
            course,
            offence.area,
            self._paths[offence.area] if person.home is None else self._homes[person.home],
            offence.firm,
            now,
            today + (due_date(date_of(today), self._due_days) - date_of(today)).days,
            self._chance.random() < comes,
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
        today = day_of(now)
        last_day = number_of(latest_start(date_of(task.due), date_of(today), self._horizon))
        held = self._timetable.find(task.course, task.path, ready, last_day)
        if held is None:
            if task.state != TaskState.AWAY:
                task.state = TaskState.OPEN
            again = start_of(task.due + 1) + HOUR if task.due >= today else now + DAY
            self._agenda.at(again, self._try_again, task)
            return
        held.taken += 1
        held.used = True
        seat = Seat(held, now)
        task.seats.append(seat)
        task.state = TaskState.BOOKED
        self._agenda.at(held.starts, self._hold, task, seat)

    def _try_again(self, now: int, task: Task) -> None:
        """Seat a task that has been waiting, as the worker does once its due date is over, or as was agreed upon."""
        if task.state in {TaskState.OPEN, TaskState.AWAY}:
            self._book_seat(now, task)

    def _hold(self, now: int, task: Task, seat: Seat) -> None:
        """Let a session begin for one of its riders: they study, or they are absent."""
        if seat.state != BookingState.BOOKED:
            return
        if task.will_come and (task.absences or self._chance.random() < AT_FIRST):
            self._attend(now, task, seat)
            return
        seat.state, task.state = BookingState.ABSENT, TaskState.OPEN
        task.absences += 1
        if task.absences < self._figure("education.most_absences"):
            self._book_seat(now + 2 * HOUR, task)
        else:
            task.state = TaskState.AWAY
            decided = now + self._chance.randrange(*SEEN_TO) * DAY
            self._agenda.at(decided, self._waive if self._chance.random() < LET_OFF else self._seat_by_hand, task)

    def _attend(self, now: int, task: Task, seat: Seat) -> None:
        course, seat.state = self._courses[task.course], BookingState.ATTENDED
        if not task.studied and self._chance.random() < LEAVES:
            seat.attended = leave_through(course, seat.held, self._chance)
            task.studied, task.state = seat.attended.modules, TaskState.OPEN
            self._book_seat(now + 2 * HOUR, task)
            return
        days, share = (UNSIGNED_DAYS_HERE, UNSIGNED_HERE) if seat.held.station == 0 else (UNSIGNED_DAYS, UNSIGNED)
        forgotten = seat.held.day >= self._span.today - days and self._chance.random() < share
        kept = task.studied if self._counts_still(task, course, seat.held.starts) else []
        hasty = seat.held.station == HASTY_AT and seat.held.day >= self._span.today - HASTY_DAYS
        seat.attended = study_through(course, seat.held, not forgotten, self._chance, kept, hasty=hasty)
        task.state, task.completed = (
            (TaskState.IN_PROGRESS, 0) if forgotten else (TaskState.COMPLETED, seat.attended.signed)
        )
        self._finish(task)

    def _counts_still(self, task: Task, course: CourseVersion, starts: int) -> bool:
        """Tell whether what a rider studied before leaving early counts at a session."""
        modules = {module.id for module in course.modules}
        return all(module in modules and starts - start < self._credit for module, start, _, _ in task.studied)

    def _seat_by_hand(self, now: int, task: Task) -> None:
        """Give a rider who does not come a seat that was agreed upon."""
        if task.state == TaskState.AWAY:
            task.will_come = self._chance.random() < AS_AGREED
            self._book_seat(now, task)

    def _waive(self, _now: int, task: Task) -> None:
        if task.state == TaskState.AWAY:
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
            task.left.append(offence)
        if not task.links:
            self._cancel_booking(task)
            task.state = TaskState.WITHDRAWN
            self._finish(task)
            return
        course = self._course_for(person, max(link.day for link in task.links))
        if task.state == TaskState.AWAY:
            task.course = course
        elif course != task.course:
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
