"""What a page does with a list: show it as the address says, write it to a file. All tables are written here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Any

from flask import render_template, request

from trafficedu.core.access import actor
from trafficedu.core.clock import today
from trafficedu.core.counting import count_capped
from trafficedu.core.database import session
from trafficedu.core.errors import Refusal
from trafficedu.core.fields import FilterForm, SearchedFilter
from trafficedu.core.job_views import File, Tell
from trafficedu.core.listing import Filter, Listing, Row
from trafficedu.core.spreadsheet import SHEET_ROWS, Column, check_rows, write_csv, write_xlsx
from trafficedu.core.spreadsheet import Row as Cells
from trafficedu.core.text import message
from trafficedu.core.web import locale, page_place

PIECE_ROWS = 1_000


def list_page(
    template: str,
    listing: Listing[Row, Filter],
    form: FilterForm | None,
    chosen: Filter,
    beside: Callable[[Sequence[Row]], dict[str, Any]] | None = None,
    **values: Any,
) -> str:
    """Render a page of a list, sorted and paged as the address says; ``tables.listing`` draws it.

    ``beside`` returns what the template needs for the rows of the page, read for all of them at once.
    """
    sort = listing.sort_of(request.args.get("sort"))
    page = listing.page(session(), actor(), chosen, sort, page_place())
    values |= beside(page.items) if beside else {}
    return render_template(template, form=form, listing=listing, page=page, paging={"sort": sort}, **values)


def list_file(listing: Listing[Row, Filter], form: FilterForm, chosen: Filter, suffix: str) -> File:
    """Return the file of all that a list shows under the present address: the same rows, columns and order.

    Raises Refusal as :func:`refuse_unclear`.
    """
    refuse_unclear(form)
    who, sort, language = actor(), request.args.get("sort"), locale()
    return table_file(
        Table(
            listing.columns,
            lambda: listing.cells(session(), who, chosen, sort, language),
            lambda: count_capped(session(), listing.query(who, chosen), SHEET_ROWS),
        ),
        f"{listing.file}-{today().isoformat()}.{suffix}",
        listing.export,
        titles=language,
    )


def refuse_unclear(form: FilterForm) -> None:
    """Raise Refusal where a field of ``form`` asks what was meant: nobody gets a file of more than what they chose."""
    if any(isinstance(field, SearchedFilter) and field.asks for field in form):
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
