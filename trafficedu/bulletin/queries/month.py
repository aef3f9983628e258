"""Everything a bulletin says of an area and a month, gathered from the queries of the pages."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.analysis.said.many import funnel_statement
from trafficedu.areas.models import Area
from trafficedu.areas.queries import tree as areas
from trafficedu.areas.queries.letters import with_places
from trafficedu.bulletin.queries import accidents, places, rates, standings
from trafficedu.bulletin.queries.asked import Asked, Fitted, Gathered
from trafficedu.bulletin.queries.findings import list_findings
from trafficedu.bulletin.queries.notes import list_notes
from trafficedu.bulletin.rules import check_month
from trafficedu.companies.models import Company
from trafficedu.core.actors import Actor, at_or_below
from trafficedu.core.clock import local, local_date
from trafficedu.core.month import Month, Period
from trafficedu.education.rules.reckoning import CompletionCounts
from trafficedu.evaluation.queries.areas import find_area
from trafficedu.evaluation.queries.runs import shown_run
from trafficedu.evaluation.queries.series import Loaded
from trafficedu.evaluation.rules.measures import CASUALTY, FATAL_ONLY, VIOLATIONS
from trafficedu.feedback.queries.rates import FeedbackCounts
from trafficedu.hazards.queries import figures as hazards
from trafficedu.hazards.queries.figures import HazardCounts
from trafficedu.helmets.rules import LATEST_MONTHS
from trafficedu.overview.queries.month import Changes, read_month_of
from trafficedu.overview.queries.month import MonthFigures as Counted
from trafficedu.reports.bulletin_data import BulletinData, Change, Hazards, MonthCount, NamedRate, Rate
from trafficedu.violations.queries import figures as violations

SHOWN_MONTHS = 13
BEYOND = 2
"""Above the 99.8 % limit (``analysis.funnel``)."""


def gather(
    session: Session, by: Actor, area_code: str, month: Month, now: datetime, locale: str, fitted: Fitted | None = None
) -> Gathered[BulletinData]:
    """Return the bulletin of the area with ``area_code`` (the top of what ``by`` sees where empty).

    ``fitted`` is handed from one language of a bulletin to the other.

    Raises
    ------
    Refusal
        The month is not over.
    Missing
        There is no such area, or it is not in the scope of ``by``.
    """
    check_month(month, local_date(now))
    area = find_area(session, area_code, by)
    parts = areas.list_children(session, area, month.last)
    asked = Asked(session, by, area, parts, month, now)
    run = shown_run(session, month, by)
    counted = read_month_of(session, by, area, month, now, locale)
    line, helmets_by_area, standard = rates.helmet_rates(session, area, month, by)
    fitted = Fitted() if fitted is None else fitted
    trend, watched, judged = judge_in(asked, fitted)
    alarms = places.alarmed(judged) if judged else {}
    of_parts, hazards_here = _hazards(asked)
    data = BulletinData(
        district=area.district.name,
        area=area.name,
        month=month,
        as_of=local(now),
        findings=(),
        evaluated=standings.about_run(run, locale) if run else None,
        rankings=standings.list_rankings(session, area, run, by) if run else (),
        interval_means=standings.interval_means(run) if run else None,
        helmets=rates.line_rate(line),
        helmet_target=standard.target,
        helmet_verdict=line.judgement.verdict,
        helmets_months=LATEST_MONTHS,
        helmets_by_area=helmets_by_area,
        hazards=hazards_here,
        outlook=accidents.outlook_of(asked, trend),
        recommended=places.recommend(session, area, parts, month, trend, alarms, of_parts, watched.get(CASUALTY)),
        notes=list_notes(asked, run, counted, line, trend),
        **fitted.once("events", lambda: _events(asked)),
        **_shares(asked, counted),
    )
    data = replace(data, findings=list_findings(data, judged, locale))
    return Gathered(with_places(session, data, area.path, locale), asked.keeps)


def judge_in(asked: Asked, fitted: Fitted) -> tuple[accidents.Trend, dict[str, Loaded | None], dict[str, Any] | None]:
    """Return the trend of the parts, the series that are watched, and what is alarming; nothing without parts."""
    area = asked.area
    if not asked.parts:
        return accidents.Trend({}), {}, None
    trend = fitted.once("trend", lambda: accidents.read_trend(asked, area))
    watched = fitted.once("watched", lambda: places.load_watched(asked.session, area, asked.month, asked.now))
    return trend, watched, fitted.once("judged", lambda: places.judge_month(asked, area, watched, trend))


def _events(asked: Asked) -> dict[str, Any]:
    """Return what is counted of violations and accidents, and what campaigns brought."""
    return {
        "violations": accidents.count_month(asked, VIOLATIONS),
        "casualties": accidents.count_month(asked, CASUALTY),
        "fatal": accidents.count_month(asked, FATAL_ONLY),
        "months": _months(asked),
        **_funnel(asked),
        "claims": accidents.list_claims(asked),
        "campaigns": accidents.list_campaigns(asked),
    }


def _shares(asked: Asked, counted: Counted) -> dict[str, Any]:
    """Return the rates of education and feedback, and what changed, from the month that the first screen shows."""
    return {
        "completion": _completed(counted.completion),
        "completion_before": _completed(counted.completion_before),
        "completion_said": counted.completed.beside,
        "feedback_said": [said.beside for _, said in counted.answered],
        "feedback": [_answered(one) for one, _ in counted.feedback],
        "feedback_before": [_answered(before) for _, before in counted.feedback],
        "kinds": _changes(counted.kinds),
        "kinds_title": counted.kinds.title,
        "areas": _changes(counted.below),
        "areas_title": counted.below.title,
        "completion_by_area": rates.completion_by_part(
            asked.session, asked.parts, asked.area, asked.month, asked.now, asked.by
        ),
        "feedback_by_company": _of_companies(asked),
    }


def _completed(counts: CompletionCounts) -> Rate:
    return rates.wilson_rate(counts.completed, counts.opened)


def _answered(counts: FeedbackCounts | None) -> Rate:
    return rates.wilson_rate(counts.answered, counts.sent) if counts else rates.wilson_rate(0, 0)


def _of_companies(asked: Asked) -> list[NamedRate]:
    """Return the companies' rates: they work in the whole district, and only who answers for it sees them."""
    by, area = asked.by, asked.area
    if area.parent_id is not None or not (by.scope.everything or by.scope.area_path == area.path):
        return []
    companies = asked.session.scalars(select(Company).where(Company.active).order_by(Company.code)).all()
    return rates.feedback_by_company(asked.session, companies, asked.month, asked.now)


