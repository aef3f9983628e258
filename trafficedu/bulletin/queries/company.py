"""What is counted of a company for its scorecard: the same on its page, on paper and in the workbook."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from trafficedu.analysis.colours.rule_set import RIDER_DAYS
from trafficedu.analysis.funnel import funnel
from trafficedu.bulletin.queries.rates import LEAST_FUNNEL, wilson_rate
from trafficedu.companies.models import Company
from trafficedu.core.month import Month
from trafficedu.education.queries import rates as education
from trafficedu.evaluation.models import EvaluationResult
from trafficedu.feedback.queries import rates as feedback
from trafficedu.reports.bulletin_data import Limits
from trafficedu.reports.company_part import CompanyFigures, KindCount
from trafficedu.riders.queries.engagements import count_engaged_on
from trafficedu.violations.queries import of_company
from trafficedu.violations.queries.figures import count_by_company

MONTHS = 12


def read_company(
    session: Session, company: Company, month: Month, days: Mapping[int, int], as_of: datetime, locale: str
) -> CompanyFigures:
    """Return the figures of a company; whoever may see its result may see them, for they name nobody.

    Others are in them only as the common rate and its limits. ``days``: the rider-days of every company that engaged
    anybody in the month, by its id.
    """
    first, last, start = month.first, month.last, (month - (MONTHS - 1)).first
    counts = count_by_company(session, first, last)
    due = on_time = 0
    for _, of, _, tasks, completed, _ in education.sum_marks(session, first, month.next.first, as_of):
        if of == company.id:
            due, on_time = due + tasks, on_time + completed
    notices = {
        of: (answered, sent)
        for of, sent, answered in feedback.count_due_of_companies(session, first, month.next.first, as_of)
    }
    hours, no_hour = of_company.count_hours_of(session, company.id, start, last)
    offenders, repeated = of_company.count_riders_of(session, company.id, start, last)
    return CompanyFigures(
        riders=count_engaged_on(session, company.id, last),
        rider_days=days.get(company.id, 0),
        days=(last - first).days + 1,
        violations=counts.get(company.id, 0),
        companies=len(days),
        limits=_limits(company, days, counts),
        kinds=[
            KindCount(one.name(locale), one.month, one.months)
            for one in of_company.list_kinds_of(session, company.id, start, first, last)
        ],
        hours=hours,
        no_hour=no_hour,
        offenders=offenders,
        repeated=repeated,
        completion=wilson_rate(on_time, due),
        answers=wilson_rate(*notices.get(company.id, (0, 0))),
    )


def days_of(results: Iterable[EvaluationResult]) -> dict[int, int]:
    """Return the rider-days that the evaluation of a month counted of it, by company; those without any are left out.

    They are summed over thousands of engagements: the evaluation did that once.
    """
    found = {}
    for one in results:
        part = one.inputs.get("violations") or {}
        days = (part.get("exposure") or {}).get(RIDER_DAYS) or [part.get(RIDER_DAYS, {}).get("exposure")]
        if one.company_id is not None and days[-1]:
            found[one.company_id] = int(days[-1])
    return found


def _limits(company: Company, days: Mapping[int, int], counts: dict[int, int]) -> Limits | None:
    """Return the limits of a company's violations among all that engage riders; None where too few do."""
    if len(days) < LEAST_FUNNEL or not days.get(company.id):
        return None
    ids = sorted(days)
    found = funnel([counts.get(one, 0) for one in ids], [days[one] for one in ids])
    if not found.rate:
        return None
    place = ids.index(company.id)
    return Limits(
        company.code,
        company.name,
        counts.get(company.id, 0),
        float(found.expected[place]),
        float(found.low_95[place]),
        float(found.high_95[place]),
        float(found.low_998[place]),
        float(found.high_998[place]),
        int(found.outside[place]),
    )
