"""Pages of the papers of a month: the bulletin, the scorecards, and the indicators for another system."""

from __future__ import annotations

import io
from dataclasses import asdict
from typing import Any

from flask import Blueprint, jsonify, render_template, request, send_file
from flask import Response as Answer

from trafficedu.analysis.colours.rule_set import COMPANY, KINDS
from trafficedu.bulletin.forms import BulletinForm, ScorecardForm
from trafficedu.bulletin.imports import HAND_ON
from trafficedu.bulletin.queries import scorecard as scorecards_of
from trafficedu.bulletin.queries.indicators import list_indicators
from trafficedu.bulletin.queries.month import gather
from trafficedu.bulletin.rules import check_month
from trafficedu.core import audit
from trafficedu.core.access import actor, requires
from trafficedu.core.clock import today, utc_now
from trafficedu.core.database import session
from trafficedu.core.errors import Missing, Refusal
from trafficedu.core.month import Month
from trafficedu.core.text import LOCALES
from trafficedu.core.transactions import writing
from trafficedu.core.web import locale, page_place
from trafficedu.evaluation.queries import areas
from trafficedu.evaluation.queries.runs import list_results, shown_run
from trafficedu.reports import bulletin, bulletin_annex, scorecard

pages = Blueprint("bulletin", __name__)
READ, READ_CARD = "bulletin:bulletin:read", "bulletin:scorecard:read"
MIME = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def _over(month: Month) -> Month:
    """Return a month of an address; one that is not over has no paper: raise :class:`Missing`."""
    try:
        check_month(month, today())
    except Refusal as error:
        raise Missing(error.text) from error
    return month


@pages.get("/bulletin")
@requires(READ)
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
def download(month: Month, area: str, paper: str) -> Any:
    """I download the bulletin, or its figures as a workbook."""
    lang = _language()
    found = gather(session(), actor(), area, _over(month), utc_now(), lang)
    written = bulletin.render(found.data, lang) if paper == "pdf" else bulletin_annex.render(found.data, lang)
    if found.keeps:
        with writing(session()) as own:
            found.keep(own)
    return _sent(written, f"bulletin-{month}-{area}-{lang}.{paper}")


@pages.get("/scorecards")
@requires(READ_CARD)
def scorecards() -> Any:
    """I find the scorecard of a town, a village or a company: of a company, its own."""
    form = ScorecardForm(request.args)
    month = form.settle_month(today())
    kinds = [COMPANY] if actor().scope.company_id is not None else list(KINDS)
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
def scorecard_pdf(month: Month, code: str) -> Any:
    """I download a scorecard."""
    lang = _language()
    data = scorecards_of.gather(session(), actor(), code, _over(month), utc_now(), lang)
    return _sent(scorecard.render(data, lang), f"scorecard-{month}-{code}-{lang}.pdf")


@pages.get("/indicators/<month:month>.json")
@requires(HAND_ON)
def indicators(month: Month) -> Any:
    """I hand the indicators of the villages on to another system."""
    rows = [asdict(one) for one in list_indicators(session(), actor(), _over(month), utc_now())]
    with writing(session()) as own:
        audit.write(own, "indicators:file:export", actor(), rows=len(rows), month=str(month), clear=False)
    answer: Answer = jsonify({"month": str(month), "villages": rows})
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _language() -> str:
    asked = request.args.get("in", "")
    return asked if asked in LOCALES else locale()


def _sent(body: bytes, name: str) -> Answer:
    answer: Answer = send_file(
        io.BytesIO(body), mimetype=MIME[name.rpartition(".")[2]], as_attachment=True, download_name=name
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer
