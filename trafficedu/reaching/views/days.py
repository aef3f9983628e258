"""Pages of the end of a station's day: what is open, the report, all certificates of a session in one file."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from flask import render_template

from trafficedu.core.access import actor, requires
from trafficedu.core.clock import today, utc_now
from trafficedu.core.database import session
from trafficedu.core.errors import Missing
from trafficedu.core.forms import carried_out
from trafficedu.core.seen import seen
from trafficedu.core.text import message
from trafficedu.core.web import back_to, locale, pdf
from trafficedu.issued.queries.documents import list_documents
from trafficedu.issued.rules import DocumentKind
from trafficedu.reaching.queries import days as queries
from trafficedu.reaching.queries.log import count_by_state
from trafficedu.reaching.rules.telling import MessageState
from trafficedu.reaching.services import days as services
from trafficedu.reaching.views.blueprint import pages
from trafficedu.stations.models import Station

NO_DAY = message("This is not a day. Write it like 2026-11-30.")
YEARS = range(2000, 2200)
"""Years whose days have one before and one after."""


def _asked(code: str, on_day: str) -> tuple[Station, date]:
    """Return station and day of an address; raise :class:`Missing`."""
    try:
        day = date.fromisoformat(on_day)
    except ValueError:
        raise Missing(NO_DAY) from None
    if day.year not in YEARS:
        raise Missing(NO_DAY)
    return queries.find_station(session(), code, actor()), day


def _facts(station: Station, day: date) -> list[Any]:
    """Return what the report of a day rests on: every rider of its sessions, as far as each is."""
    rosters = (one.roster for one in queries.list_of_day(session(), station, day))
    return [(booking, booking.attendance) for roster in rosters for booking in roster]


@pages.get("/station-days/<code>/<on_day>")
@requires("reaching:day:read")
def day(code: str, on_day: str) -> Any:
    """I see how a day ended: each session with its counts, what is still open, what was issued."""
    station, shown = _asked(code, on_day)
    seen(station, lambda found: _facts(found, shown))
    told = count_by_state(session(), station.id, shown)
    return render_template(
        "reaching/day.html",
        station=station,
        day=shown,
        today=today(),
        before=(shown - timedelta(days=1)).isoformat(),
        after=(shown + timedelta(days=1)).isoformat(),
        sessions=queries.list_of_day(session(), station, shown),
        told=[(MessageState(state), count) for state, count in sorted(told.items())],
        documents=list_documents(session(), DocumentKind.STATION_DAY, queries.subject_of(station, shown)),
        own=actor().scope.station_id == station.id,
        now_utc=utc_now(),
    )


@pages.post("/station-days/<code>/<on_day>/report")
@requires("reaching:day:issue")
def issue_day(code: str, on_day: str) -> Any:
    """I issue the report of a day."""
    asked, shown = _asked(code, on_day)
    station = seen(asked, lambda found: _facts(found, shown))
    carried_out(
        lambda: services.issue_day(session(), station, shown, actor(), utc_now()),
        message("The day's report is issued."),
    )
    return back_to("reaching.day", code=code, on_day=on_day)


@pages.get("/station-days/<code>/<on_day>/report.pdf")
@requires("reaching:day:read")
def day_pdf(code: str, on_day: str) -> Any:
    """I print the report of a day as it was issued."""
    station, shown = _asked(code, on_day)
    return pdf(services.render_day(session(), station, shown, locale(), utc_now()), f"{code}-{shown}")
