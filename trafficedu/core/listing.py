"""A list declared once: what it reads, its columns and sorts, its pages, its rows for a file. Must not know the web.

A list is a :class:`Listing` beside the queries of its feature; ``core.list_views`` shows it and writes it to a file,
``_macros/tables.html`` draws it. What a page shows and what a file holds come from the same columns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import KW_ONLY, dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Select
from sqlalchemy.orm import Load, Session

from trafficedu.core import bulk, spreadsheet
from trafficedu.core.actors import Actor
from trafficedu.core.paging import BEGINNING, PER_PAGE, Page, Place, paginate
from trafficedu.core.places import Key, Order
from trafficedu.core.reach import Reach
from trafficedu.core.states import Lateness, Word
from trafficedu.core.text import Message, translate
from trafficedu.core.times import Moment

Row = TypeVar("Row")
Filter = TypeVar("Filter")
Part = str | Message | int | float | Decimal | date | datetime | Moment | Callable[[str], str] | None
Cell = Part | Sequence[Part]
"""What stands in a cell: a word stands as its badge, a message translated, a function of the language as what it
returns, several things one after another, None as a dash."""
FIGURES, SIGNED, MONEY, AGO, WHOLE = "figures", "signed", "money", "ago", "whole"


def nothing(_row: Any) -> Cell:
    """Return an empty cell: the template of the page draws it itself."""
    return None


@dataclass(frozen=True)
class Column(spreadsheet.Column, Generic[Row]):
    """One column of a list and of its file.

    ``sort`` is what its head sorts by; without one it does not sort. Rows without a value come last both ways.
    ``look`` is ``figures`` (to the right), ``signed`` (likewise, with + and −), ``money`` (likewise, in yuan), ``ago``
    (a moment told from now), ``whole`` (never broken into two lines) or nothing.
    ``in_file_only`` is for what a page says otherwise: the code of an area.

    ``chosen_only``: it is shown to whoever chooses it, not of itself; ``stays``: it is in the file whatever is chosen.
    ``needs`` is the permission without which it does not exist, ``loads`` what has to be loaded with the rows for it.
    """

    _: KW_ONLY
    value: Callable[[Row], Cell] = nothing
    sort: ColumnElement[Any] | None = None
    look: str = ""
    in_file_only: bool = False
    chosen_only: bool = False
    stays: bool = False
    needs: str = ""
    loads: Sequence[Load] = ()


@dataclass(frozen=True)
class Listing(Generic[Row, Filter]):
    """A list that people narrow, sort, page through and take away.

    ``query`` returns the rows somebody may see of a filter, in no order; ``sort`` is the key of the column a list
    begins with, ``-`` before it for descending. Rows that sort alike, all of them where nothing sorts, stand in the
    order of ``order``, whose last expression no two rows share: the value of the sort and those of ``order`` say where
    a row stands, whatever was added meanwhile. Only :meth:`page` counts and cuts.

    ``make`` makes a row of the columns of a ``query`` that selects several; ``complete`` makes the rows of a page of
    what was read of it, by whatever else they need, read for all of them at once.

    ``reach`` says of a table that grows how an index reaches the rows (``core.reach``), for every sort that is offered;
    None where one row is looked for by its number.

    A list that goes out as a file names the permission for it (also the act in the audit trail) and the file.

    ``headline`` are the columns that name a row on a phone, where the others stand below; without them the first one
    does. ``chosen`` are the keys of the columns that somebody chose (:meth:`as_chosen`), none for the usual ones.
    """

    query: Callable[[Actor, Filter], Select[Any]]
    columns: Sequence[Column[Row]]
    order: Sequence[ColumnElement[Any]]
    sort: str = ""
    per_page: int = PER_PAGE
    make: Callable[..., Row] | None = None
    complete: Callable[[Session, Sequence[Any]], Sequence[Row]] | None = None
    reach: Callable[[Session, Actor, Filter], Reach | None] | None = None
    export: str = ""
    file: str = ""
    headline: Sequence[str] = ()
    chosen: Sequence[str] = ()

    def as_chosen(self, by: Actor, keys: Sequence[str] = ()) -> Listing[Row, Filter]:
        """Return the list as ``by`` chose its columns, of those that ``by`` may see; without any, the usual ones."""
        columns = [column for column in self.columns if not column.needs or by.may(column.needs)]
        chosen = [column.key for column in columns if column.key in keys and not column.in_file_only]
        return replace(self, columns=columns, chosen=chosen)

    @property
    def offered(self) -> list[Column[Row]]:
        """The columns that may be chosen for the page."""
        return [column for column in self.columns if not column.in_file_only]

    @property
    def shown(self) -> list[Column[Row]]:
        """The columns of the page."""
        return [
            column for column in self.offered if (column.key in self.chosen if self.chosen else not column.chosen_only)
        ]

    @property
    def in_file(self) -> list[Column[Row]]:
        """The columns of the file: those of the page, and what it says otherwise."""
        shown = {column.key for column in self.shown}
        return [column for column in self.columns if column.in_file_only or column.stays or column.key in shown]

    @property
    def named_by(self) -> list[Column[Row]]:
        """The columns that name a row on a phone."""
        return sorted(
            (column for column in self.columns if column.key in self.headline),
            key=lambda column: self.headline.index(column.key),
        )

    @property
    def told_by(self) -> list[Column[Row]]:
        """The columns that stand beside the number where a page asks about rows: those that name one, or the next."""
        return self.named_by or [column for column in self.shown[1:] if column.value is not nothing][:4]

    def loaded(self, by: Actor, chosen: Filter) -> Select[Any]:
        """Return the query with what the columns shown need."""
        loads = [load for column in self.shown for load in column.loads]
        query = self.query(by, chosen)
        return query.options(*loads) if loads else query

    def sort_of(self, key: str | None) -> str:
        """Return the sort that ``key`` names, or the list's own where it names none."""
        known = {column.key for column in self.columns if column.sort is not None}
        return key if key and key.removeprefix("-") in known else self.sort

    def order_of(self, sort: str | None) -> list[ColumnElement[Any]]:
        """Return what rows are ordered by: the sort's expression, then ``order``, which runs the way the sort does.

        So one index of the sort's and the order's columns serves both directions.
        """
        sort = self.sort_of(sort)
        for column in self.columns:
            if column.sort is not None and column.key == sort.removeprefix("-"):
                descending = sort.startswith("-")
                rest = [Key.of(clause).expression for clause in self.order]
                return [key.desc() if descending else key.asc() for key in (column.sort, *rest)]
        return list(self.order)

    def ordered(self, by: Actor, chosen: Filter, sort: str | None = None) -> Select[Any]:
        """Return the query of all rows in their order."""
        return self.loaded(by, chosen).order_by(*Order(self.order_of(sort)).clauses())

    def page(
        self, session: Session, by: Actor, chosen: Filter, sort: str | None = None, place: Place = BEGINNING
    ) -> Page[Row]:
        """Return a page of the rows that ``by`` may see, narrowed and sorted."""
        reach = self.reach and self.reach(session, by, chosen)
        if reach is not None:
            reach = reach.sorted_as(own=self.sort_of(sort).removeprefix("-") == self.sort.removeprefix("-"))
        page = paginate(session, self.loaded(by, chosen), self.order_of(sort), place, self.per_page, reach)
        if self.complete is not None:
            return replace(page, items=self.complete(session, page.items))
        return page if self.make is None else replace(page, items=[self.make(*row) for row in page.items])

    def first(self, session: Session, by: Actor, chosen: Filter, limit: int) -> tuple[Sequence[Row], int]:
        """Return the first rows of a list that indexes reach, and how long it is as ``core.counting`` counts.

        For what is open: unlike a page it looks as far as it has to, among the rows of however many areas.
        """
        reach = self.reach and self.reach(session, by, chosen)
        if reach is None:
            raise ValueError("no index reaches this list")
        reach = reach.sorted_as(own=True)
        order = self.order_of(None)
        key = Order(order).keys[-1].expression
        query = self.query(by, chosen).where(key.in_(reach.first(session, order, limit)))
        rows = session.scalars(query.order_by(*order)).all()
        return rows if self.complete is None else self.complete(session, rows), reach.count(session, order)

    def next(self, session: Session, by: Actor, chosen: Filter, past: Sequence[Any] = ()) -> Any | None:
        """Return the next record of a list that indexes reach, past a place in its own order; None at its end."""
        assert self.reach is not None
        reach, order = self.reach(session, by, chosen), Order(self.order_of(None))
        place = reach.sorted_as(own=True).next(session, order, order.past(past) if past else None) if reach else None
        if place is None:
            return None
        return session.scalars(self.query(by, chosen).where(order.keys[-1].expression == place[-1])).first()

    def count(self, session: Session, by: Actor, chosen: Filter) -> int:
        """Return how long a list is that indexes reach, as ``core.counting`` counts."""
        reach = self.reach and self.reach(session, by, chosen)
        return reach.sorted_as(own=True).count(session, self.order_of(None)) if reach else 0

    def cells(
        self, session: Session, by: Actor, chosen: Filter, sort: str | None, locale: str
    ) -> Iterator[list[spreadsheet.Value]]:
        """Yield the rows of all pages as the cells of a file, piece by piece."""
        columns = self.in_file
        query = self.ordered(by, chosen, sort).execution_options(yield_per=bulk.BATCH)
        for row in session.scalars(query):
            yield [plain(column.value(row), locale) for column in columns]


