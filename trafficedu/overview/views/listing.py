"""Pages of the red-yellow-black list: all months, one month, a protest and its decision."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import abort, render_template, request

from trafficedu.core import spreadsheet
from trafficedu.core.access import actor, requires
from trafficedu.core.clock import today, utc_now
from trafficedu.core.database import session
from trafficedu.core.forms import carried_out, form_page, submitted
from trafficedu.core.job_views import made_by_a_job
from trafficedu.core.list_views import Table, table_file
from trafficedu.core.month import Month
from trafficedu.core.seen import seen
from trafficedu.core.text import message, translate, unpacked
from trafficedu.core.web import back_to, flash_message, locale, page_place, pdf
from trafficedu.issued.queries.documents import list_documents, valid_document
from trafficedu.issued.rules import DocumentKind
from trafficedu.issued.services.issuing import draft, hand_out
from trafficedu.overview import services
from trafficedu.overview.forms import ObjectionDecisionForm, ProtestForm, TakeOffForm
from trafficedu.overview.models import ListEntry, VillageList
from trafficedu.overview.queries import lists as queries
from trafficedu.overview.queries.papers import list_document, read_off
from trafficedu.overview.rules import ListAct, Shade
from trafficedu.overview.views.blueprint import pages
from trafficedu.reports.proof import DRAFT

FOLDED_FROM = 8
"""So many villages of each part are seen at once; the others are unfolded."""
COLUMNS = (
    spreadsheet.Column("list", message("List")),
    spreadsheet.Column("town", message("Town")),
    spreadsheet.Column("village", message("Village"), 24),
    spreadsheet.Column("code", message("Code")),
    spreadsheet.Column("why", message("Why"), 32),
)


@pages.get("/lists")
@requires("overview:list:read")
def lists() -> Any:
    """I look for the red-yellow-black list of a month."""
    page = queries.list_lists(session(), actor(), page_place())
    due = Month.of(today()) - 1
    return render_template(
        "overview/lists.html",
        page=page,
        due=due,
        missing=queries.find_list(session(), due) is None,
    )


@pages.get("/lists/<month:month>")
@requires("overview:list:read")
def month_list(month: Month) -> Any:
    """I read the list of a month; before it is frozen, who manages it sees what it would be."""
    frozen = queries.find_list(session(), month)
    if frozen is None:
        return _preview(month)
    entries = queries.list_entries(session(), frozen, actor())
    return render_template(
        "overview/list.html",
        frozen=frozen,
        act=ListAct,
        parts=_parts(entries),
        folded_from=FOLDED_FROM,
        read_off=read_off(session(), frozen),
        newer=queries.newer_evaluations(session(), frozen, services.list_rule(session())),
        changes=[unpacked(change) for change in frozen.changes],
        issued=list_documents(session(), DocumentKind.VILLAGE_LIST, str(month)),
        protests_open=frozen.may(ListAct.PROTEST) and today() <= frozen.protest_until,
        undecided=sum(1 for entry in entries if entry.protest is not None and not entry.protest.decision),
    )


def _preview(month: Month) -> Any:
    if not actor().may(queries.MANAGE):
        return render_template("overview/list_missing.html", month=month), 404
    reading = queries.read_month(session(), month, services.list_rule(session()))
    names = queries.names_of(session(), [listed.result.area_id for listed in reading.listed] if reading else [])
    return render_template(
        "overview/list_preview.html",
        month=month,
        reading=reading,
        parts={shade: [row for row in reading.listed if row.shade == shade] for shade in Shade} if reading else {},
        places=names,
        over=month.last < today(),
    )


def _parts(entries: Sequence[ListEntry]) -> dict[Shade, list[ListEntry]]:
    return {shade: [entry for entry in entries if entry.shade == shade] for shade in Shade}


@pages.post("/lists/<month:month>/freeze")
@requires("overview:list:manage")
def freeze(month: Month) -> Any:
    """I freeze the list of a month, so that villages can protest."""
    seen(queries.find_list(session(), month), lambda _: [str(month), queries.find_list(session(), month)])
    if carried_out(lambda: services.freeze_list(session(), month, actor(), utc_now())):
        flash_message(message("List frozen. The villages on it have been notified."))
    return back_to("overview.month_list", month=month)


@pages.post("/lists/<month:month>/publish")
@requires("overview:list:manage")
def publish(month: Month) -> Any:
    """I publish a frozen list."""
    frozen = seen(_list_of(month))
    version = request.form.get("version", 0, type=int)
    if carried_out(lambda: services.publish_list(session(), frozen, version, actor(), utc_now())):
        flash_message(message("The list is published."))
    return back_to("overview.month_list", month=month)


@pages.post("/lists/<month:month>/reread")
@requires("overview:list:manage")
def reread(month: Month) -> Any:
    """I read a list again off the evaluation that was published since."""
    frozen = seen(_list_of(month))
    version = request.form.get("version", 0, type=int)
    if accepted := carried_out(lambda: _counts(services.reread_list(session(), frozen, version, actor(), utc_now()))):
        added, moved, left = accepted.value
        flash_message(
            message(
                "List read again: %(added)d villages new on it, %(moved)d on another list, %(left)d no longer on it.",
                added=added,
                moved=moved,
                left=left,
            )
        )
    return back_to("overview.month_list", month=month)


def _counts(changed: services.Changed) -> tuple[int, int, int]:
    return len(changed.added), len(changed.moved), len(changed.left)


@pages.get("/lists/<month:month>.pdf")
@requires("overview:list:read")
def list_paper(month: Month) -> Any:
    """I open the list as it was issued; before it is published, who manages it sees a draft."""
    document = valid_document(session(), DocumentKind.VILLAGE_LIST, str(month))
    if document is not None:
        return pdf(hand_out(session(), document, locale(), utc_now()), document.number)
    if not actor().may(queries.MANAGE):
        abort(404)
    return pdf(draft(session(), list_document(session(), _list_of(month), today()), locale(), DRAFT), f"list-{month}")


@pages.route("/lists/<month:month>/<code>/protest", methods=["GET", "POST"])
@requires("overview:list:protest")
def protest(month: Month, code: str) -> Any:
    """I say what is wrong with my village's entry."""
    entry = seen(queries.find_entry(session(), month, code, actor()))
    form = ProtestForm()
    if submitted(form, lambda: services.protest(session(), entry, form.text.data, actor(), utc_now())):
        flash_message(message("Objection sent. It will be decided before the list is published."))
        return back_to("overview.month_list", month=month)
    return _entry_page("overview/list_protest.html", month, code, form)


