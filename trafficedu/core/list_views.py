"""What a page does with a list: show it as the address says, send it as a file. All tables are sent here."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from typing import Any

from flask import Response, render_template, request, send_file

from trafficedu.core import audit
from trafficedu.core.access import actor
from trafficedu.core.clock import today
from trafficedu.core.database import session
from trafficedu.core.fields import FilterForm
from trafficedu.core.listing import Filter, Listing, Row
from trafficedu.core.spreadsheet import Column, write_csv, write_xlsx
from trafficedu.core.spreadsheet import Row as Cells
from trafficedu.core.transactions import writing
from trafficedu.core.web import locale, page_place


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


def list_file(listing: Listing[Row, Filter], chosen: Filter, suffix: str) -> Response:
    """Send all that a list shows under the present address: the same rows, columns and order, of every page."""
    rows = listing.cells(session(), actor(), chosen, request.args.get("sort"), locale())
    name = f"{listing.file}-{today().isoformat()}.{suffix}"
    return send_table(listing.columns, rows, name, listing.export, titles=locale())


def send_table(
    columns: Sequence[Column], rows: Iterable[Cells], name: str, action: str, titles: str | None = None, **detail: Any
) -> Response:
    """Write a table in a transaction that reads, note in the audit trail that it leaves, and send it.

    Parameters
    ----------
    name
        The name of the file; its suffix, ``csv`` or ``xlsx``, says how it is written.
    titles
        The language of the first row; None for the keys that an import knows.
    """
    suffix = name.rpartition(".")[2]
    with ExitStack() as undo:
        file = undo.enter_context(tempfile.TemporaryFile())
        count = (write_csv if suffix == "csv" else write_xlsx)(columns, rows, file, locale=titles)
        with writing(session()) as own:
            audit.write(own, action, actor(), rows=count, format=suffix, **detail)
        file.seek(0)
        undo.pop_all()  # from here on the answer closes the file
    return send_file(file, download_name=name, as_attachment=True)
