"""What a list is narrowed by, said once: the conditions of its query and the way an index takes to its rows follow.

A feature declares a :class:`Narrowing` beside its list: which column the days of a filter are of, by which columns an
index leads to rows (:class:`Way`; ``areas.queries.tree.placed`` is the one of the area), and what is left to be asked
of each row. Must not know the web or any feature.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement
from sqlalchemy.orm import InstrumentedAttribute, Session

from trafficedu.core import numbers
from trafficedu.core.actors import Actor
from trafficedu.core.reach import Reach

Filter = TypeVar("Filter")
Conditions = list[ColumnElement[bool]]
Asks = Callable[[Filter], Conditions]
"""What a filter asks, as conditions; an empty list where it asks for nothing."""


def nothing(_chosen: Any) -> Conditions:
    """Ask for nothing."""
    return []


def days(column: InstrumentedAttribute[Any]) -> Asks[Any]:
    """Return what the days ``since`` and ``until`` of a filter, both included or None, ask of a column of days."""

    def asked(chosen: Any) -> Conditions:
        first: Conditions = [] if chosen.since is None else [column >= chosen.since]
        return first if chosen.until is None else [*first, column <= chosen.until]

    return asked


def month(column: InstrumentedAttribute[Any]) -> Asks[Any]:
    """Return what the ``month`` of a filter, or None, asks of a column of days."""

    def asked(chosen: Any) -> Conditions:
        return [] if chosen.month is None else [column >= chosen.month.first, column <= chosen.month.last]

    return asked


def numbered(column: InstrumentedAttribute[Any]) -> Asks[Any]:
    """Return what the public ``number`` of a filter, or "", asks of a column."""

    def asked(chosen: Any) -> Conditions:
        return [column == numbers.normalise(chosen.number)] if chosen.number else []

    return asked


def equal(*pairs: tuple[InstrumentedAttribute[Any], Any]) -> Conditions:
    """Return the conditions that columns have these values; "" and None ask for nothing."""
    return [column == value for column, value in pairs if value is not None and value != ""]


@dataclass(frozen=True)
class Way(Generic[Filter]):
    """A column that an index begins with, before the columns of a list's order.

    ``values`` are those it may have for somebody who reads a filter, such as the areas of the post; None where any will
    do. ``asked`` is what the filter alone asks of it, for the query that says what is shown.
    """

    column: ColumnElement[Any]
    values: Callable[[Session, Actor, Filter], Sequence[Any] | None]
    asked: Asks[Filter] = nothing

    @classmethod
    def of_value(cls, column: InstrumentedAttribute[Any], value: Callable[[Filter], Any]) -> Way[Filter]:
        """Return the way to the rows that have one value, None where any will do."""

        def values(_session: Session, _by: Actor, chosen: Filter) -> Sequence[Any] | None:
            return None if value(chosen) is None else [value(chosen)]

        return cls(column.expression, values, lambda chosen: equal((column, value(chosen))))


@dataclass(frozen=True)
class Narrowing(Generic[Filter]):
    """What a list is narrowed by.

    Parameters
    ----------
    period
        What is asked of the columns of the order: the index of the order answers it.
    ways
        The narrowest first. The first one that leaves not everything open leads to the rows, the others are asked of
        each row.
    rest
        What no index answers.
    exact
        What beats all the rest, such as a number.
    aside
        What a partial index in the list's order holds: where something is asked, that one leads, not a way.
    """

    period: Asks[Filter] = nothing
    ways: Sequence[Way[Filter]] = ()
    rest: Asks[Filter] = nothing
    exact: Asks[Filter] = nothing
    aside: Asks[Filter] = nothing

    def conditions(self, chosen: Filter) -> Conditions:
        """Return what a filter asks of a row; who sees what is not part of it."""
        of_ways = [condition for way in self.ways for condition in way.asked(chosen)]
        return self.exact(chosen) or [*self.period(chosen), *self.rest(chosen), *of_ways]

    def reach(self, session: Session, by: Actor, chosen: Filter) -> Reach:
        """Return how an index reaches the rows of a filter that ``by`` may see; some it lets in are only looked at."""
        if exact := self.exact(chosen):
            return Reach(exact)
        asked = [(way.column, way.values(session, by, chosen)) for way in self.ways]
        ways = [(column, values) for column, values in asked if values is not None]
        aside, period, rest = self.aside(chosen), self.period(chosen), self.rest(chosen)
        if aside or not ways:
            return Reach([*aside, *period], rest=[*rest, *(column.in_(values) for column, values in ways)])
        (column, values), *others = ways
        return Reach(period, column, values, [*rest, *(other.in_(those) for other, those in others)])
