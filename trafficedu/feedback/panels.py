"""What other pages show of notices: who was told, a company's rates, the first screen of a receiver."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from flask import render_template
from sqlalchemy import select

from trafficedu.companies.models import Company
from trafficedu.core.access import actor, panel_for
from trafficedu.core.clock import local_date, today, utc_now
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
from trafficedu.feedback.queries.policy import advice_for
from trafficedu.feedback.queries.rates import FeedbackCounts, count_feedback
from trafficedu.feedback.rules.policy import Advice, in_words
from trafficedu.riders.models import Rider
from trafficedu.riders.queries.engagements import list_on
from trafficedu.violations.models.records import Violation
from trafficedu.violations.rules.states import ViolationState

READ = "feedback:notice:read"
RECORD = "violations:violation:record"
AT_HOME = 10


@panel_for(ANSWER)
def unanswered() -> str:
    """First screen of a receiver: unanswered notices by time left, one-tap answers."""
    who, now = actor(), utc_now()
    in_time, overdue = list_unanswered(session(), who, now, AT_HOME)
    total, late = count_unanswered(session(), who, now)
    return render_template(
        "feedback/_unanswered.html",
        in_time=display.describe(session(), in_time, who, now),
        overdue=display.describe(session(), overdue, who, now),
        total=total,
        late=late,
        kind="company" if who.scope.company_id is not None else "village",
    )


@panel_for(ANSWER)
def answered() -> str:
    """First screen of a receiver: the rates of this month."""
    return render_template("feedback/_month.html", rates=_rates(Month.of(today())))


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


@panel_for(RECORD)
def advice_of(violation_id: int) -> str:
    """Page of a record just made: which stop it is, what the policy recommends, what one more would bring."""
    violation = session().get(Violation, violation_id)
    if violation is None or violation.state != ViolationState.CONFIRMED or violation.company_waits:
        return ""
    if violation.rider_id is None:
        return ""
    advice = advice_for(session(), violation.rider_id, violation.company_id, violation.occurred_utc)
    return _advice([(violation.company, advice)], before=False)


@panel_for(RECORD)
def advice_before(rider_number: str, at: datetime | None) -> str:
    """Card of a rider at the kerb: what a record made now would lead to, for each company that engages the rider."""
    now = at or utc_now()
    rider_id = session().scalar(select(Rider.id).where(Rider.number == rider_number))
    if rider_id is None:
        return ""
    engaging: list[Company | None] = [one.company for one in list_on(session(), rider_id, local_date(now))]
    rows = [
        (company, advice_for(session(), rider_id, company.id if company else None, now, one_more=True))
        for company in engaging or [None]
    ]
    return _advice(rows, before=True)


def _advice(rows: Sequence[tuple[Company | None, Advice]], before: bool) -> str:
    named = [(company.name if company else "", advice) for company, advice in rows]
    return render_template(
        "feedback/_advice.html", rows=named, before=before, in_words=in_words, in_force=display.in_force
    )


def of_company(company_id: int) -> str:
    """Company page: its rates of this month and what it has not answered yet."""
    who, now = actor(), utc_now()
    if not who.may(READ) or session().get(Company, company_id) is None:
        return ""
    month = Month.of(today())
    rates = count_feedback(session(), who, month.first, month.next.first, now, company_id=company_id)
    in_time, overdue = list_unanswered(session(), who, now, AT_HOME, company_id)
    total, late = count_unanswered(session(), who, now, company_id)
    rows = display.describe(session(), [*in_time, *overdue][:AT_HOME], who, now)
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
