"""Of which units and months a figure is known: what every comparison, trend and total asks before it counts zeros."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.areas.models import DISTRICT, TOWN, Area
from trafficedu.areas.rules import paths_down_to
from trafficedu.configuration.queries import figure as configured
from trafficedu.core.actors import at_or_below
from trafficedu.core.clock import local_date
from trafficedu.core.import_runs import ImportRun, RunState
from trafficedu.core.month import LATEST, Month, Period
from trafficedu.core.services import services_of
from trafficedu.core.text import Message, message
from trafficedu.core.validity import Validity
from trafficedu.coverage import rules
from trafficedu.coverage.models import CoverageMark, Covered
from trafficedu.coverage.rules import FigureKind, Observed, State
from trafficedu.settled.queries import sums_by_month

CLOSING_DAYS = "coverage.closing_days"


@dataclass(frozen=True)
class Unit:
    """An area that reports: a town, or a district without towns."""

    id: int
    code: str
    name: str
    path: str
    validity: Validity
    evaluated: bool

    @cached_property
    def _months(self) -> tuple[int, int]:
        """The first and the last month in which it existed, as their index."""
        last = self.validity.last
        return Month.of(self.validity.first).index, LATEST.index if last is None else Month.of(last).index

    def are_there(self, period: Period) -> list[bool]:
        """Tell of each month of a period whether it existed on a day of it."""
        first, last = self._months
        begins = period.first.index
        return [first <= begins + place <= last for place in range(period.last - period.first + 1)]

    def is_there(self, month: Month) -> bool:
        """Tell whether it existed on a day of ``month``."""
        first, last = self._months
        return first <= month.index <= last


@dataclass(frozen=True)
class Coverage:
    """What is known of a figure, by reporting unit and month.

    Parameters
    ----------
    figure
        Which figure.
    units
        The reporting units of the area asked for; of a village, its town.
    months
        The months asked for, ascending.
    states
        What is known, a row for each unit and a column for each month; None where the unit did not exist.
    records
        How many records there are, in the same shape; in a month that is not known they say nothing.
    begun
        The first month in which any unit of the district was heard of; None where none ever was.
    heard
        For each unit the last closed month that is not one of silence, None where there is none.
    closed
        The months up to this one are closed.
    """

    figure: FigureKind
    units: tuple[Unit, ...]
    months: tuple[Month, ...]
    states: tuple[tuple[State | None, ...], ...]
    records: tuple[tuple[int, ...], ...]
    begun: Month | None
    heard: tuple[Month | None, ...]
    closed: Month

    @cached_property
    def _places(self) -> Mapping[Month, int]:
        return {month: place for place, month in enumerate(self.months)}

    @cached_property
    def _by_path(self) -> Mapping[str, Unit]:
        return {unit.path: unit for unit in self.units}

    @cached_property
    def _by_code(self) -> Mapping[str, int]:
        return {unit.code: place for place, unit in enumerate(self.units)}

    def state(self, unit_code: str, month: Month) -> State | None:
        """Return what is known of a unit's month; KeyError for one not asked for."""
        return self.states[self._by_code[unit_code]][self._places[month]]

    def known(self, unit_code: str, month: Month) -> bool:
        """Tell whether a unit's number of the month, be it zero, is one; a month before or after is not known."""
        place = self._places.get(month)
        state = None if place is None else self.states[self._by_code[unit_code]][place]
        return state is not None and state.is_known

    def is_missing(self, unit: Unit, month: Month) -> bool:
        """Tell whether a unit's month was not reported; a silence that began before the closing day goes on after it.

        A month not closed of which a unit has said something, or was heard the month before, runs: it is not missing.
        """
        state = self.state(unit.code, month)
        if state is State.OPEN and self.closed in self._places:
            records = self.records[self._by_code[unit.code]][self._places[month]]
            return not records and self.state(unit.code, self.closed) is State.MISSING
        return state is State.MISSING

    def unit_at(self, path: str) -> Unit | None:
        """Return the unit whose reports are those of the area at ``path``, at or below it; None above the units."""
        return next((self._by_path[above] for above in reversed(paths_down_to(path)) if above in self._by_path), None)

    def known_at(self, path: str, month: Month) -> bool:
        """Tell whether the number of an area is known: a village's where its town's is, a district's where all are."""
        unit = self.unit_at(path)
        if unit is not None:
            return self.known(unit.code, month)
        below = [each for each in self.units if each.path.startswith(path) and each.is_there(month)]
        return bool(below) and all(self.known(each.code, month) for each in below)

    def counted(self, month: Month) -> tuple[int, int]:
        """Return how many of the units that existed reported the month; of one not closed, have said anything yet.

        A month that is closed and was opened again for a unit is not reported by it, whatever it has said so far.
        """
        place, runs = self._places[month], month > self.closed
        there = [(row[place], counts[place]) for row, counts in zip(self.states, self.records, strict=True)]
        reported = [
            state
            for state, n in there
            if state is not None and (state.is_known or (runs and state is State.OPEN and n > 0))
        ]
        return len(reported), sum(state is not None for state, _ in there)

    def is_complete(self, month: Month) -> bool:
        """Tell whether all units that existed reported the month: only then is their sum one."""
        place = self._places.get(month)
        if place is None:
            return False
        there = [row[place] for row in self.states if row[place] is not None]
        return bool(there) and all(state.is_known for state in there if state is not None)

    @property
    def complete_months(self) -> list[Month]:
        """The months of which all units together are known."""
        return [month for month in self.months if self.is_complete(month)]

    def known_in(self, months: Iterable[Month]) -> list[Unit]:
        """Return the units of which every one of ``months`` is known: those that periods can be compared of."""
        months = list(months)
        return [unit for unit in self.units if months and all(self.known(unit.code, month) for month in months)]

    @property
    def ended(self) -> Month | None:
        """The last month that was reported, where no unit that exists has reported a closed month since; else None."""
        there = [heard for unit, heard in zip(self.units, self.heard, strict=True) if unit.is_there(self.closed)]
        last = max((month for month in there if month is not None), default=None)
        return last if last is not None and last < self.closed else None

    def sentence(self, month: Month) -> Message:
        """Return how many units reported a month, in words: "21 of 22 towns reported"."""
        reported, units = self.counted(month)
        return (rules.told if month <= self.closed else rules.told_open)(reported, units)

    def sentence_over(self, period: Period) -> Message:
        """Return how many units reported the months of a period, as far as they were asked for, in words."""
        months = [month for month in period.months if month in self._places]
        if len(months) == 1:
            return self.sentence(months[0])
        short = [month for month in months if self.counted(month)[0] < self.counted(month)[1]]
        if not short:
            return message("all towns reported in all %(months)s months", months=len(months))
        worst = min(short, key=lambda month: (self.counted(month)[0], month))
        return message(
            "%(complete)s of %(months)s months complete; %(month)s: %(said)s",
            complete=len(months) - len(short),
            months=len(months),
            month=str(worst),
            said=self.sentence(worst),
        )


