"""What other pages show of notices: who was told, a company's rates, the first screen of a receiver."""

from __future__ import annotations

from flask import render_template

from trafficedu.companies.models import Company
from trafficedu.core.access import actor, panel_for
from trafficedu.core.clock import today, utc_now
from trafficedu.core.database import session
from trafficedu.core.month import Month, Period
from trafficedu.feedback.queries import display, monthly
from trafficedu.feedback.queries.notices import (
    ANSWER,
    count_unanswered,
    list_of_rider,
    list_unanswered,
    notice_of_violation,
)
from trafficedu.feedback.queries.rates import FeedbackCounts, count_feedback

READ = "feedback:notice:read"
AT_HOME = 10


@panel_for(ANSWER)
def unanswered() -> str:
    """First screen of a receiver: unanswered notices by time left, one-tap answers, the rates of this month."""
    who, now = actor(), utc_now()
    notices = list_unanswered(session(), who, AT_HOME)
    total, late = count_unanswered(session(), who, now)
    return render_template(
        "feedback/_unanswered.html",
        rows=display.describe(session(), notices, who, now),
        total=total,
        late=late,
        kind="company" if who.scope.company_id is not None else "village",
        rates=_rates(Month.of(today())),
    )


def of_violation(violation_id: int) -> str:
    """Record page: who was told of the violation, or that nobody was, and why."""
    who = actor()
    if not who.may(READ):
        return ""
    notice = notice_of_violation(session(), violation_id, who)
    if notice is None:
        return ""
    row = display.describe(session(), [notice], who, utc_now())[0]
    return render_template("feedback/_of_violation.html", row=row)


def of_company(company_id: int) -> str:
    """Company page: its rates of this month and what it has not answered yet."""
    who, now = actor(), utc_now()
    if not who.may(READ) or session().get(Company, company_id) is None:
        return ""
    month = Month.of(today())
    rates = count_feedback(session(), who, month.first, month.next.first, now, company_id=company_id)
    notices = list_unanswered(session(), who, AT_HOME, company_id)
    total, late = count_unanswered(session(), who, now, company_id)
    rows = display.describe(session(), notices, who, now)
    return render_template("feedback/_company.html", rows=rows, total=total, late=late, rates=rates[:1])


def of_rider(rider_id: int) -> str:
    """Rider's page: whom the violations were told to, and what came of it."""
    who = actor()
    if not who.may(READ):
        return ""
    notices = list_of_rider(session(), rider_id, who)
    if not notices:
        return ""
    return render_template("feedback/_rider.html", rows=display.describe(session(), notices, who, utc_now()))


def _rates(month: Month) -> list[FeedbackCounts]:
    """Return the month's rates of the own post, an area or a company; nobody else receives notices."""
    scope, period, now = actor().scope, Period(month, month), utc_now()
    if scope.company_id is not None:
        return [monthly.count_of_company(session(), scope.company_id, period, now)]
    return monthly.count_feedback(session(), actor(), scope.area_path or "", period, now)
