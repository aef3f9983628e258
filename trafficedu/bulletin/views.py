"""Pages of the papers of a month: the bulletin, the scorecards, and the indicators for another system."""

from __future__ import annotations

from dataclasses import asdict
from typing import IO, Any

from flask import Blueprint, current_app, render_template, request
from sqlalchemy.orm import Session

from trafficedu.analysis.colours.rule_set import COMPANY
from trafficedu.bulletin.forms import BulletinForm, ScorecardForm
from trafficedu.bulletin.imports import HAND_ON
from trafficedu.bulletin.queries import scorecard as scorecards_of
from trafficedu.bulletin.queries.indicators import list_indicators
from trafficedu.bulletin.queries.month import Gathered, gather
from trafficedu.bulletin.rules import check_month
from trafficedu.core.access import actor, requires
from trafficedu.core.clock import today, utc_now
from trafficedu.core.database import from_replica, session
from trafficedu.core.errors import Missing, Refusal
from trafficedu.core.job_views import File, Tell, made_by_a_job, whole
from trafficedu.core.month import Month
from trafficedu.core.text import LOCALES, message
from trafficedu.core.web import locale, page_place
from trafficedu.evaluation.queries import areas
from trafficedu.evaluation.queries.runs import list_results, shown_run
from trafficedu.reports import bulletin, bulletin_annex, scorecard

pages = Blueprint("bulletin", __name__)
READ, READ_CARD = "bulletin:bulletin:read", "bulletin:scorecard:read"


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
    area = areas.find_area(session(), request.args.get("area", ""), actor())
    lang = form.offer(areas.list_offered(session(), actor(), area, today()), area.code)
    return render_template(
        "bulletin/index.html",
        form=form,
        month=month,
        area=area,
        lang=lang,
        run=shown_run(session(), month, actor()),
        hand_on=HAND_ON,
    )


@pages.get("/bulletin/<month:month>/<area>.<any(pdf, xlsx):paper>")
@requires(READ)
@made_by_a_job
@from_replica
def download(month: Month, area: str, paper: str) -> Any:
    """I download the bulletin, or its figures as a workbook."""
    lang, who = _language(), actor()
    root = areas.find_area(session(), area, who)
    paper_of = _Bulletin(_over(month), area, paper, lang)
    title = message("Bulletin of %(area)s, %(month)s", area=root.name, month=str(month))
    return File(f"bulletin-{month}-{area}-{lang}.{paper}", title, whole(paper_of.render), keep=paper_of.keep)


class _Bulletin:
    """A bulletin to be written, and afterwards what was fitted for it and is worth keeping."""

    def __init__(self, month: Month, area: str, paper: str, lang: str) -> None:
        self._month, self._area, self._paper, self._lang = month, area, paper, lang
        self._gathered: Gathered | None = None

    def render(self) -> bytes:
        """Gather what it says and draw it."""
        self._gathered = gather(session(), actor(), self._area, self._month, utc_now(), self._lang)
        draw = bulletin.render if self._paper == "pdf" else bulletin_annex.render
        return draw(self._gathered.data, self._lang)

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
    )


@pages.get("/scorecards/<month:month>/<code>.pdf")
@requires(READ_CARD)
@made_by_a_job
@from_replica
def scorecard_pdf(month: Month, code: str) -> Any:
    """I download a scorecard."""
    lang = _language()
    data = scorecards_of.gather(session(), actor(), code, _over(month), utc_now(), lang)
    title = message("Scorecard of %(name)s, %(month)s", name=data.name, month=str(month))
    return File(f"scorecard-{month}-{code}-{lang}.pdf", title, whole(lambda: scorecard.render(data, lang)))


@pages.get("/indicators/<month:month>.json")
@requires(HAND_ON)
@made_by_a_job
def indicators(month: Month) -> Any:
    """I hand the indicators of the villages on to another system."""
    over = _over(month)

    def write(out: IO[bytes], tell: Tell) -> int:
        rows = [asdict(row) for row in list_indicators(session(), actor(), over, utc_now())]
        tell(len(rows), len(rows))
        out.write(current_app.json.dumps({"month": str(month), "villages": rows}).encode())
        return len(rows)

    detail = {"month": str(month), "clear": False}
    name = f"indicators-{month}.json"
    return File(name, message("File %(name)s", name=name), write, action="indicators:file:export", detail=detail)


def _language() -> str:
    asked = request.args.get("in", "")
    return asked if asked in LOCALES else locale()
