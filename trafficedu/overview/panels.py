"""What the first screen shows of several features at once."""

from __future__ import annotations

from flask import render_template

from trafficedu.accidents.rules import Severity
from trafficedu.analysis.said.figures import share
from trafficedu.analysis.said.many import changes_title
from trafficedu.core.access import actor, panel_for
from trafficedu.core.clock import local_date, today, utc_now
from trafficedu.core.database import session
from trafficedu.core.month import Month, Period
from trafficedu.core.text import message
from trafficedu.core.web import locale
from trafficedu.education.queries.seats import live_booking
from trafficedu.education.queries.tasks import task_of_violation
from trafficedu.feedback.queries.notices import notice_of_violation
from trafficedu.overview import charts
from trafficedu.overview.queries import accidents, educated, month, villages
from trafficedu.riders.rules import mask_name

LONGEST, SHOWN = 12, 5
"""So many villages stand on a first screen, so many of them before the fold."""
READ_ACCIDENTS = "accidents:accident:read"


@panel_for("overview:month:read")
def last_month() -> str:
    """First screen of the analyst: the last full month, its rates, what changed."""
    who = actor()
    if who.scope.area_path is None:
        return ""
    return render_template(
        "overview/_last_month.html", month=month.read_month(session(), who, utc_now(), locale()), share=share
    )


@panel_for("feedback:notice:answer")
def own_villages() -> str:
    """First screen of a town or village leader: own villages, what worsened, what is overdue."""
    who = actor()
    path = who.scope.area_path
    if path is None:
        return ""
    now = utc_now()
    rows = villages.list_villages(session(), path, now)
    last = Month.of(local_date(now)) - 1
    said = [row.said for row in rows if row.said is not None]
    return render_template(
        "overview/_own_villages.html",
        rows=rows[:LONGEST],
        shown=SHOWN,
        more=len(rows) - LONGEST,
        last=last,
        before=last - 1,
        title=changes_title(message("Violations of the villages"), said) if said else None,
    )


def accidents_of_area(area_path: str, period: Period) -> str:
    """Overview: accidents with an e-bike in an area over months, and what may be said of them beside a year before."""
    who = actor()
    if not who.may(READ_ACCIDENTS):
        return ""
    shown = accidents.read_accidents(session(), who, area_path, period, utc_now())
    return render_template(
        "overview/_accidents.html",
        shown=shown,
        severities=list(Severity),
        chart=charts.accidents_by_month(shown, locale()) if shown.counted.total else None,
        area_code=area_path.strip("/").rsplit("/", 1)[-1],
    )


def study_of_notice(violation_id: int) -> str:
    """Notice: how the rider's study stands, for whoever may read the notice."""
    notice = notice_of_violation(session(), violation_id, actor())
    task = task_of_violation(session(), violation_id) if notice is not None else None
    if task is None:
        return ""
    seat = live_booking(session(), task.id)
    return render_template(
        "overview/_study_of_notice.html",
        task=task,
        seat=seat,
        over=seat is not None and seat.is_over(utc_now()),
        overdue=task.is_overdue(today()),
    )


def educated_before(accident_id: int) -> str:
    """Accident: who of the riders in it had studied before; without names for those who may not read riders."""
    who = actor()
    if not who.may("education:task:read"):
        return ""
    riders = educated.list_educated(session(), accident_id, who)
    if not riders:
        return ""
    named = who.may("riders:rider:read")
    return render_template(
        "overview/_educated_before.html",
        riders=[(mask_name(row.rider.name), row) for row in riders] if named else [],
        educated=sum(row.completed > 0 for row in riders),
        linked=len(riders),
    )