def coverage_of(session: Session, figure: str, root: Area, period: Period, now: datetime) -> Coverage:
    """Return what is known of a figure in the months of a period, by the reporting units at and below ``root``.

    It is judged by the whole district, and by all months on record, whatever is asked for, so that the answer on one
    unit and month is always the same. A constant number of statements, however many units and months.

    Parameters
    ----------
    figure
        A word of :class:`~trafficedu.coverage.rules.FigureKind`.
    now
        Months that are not closed then are open.
    """
    covered = covered_by(session, figure)
    districts = _districts(session, root)
    everyone = [unit for units in districts for unit in units]
    closed = _last_closed(session, now)
    marks = _marks(session, covered.kind, everyone)
    begins = session.scalar(covered.figure.begins)
    running = Month.of(local_date(now))
    whole = Period(min([running, *([Month.of(begins)] if begins else []), *(month for _, month in marks)]), running)
    counts = _counts(session, covered, root, everyone, whole, now)
    brought = _brought(session, covered, whole, counts)
    judged: dict[int, _Judged] = {}
    for units in districts:
        judged |= _judge(units, whole, closed, counts, marks, brought)
    shown = [unit for unit in everyone if unit.path.startswith(root.path) or root.path.startswith(unit.path)]
    return _cut_out(covered.kind, shown, judged, whole, period, closed)


def covered_by(session: Session, figure: str) -> Covered:
    """Return how a figure is counted; KeyError for an unknown one."""
    declared: Mapping[str, Covered] = services_of(session).covered
    return declared[figure]


@dataclass(frozen=True)
class _Judged:
    """A unit's states and records over all months, the first of its district, and the last that is no silence."""

    states: Sequence[State | None]
    records: Sequence[int]
    begun: Month | None
    heard: Month | None


def _last_closed(session: Session, now: datetime) -> Month:
    today, days = local_date(now), configured(session, CLOSING_DAYS)
    month = Month.of(today)
    while rules.is_open(month, today, days):
        month -= 1
    return month


