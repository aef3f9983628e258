"""The page of results, and its tables as a workbook to read."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial
from typing import Any

from flask import render_template, request, url_for

from trafficedu.analysis.proportions import LEAST_SITES, TargetVerdict
from trafficedu.analysis.said.result import Said
from trafficedu.areas.models import Area
from trafficedu.areas.queries.choices import list_named
from trafficedu.core import spreadsheet
from trafficedu.core.access import actor, requires
from trafficedu.core.clock import today, utc_now
from trafficedu.core.database import session
from trafficedu.core.errors import Missing
from trafficedu.core.job_views import made_by_a_job
from trafficedu.core.list_views import Table, refuse_unclear, table_file
from trafficedu.core.month import Month, Period
from trafficedu.core.paging import Page, cut
from trafficedu.core.text import Message, message, translate
from trafficedu.core.web import BEGINNING_OF_LIST, locale, page_place, page_url
from trafficedu.coverage.queries.coverage import coverage_of
from trafficedu.coverage.rules import FigureKind
from trafficedu.helmets import charts
from trafficedu.helmets.forms import ResultsForm
from trafficedu.helmets.queries import rates as rate_queries
from trafficedu.helmets.queries import sites
from trafficedu.helmets.queries.monthly import list_seen
from trafficedu.helmets.queries.pools import read_pools
from trafficedu.helmets.rules import CountMethod
from trafficedu.helmets.views.blueprint import pages

VERDICTS = {
    TargetVerdict.MET: message("met"),
    TargetVerdict.MISSED: message("missed"),
    TargetVerdict.NOT_PROVEN: message("not proven"),
    TargetVerdict.NOT_JUDGED: message("not judged: fewer than %(least)s sites", least=LEAST_SITES),
}
BREAKDOWNS = {
    "area": message("area"),
    "site": message("site"),
    "company": message("company"),
    "hour": message("hour"),
    "month": message("month"),
    "method": message("method"),
}
COLUMNS = [
    spreadsheet.Column("by", message("Breakdown"), 12),
    spreadsheet.Column("key", message("Code"), 14),
    spreadsheet.Column("name", message("Name"), 28),
    spreadsheet.Column("helmeted", message("with helmet"), 12),
    spreadsheet.Column("clear", message("seen clearly"), 12),
    spreadsheet.Column("unclear", message("unclear"), 12),
    spreadsheet.Column("rate", message("Helmet rate"), 12),
    spreadsheet.Column("low", message("from"), 12),
    spreadsheet.Column("high", message("to"), 12),
    spreadsheet.Column("deff", message("Design effect"), 12),
    spreadsheet.Column("sites", message("Sites"), 10),
    spreadsheet.Column("surveys", message("Surveys"), 10),
    spreadsheet.Column("verdict", message("Target"), 14),
]


TITLES = {
    "area": message("Helmet rate by area"),
    "site": message("Helmet rate by site"),
    "company": message("Helmet rate of delivery riders by company"),
    "hour": message("Helmet rate by starting hour"),
    "month": message("Helmet rate by month"),
}
HEADS = {
    "area": message("Area"),
    "site": message("Site"),
    "company": message("Company"),
    "hour": message("Starting hour"),
    "month": message("Month"),
}


@dataclass(frozen=True)
class ResultTable:
    """The one table shown: its title and first column's head, a page of its lines, and where they lead."""

    title: Message
    head: Message
    page: Page[rate_queries.RateRow]
    links: dict[str, str]


@dataclass(frozen=True)
class Results:
    """Everything the page says about one area, period and selection."""

    area: Area
    period: Period
    standard: rate_queries.Standard
    whole: rate_queries.RateRow
    tables: dict[str, list[rate_queries.RateRow]]
    comparison: rate_queries.MethodComparison
    halves: Said | None

    @property
    def mean_of_sites(self) -> float | None:
        """The mean of the sites' rates in percent, shown only to say that it is not the rate of riders."""
        rates = [line.rate.rate for line in self.tables["site"] if line.rate.rate is not None]
        return 100 * sum(rates) / len(rates) if rates else None