def _changes(changes: Changes) -> list[Change]:
    return [Change(row.name, row.now, row.month_before, row.year_before, row.said.conclusion) for row in changes.rows]


def _funnel(asked: Asked) -> dict[str, Any]:
    """Return the funnel and its title: whoever lies outside the 99.8 % limit is named, nobody for less."""
    limits = rates.violation_funnel(asked.session, asked.parts, asked.area, asked.month, asked.by)
    beyond = [one.name for one in limits if one.outside >= BEYOND]
    title = funnel_statement(beyond, sum(one.outside > 0 for one in limits), len(limits)) if limits else None
    return {"funnel": limits, "funnel_title": title}


def _months(asked: Asked) -> list[MonthCount]:
    """Return the violations of the month and the twelve before, each beside the year before it."""
    month = asked.month
    shown = Period(month - (SHOWN_MONTHS - 1), month)
    first, last = shown.year_before.first_day, shown.last_day
    counts: Counter[Month] = Counter()
    for row in violations.count_by_kind_and_month(asked.session, asked.by, first, last, asked.area.path):
        counts[row.month] += row.violations
    since = asked.observer.begun(VIOLATIONS)

    def known(one: Month) -> int | None:
        return counts[one] if since is not None and since <= one else None

    return [MonthCount(str(one), known(one), known(one - 12)) for one in shown.months]


def _hazards(asked: Asked) -> tuple[dict[str, HazardCounts], Hazards]:
    """Return the hazards of each part with all below it, by code, and those of the whole area."""
    counts = hazards.indicators(asked.session, asked.month)
    query = select(Area.id, Area.path).where(at_or_below(Area.path, asked.area.path))
    sums: dict[str, Counter[str]] = {}
    total: Counter[str] = Counter()
    for area_id, path in asked.session.execute(query):
        if area_id not in counts:
            continue
        own = vars(counts[area_id])
        total.update(own)
        part = next((part for part in asked.parts if path.startswith(part.path)), None)
        if part is not None:
            sums.setdefault(part.code, Counter()).update(own)
    names = tuple(vars(HazardCounts()))
    of_parts = {code: HazardCounts(**{name: found[name] for name in names}) for code, found in sums.items()}
    return of_parts, Hazards(total["open"], total["new"], total["fixed"], total["overdue"])