def _districts(session: Session, root: Area) -> list[list[Unit]]:
    """Return the units of each district at or below ``root``, or of the one it lies in, in the order of the tree."""
    columns = (Area.id, Area.code, Area.name, Area.path, Area.valid_from, Area.valid_to, Area.evaluated, Area.level)
    query = select(*columns).where(at_or_below(Area.path, root.district.path), Area.level.in_((DISTRICT, TOWN)))
    towns: dict[str, list[Unit]] = {}
    own: dict[str, Unit] = {}
    for key, code, name, path, first, last, evaluated, level in session.execute(query.order_by(Area.path)):
        unit = Unit(key, code, name, path, Validity(first, last), evaluated)
        if level is DISTRICT:
            own[path] = unit
        else:
            towns.setdefault(path.removesuffix(f"{code}/"), []).append(unit)
    return [towns.get(path) or [unit] for path, unit in own.items()]


def _marks(session: Session, kind: FigureKind, units: Collection[Unit]) -> dict[tuple[int, Month], State]:
    """Return what was said of the figure, by unit and month."""
    query = select(CoverageMark.area_id, CoverageMark.month, CoverageMark.state).where(CoverageMark.figure == kind)
    known = {unit.id for unit in units}
    return {(area_id, month): state for area_id, month, state in session.execute(query) if area_id in known}


def _counts(
    session: Session, covered: Covered, root: Area, units: Sequence[Unit], whole: Period, now: datetime
) -> Counter[tuple[int, Month]]:
    """Return the records of every unit by month."""
    top = root.district.path
    places = None if covered.places is None else dict(session.execute(covered.places(top)).tuples().all())
    areas = {unit.path: unit.id for unit in units}
    return sums_by_month(session, covered.figure, top, areas, whole, now, covered.counted, places)


def _brought(session: Session, covered: Covered, whole: Period, counts: Mapping[tuple[int, Month], int]) -> set[Month]:
    """Return the months without any record that counts of which a file brought rows, and was not taken back."""
    recorded = {month for (_, month), n in counts.items() if n}
    silent = [month for month in whole.months if month not in recorded]
    if not silent or not covered.import_kind:
        return set()
    query = select(ImportRun.counts).where(ImportRun.kind == covered.import_kind, ImportRun.state == RunState.DONE)
    brought = {Month.parse(month) for run in session.scalars(query) for month in run.get("months", ())}
    return brought.intersection(silent)


def _judge(
    units: Sequence[Unit],
    whole: Period,
    closed: Month,
    counts: Mapping[tuple[int, Month], int],
    marks: Mapping[tuple[int, Month], State],
    brought: Collection[Month],
) -> dict[int, _Judged]:
    """Judge the months of a district, by unit."""
    months = whole.months
    places = {unit.id: place for place, unit in enumerate(units)}
    records = [[counts.get((unit.id, month), 0) for month in months] for unit in units]
    observed = Observed(
        records,
        [unit.are_there(whole) for unit in units],
        {
            (places[key], month - whole.first): state
            for (key, month), state in marks.items()
            if key in places and month <= whole.last
        },
        {month - whole.first for month in brought},
        closed - whole.first + 1,
    )
    begun = rules.begins(observed)
    judged = {}
    for unit, row, states in zip(units, records, rules.judge(observed), strict=True):
        said = [month for month, state in zip(months, states, strict=True) if state not in (None, State.MISSING)]
        heard = max((month for month in said if month <= closed), default=None)
        judged[unit.id] = _Judged(states, row, None if begun is None else whole.first + begun, heard)
    return judged


def _cut_out(
    kind: FigureKind, shown: Sequence[Unit], judged: Mapping[int, _Judged], whole: Period, period: Period, closed: Month
) -> Coverage:
    """Return the units and months asked for; what lies before all records was not reported, what is to come is open."""
    months = period.months
    before = min(len(months), max(0, whole.first - period.first))
    after = min(len(months) - before, max(0, period.last - whole.last))
    within = slice(max(0, period.first - whole.first), max(0, period.last - whole.first + 1))

    def states(unit: Unit) -> tuple[State | None, ...]:
        row = [*[State.MISSING] * before, *judged[unit.id].states[within], *[State.OPEN] * after]
        return tuple(state if there else None for state, there in zip(row, unit.are_there(period), strict=True))

    def records(unit: Unit) -> tuple[int, ...]:
        return (*[0] * before, *judged[unit.id].records[within], *[0] * after)

    return Coverage(
        kind,
        tuple(shown),
        tuple(months),
        tuple(map(states, shown)),
        tuple(map(records, shown)),
        min((begun for unit in shown if (begun := judged[unit.id].begun) is not None), default=None),
        tuple(judged[unit.id].heard for unit in shown),
        closed,
    )
