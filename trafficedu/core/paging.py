"""Pages of long lists. A page is named by the row it begins after, never by a number. Must not know the web.

Whatever was added meanwhile, the next page begins where the last one ended, and the thousandth page costs what the
first one does: an index leads to the row, nothing before it is read (docs/adr/0019-where-a-page-begins.md).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, and_, case, true
from sqlalchemy.orm import Session

from trafficedu.core.counting import CAP, count_capped
from trafficedu.core.places import Lost, Order, seal, unseal
from trafficedu.core.reach import WINDOW, Reach
from trafficedu.core.services import services_of

Item = TypeVar("Item")
PER_PAGE = 50


@dataclass(frozen=True)
class Place:
    """Where a page begins, as its address says: after a row, before one, or (neither) at the beginning."""

    after: str = ""
    before: str = ""

    @property
    def is_beginning(self) -> bool:
        """Whether it is where the list begins."""
        return not (self.after or self.before)


BEGINNING = Place()


@dataclass(frozen=True)
class Page(Generic[Item]):
    """One page of a list.

    ``total`` is the number of rows in the list as ``core.counting`` counts them, ``CAP + 1`` for more than it counts;
    ``at_least``: as many were met where the list was looked through, and there may be more.
    ``before`` and ``after`` are the places of the page before and the page after, "" where there is none. ``lost``:
    the address named a place that does not exist, so this is the beginning. ``looked_to``: the page is not full, but
    after so many rows looking stopped here, at this value of what the list is ordered by; ``after`` looks further.
    """

    items: Sequence[Item]
    total: int
    before: str = ""
    after: str = ""
    lost: bool = False
    at_least: bool = False
    looked_to: Any = None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing here and nothing to look further for."""
        return not (self.items or self.before or self.after)

    @property
    def more(self) -> bool:
        """Whether there are more rows than are counted."""
        return self.total > CAP


def paginate(
    session: Session,
    query: Select[Any],
    order: Sequence[ColumnElement[Any]],
    place: Place = BEGINNING,
    per_page: int = PER_PAGE,
    reach: Reach | None = None,
) -> Page[Any]:
    """Return the page of ``query`` at ``place``; single-entity rows come back as entities, others as tuples.

    Parameters
    ----------
    order
        The order of the rows; no two share the value of its last expression.
    reach
        How the rows of a table that grows are reached by an index. ``query`` still says all that is shown: what this
        leaves out is not, and what it lets in is only looked at.
    """
    keys = Order(order)
    paper = _Paper(session, query, keys, per_page, None if reach is None else reach.bounded())
    try:
        values = unseal(services_of(session).keyring, keys, place.after or place.before)
    except Lost:
        return replace(paper.page(), lost=True)
    if place.after:
        page = paper.page(after=values)
        return replace(paper.page(), lost=True) if page.is_empty else page
    if place.before:
        page = paper.page(before=values)
        # a page that is not full begins where the list does: then the beginning itself is shown, in full
        return page if page.before else paper.page()
    return paper.page()


@dataclass(frozen=True)
class _Read:
    """The rows of a page, the nearest first, each followed by its place, and what lies beyond.

    ``farthest``: how far was looked for rows that fit, () where the page is full or nothing lies beyond. ``last``:
    where the page ends, also where the list leaves the row that stands there out.
    """

    rows: Sequence[Any]
    further: bool
    nearest: Sequence[Any] = ()
    farthest: Sequence[Any] = ()
    met: int = 0
    last: Sequence[Any] = ()


