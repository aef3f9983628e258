"""What the first screen shows of several features at once."""

from __future__ import annotations

from flask import render_template

from trafficedu.core.access import actor, panel_for
from trafficedu.core.clock import local_date, today, utc_now
from trafficedu.core.database import session
from trafficedu.core.month import Month
from trafficedu.core.web import locale
from trafficedu.education.queries.seats import live_booking
from trafficedu.education.queries.tasks import task_of_violation
from trafficedu.feedback.queries.notices import notice_of_violation
from trafficedu.overview.queries import educated, month, villages
from trafficedu.overview.queries.picture import share
from trafficedu.riders.rules import mask_name

LONGEST = 12


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
    return render_template(
        "overview/_own_villages.html", rows=rows[:LONGEST], more=len(rows) - LONGEST, last=last, before=last - 1
    )


def study_of_notice(violation_id: int) -> str:
    """Notice: how the rider's study stands, for whoever may read the notice."""
    notice = notice_of_violation(session(), violation_id, actor())
    task = task_of_violation(session(), violation_id) if notice is not None else None
    if task is None:
        return ""
    return render_template(
        "overview/_study_of_notice.html",
        task=task,
        seat=live_booking(session(), task.id),
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
