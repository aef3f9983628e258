"""Pages of trends."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import render_template, request

from trafficedu.analysis.said.titles import level_change_of, slope_of, title_of_trend, trend_of
from trafficedu.analysis.trend_words import METHOD_NAMES, UNKNOWNS
from trafficedu.areas.models import Area
from trafficedu.campaigns import queries as campaigns
from trafficedu.core import jobs
from trafficedu.core.access import actor, requires
from trafficedu.core.clock import today, utc_now
from trafficedu.core.database import from_replica, session
from trafficedu.core.month import Month
from trafficedu.core.seen import changes_nothing_seen
from trafficedu.core.text import message
from trafficedu.core.transactions import writing
from trafficedu.core.web import back_to, flash_message, locale, still, translated
from trafficedu.evaluation import charts
from trafficedu.evaluation.forms.trends import ClaimForm, TrendForm
from trafficedu.evaluation.models import AnalysisResult
from trafficedu.evaluation.queries import areas
from trafficedu.evaluation.queries.claims import Observer
from trafficedu.evaluation.rules.calendar import SHORT_MONTHS
from trafficedu.evaluation.rules.measures import SERIES
from trafficedu.evaluation.services import fits
from trafficedu.evaluation.services.trends import unpacked
from trafficedu.evaluation.views.blueprint import pages


@pages.get("/trends")
@requires("evaluation:trend:read")
@from_replica
def trends() -> Any:
    """I see where a series is going in my area, how sure that is, and whether a claim about two periods holds."""
    day = today()
    form = TrendForm(request.args)
    key = form.offer()
    area = areas.find_area(session(), form.area.chosen(day), actor())
    code, name, root = area.code, area.name, areas.fitted_with(area)
    if request.headers.get("HX-Request"):
        return still(fits.trend_shown(session(), key, root, actor(), utc_now(), locale()).under_way)
    claim_form = ClaimForm(request.args)
    measure, before, after = claim_form.settle(day)
    claim = Observer(session(), area, actor(), utc_now()).compare(measure, before, after)
    shown = fits.trend_shown(session(), key, root, actor(), utc_now(), locale())
    if shown.due is not None:
        with writing(session()) as own:
            jobs.ask(own, shown.due, actor(), utc_now(), locale())
    return render_template(
        "evaluation/trends.html",
        form=form,
        claim_form=claim_form,
        area_code=code,
        area_name=name,
        key=key,
        series=SERIES[key],
        shown=shown,
        **_shown(key, shown.kept, code, name, root.code == code, day),
        claim=claim,
    )


@pages.post("/trends/again")
@requires("evaluation:trend:read")
@changes_nothing_seen("it calculates from what is on record then, whatever that is")
def again() -> Any:
    """I want the trend of what is on record now, not of last night."""
    key = request.form.get("series", "")
    area: Area = areas.find_area(session(), request.form.get("area", ""), actor())
    if key not in SERIES:
        key = next(iter(SERIES))
    code, asked = area.code, fits.trend_of_records_now(key, areas.fitted_with(area))
    with writing(session()) as own:
        jobs.ask(own, asked, actor(), utc_now(), locale())
    flash_message(message("The trend is being recalculated from current records."))
    return back_to("evaluation.trends", series=key, area=code)


@pages.get("/effects/<number>")
@requires("evaluation:trend:read")
def effect(number: str) -> Any:
    """I wait on the page of a campaign for its effect."""
    campaign = campaigns.find_campaign(session(), number, actor())
    if not request.headers.get("HX-Request"):
        return back_to("campaigns.show", number=number)
    last = fits.last_counted(campaign, today())
    return still(fits.effect_shown(session(), campaign, last, actor(), utc_now(), locale()).under_way)


def _shown(key: str, kept: AnalysisResult | None, code: str, name: str, is_root: bool, day: date) -> dict[str, Any]:
    """Return what the template shows of a result: nothing of areas other than the one asked for."""
    if kept is None:
        return {"figure": None, "months": 0}
    payload = kept.payload
    row = None if "rows" not in payload else payload["total"] if is_root else payload["rows"].get(code)
    if row is None:
        return {"figure": None, "months": payload["months"]}
    about = payload["whole"] if is_root else payload["parts"]
    slope, stated = slope_of(row.get("slope")), unpacked(row["trend"])
    change = level_change_of(row, about)
    title = title_of_trend(SERIES[key], name, slope, stated, change)
    return {
        "figure": charts.trend_figure(key, payload, row, translated(title), locale()),
        "months": payload["months"],
        "payload": payload,
        "row": row,
        "trend": trend_of(SERIES[key], slope, stated, change),
        "next_month": payload["ahead"][0],
        "method": METHOD_NAMES[about["method"]],
        "why": [unpacked(one) for one in about["why"][1:]],
        "notes": [unpacked(one) for one in about["notes"]] if is_root else [],
        "lines": charts.backtest_lines(about),
        "short": payload["months"] < SHORT_MONTHS,
        "unknowns": UNKNOWNS,
        "together": not is_root,
        "computed": kept.computed_utc,
        "old": kept.upto != (Month.of(day) - 1).first,
    }
