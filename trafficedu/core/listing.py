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
from sqlalchemy.orm import Session

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
FIGURES, SIGNED, MONEY, AGO = "figures", "signed", "money", "ago"


def nothing(_row: Any) -> Cell:
    """Return an empty cell: the template of the page draws it itself."""
    return None


@dataclass(frozen=True)
class Column(spreadsheet.Column, Generic[Row]):
    """One column of a list and of its file.

    ``sort`` is what its head sorts by; without one it does not sort. Rows without a value come last both ways.
    ``look`` is ``figures`` (to the right), ``signed`` (likewise, with + and −), ``money`` (likewise, in yuan), ``ago``
    (a moment told from now) or nothing.
    ``in_file_only`` is for what a page says otherwise: a number that is the address of the row's link, the code of an
    area.
    """

    _: KW_ONLY
    value: Callable[[Row], Cell] = nothing
    sort: ColumnElement[Any] | None = None
    look: str = ""
    in_file_only: bool = False


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

    @property
    def shown(self) -> list[Column[Row]]:
        """The columns of the page."""
        return [column for column in self.columns if not column.in_file_only]

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
        return self.query(by, chosen).order_by(*Order(self.order_of(sort)).clauses())

    def page(
        self, session: Session, by: Actor, chosen: Filter, sort: str | None = None, place: Place = BEGINNING
    ) -> Page[Row]:
        """Return a page of the rows that ``by`` may see, narrowed and sorted."""
        reach = self.reach and self.reach(session, by, chosen)
        if reach is not None:
            reach = reach.sorted_as(own=self.sort_of(sort).removeprefix("-") == self.sort.removeprefix("-"))
        page = paginate(session, self.query(by, chosen), self.order_of(sort), place, self.per_page, reach)
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

    def cells(
        self, session: Session, by: Actor, chosen: Filter, sort: str | None, locale: str
    ) -> Iterator[list[spreadsheet.Value]]:
        """Yield the rows of all pages as the cells of a file, piece by piece."""
        query = self.ordered(by, chosen, sort).execution_options(yield_per=bulk.BATCH)
        for row in session.scalars(query):
            yield [plain(column.value(row), locale) for column in self.columns]


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
