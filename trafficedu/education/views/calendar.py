"""Pages of the calendar: days, weeks, months of a station, a lecturer, a room, or all one sees; feeds; the forecast."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from flask import Blueprint, Response, current_app, render_template, request, url_for
from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import select

from trafficedu.areas.models import Area
from trafficedu.core.access import actor, open_to_all, requires
from trafficedu.core.clock import today, utc_now
from trafficedu.core.database import session
from trafficedu.core.errors import Missing, Refusal
from trafficedu.core.forms import carried_out
from trafficedu.core.seen import changes_nothing_seen, seen
from trafficedu.core.services import services_of
from trafficedu.core.text import message
from trafficedu.core.web import back_to, locale
from trafficedu.education.forms.calendar import CalendarForm
from trafficedu.education.models.courses import CalendarFeed
from trafficedu.education.queries import calendar as queries
from trafficedu.education.queries.calendar import CalendarFilter
from trafficedu.education.queries.forecast import WEEKS_MEASURED, forecast
from trafficedu.education.queries.sessions import list_stations_seen
from trafficedu.education.rules.spans import Span, View
from trafficedu.education.services.feeds import NO_FEED, find_feed, make_feed, read_feed, renew_feed
from trafficedu.education.services.planning import OfficialCalendar
from trafficedu.education.views.sessions import known_until, own_station
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
        lecturer=chosen.lecturer,
        room=chosen.room,
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


@pages.get("/calendar/forecast")
@requires("education:session:read")
def demand() -> Any:
    """I see in which weeks seats will be missing, by course, and plan a session there."""
    own = actor().scope.station_id
    station = session().get(Station, own) if own is not None else None
    path = station.area.district.path if station is not None else actor().scope.area_path or ""
    if not path and not actor().scope.everything:
        raise Missing(message("There are no stations that you see."))
    place = session().scalar(select(Area).where(Area.path == path)) if path else None
    return render_template(
        "calendar/forecast.html",
        courses=forecast(session(), path, utc_now()),
        place=place,
        today=today(),
        one_day=timedelta(days=1),
        weeks_measured=WEEKS_MEASURED,
    )


@pages.get("/calendar/feeds")
@requires("education:session:manage")
def feeds() -> Any:
    """I see the private addresses under which calendar programs read our sessions."""
    station = own_station()
    names = ["", *queries.list_lecturers(session(), station, today() - timedelta(days=180))]
    found = {name: find_feed(session(), station, name) for name in names}
    rows = [(name, feed, _address(feed) if feed else "") for name, feed in found.items()]
    return render_template("calendar/feeds.html", station=station, rows=rows)


@pages.post("/calendar/feeds")
@requires("education:session:manage")
@changes_nothing_seen("what it makes is new, or there already")
def open_feed() -> Any:
    """I have an address made for the station's sessions, or for those of a lecturer."""
    station, lecturer = own_station(), request.form.get("lecturer", "")[:60]
    made = message("The address is ready. Copy it into a calendar program.")
    carried_out(lambda: make_feed(session(), station, lecturer, actor()), made)
    return back_to("calendar.feeds")


@pages.post("/calendar/feeds/renew")
@requires("education:session:manage")
def renew() -> Any:
    """I end an address that somebody has who should not; there is a new one."""
    feed = find_feed(session(), own_station(), request.form.get("lecturer", "")[:60])
    if feed is None:
        raise Missing(NO_FEED)
    seen(feed)
    carried_out(lambda: renew_feed(session(), feed, actor()), message("The old address has ended. Copy the new one."))
    return back_to("calendar.feeds")


@pages.get("/calendar/feeds/<token>.ics")
@open_to_all("a calendar program has no account: the address, which only the station knows, is the key")
def feed(token: str) -> Any:
    """My calendar program reads the sessions of a station or of a lecturer."""
    try:
        feed_id, generation = _signer().loads(token)
    except (BadSignature, ValueError, TypeError) as error:
        raise Missing(NO_FEED) from error
    answer = Response(read_feed(session(), feed_id, generation, locale(), utc_now()), mimetype="text/calendar")
    answer.headers["Cache-Control"] = "private, max-age=900"
    answer.headers["Content-Disposition"] = "inline; filename=sessions.ics"
    answer.add_etag()
    return answer.make_conditional(request)


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt="calendar-feed")


def _address(feed: CalendarFeed) -> str:
    path = url_for("calendar.feed", token=_signer().dumps([feed.id, feed.generation]))
    try:
        return services_of(session()).address(path)
    except Refusal:
        return request.url_root.rstrip("/") + path
