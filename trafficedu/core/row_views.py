"""The page that takes the chosen rows of a list: how many they are and what follows, then what became of each.

Nothing is done by the first answer: it asks, with the exact count. The rows travel with the mark of what the list's
page saw of each; one that is another by now is refused by itself, with the reason.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask import render_template, request, url_for
from flask_babel import lazy_gettext as _l

from trafficedu.core.access import actor
from trafficedu.core.clock import today, utc_now
from trafficedu.core.database import session
from trafficedu.core.errors import DomainError, Missing, Refusal, Stale
from trafficedu.core.fields import Form, TextField, at_most
from trafficedu.core.job_views import PAGE_FILE, lead_to
from trafficedu.core.list_views import as_chosen
from trafficedu.core.listing import Filter, Listing
from trafficedu.core.paging import BEGINNING, Place
from trafficedu.core.row_acts import MOST_CHOSEN, Choosable, Consequence, Outcome, Row, RowAct, counted
from trafficedu.core.seen import mark_of
from trafficedu.core.states import CHANGED
from trafficedu.core.text import Message, message
from trafficedu.core.transactions import writing
from trafficedu.core.web import address_of, back_to, flash_message, tables

CSV, XLSX = "csv", "xlsx"
MOST_PAGES = 25


class ChosenForm(Form):
    """Why it is done to all of them."""

    reason = TextField(_l("Reason"), [at_most(500)], render_kw={"rows": "3"})


@dataclass(frozen=True)
class ChosenRow:
    """A chosen row as the page that asks shows it: its record, the mark it came with, and why nothing is done to it."""

    number: str
    mark: str
    record: Any
    fault: Message | None
    follows: Sequence[Consequence] = ()

    @property
    def value(self) -> str:
        """How a form carries it."""
        return f"{self.number}.{self.mark}"


def answer_chosen(choosable: Choosable[Row], listing: Listing[Row, Filter], chosen: Filter) -> Any:
    """Answer what was chosen on a list: ask, do it, or lead to the file."""
    who, key = actor(), request.form.get("act", "")
    if key in {CSV, XLSX} and choosable.as_file:
        return _file(choosable, key)
    act = next((act for act in choosable.acts if act.key == key), None)
    if act is None:
        raise Missing(message("There is no such act."))
    who.require(act.permission)
    everything = bool(request.form.get("all"))
    rows = _all(choosable, listing, act, chosen) if everything else _given(choosable, act)
    if not rows:
        flash_message(message("Choose the rows first."), "warning")
        return back_to(choosable.list_page, **request.args.to_dict(flat=False))
    form = ChosenForm()
    if request.form.get("confirmed") and _is_sound(form, act):
        return _told(choosable, act, rows, form.reason.data or "")
    beyond = len(rows) > MOST_CHOSEN
    return _asked(choosable, listing, act, rows[:MOST_CHOSEN], form, beyond=beyond)


def _is_sound(form: ChosenForm, act: RowAct[Row]) -> bool:
    sound = form.validate_on_submit()
    if sound and act.needs_reason and not (form.reason.data or "").strip():
        form.reason.errors = [*form.reason.errors, str(_l("Say why. This is kept with the record."))]
        return False
    return sound


def _all(choosable: Choosable[Row], listing: Listing[Row, Filter], act: RowAct[Row], chosen: Filter) -> list[ChosenRow]:
    """Return the first rows of the whole list as it is narrowed and sorted, one more than are acted upon.

    Read page by page, so that an index leads to them; what is looked through is so for :data:`MOST_PAGES` of them.
    """
    records: list[Row] = []
    pages, sort, place = replace(listing, per_page=MOST_CHOSEN + 1), request.args.get("sort"), BEGINNING
    for _ in range(MOST_PAGES):
        page = pages.page(session(), actor(), chosen, sort, place)
        records += page.items
        if len(records) > MOST_CHOSEN or not page.after:
            break
        place = Place(after=page.after)
    records = records[: MOST_CHOSEN + 1]
    return [ChosenRow(choosable.number(row), mark_of(row), row, act.fault(row, actor(), today())) for row in records]


def _given(choosable: Choosable[Row], act: RowAct[Row]) -> list[ChosenRow]:
    """Return the rows that the form names, each once."""
    found: list[ChosenRow] = []
    for value in dict.fromkeys(request.form.getlist("row")):
        number, _, mark = value.partition(".")
        try:
            record = choosable.find(session(), number, actor())
        except Missing as error:
            found.append(ChosenRow(number[:20], mark, None, error.text))
            continue
        fault = act.fault(record, actor(), today()) if _same(record, mark) else CHANGED
        found.append(ChosenRow(number, mark, record, fault))
    return found


def _same(record: Any, mark: str) -> bool:
    return hmac.compare_digest(mark_of(record).encode(), mark.encode("utf-8", "replace"))


def _asked(
    choosable: Choosable[Row],
    listing: Listing[Row, Filter],
    act: RowAct[Row],
    rows: Sequence[ChosenRow],
    form: ChosenForm,
    *,
    beyond: bool,
) -> tuple[str, int]:
    """Show how many it will be done to, what follows for each, and which are left out, why."""
    able = [row for row in rows if row.fault is None]
    follows = _follows(f"{choosable.page.partition('.')[0]}.{act.key}", [row.record.id for row in able])
    shown = [ChosenRow(row.number, row.mark, row.record, None, follows.get(row.record.id, ())) for row in able]
    page = render_template(
        "lists/chosen.html",
        act=act,
        rows=shown,
        left_out=[row for row in rows if row.fault is not None],
        totals=counted(row.follows for row in shown),
        listing=as_chosen(listing),
        form=form,
        beyond=beyond,
        most=MOST_CHOSEN,
        choosable=choosable,
        back=address_of(choosable.list_page),
    )
    return page, 422 if form.errors else 200


def _follows(what: str, ids: Sequence[int]) -> Mapping[int, Sequence[Consequence]]:
    """Return what follows in all features, by id of the record."""
    found: dict[int, list[Consequence]] = {}
    for of_feature in tables().follows.get(what, ()):
        for record_id, sentences in of_feature(session(), ids).items():
            found.setdefault(record_id, []).extend(sentences)
    return found


def _told(choosable: Choosable[Row], act: RowAct[Row], rows: Sequence[ChosenRow], reason: str) -> str:
    """Do it to each row by itself, and say what became of it."""
    outcomes = [_outcome(choosable, act, row, reason) for row in rows[:MOST_CHOSEN]]
    return render_template(
        "lists/told.html",
        act=act,
        done=[each for each in outcomes if each.refused is None],
        refused=[each for each in outcomes if each.refused is not None],
        choosable=choosable,
        back=address_of(choosable.list_page),
    )


def _outcome(choosable: Choosable[Row], act: RowAct[Row], row: ChosenRow, reason: str) -> Outcome:
    who = actor()
    try:
        with writing(session()) as own:
            record = choosable.find(own, row.number, who)
            if act.is_done(record, who, reason):
                return Outcome(row.number)
            if not _same(record, row.mark):
                raise Stale(CHANGED)
            act.do(own, record, reason, who, utc_now())
    except DomainError as error:
        return Outcome(row.number, error.text)
    return Outcome(row.number)


def _file(choosable: Choosable[Row], suffix: str) -> Any:
    """Lead to the file of the chosen rows, or of all that the list shows."""
    actor().require(choosable.as_file)
    numbers = [] if request.form.get("all") else [value.partition(".")[0] for value in request.form.getlist("row")]
    if not numbers and not request.form.get("all"):
        flash_message(message("Choose the rows first."), "warning")
        return back_to(choosable.list_page, **request.args.to_dict(flat=False))
    if len(numbers) > MOST_CHOSEN:
        raise Refusal(message("At most %(count)d rows at once.", count=MOST_CHOSEN))
    endpoint = f"{choosable.page.partition('.')[0]}.export"
    address = address_of(endpoint, suffix=suffix, row=numbers or None)
    title = message("File %(name)s", name=f"{url_for(endpoint, suffix=suffix).strip('/').partition('/')[0]}.{suffix}")
    return lead_to(PAGE_FILE, title, {"address": address, "method": "POST"}, [choosable.as_file])