@dataclass(frozen=True)
class NamedView:
    """A view of a list that somebody saved: its number, its name and what stands in its address; ``record`` is its row.

    ``is_default``: the list begins with it where its address chooses nothing.
    """

    number: str
    name: str
    query: str
    is_default: bool
    record: Any


def late(is_late: bool) -> list[Word]:
    """Return what stands beside a state: that something is overdue, or nothing."""
    return [Lateness.OVERDUE] if is_late else []


def due(last: date | None, day: date) -> Cell:
    """Return the cell of a last day, marked as overdue once it has passed on ``day``."""
    return [last, Lateness.OVERDUE] if last is not None and last < day else last


def plain(cell: Cell, locale: str) -> spreadsheet.Value:
    """Return a cell as a file holds it: words and messages in ``locale``; numbers, days and moments as they are."""
    if isinstance(cell, Word):
        return translate(cell.label, locale)
    if isinstance(cell, Moment):
        return cell.utc if cell.hour_known else plain(cell.told, locale)
    if isinstance(cell, Message):
        return translate(cell, locale)
    if isinstance(cell, Sequence) and not isinstance(cell, str):
        return ("、" if locale == "zh" else ", ").join(str(plain(part, locale)) for part in cell)
    return cell(locale) if callable(cell) else cell
