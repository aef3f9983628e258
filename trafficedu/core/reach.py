"""What an index hands out of a table that grows, in the order of a list, so that a page reads what it shows.

A list says how it reaches its rows; ``core.paging`` reads no further: docs/adr/0019-where-a-page-begins.md. Must not
know the web or any feature.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Row,
    Select,
    Subquery,
    and_,
    case,
    false,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from trafficedu.core.counting import CAP
from trafficedu.core.places import Order

WINDOW = 800
"""So many rows, as often as they are met, are looked at for those that fit; then the page says how far it looked."""
MOST_BRANCHES = 100
"""Of so many areas at most the rows are merged; of more, all rows are read in their order and the others left out."""


@dataclass(frozen=True)
class Reach:
    """How an index reaches the rows of a list.

    Parameters
    ----------
    conditions
        On the columns of the order, such as a period: the index of the order answers them.
    column, values
        A column that an index begins with, and the values it may have: the rows of each are read in their order and
        merged. None: an index of the order alone.
    whole
        What a statement has to say to be led by the index of the order alone, where that is a partial one. It is barred
        from the others: PostgreSQL takes it for a short way into each of many branches, and reads all of history in
        search of one area.
    also
        Further ways to rows of the list.
    met
        By so many of the ways at most one row is reached: it stands next to itself where they are merged, and is taken
        once. To keep each way from what another leads to would make it look for rows that are not there.
    period
        Conditions on the column that the list sorts by of its own accord; sorted otherwise, they are part of the rest.
    rest
        What else the list is narrowed to, on columns of the same table: no index answers it, so a page looks through
        :data:`WINDOW` rows for those that fit.
    looks
        How many rows have to be read to look at one for the rest, where that asks other tables too.
    """

    conditions: Sequence[ColumnElement[bool]] = ()
    column: ColumnElement[Any] | None = None
    values: Sequence[Any] = ()
    rest: Sequence[ColumnElement[bool]] = ()
    also: Sequence[Reach] = ()
    met: int = 1
    whole: Sequence[ColumnElement[bool]] = ()
    period: Sequence[ColumnElement[bool]] = ()
    looks: int = 1

    def sorted_as(self, own: bool) -> Reach:
        """Return how it is read: sorted as the list is of its ``own`` accord, or otherwise."""
        if own:
            return replace(self, conditions=[*self.conditions, *self.period], period=())
        return replace(self, rest=[*self.rest, *self.period], period=())

    def bounded(self) -> Reach:
        """Return what is read of it: of very many values, the index of the order alone."""
        ways = [self, *self.also]
        if self.column is None or sum(len(way.values) for way in ways) <= MOST_BRANCHES:
            return self
        led = or_(*(and_(way.column.in_(way.values), *way.conditions) for way in ways if way.column is not None))
        return replace(self, column=None, values=(), also=(), met=1, rest=[*self.rest, led])

    def read(
        self, session: Session, order: Order, limit: int, past: ColumnElement[bool] | None = None, *, back: bool = False
    ) -> Sequence[Row[Any]]:
        """Return where the next ``limit`` rows stand, in their order, and whether each fits the rest (1 or 0)."""
        rows = session.execute(self._rows(session, order, limit * self.met, past, back)).all()
        once = [row for number, row in enumerate(rows) if not number or row[-2] != rows[number - 1][-2]]
        return once[:limit]

    def _rows(
        self, session: Session, order: Order, limit: int, past: ColumnElement[bool] | None, back: bool
    ) -> Select[Any] | CompoundSelect[Any]:
        """Return the query of :meth:`read`, in which a row stands as often as it is met.

        Both databases merge the branches row by row and stop: PostgreSQL where each is sorted and limited itself, which
        SQLite does not take and does not need.
        """
        fits = case((and_(*self.rest), 1), else_=0) if self.rest else literal(1)
        branches = self._branches([*order.columns, fits.label("fits")], past)
        if len(branches) == 1:
            return branches[0].order_by(*order.clauses(back=back)).limit(limit)
        if session.get_bind().dialect.name == "postgresql":
            branches = [branch.order_by(*order.clauses(back=back)).limit(limit) for branch in branches]
        merged = union_all(*branches)
        return merged.order_by(*order.of(list(merged.selected_columns)[:-1], back=back)).limit(limit)

    def first(self, session: Session, order: Sequence[ColumnElement[Any]], limit: int) -> list[Any]:
        """Return the keys (the last of the order) of the first rows; what is in the rest is no window here."""
        return [row[-2] for row in self._plain().read(session, Order(order), limit)]

    def next(self, session: Session, order: Order, past: ColumnElement[bool] | None) -> Sequence[Any] | None:
        """Return where the next row past a place stands, None where there is none."""
        rows = self._plain().read(session, order, 1, past)
        return rows[0][:-1] if rows else None

    def count(self, session: Session, order: Sequence[ColumnElement[Any]]) -> int:
        """Return how many rows it leads to, as ``core.counting`` counts."""
        reach, keys = self._plain(), Order(order)
        some = replace(reach, also=())._some(session, keys, CAP + 1)
        number = session.scalar(select(func.count()).select_from(some)) or 0
        if number > CAP or not reach.also:
            return number
        every = reach._some(session, keys, CAP * reach.met + 1)  # among these are more than the cap, if there are
        return min(session.scalar(select(func.count(every.c[0].distinct()))) or 0, CAP + 1)

    def _some(self, session: Session, order: Order, limit: int) -> Subquery:
        """Return the keys of ``limit`` of all rows, as often as they are met."""
        branches = self._branches([order.columns[-1]], None)
        if len(branches) == 1:
            return branches[0].order_by(*order.clauses()).limit(limit).subquery()
        if session.get_bind().dialect.name == "postgresql":
            branches = [branch.order_by(*order.clauses()).limit(limit) for branch in branches]
        return union_all(*branches).limit(limit).subquery()

    def _plain(self) -> Reach:
        """Return it with the rest among its conditions."""
        reach = self.bounded()
        also = [replace(way, conditions=[*way.conditions, *reach.rest]) for way in reach.also]
        return replace(reach, conditions=[*reach.conditions, *reach.rest], also=also, rest=())

    def _branches(self, columns: Sequence[ColumnElement[Any]], past: ColumnElement[bool] | None) -> list[Select[Any]]:
        asked = select(*columns).where(*self.conditions, *([] if past is None else [past]))
        if self.column is None:
            return [asked.where(*self.whole)]
        branches = [asked.where(self.column == value) for value in self.values]
        for way in self.also:
            branches += way._branches(columns, past) if way.values else []
        return branches or [asked.where(false())]
