"""What an index hands out of a table that grows, in the order of a list, so that a page reads what it shows.

A list says how it reaches its rows; ``core.paging`` reads no further: docs/adr/0019-where-a-page-begins.md. Must not
know the web or any feature.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Select, Subquery, and_, case, false, literal, select, union_all
from sqlalchemy.orm import Session

from trafficedu.core.places import Order

WINDOW = 800
"""So many rows, in the order of the list, are looked at for those that fit; then the page says how far it looked."""
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
    rest
        What else the list is narrowed to, on columns of the same table: no index answers it, so a page looks through
        :data:`WINDOW` rows for those that fit.
    """

    conditions: Sequence[ColumnElement[bool]] = ()
    column: ColumnElement[Any] | None = None
    values: Sequence[Any] = ()
    rest: Sequence[ColumnElement[bool]] = ()

    @classmethod
    def of_areas(
        cls,
        column: ColumnElement[Any],
        ids: Sequence[int] | None,
        conditions: Sequence[ColumnElement[bool]] = (),
        rest: Sequence[ColumnElement[bool]] = (),
    ) -> Reach:
        """Return the reach of the areas with these ids, None for all there are (``areas.queries.ids_in_reach``)."""
        return cls(conditions, None if ids is None else column, ids or (), rest)

    def bounded(self) -> Reach:
        """Return what is read of it: of very many values, the index of the order alone."""
        if self.column is None or len(self.values) <= MOST_BRANCHES:
            return self
        return replace(self, column=None, values=(), rest=[*self.rest, self.column.in_(self.values)])

    def rows(
        self, session: Session, order: Order, limit: int, past: ColumnElement[bool] | None = None, *, back: bool = False
    ) -> Select[Any] | CompoundSelect[Any]:
        """Return where the next ``limit`` rows stand, in their order, and whether each fits the rest (1 or 0).

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

    def some(self, session: Session, order: Order, limit: int) -> Subquery:
        """Return ``limit`` of all rows, for counting them."""
        branches = self._branches([order.columns[-1]], None)
        if len(branches) == 1:
            return branches[0].order_by(*order.clauses()).limit(limit).subquery()
        if session.get_bind().dialect.name == "postgresql":
            branches = [branch.limit(limit) for branch in branches]
        return union_all(*branches).limit(limit).subquery()

    def _branches(self, columns: Sequence[ColumnElement[Any]], past: ColumnElement[bool] | None) -> list[Select[Any]]:
        asked = select(*columns).where(*self.conditions, *([] if past is None else [past]))
        if self.column is None:
            return [asked]
        return [asked.where(self.column == value) for value in self.values] or [asked.where(false())]
