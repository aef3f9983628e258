"""What a page does with a list: show it as the address says, write it to a file. All tables are written here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any, cast
from urllib.parse import parse_qsl, urlencode

from flask import Flask, Response, current_app, g, redirect, render_template, request
from sqlalchemy.orm import Session

from trafficedu.core.access import actor
from trafficedu.core.actors import Actor
from trafficedu.core.clock import today
from trafficedu.core.counting import count_capped
from trafficedu.core.database import session
from trafficedu.core.errors import Refusal
from trafficedu.core.fields import FilterForm, SearchedFilter
from trafficedu.core.job_views import File, Tell
from trafficedu.core.listing import Filter, Listing, NamedView, Row
from trafficedu.core.row_acts import Choosable
from trafficedu.core.seen import mark_of
from trafficedu.core.spreadsheet import SHEET_ROWS, Column, check_rows, write_csv, write_xlsx
from trafficedu.core.spreadsheet import Row as Cells
from trafficedu.core.text import message
from trafficedu.core.web import locale, page_place

PIECE_ROWS = 1_000
VIEW = "view"
NOT_OF_A_VIEW = {VIEW, "after", "before", "lang"}
"""Arguments of an address that say nothing of what a list shows."""
SAYS_MORE_EMPTY = {"since", "until"}
"""Fields that say more than nothing where they are empty: a list may begin with some period."""


ViewsOf = Callable[[Session, Actor, str], Sequence[NamedView]]


@dataclass(frozen=True)
class ShownList:
    """The list that a page shows, with the views that whoever reads it saved of it.

    ``usual`` are the arguments that a page begins with of its own accord, such as the last days: a view is without
    them, so that they stay the last ones.
    """

    listing: Listing[Any, Any]
    views: Sequence[NamedView]
    usual: Mapping[str, str]
    choosable: Choosable[Any] | None = None

    @property
    def view(self) -> NamedView | None:
        """The view that this page was opened with."""
        return next((view for view in self.views if view.number == request.args.get(VIEW)), None)

    @property
    def query(self) -> str:
        """What stands in the address, as a view keeps it."""
        return urlencode(
            [
                (name, value)
                for name, value in request.args.items(multi=True)
                if name not in NOT_OF_A_VIEW and (value or name in SAYS_MORE_EMPTY) and self.usual.get(name) != value
            ]
        )

    @property
    def is_changed(self) -> bool:
        """Whether the page shows something else than the view that it was opened with."""
        return self.view is not None and sorted(parse_qsl(self.query, True)) != sorted(parse_qsl(self.view.query, True))

    def address_of(self, view: NamedView) -> str:
        """Return the address of this list as a view shows it."""
        return view_address(request.path, view.query, view.number)

    @property
    def whole(self) -> str:
        """The address of this list without any view."""
        return f"{request.path}?{VIEW}=" if any(view.is_default for view in self.views) else request.path


def view_address(path: str, query: str, number: str = "") -> str:
    """Return the address of a list with what a view keeps of it, and the number of the view."""
    parts = [query] if query else []
    return f"{path}?{'&'.join([*parts, urlencode({VIEW: number})])}"


def list_page(
    template: str,
    listing: Listing[Row, Filter],
    form: FilterForm | None,
    chosen: Filter,
    beside: Callable[[Sequence[Row]], dict[str, Any]] | None = None,
    choosable: Choosable[Row] | None = None,
    **values: Any,
) -> str | Response:
    """Render a page of a list, sorted and paged as the address says; ``tables.listing`` draws it.

    ``beside`` returns what the template needs for the rows of the page, read for all of them at once. Where the address
    chooses nothing, it leads to the view that its reader begins with. ``choosable``: its rows can be chosen.
    """
    listing = as_chosen(listing)
    if request.method == "GET":
        views = _views_of(request.endpoint or "")
        if not request.args and (first := next((view for view in views if view.is_default), None)):
            return cast(Response, redirect(view_address(request.path, first.query, first.number)))
        g.shown_list = ShownList(listing, views, (form.usual if form is not None else None) or {}, choosable)
    sort = listing.sort_of(request.args.get("sort"))
    page = listing.page(session(), actor(), chosen, sort, page_place())
    values |= beside(page.items) if beside else {}
    return render_template(template, form=form, listing=listing, page=page, paging={"sort": sort}, **values)


def as_chosen(listing: Listing[Row, Filter]) -> Listing[Row, Filter]:
    """Return a list with the columns that the address chooses, of those that whoever asks may see."""
    return listing.as_chosen(actor(), request.args.getlist("columns"))


def _views_of(page: str) -> Sequence[NamedView]:
    views_of: ViewsOf = current_app.extensions["trafficedu.views"]
    return views_of(session(), actor(), page)


def shown_list() -> ShownList | None:
    """Return the list that this page shows, None where it shows none: what stands above it asks."""
    shown: ShownList | None = g.get("shown_list")
    return shown


def once(what: str) -> bool:
    """Tell whether a page asks for the first time, so that what two of its macros may draw stands there once."""
    drawn: set[str] = g.setdefault("drawn_once", set())
    is_first = what not in drawn
    drawn.add(what)
    return is_first


def unknown_columns(listing: Listing[Any, Any]) -> list[str]:
    """Return what the address chooses for columns and the list does not have."""
    offered = {column.key for column in listing.offered}
    return [key for key in request.args.getlist("columns") if key and key not in offered]


def row_value(choosable: Choosable[Row], row: Row) -> str:
    """Return how the form of a list names a row, with what its page saw of it."""
    return f"{choosable.number(row)}.{mark_of(row)}"


def init_lists(app: Flask, views_of: ViewsOf) -> None:
    """Give templates what stands above a list; ``views_of`` returns what somebody saved of a page."""
    app.extensions["trafficedu.views"] = views_of
    app.jinja_env.globals.update(shown_list=shown_list, unknown_columns=unknown_columns, once=once)
    app.jinja_env.globals["row_value"] = row_value


def list_file(listing: Listing[Row, Filter], form: FilterForm, chosen: Filter, suffix: str) -> File:
    """Return the file of all that a list shows under the present address: the same rows, columns and order.

    Raises Refusal as :func:`refuse_unclear`.
    """
    refuse_unclear(form)
    listing = as_chosen(listing)
    who, sort, language = actor(), request.args.get("sort"), locale()
    chosen_columns = {"columns": list(listing.chosen)} if listing.chosen else {}
    return table_file(
        Table(
            listing.in_file,
            lambda: listing.cells(session(), who, chosen, sort, language),
            lambda: count_capped(session(), listing.query(who, chosen), SHEET_ROWS),
        ),
        f"{listing.file}-{today().isoformat()}.{suffix}",
        listing.export,
        titles=language,
        **chosen_columns,
    )


def refuse_unclear(form: FilterForm) -> None:
    """Raise Refusal where a field of ``form`` asks what was meant: nobody gets a file of more than what they chose."""
    if any(isinstance(field, SearchedFilter) and field.source and field.asks for field in form):
        raise Refusal(message("It is not clear which place is meant. Choose it in the list first."))
    if form.errors:
        raise Refusal(message("A filter of the list is wrong. Correct it first, then take the file."))


@dataclass(frozen=True)
class Table:
    """A table that is yet to be written: its columns, its rows, and how many those are, ``SHEET_ROWS`` at most."""

    columns: Sequence[Column]
    rows: Callable[[], Iterable[Cells]]
    count: Callable[[], int] | None = None


def table_file(table: Table, name: str, action: str, titles: str | None = None, **detail: Any) -> File:
    """Return the file of a table; that it left is noted in the audit trail.

    Parameters
    ----------
    name
        The name of the file; its suffix, ``csv`` or ``xlsx``, says how it is written.
    titles
        The language of the first row; None for the keys that an import knows.
    """
    suffix = name.rpartition(".")[2]

    def write(out: IO[bytes], tell: Tell) -> int:
        total = table.count() if table.count is not None else None
        if suffix == "xlsx":
            check_rows(total or 0)
        rows = told(table.rows(), tell, total if (total or 0) < SHEET_ROWS else None)
        return (write_csv if suffix == "csv" else write_xlsx)(table.columns, rows, out, locale=titles)

    return File(name, message("File %(name)s", name=name), write, action=action, detail=detail)


def told(rows: Iterable[Cells], tell: Tell, total: int | None) -> Iterator[Cells]:
    """Yield the rows and tell of each thousand, of how many in all where that is known."""
    tell(0, total)
    for number, row in enumerate(rows, start=1):
        yield row
        if number % PIECE_ROWS == 0:
            tell(PIECE_ROWS)
