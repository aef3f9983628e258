"""Pages of long lists. A page is named by the row it begins after, never by a number. Must not know the web.

Whatever was added meanwhile, the next page begins where the last one ended, and the thousandth page costs what the
first one does: an index leads to the row, nothing before it is read (docs/adr/0019-where-a-page-begins.md).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Select
from sqlalchemy.orm import Session

from trafficedu.core.counting import CAP, count_capped
from trafficedu.core.places import Lost, Order, seal, unseal
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

    ``total`` is the number of rows in the list as ``core.counting`` counts them, ``CAP + 1`` for more than it counts.
    ``before`` and ``after`` are the places of the page before and the page after, "" where there is none. ``lost``:
    the address named a place that does not exist, so this is the beginning.
    """

    items: Sequence[Item]
    total: int
    before: str = ""
    after: str = ""
    lost: bool = False

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
) -> Page[Any]:
    """Return the page of ``query`` at ``place``; single-entity rows come back as entities, others as rows.

    ``order`` is the order of the rows; no two share the value of its last expression.
    """
    keys = Order(order)
    try:
        values = unseal(services_of(session).keyring, keys, place.after or place.before)
    except Lost:
        return _page(session, query, keys, per_page, lost=True)
    if place.after:
        page = _page(session, query, keys, per_page, after=values)
        return page if page.items else _page(session, query, keys, per_page, lost=True)
    if place.before:
        page = _page(session, query, keys, per_page, before=values)
        # a page that is not full begins where the list does: then the beginning itself is shown, in full
        return page if page.before else _page(session, query, keys, per_page)
    return _page(session, query, keys, per_page)


def _page(
    session: Session,
    query: Select[Any],
    keys: Order,
    per_page: int,
    *,
    after: Sequence[Any] = (),
    before: Sequence[Any] = (),
    lost: bool = False,
) -> Page[Any]:
    single = len(query.column_descriptions) == 1
    asked = query.add_columns(*keys.columns).order_by(None).order_by(*keys.clauses(back=bool(before)))
    if after or before:
        asked = asked.where(keys.past(after or before, back=bool(before)))
    rows = session.execute(asked.limit(per_page + 1)).all()
    further, rows = len(rows) > per_page, rows[:per_page]
    if before:
        rows = rows[::-1]
    some_before = bool(after) or (bool(before) and further)
    some_after = bool(before) or further
    width = len(keys.columns)
    keyring = services_of(session).keyring
    return Page(
        [row[0] if single else row[:-width] for row in rows],
        count_capped(session, query) if some_before or some_after else len(rows),
        before=seal(keyring, keys, rows[0][-width:]) if some_before and rows else "",
        after=seal(keyring, keys, rows[-1][-width:]) if some_after and rows else "",
        lost=lost,
    )


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
        len(items),
        before=names[start] if start and shown else "",
        after=names[start + per_page - 1] if start + per_page < len(items) else "",
        lost=lost,
    )
