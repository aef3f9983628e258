"""The stations' timetable: weekly sessions of every course, from the first month to four weeks from now."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from trafficedu.core.numbers import new_number
from trafficedu.demo import seasons
from trafficedu.demo.names import INVENTED
from trafficedu.demo.places import Places
from trafficedu.demo.plan import MINUTE, Plan, day_of, start_of, weekday_of
from trafficedu.demo.rows import Teller, World
from trafficedu.education.models.courses import CourseVersion, StudySession

WEEKS_AHEAD = 4
SLOTS = tuple((8 * 60 + 30 + 80 * place) * MINUTE for place in range(9))
"""Starts of sessions, in seconds after midnight, from 08:30 to 19:10."""
MOST_SERIES, MOST_SERIES_IN_ALL = 14, 56
"""Of one course at one station, and of all together; where more seats are needed, the sessions grow."""
CATCHING_UP = 2
"""Times as many series again, in the weeks ahead."""
HOLDS = (1, 2, 3)
"""Every station holds the shortest course, every second one the next, every third the longest."""
TASKS_PER_VIOLATION, SEATS_PER_TASK, SHARE_OF = 0.85, 1.5, (0.65, 0.55, 0.45)
"""What the timetable is planned for: tasks, seats each of them takes, and the courses' shares of them."""


@dataclass(slots=True)
class Held:
    """One session; ``course`` is the place of its course from short to long."""

    id: int
    course: int
    station: int
    starts: int
    seats: int
    series: str
    lecturer: str
    taken: int = 0
    used: bool = False

    @property
    def day(self) -> int:
        """The day it takes place."""
        return day_of(self.starts)


