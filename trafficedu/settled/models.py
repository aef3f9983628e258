"""What a figure adds up, and the tables of its sums.

Most figures are sums over the rows of one table: each row adds one on a day, in an area, under a name (``part``). Such
a figure is declared once, by :class:`AddedFigure`; the count, what is still open and the triggers are made from that.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Date,
    Dialect,
    FromClause,
    Index,
    Select,
    String,
    Table,
    and_,
    func,
    literal,
    literal_column,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Mapped, Session, mapped_column
from sqlalchemy.sql.functions import FunctionElement

from trafficedu.core.clock import SHANGHAI, day_bounds, local_date
from trafficedu.core.month import Month, Period
from trafficedu.core.orm import Base, FirstOfMonth, UTCDateTime

PART = 20


class SettledMonth(Base):
    """How far a figure's month is settled.

    The sums hold what happened up to ``through`` (included); None: nothing, the month is counted as it is read.
    Changes of days up to ``watched`` are noted in :class:`LateChange`. ``watched`` is committed before the month is
    counted, and on PostgreSQL the month is counted once every transaction below ``watched_txid`` has ended: so what
    is not seen by the count is noted (docs/adr/0020-settled-months.md). ``lag``: on how many days after a day its sums
    depend; they hold for this number alone.
    """

    __tablename__ = "settled_month"

    figure: Mapped[str] = mapped_column(String(PART), primary_key=True)
    month: Mapped[Month] = mapped_column(FirstOfMonth, primary_key=True)
    watched: Mapped[date]
    lag: Mapped[int]
    watched_txid: Mapped[int | None] = mapped_column(BigInteger)
    through: Mapped[date | None]
    counted_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)


class SettledSum(Base):
    """A settled month's sum of one part in an area and all below it (or of a company); none where it is 0.

    No foreign keys: areas are never deleted, and half a million rows are written at a time.
    """

    __tablename__ = "settled_sum"

    figure: Mapped[str] = mapped_column(String(PART), primary_key=True)
    month: Mapped[Month] = mapped_column(FirstOfMonth, primary_key=True)
    area_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    part: Mapped[str] = mapped_column(String(PART), primary_key=True)
    n: Mapped[int]


class LateChange(Base):
    """What was added (or taken away, below 0) on a day that is watched, in the area itself, not yet in the sums.

    Written by the triggers of a figure's table in the transaction that changes it, and only ever inserted by them:
    nobody who records waits for anybody else here.
    """

    __tablename__ = "late_change"
    __table_args__ = (Index("ix_late_change_figure_month", "figure", "month"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    figure: Mapped[str] = mapped_column(String(PART))
    month: Mapped[Month] = mapped_column(FirstOfMonth)
    day: Mapped[date]
    area_id: Mapped[int]
    part: Mapped[str] = mapped_column(String(PART))
    n: Mapped[int]


class local_day(FunctionElement[date]):  # noqa: N801 - read as a function of SQL
    """The day in Shanghai on which a moment falls, which has kept one offset since before any record."""

    type = Date()
    inherit_cache = True


class month_of(FunctionElement[date]):  # noqa: N801 - read as a function of SQL
    """The first day of the month in which a day lies."""

    type = Date()
    inherit_cache = True


class hour_text(FunctionElement[str]):  # noqa: N801 - read as a function of SQL
    """The hour of a moment on the clock of Shanghai, written ``00`` to ``23``."""

    type = String(PART)
    inherit_cache = True


class month_text(FunctionElement[str]):  # noqa: N801 - read as a function of SQL
    """The month in which a day lies, written ``2026-11``."""

    type = String(PART)
    inherit_cache = True


class days_after(FunctionElement[date]):  # noqa: N801 - read as a function of SQL
    """The day so many days after another."""

    type = Date()
    inherit_cache = True


@compiles(month_text, "sqlite")
def _month_text_sqlite(element: month_text, compiler: Any, **options: Any) -> str:
    return f"strftime('%Y-%m', {compiler.process(element.clauses, **options)})"


@compiles(month_text, "postgresql")
def _month_text_postgresql(element: month_text, compiler: Any, **options: Any) -> str:
    return f"to_char({compiler.process(element.clauses, **options)}, 'YYYY-MM')"


@compiles(hour_text, "sqlite")
def _hour_text_sqlite(element: hour_text, compiler: Any, **options: Any) -> str:
    return f"strftime('%H', {compiler.process(element.clauses, **options)}, '+8 hours')"


@compiles(hour_text, "postgresql")
def _hour_text_postgresql(element: hour_text, compiler: Any, **options: Any) -> str:
    return f"to_char(timezone('{SHANGHAI.key}', {compiler.process(element.clauses, **options)}), 'HH24')"


@compiles(days_after, "sqlite")
def _days_after_sqlite(element: days_after, compiler: Any, **options: Any) -> str:
    day, number = (compiler.process(each, **options) for each in element.clauses)
    return f"date({day}, '+' || {number} || ' days')"


@compiles(days_after, "postgresql")
def _days_after_postgresql(element: days_after, compiler: Any, **options: Any) -> str:
    day, number = (compiler.process(each, **options) for each in element.clauses)
    return f"({day} + CAST({number} AS INTEGER))"


@compiles(local_day, "sqlite")
def _local_day_sqlite(element: local_day, compiler: Any, **options: Any) -> str:
    return f"date({compiler.process(element.clauses, **options)}, '+8 hours')"


@compiles(local_day, "postgresql")
def _local_day_postgresql(element: local_day, compiler: Any, **options: Any) -> str:
    return f"CAST(timezone('{SHANGHAI.key}', {compiler.process(element.clauses, **options)}) AS DATE)"


@compiles(month_of, "sqlite")
def _month_of_sqlite(element: month_of, compiler: Any, **options: Any) -> str:
    return f"date({compiler.process(element.clauses, **options)}, 'start of month')"


@compiles(month_of, "postgresql")
def _month_of_postgresql(element: month_of, compiler: Any, **options: Any) -> str:
    return f"CAST(date_trunc('month', {compiler.process(element.clauses, **options)}) AS DATE)"


@dataclass(frozen=True)
class Adds:
    """What one row adds: one to ``part`` of the area ``area_id``, ``when`` (a day or a moment), if it ``counts``.

    ``past`` of a deadline: it counts from the moment it is over. ``number``: a column of a whole number that is added
    instead of one.
    """

    part: ColumnElement[Any]
    when: ColumnElement[Any]
    area_id: ColumnElement[int]
    counts: ColumnElement[bool]
    past: bool = False
    number: ColumnElement[int] | None = None

    @property
    def total(self) -> ColumnElement[int]:
        """What rows add up to."""
        return func.count() if self.number is None else func.sum(self.number)

    @property
    def of_row(self) -> ColumnElement[int]:
        """What one row adds."""
        return literal_column("1") if self.number is None else self.number

    @property
    def standing(self) -> ColumnElement[bool]:
        """The condition that a row adds anything, whatever time it is."""
        return self.counts if self.number is None else and_(self.counts, self.number != 0)

    @property
    def _is_moment(self) -> bool:
        return isinstance(self.when.type, UTCDateTime)

    @property
    def day(self) -> ColumnElement[date]:
        """The day of :attr:`when` in Shanghai."""
        return local_day(self.when) if self._is_moment else self.when

    @property
    def varies(self) -> Sequence[ColumnElement[Any]]:
        """The part where rows have different ones, to group by: PostgreSQL groups by no constant."""
        return [] if isinstance(self.part, BindParameter) else [self.part]

    def between(self, first: date, last: date) -> ColumnElement[bool]:
        """Return the condition that the day lies between two, both included; an index of the column serves it."""
        if self._is_moment:
            return and_(self.when >= day_bounds(first)[0], self.when < day_bounds(last)[1])
        return self.when.between(first, last)

    def over(self, now: datetime | None) -> ColumnElement[bool]:
        """Return the condition that it counts already; None: whatever time it is."""
        if now is None or not self.past:
            return self.standing
        return and_(self.standing, self.when <= now if self._is_moment else self.when < local_date(now))


Cell = tuple[int, str]
"""An area and a part of a figure."""
Days = Sequence[tuple[date, date]]
"""From one day to another, both included."""


@dataclass(frozen=True)
class Figure:
    """A figure by month and area. ``name`` is its name in the tables, for good.

    ``begins`` reads the first day of which anything can be known, by an index.
    """

    name: str
    begins: Select[tuple[date]] = field(compare=False)

    def lag(self, _session: Session) -> int:
        """Return on how many days after a day its sums depend: only then can it be settled."""
        return 0


@dataclass(frozen=True)
class AddedFigure(Figure):
    """A figure that is a sum over the rows of one table: what a row ``adds``, as a function of the table or an alias.

    That must use nothing but the columns of the row: the triggers of the table evaluate it too, and note what is
    added or taken away, so that a month is counted once. ``alone``: nothing is added up for those above; each sum is of
    an area itself, or of a company or a counting site, whose id then stands where an area is meant.
    """

    table: Table
    adds: Callable[[FromClause], Sequence[Adds]]
    alone: bool = False

    @property
    def parts(self) -> Sequence[Adds]:
        """What a row of the table adds."""
        return self.adds(self.table)


@dataclass(frozen=True)
class Asks:
    """Rows of a ``table`` whose change makes months of a figure be counted again.

    ``columns`` are those that matter, ``day`` the one that says when. ``months`` returns, for a dialect, the end of a
    query ``SELECT s.figure, s.month FROM <changed rows> AS r ...`` that joins ``settled_month AS s``.
    """

    table: Table
    columns: Sequence[str]
    day: str
    months: Callable[[Dialect], str]


class CountedFigure(Figure, ABC):
    """A figure in which rows depend on others: a month that changed is counted again."""

    @abstractmethod
    def asks(self) -> Sequence[Asks]:
        """Return what makes a month be counted again."""

    @abstractmethod
    def count(self, session: Session, month: Month, through: date, lag: int) -> Counter[Cell]:
        """Return the sums of a month up to a day, of every area and those above it."""

    @abstractmethod
    def live(self, days: Days, path: str, period: Period, now: datetime, lag: int) -> Sequence[Select[Any]]:
        """Return queries of (0, month, part, number) that count days of the area at ``path`` as they are read."""


def named(part: str) -> ColumnElement[str]:
    """Return the name of a part that is the same for every row; it stands in the statement itself."""
    return literal(part, String(PART), literal_execute=True)