def _results(form: ResultsForm, views: Collection[str]) -> Results | None:
    """Return what was asked for with these breakdowns, or None for somebody without a post in an area."""
    period = form.settle(Month.of(today()) - 1)  # the running month is not over
    form.area.settle(partial(list_named, session(), day=today(), by=actor()))
    area = sites.find_area(session(), form.area.data or "", actor())
    if area is None:
        return None
    criteria = form.to_input(period, area.path)
    at = rate_queries.standard(session())
    both = list_seen(session(), rate_queries.either_method(criteria), actor())
    seen = [observation for observation in both if observation.method == criteria.method]
    pools = read_pools(session(), rate_queries.either_method(criteria))
    spread = rate_queries.spread_among(seen, pools, criteria)
    breakdowns: dict[str, Callable[[], list[rate_queries.RateRow]]] = {
        "area": lambda: rate_queries.by_area(session(), seen, at, area, pools),
        "site": lambda: rate_queries.by_site(session(), seen, at),
        "company": lambda: rate_queries.by_company(session(), criteria, actor(), at, spread),
        "hour": lambda: rate_queries.by_hour(session(), criteria, actor(), at, spread),
        "month": lambda: rate_queries.by_month(seen, at, period.months, spread),
    }
    tables = {name: make() for name, make in breakdowns.items() if name in views}
    comparison = rate_queries.compare_methods(both, at, pools, area.path)
    whole = rate_queries.line_of(seen, at, pool=pools.below(area.path, criteria.method))
    halves = rate_queries.compare_halves(seen, at, period, today(), spread)
    return Results(area, period, at, whole, tables, comparison, halves)


@pages.get("")
@requires("helmets:survey:read")
def results() -> Any:
    """I read how many riders wear a helmet: where, when, how certainly, and whether the target is met."""
    form = ResultsForm(request.args)
    form.validate()
    shown = _results(form, {"area", "site", "month", form.view})
    if shown is None:
        return render_template("helmets/results.html", results=None, form=form)
    by_area = len(shown.tables["area"]) > 1
    places = shown.tables["area" if by_area else "site"]
    name = message("Area") if by_area else message("Site")
    return render_template(
        "helmets/results.html",
        results=shown,
        form=form,
        verdict=charts.verdict(shown.whole, shown.standard),
        basis=charts.basis(shown.whole),
        comparison=charts.comparison(shown.comparison),
        reported=coverage_of(session(), FigureKind.HELMETS, shown.area, shown.period, utc_now()).sentence_over(
            shown.period
        ),
        months_chart=charts.months_chart(shown.tables["month"], shown.halves, shown.standard, locale()),
        places_chart=charts.places_chart(places, shown.standard, locale(), name, sites=not by_area),
        table=_table(shown, form.view),
        running=_with_running_month(shown.period),
        verdicts=VERDICTS,
        methods={method: method.label for method in CountMethod},
    )


def _with_running_month(period: Period) -> str:
    """Return the address of the same page up to today, "" where it is that already."""
    running = Month.of(today())
    return "" if period.last >= running else page_url(last=running, first=period.first, **BEGINNING_OF_LIST)


def _table(shown: Results, view: str) -> ResultTable:
    page = cut(shown.tables[view], lambda line: line.key, page_place())
    links: dict[str, str] = {}
    if view == "area":
        links = {
            line.key: page_url(area=line.key, **BEGINNING_OF_LIST) for line in page.items if line.key != shown.area.code
        }
    elif view == "site":
        links = {line.key: url_for("helmets.surveys", site=line.key) for line in page.items}
    return ResultTable(TITLES[view], HEADS[view], page, links)


@pages.get("/table.xlsx")
@requires("helmets:survey:read")
@made_by_a_job
def table() -> Any:
    """I take the tables of results along as a workbook."""
    form = ResultsForm(request.args)
    form.validate()
    shown = _results(form, HEADS)
    if form.area.asks and not form.area.matches:
        raise Missing(message("There is no area with the code %(code)s.", code=request.args.get("area", "")))
    refuse_unclear(form)
    return table_file(Table(COLUMNS, lambda: _rows(shown)), "helmets.xlsx", "", titles=locale())


def _rows(shown: Results | None) -> list[spreadsheet.Row]:
    if shown is None:
        return []
    language = locale()
    tables = {**shown.tables, "method": list(shown.comparison.lines)}
    return [
        (
            translate(BREAKDOWNS[by], language),
            line.key,
            translate(CountMethod(line.key).label, language) if by == "method" else line.name,
            line.helmeted,
            line.clear,
            line.unclear,
            line.rate.rate,
            line.rate.low,
            line.rate.high,
            round(line.rate.deff, 2),
            line.rate.sites,
            line.surveys,
            "" if by == "site" else translate(VERDICTS[line.judgement.verdict], language),
        )
        for by, lines in tables.items()
        for line in lines
    ]