class Timetable(Teller):
    """All sessions, found by course, nearness and time."""

    def __init__(self, world: World, plan: Plan, courses: Sequence[CourseVersion]) -> None:
        super().__init__(world)
        places, self._courses = world.places, courses
        self._sessions: list[list[list[Held]]] = [[[] for _ in places.stations] for _ in courses]
        self._minutes = [course.minutes for course in courses]
        self._starts: list[list[list[int]]] = []
        self._near = _nearness(places)
        self._unwritten: list[Held] = []
        shares = _catchments(places)
        weekly = plan.violations / len(world.span.months) / 4.35 * TASKS_PER_VIOLATION * SEATS_PER_TASK * 1.25
        for station in range(len(places.stations)):
            self._plan(station, weekly * shares[station])
        for by_station in self._sessions:
            for held in by_station:
                held.sort(key=lambda one: one.starts)
            self._starts.append([[one.starts for one in held] for held in by_station])
        self._unwritten = sorted((one for c in self._sessions for s in c for one in s), key=lambda one: one.starts)
        for one in self._unwritten:
            one.id = world.rows.new_id(StudySession)

    def _plan(self, station: int, weekly: float) -> None:
        """Plan the weekly series of a station, and more of them from tomorrow on for all who are overdue."""
        held = [course for course in range(len(self._courses)) if station % HOLDS[min(course, 2)] == 0]
        usual, series = self._places.stations[station].seats, 0
        for first in (self._span.first_day, *[self._span.today + 1] * CATCHING_UP):
            for course in held:
                wanted = weekly * SHARE_OF[min(course, 2)]
                count = min(MOST_SERIES, max(1, ceil(wanted / usual)))
                for _ in range(count):
                    if series < MOST_SERIES_IN_ALL:
                        self._series(station, course, max(usual, ceil(wanted / count)), series, first)
                    series += 1

    def _series(self, station: int, course: int, seats: int, which: int, begin: int) -> None:
        """Plan the ``which``-th weekly series of a station; no two of a station begin at the same time.

        The first station begins with two on the weekday of today, so that its first screen has something to show.
        """
        today = self._span.today
        if station == 0:
            weekday, at = (weekday_of(today) + which // 2) % 7, which % 2 + 2 * (which // 14)
        else:
            weekday, at = (station + 2 * which) % 7, station + which // 7
        first = begin + (weekday - weekday_of(begin)) % 7
        series, chance, lecturers = new_number("W"), self._chance, INVENTED["lecturers"]
        for day in range(first, today + 7 * WEEKS_AHEAD + 1, 7):
            if seasons.holiday(day) and day != today:
                continue
            lecturer = lecturers[(station * 2 + chance.randrange(2)) % len(lecturers)]
            starts = start_of(day) + SLOTS[at % len(SLOTS)]
            self._sessions[course][station].append(Held(0, course, station, starts, seats, series, lecturer))

    def find(self, course: int, path: str, ready: int, last_day: int) -> Held | None:
        """Return the session the live system would book: the nearest station, there the earliest with a free seat."""
        for stations in self._near[path]:
            best: Held | None = None
            for station in stations:
                found = self._first_free(course, station, ready, last_day)
                if found is not None and (best is None or _rank(found) < _rank(best)):
                    best = found
            if best is not None:
                return best
        return None

    def serves(self, station: int, path: str) -> bool:
        """Tell whether a station lies in the district of a village."""
        return any(station in stations for stations in self._near[path])

    def _first_free(self, course: int, station: int, ready: int, last_day: int) -> Held | None:
        sessions = self._sessions[course][station]
        for place in range(bisect_left(self._starts[course][station], ready), len(sessions)):
            found = sessions[place]
            if found.day > last_day:
                return None
            if found.taken < found.seats:
                return found
        return None

    def on_day(self, station: int, day: int) -> list[Held]:
        """Return the sessions of a station on a day, the shortest course first."""
        return [held for course in self._sessions for held in course[station] if held.day == day]

    def write_until(self, moment_: int) -> None:
        """Write the sessions that began before a moment; one that nobody ever booked is left out."""
        waiting = 0
        for held in self._unwritten:
            if held.starts >= moment_:
                break
            waiting += 1
            if held.used:
                self._write(held)
        del self._unwritten[:waiting]

    def write_rest(self) -> None:
        """Write the sessions of today and of the weeks ahead, booked or not."""
        for held in self._unwritten:
            self._write(held)
        self._unwritten.clear()

    def _write(self, held: Held) -> None:
        self._rows.add(
            StudySession,
            id=held.id,
            course_id=self._courses[held.course].course_id,
            station_id=self._places.stations[held.station].id,
            starts_utc=held.starts,
            ends_utc=held.starts + self._minutes[held.course] * MINUTE,
            capacity=held.seats,
            seats_taken=held.taken,
            lecturer=held.lecturer,
            series=held.series,
        )


def _rank(held: Held) -> tuple[int, float]:
    return held.starts, held.taken / held.seats


def _nearness(places: Places) -> dict[str, list[list[int]]]:
    """Return for each village's path the stations of the village, the rest of the town, the rest of the district."""
    everywhere = range(len(places.stations))
    town_of = {village.id: village.town for village in places.villages}
    district_of = {place: town.area.parent_id for place, town in enumerate(places.towns)}
    near = {}
    for village in places.villages:
        here = [s for s in everywhere if places.stations[s].area_id == village.id]
        town = [s for s in everywhere if town_of[places.stations[s].area_id] == village.town and s not in here]
        own = district_of[village.town]
        inside = [s for s in everywhere if district_of[town_of[places.stations[s].area_id]] == own]
        rest = [s for s in inside if s not in here and s not in town]
        near[village.path] = [here, town, rest]
    return near


def _catchments(places: Places) -> list[float]:
    """Return the share of the tasks that each station has to expect: its town's, and a part of the others'."""
    town_of = {village.id: village.town for village in places.villages}
    towns = [town_of[station.area_id] for station in places.stations]
    total = sum(town.share for town in places.towns)
    own = [places.towns[town].share / total / towns.count(town) for town in towns]
    spare = (1 - sum(own)) / len(own)
    return [share + spare for share in own]
