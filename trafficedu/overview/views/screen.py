"""The one screen (一屏统揽): three tiers by click, on a desk, a phone, a wall or paper."""

from __future__ import annotations

from typing import Any

from flask import abort, render_template, request

from trafficedu.areas.models import Area
from trafficedu.areas.rules import PLURALS
from trafficedu.core import jobs
from trafficedu.core.access import actor, requires
from trafficedu.core.clock import today, utc_now
from trafficedu.core.database import from_replica, session
from trafficedu.core.month import EARLIEST, LATEST, Month
from trafficedu.core.transactions import writing
from trafficedu.core.web import locale, still
from trafficedu.evaluation.queries import runs as evaluation
from trafficedu.evaluation.rules.measures import SERIES
from trafficedu.evaluation.services import alarms, fits
from trafficedu.evaluation.services.fits import Shown
from trafficedu.overview.forms import ScreenForm
from trafficedu.overview.queries import picture
from trafficedu.overview.queries.screen import draw_screen
from trafficedu.overview.views.blueprint import pages

REFRESH_SECONDS = 60


@pages.get("/screen")
@requires("overview:page:read")
@from_replica
def screen() -> Any:
    """I see on one screen who stands where, what is alarming, and what waits today."""
    form = ScreenForm(request.args)
    area = picture.find_area(session(), request.args.get("area", ""), actor())
    if request.headers.get("HX-Request"):
        return still(_looked(area).under_way)
    month = _month(request.args.get("month", ""))
    months = evaluation.list_months(session(), actor())
    form.offer({month, *months}, picture.list_choices(session(), actor(), area, today()))
    form.month.data, form.area.data = str(month), area.code
    return render_template("overview/screen.html", form=form, **_drawn(area, month))


@pages.get("/screen/wall")
@requires("overview:page:read")
@from_replica
def wall() -> Any:
    """I hang the screen on the wall; it looks for what is new by itself every minute."""
    area = picture.find_area(session(), request.args.get("area", ""), actor())
    return render_template(
        "overview/wall.html", refresh=REFRESH_SECONDS, **_drawn(area, _month(request.args.get("month", "")))
    )


def _drawn(area: Area, month: Month) -> dict[str, Any]:
    """Return what the template of either screen shows; alarms that are missing or old are asked for."""
    shown = draw_screen(session(), actor(), area, month, utc_now())
    looked = _looked(area)
    if looked.due is not None:
        with writing(session()) as own:
            jobs.ask(own, looked.due, actor(), utc_now(), locale())
    root = alarms.found_with(area)
    found = alarms.read_alarms(looked.kept.payload) if looked.kept is not None else []
    return {
        "screen": shown,
        "looked": looked,
        "alarms": [alarm for alarm in found if area.id == root.id or alarm.code == area.code],
        "series": SERIES,
        "below": PLURALS[shown.level] if shown.level else None,
        "now": utc_now(),
    }


def _looked(area: Area) -> Shown:
    """Return the alarms of ``area`` as they are kept, and what is done about them."""
    return fits.alarms_shown(session(), alarms.found_with(area), actor(), utc_now(), locale())


def _month(text: str) -> Month:
    """Return the month asked for; without a wish the latest one evaluated, else the last full month."""
    if text:
        try:
            month = Month.parse(text)
        except ValueError:
            abort(404)
        return month if EARLIEST <= month <= LATEST else abort(404)
    months = evaluation.list_months(session(), actor(), limit=1)
    return months[0] if months else Month.of(today()) - 1
