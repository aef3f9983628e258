"""Pages of the papers of a month: the bulletin, the scorecards, and the indicators for another system."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import IO, Any

from flask import Blueprint, Response, render_template, request
from sqlalchemy.orm import Session

from trafficedu.analysis.colours.rule_set import COMPANY
from trafficedu.bulletin import charts, services
from trafficedu.bulletin.forms import BulletinForm, ScorecardForm
from trafficedu.bulletin.imports import HAND_ON
from trafficedu.bulletin.queries import brief as briefs
from trafficedu.bulletin.queries import scorecard as scorecards_of
from trafficedu.bulletin.queries.asked import Gathered
from trafficedu.bulletin.queries.indicators import list_indicators
from trafficedu.bulletin.queries.month import gather
from trafficedu.bulletin.rules import check_month
from trafficedu.core.access import actor, requires
from trafficedu.core.clock import today, utc_now
from trafficedu.core.database import from_replica, session
from trafficedu.core.errors import Missing, Refusal
from trafficedu.core.forms import carried_out
from trafficedu.core.job_views import File, Tell, lead_to, made_by_a_job, whole
from trafficedu.core.month import Month
from trafficedu.core.seen import changes_nothing_seen
from trafficedu.core.text import LOCALES, message
from trafficedu.core.web import back_to, flash_message, locale, page_place
from trafficedu.evaluation.queries import areas
from trafficedu.evaluation.queries.runs import list_results, shown_run
from trafficedu.issued.models import Document
from trafficedu.issued.queries.documents import list_documents, valid_document, visible_document, what_it_says
from trafficedu.issued.rules import DocumentKind
from trafficedu.issued.services import issuing
from trafficedu.issued.services.issuing import NewDocument
from trafficedu.reports import brief as brief_paper
from trafficedu.reports import bulletin, bulletin_annex, company_part, scorecard, scorecard_book
from trafficedu.reports import indicators as indicators_file
from trafficedu.reports.indicators import IndicatorsData
from trafficedu.reports.proof import Stamp

pages = Blueprint("bulletin", __name__)
READ, READ_CARD, READ_BRIEF = "bulletin:bulletin:read", "bulletin:scorecard:read", "overview:page:read"


def _over(month: Month) -> Month:
    """Return a month of an address; one that is not over has no paper: raise :class:`Missing`."""
    try:
        check_month(month, today())
    except Refusal as error:
        raise Missing(error.text) from error
    return month


@pages.get("/bulletin")
@requires(READ)
@from_replica
def index() -> Any:
    """I choose month, area and language, and see what the bulletin can say."""
    form = BulletinForm(request.args)
    month = form.settle_month(today())
    area = areas.find_area(session(), form.area.chosen(today()), actor())
    lang = form.offer()
    return render_template(
        "bulletin/index.html",
        form=form,
        month=month,
        area=area,
        lang=lang,
        run=shown_run(session(), month, actor()),
        hand_on=HAND_ON,
        issue=services.ISSUE,
        issued=[
            document
            for kind in (DocumentKind.BULLETIN, DocumentKind.BRIEF, DocumentKind.INDICATORS)
            for document in list_documents(session(), kind, services.subject_of(month, area.code))
        ],
    )


@pages.get("/bulletin/<month:month>/<area>.<any(pdf, xlsx):paper>")
@requires(READ)
@made_by_a_job
@from_replica
def download(month: Month, area: str, paper: str) -> Any:
    """I download the bulletin, or its figures as a workbook."""
    lang, who = _language(), actor()
    root = areas.find_area(session(), area, who)
    document = valid_document(session(), DocumentKind.BULLETIN, services.subject_of(month, root.code))
    if document is not None:
        return _handed_out(document, f"bulletin-{month}-{area}-{lang}", lang, paper)
    over, draw = _over(month), bulletin.render if paper == "pdf" else bulletin_annex.render
    made = _Draft(lambda: gather(session(), who, area, over, utc_now(), lang), draw, lang)
    title = message("Bulletin of %(area)s, %(month)s", area=root.name, month=str(month))
    return File(f"bulletin-{month}-{area}-{lang}-draft.{paper}", title, whole(made.render), keep=made.keep)


@pages.get("/screen/brief/<month:month>/<area>.pdf")
@requires(READ_BRIEF)
@made_by_a_job
@from_replica
def brief(month: Month, area: str) -> Any:
    """I take the month with me on one page: what alarms, what changed, who stands worst, what waits."""
    lang, who, over = _language(), actor(), _over(month)
    found = areas.find_area(session(), area, who)
    document = valid_document(session(), DocumentKind.BRIEF, services.subject_of(month, found.code))
    if document is not None:
        return _handed_out(document, f"brief-{month}-{found.code}-{lang}", lang)
    made = _Draft(lambda: briefs.gather(session(), who, found, over, utc_now(), lang), brief_paper.render, lang)
    title = message("Commander's brief of %(area)s, %(month)s", area=found.name, month=str(month))
    return File(f"brief-{month}-{found.code}-{lang}-draft.pdf", title, whole(made.render), keep=made.keep)


class _Draft:
    """A paper to be written, and afterwards what was fitted for it and is worth keeping."""

    def __init__(self, find: Callable[[], Gathered[Any]], draw: Callable[[Any, str, Stamp], bytes], lang: str) -> None:
        self._find, self._draw, self._lang = find, draw, lang
        self._gathered: Gathered[Any] | None = None

    def render(self) -> bytes:
        """Gather what it says and draw it."""
        self._gathered = self._find()
        return self._draw(self._gathered.data, self._lang, services.DRAFTED)

    def keep(self, own: Session) -> None:
        """Store what was fitted."""
        if self._gathered is not None:
            self._gathered.keep(own)


@pages.get("/scorecards")
@requires(READ_CARD)
@from_replica
def scorecards() -> Any:
    """I find the scorecard of a town, a village or a company: of a company, its own."""
    form = ScorecardForm(request.args)
    month = form.settle_month(today())
    kinds = areas.kinds_seen(session(), actor()) or [COMPANY]
    wanted = form.offer(kinds)
    run = shown_run(session(), month, actor())
    return render_template(
        "bulletin/scorecards.html",
        form=form,
        month=month,
        run=run,
        page=list_results(session(), run, wanted, actor(), page_place()) if run else None,
        issue=services.ISSUE,
    )


def _card(month: Month, code: str, lang: str) -> tuple[scorecard.ScorecardData, Document | None]:
    """Return what a scorecard says: as it was issued, else as it would be now."""
    document = visible_document(session(), DocumentKind.SCORECARD, services.subject_of(month, code), actor())
    if document is not None:
        return what_it_says(session(), document).data(lang), document
    return scorecards_of.gather(session(), actor(), code, _over(month), utc_now(), lang), None


@pages.get("/scorecards/<month:month>/<code>")
@requires(READ_CARD)
@from_replica
def scorecard_page(month: Month, code: str) -> Any:
    """I read a scorecard: of a company, also its riders, kinds, hours and how it stands among the others."""
    card, document = _card(month, code, locale())
    of = card.company
    return render_template(
        "bulletin/scorecard.html",
        card=card,
        month=month,
        document=document,
        facts=company_part.list_facts(of) if of is not None else [],
        verdict=company_part.verdict(of) if of is not None else None,
        kinds_chart=charts.kinds_chart(of, locale()) if of is not None else None,
        hours_chart=charts.hours_chart(of, locale()) if of is not None else None,
    )


@pages.get("/scorecards/<month:month>/<code>.<any(pdf, xlsx):paper>")
@requires(READ_CARD)
@made_by_a_job
@from_replica
def scorecard_file(month: Month, code: str, paper: str) -> Any:
    """I download a scorecard, or its figures as a workbook."""
    lang = _language()
    data, document = _card(month, code, lang)
    if document is not None:
        return _handed_out(document, f"scorecard-{month}-{code}-{lang}", lang, paper)
    draw = scorecard.render if paper == "pdf" else scorecard_book.render
    title = message("Scorecard of %(name)s, %(month)s", name=data.name, month=str(month))
    name = f"scorecard-{month}-{code}-{lang}-draft.{paper}"
    return File(name, title, whole(lambda: draw(data, lang, services.DRAFTED)))


@pages.get("/indicators/<month:month>.json")
@requires(HAND_ON)
@made_by_a_job
def indicators(month: Month) -> Any:
    """I hand the indicators of the villages on to another system."""
    over, top = _over(month), areas.find_area(session(), "", actor())
    document = valid_document(session(), DocumentKind.INDICATORS, services.subject_of(month, top.code))
    if document is not None:
        return _handed_out(document, f"indicators-{month}", locale(), "json")

    def write(out: IO[bytes], tell: Tell) -> int:
        rows = [asdict(row) for row in list_indicators(session(), actor(), over, utc_now())]
        tell(len(rows), len(rows))
        out.write(indicators_file.render(IndicatorsData(top.name, over, "", rows), locale()))
        return len(rows)

    detail = {"month": str(month), "clear": False}
    name = f"indicators-{month}-draft.json"
    return File(name, message("File %(name)s", name=name), write, action="indicators:file:export", detail=detail)


def _handed_out(document: Document, name: str, lang: str, ending: str = "pdf") -> Response:
    """Hand out an issued document: the same bytes each time."""
    body = issuing.hand_out(session(), document, lang, utc_now(), ending)
    kind = {"pdf": "application/pdf", "json": "application/json"}.get(ending, "application/octet-stream")
    how = "inline" if ending == "pdf" else "attachment"
    return Response(body, mimetype=kind, headers={"Content-Disposition": f'{how}; filename="{name}.{ending}"'})


@pages.post("/bulletin/<month:month>/<area>/issue")
@requires(services.ISSUE)
@changes_nothing_seen("what it makes is new, and the page of the document says what it replaced")
def issue_bulletin(month: Month, area: str) -> Any:
    """I issue the bulletin of an area: from now on everybody gets this one."""
    root = areas.find_area(session(), area, actor())
    try:
        services.evaluation_of(session(), _over(month))
    except Refusal as refusal:
        flash_message(refusal.text, "error")
        return back_to("bulletin.index", month=month, area=area)
    title = message("Bulletin of %(area)s, %(month)s, issued", area=root.name, month=str(month))
    subject = services.subject_of(month, root.code)
    return lead_to(services.ISSUE_BULLETIN, title, {"subject": subject}, [services.ISSUE])


@pages.post("/indicators/<month:month>/issue")
@requires(services.ISSUE)
@changes_nothing_seen("what it makes is new, and the page of the document says what it replaced")
def issue_indicators(month: Month) -> Any:
    """I issue the indicators of the villages."""
    top = areas.find_area(session(), "", actor())
    return _issue(services.indicators_now, services.subject_of(_over(month), top.code))


@pages.post("/scorecards/<month:month>/issue")
@requires(services.ISSUE)
@changes_nothing_seen("what it makes is new, and the page of the document says what it replaced")
def issue_scorecards(month: Month) -> Any:
    """I issue the scorecards of a month, all that are not issued yet."""
    title = message("Scorecards of %(month)s issued", month=str(_over(month)))
    return lead_to(services.ISSUE_SCORECARDS, title, {"month": str(month)}, [services.ISSUE])


def _issue(make: Callable[[Session, str, datetime], NewDocument], subject: str) -> Any:
    month = Month.parse(subject.partition("/")[0])
    now = utc_now()
    try:
        new = issuing.prepared(make(session(), subject, now))
    except Refusal as refusal:
        flash_message(refusal.text, "error")
        return back_to("bulletin.index", month=month)
    if accepted := carried_out(
        lambda: services.issue_now(session(), new, actor(), now).number, message("The document is issued.")
    ):
        return back_to("issued.show", number=accepted.value)
    return back_to("bulletin.index", month=month)


def _language() -> str:
    asked = request.args.get("in", "")
    return asked if asked in LOCALES else locale()