@dataclass(frozen=True)
class _Paper:
    """A list that is cut into pages."""

    session: Session
    query: Select[Any]
    keys: Order
    per_page: int
    reach: Reach | None

    def page(self, *, after: Sequence[Any] = (), before: Sequence[Any] = ()) -> Page[Any]:
        """Return the page after, or before, the row with these values; without any, the beginning."""
        back = bool(before)
        past = self.keys.past(after or before, back=back) if after or before else None
        read = self._rows(past, back) if self.reach is None else self._reached(self.reach, past, back)
        width = len(self.keys.keys)
        nearest = read.rows[0][-width:] if read.rows else read.nearest
        farthest = read.farthest or read.last or (read.rows[-1][-width:] if read.rows else ())
        first, last = (farthest, nearest) if back else (nearest, farthest)
        on = read.further or bool(read.farthest)
        before_it = self._seal(first) if after or (back and on) else ""
        after_it = self._seal(last) if back or on else ""
        single = len(self.query.column_descriptions) == 1
        items = [row[0] if single else row[:-width] for row in (read.rows[::-1] if back else read.rows)]
        looked_to = next((value for value in read.farthest if isinstance(value, date) and value != date.max), "")
        total, at_least = (len(items), False) if not before_it and not after_it else self._count(read, past is None)
        return Page(
            items,
            total,
            before_it,
            after_it,
            at_least=at_least,
            looked_to=looked_to if read.farthest and not back else None,
        )

    def _rows(self, past: ColumnElement[bool] | None, back: bool) -> _Read:
        """Read the page as it is asked for."""
        asked = self.query.add_columns(*self.keys.columns).order_by(None).order_by(*self.keys.clauses(back=back))
        rows = self.session.execute((asked if past is None else asked.where(past)).limit(self.per_page + 1)).all()
        return _Read(rows[: self.per_page], len(rows) > self.per_page)

    def _reached(self, reach: Reach, past: ColumnElement[bool] | None, back: bool) -> _Read:
        """Read where the rows of the page stand, by the index that reaches them, and then these rows."""
        most = WINDOW // (reach.met * reach.looks) if reach.rest else self.per_page
        looked = reach.read(self.session, self.keys, most + 1, past, back=back)
        fitting = [row[:-1] for row in looked[:most] if row.fits]
        shown = fitting[: self.per_page]
        key = self.keys.keys[-1].expression
        rows = self._load(key, [row[-1] for row in shown]) if shown else []
        by_key = {row[-1]: row for row in rows}
        further = len(fitting) > self.per_page or (not reach.rest and len(looked) > most)
        ends = further or len(looked) <= most
        return _Read(
            [by_key[row[-1]] for row in shown if row[-1] in by_key],
            further,
            looked[0][:-1] if looked else (),
            () if ends else looked[most - 1][:-1],
            len(fitting),
            shown[-1] if shown else (),
        )

    def _load(self, key: ColumnElement[Any], values: Sequence[Any]) -> list[Any]:
        """Return the rows with these keys that the list's conditions keep.

        The conditions are answered row by row, beside it: among them a database could find one, such as the areas of a
        post, that it takes for a shorter way than the keys, and read all of history.
        """
        bare = self.query.order_by(None).where(key.in_(values))
        keeps = case((and_(true(), *self.query._where_criteria), 1), else_=0).label("keeps")
        bare._where_criteria = bare._where_criteria[len(self.query._where_criteria) :]
        asked = bare.add_columns(*self.keys.columns, keeps)
        return [row[:-1] for row in self.session.execute(asked) if row.keeps]

    def _count(self, read: _Read, at_beginning: bool) -> tuple[int, bool]:
        """Return how long the list is, and whether that is only what was met."""
        if self.reach is None:
            return count_capped(self.session, self.query), False
        if not self.reach.rest:
            return self.reach.count(self.session, self.keys.clauses()), False
        return (read.met, True) if at_beginning else (0, True)

    def _seal(self, values: Sequence[Any]) -> str:
        return seal(services_of(self.session).keyring, self.keys, values) if values else ""


def cut(
    items: Sequence[Item], name: Callable[[Item], str], place: Place = BEGINNING, per_page: int = PER_PAGE
) -> Page[Item]:
    """Return the page at ``place`` of a short list that was made in memory; ``name`` is an item's public code."""
    names = [name(item) for item in items]
    wanted = place.after or place.before
    start, lost = 0, bool(wanted) and wanted not in names
    if wanted and not lost:
        at = names.index(wanted)
        start = at + 1 if place.after else max(0, at - per_page)
    shown = items[start : start + per_page]
    return Page(
        shown,
        min(len(items), CAP + 1),
        before=names[start] if start and shown else "",
        after=names[start + per_page - 1] if start + per_page < len(items) else "",
        lost=lost,
    )
