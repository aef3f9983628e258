"""What the pages of others show of violations: the first screen, a rider, a company."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import render_template, url_for

from trafficedu.areas.queries import tree
from trafficedu.companies.models import Company
from trafficedu.configuration.queries import figure
from trafficedu.core.access import actor, panel_for
from trafficedu.core.clock import today, utc_now
from trafficedu.core.database import session
from trafficedu.core.month import Month, Period
from trafficedu.riders.rules import colour_code
from trafficedu.violations.queries import companies, figures, monthly, plates, records
from trafficedu.violations.queries.inbox import Queue
from trafficedu.violations.queries.kinds import list_kinds, list_kinds_ending
from trafficedu.violations.queries.unnamed import UNNAMED

EXPIRY_DAYS = 60
SHOWN = 5
OWN_SHOWN = 20


@panel_for("violations:violation:record")
def own_day() -> str:
    """Home: the keys that begin a record, and what I recorded today."""
    who = actor()
    mine = records.list_own_of_day(session(), who, today(), OWN_SHOWN + 1)
    kinds = [kind for kind in list_kinds(session(), today()) if kind.position is not None]
    rest = url_for("violations.index", mine="y", since=today(), until=today()) if len(mine) > OWN_SHOWN else ""
    return render_template("violations/_home_officer.html", kinds=kinds, violations=mine[:OWN_SHOWN], rest=rest)


@panel_for("violations:violation:review")
def inbox_due() -> str:
    """Home: what waits to be decided, the least time left first, and the way into the queue."""
    queue = Queue(session(), actor(), today())
    counts = queue.counts()
    total = sum(counts.values())
    if not total:
        return ""
    first = [(item, queue.days_left(item)) for item in queue.first(SHOWN)]
    return render_template("violations/_home_inbox.html", counts=counts, total=total, first=first)


@panel_for("violations:company:confirm")
def named_to_us() -> str:
    """First screen of a company: riders whom records name as its own, to confirm with one key."""
    first, total = companies.NAMED_RIDERS.first(session(), actor(), None, SHOWN)
    if not first:
        return ""
    return render_template("violations/_home_companies.html", rows=first, total=total)


@panel_for("violations:kind:manage")
def kinds_ending() -> str:
    """Home: kinds whose validity ends within sixty days."""
    kinds = list_kinds_ending(session(), today(), today() + timedelta(days=EXPIRY_DAYS))
    return render_template("violations/_home_kinds.html", kinds=kinds, days=EXPIRY_DAYS)


def of_rider(rider_id: int, **_subject: Any) -> str:
    """Show a rider's colour, and those of the rider's violations that I may see."""
    who = actor()
    if not who.may("violations:violation:read"):
        return ""
    days = figure(session(), "riders.colour_period_days")
    count = figures.count_of_rider(session(), rider_id, today() - timedelta(days=days), today())
    return render_template(
        "violations/_rider.html",
        colour=colour_code(count, figure(session(), "riders.colour_red_from")),
        count=count,
        days=days,
        violations=records.list_of_rider(session(), who, rider_id),
    )


def of_plate(plate: str, **_subject: Any) -> str:
    """Show the records of a plate that I may see."""
    who = actor()
    if not who.may("violations:violation:read"):
        return ""
    return render_template("violations/_plate.html", violations=plates.list_of_plate(session(), who, plate))


@panel_for("violations:violation:record")
def unnamed_due() -> str:
    """Home: records of persons without papers who are yet to be identified; nothing where there are none."""
    first, total = UNNAMED.first(session(), actor(), None, SHOWN)
    return render_template("violations/_home_unnamed.html", violations=first, total=total) if total else ""


def of_company(company_id: int, **_subject: Any) -> str:
    """Show how many violations a company's riders committed in my area, of late and in twelve months."""
    who = actor()
    company = session().get(Company, company_id)
    if not who.may("violations:violation:read") or company is None:
        return ""

    period = Period(Month.of(today()) - 11, Month.of(today()))
    top = tree.root(session())
    path = who.scope.area_path or (top.path if top else "")
    by_company = monthly.count_by_company(session(), who, path, period, utc_now()).by_company
    return render_template(
        "violations/_company.html",
        month=figures.count_of_company(session(), who, company_id, today() - timedelta(days=30), today()),
        year=by_company.get(company_id, 0),
        code=company.code,
        since=period.first_day,
    )
