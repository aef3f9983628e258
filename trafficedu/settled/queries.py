"""Figures of months: the sums of what is settled, what changed since, and what is still counted, in one statement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum, auto
from itertools import product
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Date,
    Integer,
    Select,
    String,
    Subquery,
    and_,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import Session

from trafficedu.areas.models import VILLAGE, Area
from trafficedu.areas.queries.tree import within
from trafficedu.core.actors import Actor
from trafficedu.core.bulk import batches
from trafficedu.core.clock import day_bounds, local_date
from trafficedu.core.month import EARLIEST, Month, Period
from trafficedu.settled.models import (
    AddedFigure,
    CountedFigure,
    Figure,
    LateChange,
    SettledMonth,
    SettledSum,
    month_of,
    named,
)

DAY = timedelta(days=1)
_MARK = -1
"""Instead of an area: how far a month is settled."""
_TRIES = 10
_RANGES = 8
"""So many stretches of days that are not settled are read apart: usually there are one or two."""

Settled = Mapping[Month, date]
"""Month -> the day up to which its sums hold."""
PartsCounted = Callable[[ColumnElement[str]], ColumnElement[bool]] | None
"""The condition that a part counts; None: each does."""


class Apart(Enum):
    """What is not taken together: months and parts, areas (or other owners), areas and months, or each of them."""

    MONTHS = auto()
    AREAS = auto()
    MONTHS_OF_AREAS = auto()
    EACH = auto()


class Sum(NamedTuple):
    """How much a part adds up to in a month, in an area or in all of them together."""

    area_id: int
    month: Month
    part: str
    n: int


def seen_path(by: Actor, path: str) -> str | None:
    """Return the part of the area at ``path`` that ``by`` sees: all of it, the own post within it, or nothing.

    Without a path that is the own post, where it is an area.
    """
    if path and by.scope.covers(path):
        return path
    own = by.scope.area_path
    return own if own and own.startswith(path) else None


def sum_of(session: Session, figure: Figure, path: str, period: Period, now: datetime) -> Counter[tuple[Month, str]]:
    """Return a figure of the area at ``path`` and all below it, by month and part: exactly what a full count gives."""
    area_ids = select(Area.id).where(Area.path == path)
    sums: Counter[tuple[Month, str]] = Counter()
    for row in _read(session, _Question(figure, area_ids, path, period, now, figure.lag(session))):
        sums[row.month, row.part] += row.n
    return sums


def sum_of_company(
    session: Session, figure: AddedFigure, company_id: int, period: Period, now: datetime
) -> Counter[str]:
    """Return a figure of companies for one of them, its parts over a whole period."""
    sums: Counter[str] = Counter()
    for row in _read(session, _Question(figure, [company_id], company_id, period, now, figure.lag(session))):
        sums[row.part] += row.n
    return sums


def sums_alone(
    session: Session,
    figure: AddedFigure,
    period: Period,
    area_ids: Select[tuple[int]] | Sequence[int] | None = None,
) -> list[Sum]:
    """Return a figure for each area alone (or each company or site; of ``area_ids`` only), by month and part.

    What is due counts as at the end of the period. A cell may come in several rows, which add up.
    """
    end = day_bounds(period.last_day)[1]
    return _read(session, _Question(figure, area_ids, None, period, end, figure.lag(session), Apart.EACH))


def sum_below(
    session: Session, figure: AddedFigure, path: str, areas: Iterable[Area], period: Period, now: datetime
) -> Counter[int]:
    """Return all parts of a figure together for each of ``areas``, which lie at or below ``path``, by their id.

    None of them may lie in another.
    """
    shown = {area.path: area.id for area in areas}
    if not shown:
        return Counter()
    question = _Question(figure, list(shown.values()), path, period, now, figure.lag(session), Apart.AREAS)
    sums: Counter[int] = Counter()
    for row in _read(session, question):
        sums[row.area_id] += row.n
    known = set(shown.values())
    for area_id, owner in _inside(session, [each for each in sums if each not in known], shown):
        if owner is not None:
            sums[owner] += sums[area_id]
    return Counter({area_id: n for area_id, n in sums.items() if area_id in known})


def sums_by_month(
    session: Session,
    figure: AddedFigure,
    path: str,
    areas: Mapping[str, int],
    period: Period,
    now: datetime,
    counted: PartsCounted = None,
    places: Mapping[int, str] | None = None,
) -> Counter[tuple[int, Month]]:
    """Return for each of ``areas`` (path -> id), which lie at or below ``path``, what parts add up to in each month.

    They are towns or districts, and none of them lies in another. ``places``: the path of the area in which each owner
    of a figure lies that is not of areas; they are all that is read.
    """
    ids: Any = list(places) if places is not None else within(path) if figure.alone else list(areas.values())
    owner = path if places is None else None
    together = figure.alone and places is None
    question = _Question(
        figure, ids, owner, period, now, figure.lag(session), Apart.MONTHS_OF_AREAS, counted, above_villages=together
    )
    sums: Counter[tuple[int, Month]] = Counter()
    for row in _read(session, question):
        sums[row.area_id, row.month] += row.n
    owners: dict[int, int | None] = {area_id: area_id for area_id in areas.values()}
    if places is not None:
        owners = {owner_id: _shown_above(place, areas) for owner_id, place in places.items()}
    else:
        owners.update(_inside(session, {area_id for area_id, _ in sums} - owners.keys(), areas))
    home: Counter[tuple[int, Month]] = Counter()
    for (area_id, month), n in sums.items():
        if (at := owners[area_id]) is not None:
            home[at, month] += n
    return home


def _shown_above(path: str, shown: Mapping[str, int]) -> int | None:
    """Return in which of the areas shown one at ``path`` lies; None for none of them."""
    codes = path.rstrip("/").split("/")
    above = ("/".join(codes[:depth]) + "/" for depth in range(len(codes), 0, -1))
    return next((shown[each] for each in above if each in shown), None)


def _inside(session: Session, area_ids: Iterable[int], shown: Mapping[str, int]) -> Iterator[tuple[int, int | None]]:
    """Yield for areas in which of those shown each lies, None for none of them."""
    for some in batches(area_ids):
        for area_id, path in session.execute(select(Area.id, Area.path).where(Area.id.in_(some))):
            yield area_id, _shown_above(path, shown)


def areas_above(session: Session) -> dict[int, tuple[int, ...]]:
    """Return for every area itself and all above it."""
    parents = dict(session.execute(select(Area.id, Area.parent_id)).tuples().all())

    def line(area_id: int | None) -> tuple[int, ...]:
        return () if area_id is None else (area_id, *line(parents[area_id]))

    return {area_id: line(area_id) for area_id in parents}


def settled_months(session: Session, figure: Figure, period: Period) -> dict[Month, date]:
    """Return how far each month of a period is settled; those of which nothing is are left out."""
    query = select(SettledMonth.month, SettledMonth.through).where(_holds(figure, period, figure.lag(session)))
    return {month: through for month, through in session.execute(query) if through is not None}


def _holds(figure: Figure, period: Period, lag: int) -> ColumnElement[bool]:
    """Return the condition that a month of the figure is settled, and that nothing asked for another count of it."""
    again = select(LateChange.id).where(
        LateChange.figure == SettledMonth.figure, LateChange.month == SettledMonth.month, LateChange.n == 0
    )
    return and_(
        SettledMonth.figure == figure.name,
        SettledMonth.month.between(period.first, period.last),
        SettledMonth.through.is_not(None),
        SettledMonth.lag == lag,
        ~again.exists(),
    )


@dataclass(frozen=True)
class _Question:
    """Which figure of whom and of which months is read; ``area_ids`` are those whose sums are read.

    ``owner`` is the path of an area, or the id of a company; None: each of ``area_ids`` is its own owner, all of them
    where these are None, too.
    """

    figure: Figure
    area_ids: Any
    owner: str | int | None
    period: Period
    now: datetime
    lag: int
    apart: Apart = Apart.MONTHS
    counted: PartsCounted = None
    above_villages: bool = False

    def statement(self, known: Settled) -> Any:
        """Return one statement over the sums, the changes, what is not settled, and how far each month is.

        Where months of areas are asked for, what each village has alone is added up for its town there, so that no
        thousands of rows are handed over.
        """
        branches = [self._marks(), *self._live(list(not_settled(self.period, known)))]
        if known:
            branches += [self._sums(known), self._changes(known)]
        rows = union_all(*branches)
        return self._by_town(rows.subquery()) if self.above_villages else rows

    @staticmethod
    def _by_town(rows: Subquery) -> Select[Any]:
        area_id, month, part, n = rows.c
        village = Area.level == literal(VILLAGE.value, literal_execute=True)  # or PostgreSQL groups by something else
        town = func.coalesce(case((village, Area.parent_id), else_=area_id), area_id)
        query = select(town, month, part, func.sum(n)).select_from(rows).outerjoin(Area, Area.id == area_id)
        return query.group_by(town, month, part)

    def _is_owned(self, area_id: ColumnElement[int]) -> ColumnElement[bool]:
        if self.owner is None:
            return self._is_asked_for(area_id)
        return area_id == self.owner if isinstance(self.owner, int) else area_id.in_(within(self.owner))

    def _is_asked_for(self, area_id: ColumnElement[int]) -> ColumnElement[bool]:
        return true() if self.area_ids is None else area_id.in_(self.area_ids)

    def _marks(self) -> Select[Any]:
        through = cast(SettledMonth.through, String)
        return select(literal(_MARK, Integer), SettledMonth.month, through, literal(0, Integer)).where(
            _holds(self.figure, self.period, self.lag)
        )

    def _columns(self, area_id: Any, month: Any, part: Any, varies: Sequence[Any]) -> Select[Any]:
        """Return a query of area, month and part, grouped by what is apart."""
        if self.apart is Apart.EACH:
            return select(area_id, month, part).group_by(area_id, month, *varies)
        if self.apart is Apart.AREAS:
            return select(area_id, literal(EARLIEST.first, Date), named("")).group_by(area_id)
        if self.apart is Apart.MONTHS_OF_AREAS:
            return select(area_id, month, named("")).group_by(area_id, month)
        return select(literal(0, Integer), month, part).group_by(month, *varies)

    def _sums(self, known: Settled) -> Select[Any]:
        part = SettledSum.part.expression
        if self.apart is Apart.EACH:  # there is one of each: nothing to group
            query = select(SettledSum.area_id.expression, SettledSum.month, part, SettledSum.n.expression)
        else:
            columns = self._columns(SettledSum.area_id.expression, SettledSum.month, part, [part])
            query = columns.add_columns(func.sum(SettledSum.n))
        return query.where(
            SettledSum.figure == self.figure.name,
            SettledSum.month.in_(known),
            self._is_asked_for(SettledSum.area_id.expression),
            self._is_counted(part),
        )

    def _is_counted(self, part: ColumnElement[str]) -> ColumnElement[bool]:
        return true() if self.counted is None else self.counted(part)

    def _changes(self, known: Settled) -> Select[Any]:
        part = LateChange.part.expression
        month = (SettledMonth.figure == LateChange.figure) & (SettledMonth.month == LateChange.month)
        return (
            self._columns(LateChange.area_id.expression, LateChange.month, part, [part])
            .add_columns(func.sum(LateChange.n))
            .join(SettledMonth, month)
            .where(
                LateChange.figure == self.figure.name,
                LateChange.month.in_(known),
                LateChange.day <= SettledMonth.through,
                self._is_owned(LateChange.area_id.expression),
                self._is_counted(part),
            )
        )

    def _live(self, days: list[tuple[date, date]]) -> Iterator[Select[Any]]:
        if not days:
            return
        if isinstance(self.figure, CountedFigure):
            assert isinstance(self.owner, str)
            yield from self.figure.live(days, self.owner, self.period, self.now, self.lag)
            return
        assert isinstance(self.figure, AddedFigure)
        ranges = [[each] for each in days] if len(days) <= _RANGES else [days]  # an index answers no "or" on SQLite
        for adds, together in product(self.figure.parts, ranges):
            runs = together[-1][1] >= local_date(self.now)  # else SQLite would read up to now by an index
            yield (
                self._columns(adds.area_id, month_of(adds.day), adds.part, adds.varies)
                .add_columns(adds.total)
                .where(
                    adds.over(self.now if runs else None),
                    or_(*(adds.between(*each) for each in together)),
                    self._is_owned(adds.area_id),
                    self._is_counted(adds.part),
                )
            )


def _read(session: Session, question: _Question) -> list[Sum]:
    """Return what adds up to the figure; in another round where a month was settled while it was read."""
    known = settled_months(session, question.figure, question.period)
    for _ in range(_TRIES):
        sums, seen = [], dict[Month, date]()
        for area_id, month, part, n in session.execute(question.statement(known)):
            if area_id == _MARK:
                seen[month] = date.fromisoformat(part)
            else:
                sums.append(Sum(area_id, month, part, n))
        if seen == known:
            return sums
        known = seen
    raise RuntimeError(f"months of {question.figure.name} are settled faster than they can be read")


def not_settled(period: Period, known: Settled) -> Iterator[tuple[date, date]]:
    """Yield the days of a period that no sum holds, from one day to another, both included."""
    first: date | None = None
    for month in period.months:
        begins = known[month] + DAY if month in known else month.first
        if first is not None and begins != month.first:
            yield first, month.first - DAY
            first = None
        if begins <= month.last:
            first = first if first is not None else begins
    if first is not None:
        yield first, period.last_day
