"""Pages of the calendar: a day, a week, a month of a station, of a lecturer, of a room, or of all stations one sees."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from flask import Blueprint, render_template, request

from trafficedu.core.access import actor, requires
from trafficedu.core.clock import today
from trafficedu.core.database import session
from trafficedu.core.web import locale
from trafficedu.education.forms.calendar import CalendarForm
from trafficedu.education.queries import calendar as queries
from trafficedu.education.queries.calendar import CalendarFilter
from trafficedu.education.queries.sessions import list_stations_seen
from trafficedu.education.rules.spans import Span, View
from trafficedu.education.services.planning import OfficialCalendar
from trafficedu.education.views.sessions import known_until
from trafficedu.stations.models import Station

pages = Blueprint("calendar", __name__)
EARLIEST, LATEST = date(2020, 1, 1), date(2099, 12, 1)
"""Days that the calendar turns to."""


@pages.get("/calendar")
@requires("education:session:read")
def calendar() -> Any:
    """I see a day, a week or a month of the sessions of my station, or of all stations I see."""
    form, span = CalendarForm(request.args), _span()
    stations = list_stations_seen(session(), actor())
    station = _station(stations)
    since = span.first - timedelta(days=180)
    lecturers = queries.list_lecturers(session(), station, since) if station else []
    rooms = queries.list_rooms_used(session(), station, span.first) if station else []
    form.offer(stations, station, lecturers, [(room.number, _room_name(room)) for room in rooms])
    form.validate()
    form.span.data, form.day.data = span.view.value, span.day.isoformat()
    chosen = CalendarFilter(
        station,
        form.chosen("lecturer", lecturers),
        next((room for room in rooms if room.number == form.chosen("room", [one.number for one in rooms])), None),
    )
    official = OfficialCalendar(session())
    return render_template(
        "calendar/calendar.html",
        form=form,
        span=span,
        views=list(View),
        station=station,
        stations=stations,
        days=queries.list_days(session(), span, actor(), chosen) if station else {},
        counts={} if station else queries.count_days(session(), span, actor(), chosen),
        kinds={day: official.kind_of(day) for day in span.days},
        own=actor().scope.station_id is not None and station is not None and actor().scope.station_id == station.id,
        today=today(),
        known=known_until(),
    )


def _span() -> Span:
    view, written = request.args.get("span", ""), request.args.get("day", "")
    try:
        day = date.fromisoformat(written)
    except ValueError:
        day = today()
    day = min(max(day, EARLIEST), LATEST)
    return Span(View(view) if view in list(View) else View.WEEK, day)


def _station(stations: Any) -> Station | None:
    """Return the station that is chosen, or the only one there is to see."""
    code = request.args.get("station", "")
    found = next((station for station in stations if station.code == code), None)
    return found or (stations[0] if len(stations) == 1 else None)


def _room_name(room: Any) -> str:
    return str(room.name_en if locale() == "en" else room.name_zh)
