"""The one screen (一屏统揽): three tiers by click, on a desk, a phone, a wall or paper."""

from __future__ import annotations

from typing import Any

from flask import abort, render_template, request

from trafficedu.analysis.said.alarms import (
    alarm_sentence,
    none_sentence,
    not_judged_sentences,
    promise_sentences,
)
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
from trafficedu.evaluation.services import alarms, fits
from trafficedu.evaluation.services.fits import Shown
from trafficedu.overview.forms import ScreenForm
from trafficedu.overview.queries import picture
from trafficedu.overview.queries.screen import draw_screen
from trafficedu.overview.views.blueprint import pages

REFRESH_SECONDS = 60
LEAF, TURN_SECONDS = 24, 15
"""So many areas stand on a wall at once, for so long, before it turns to the next ones."""


@pages.get("/screen")
@requires("overview:page:read")
@from_replica
def screen() -> Any:
    """I see on one screen who stands where, what is alarming, and what waits today."""
    form = ScreenForm(request.args)
    area = picture.find_area(session(), form.area.chosen(today()), actor())
    if request.headers.get("HX-Request"):
        return still(_looked(area).under_way)
    month = _month(request.args.get("month", ""))
    months = evaluation.list_months(session(), actor())
    form.offer({month, *months})
    form.month.data = str(month)
    return render_template("overview/screen.html", form=form, running=Month.of(today()), **_drawn(area, month))


@pages.get("/screen/wall")
@requires("overview:page:read")
@from_replica
def wall() -> Any:
    """I hang the screen on the wall; it looks for what is new by itself every minute."""
    area = picture.find_area(session(), request.args.get("area", ""), actor())
    drawn = _drawn(area, _month(request.args.get("month", "")))
    tiles = drawn["screen"].tiles
    leaves = [tiles[first : first + LEAF] for first in range(0, len(tiles), LEAF)]
    return render_template(
        "overview/wall.html",
        refresh=max(REFRESH_SECONDS, TURN_SECONDS * len(leaves)),
        leaves=leaves,
        turn=TURN_SECONDS,
        **drawn,
    )


def _drawn(area: Area, month: Month) -> dict[str, Any]:
    """Return what the template of either screen shows; alarms that are missing or old are asked for."""
    shown = draw_screen(session(), actor(), area, month, utc_now())
    looked = _looked(area)
    if looked.due is not None:
        with writing(session()) as own:
            jobs.ask(own, looked.due, actor(), utc_now(), locale())
    return {
        "screen": shown,
        "looked": looked,
        "alarms": alarms.alarms_in(
            session(), area, looked.kept.payload if looked.kept is not None else None, utc_now()
        ),
        "alarm_sentence": alarm_sentence,
        "judged": _judged(looked),
        "month_judged": str(Month.of(today()) - 1),
        "below": PLURALS[shown.level] if shown.level else None,
        "now": utc_now(),
    }


def _judged(looked: Shown) -> dict[str, Any] | None:
    """Return the sentences around the alarms: that there are none, what was not judged, what is promised."""
    if looked.kept is None:
        return None
    payload = looked.kept.payload
    return {
        "none": none_sentence(payload),
        "not_judged": not_judged_sentences(payload),
        "promise": promise_sentences(payload),
        "anything": payload["judged"] > 0,
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