@pages.route("/lists/<month:month>/<code>/decide", methods=["GET", "POST"])
@requires("overview:list:decide")
def decide(month: Month, code: str) -> Any:
    """I decide a protest: the village leaves the list, or stays on it."""
    protest = seen(queries.find_entry(session(), month, code, actor()).protest)
    if protest is None:
        abort(404)
    form = ObjectionDecisionForm()
    if submitted(
        form,
        lambda: services.decide_protest(session(), protest, form.decision.data, form.reason.data, actor(), utc_now()),
    ):
        flash_message(message("Decision on the objection recorded."))
        return back_to("overview.month_list", month=month)
    return _entry_page("overview/list_decide.html", month, code, form)


@pages.route("/lists/<month:month>/<code>/take-off", methods=["GET", "POST"])
@requires("overview:list:manage")
def take_off(month: Month, code: str) -> Any:
    """I take a village off a frozen list because its entry is wrong."""
    entry = seen(queries.find_entry(session(), month, code, actor()))
    form = TakeOffForm()
    if submitted(form, lambda: services.take_off(session(), entry, form.reason.data, actor())):
        flash_message(message("%(village)s removed from the list.", village=entry.area.name))
        return back_to("overview.month_list", month=month)
    return _entry_page("overview/list_take_off.html", month, code, form)


def _entry_page(template: str, month: Month, code: str, form: Any) -> Any:
    entry = queries.find_entry(session(), month, code, actor())
    return form_page(template, form, entry=entry)


@pages.get("/lists/<month:month>.xlsx")
@requires("overview:list:read")
@made_by_a_job
def list_workbook(month: Month) -> Any:
    """I take the list of a month with me as a table."""
    frozen = _list_of(month)
    return table_file(Table(COLUMNS, lambda: _lines(frozen)), f"list-{month}.xlsx", "", titles=locale())


def _lines(frozen: VillageList) -> list[spreadsheet.Row]:
    language = locale()
    return [
        (
            translate(entry.shade.label, language),
            entry.area.parent.name if entry.area.parent else "",
            entry.area.name,
            entry.area.code,
            translate(entry.why.label, language),
        )
        for entry in queries.list_entries(session(), frozen, actor())
        if not entry.taken_off
    ]


def _list_of(month: Month) -> VillageList:
    frozen = queries.find_list(session(), month)
    if frozen is None:
        abort(404)
    return frozen
