"""Pages of stations: the list, one station with what other features know of it, the forms."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request

from trafficedu.areas.queries import choices as area_choices
from trafficedu.areas.queries import tree as areas
from trafficedu.core.access import actor, requires
from trafficedu.core.clock import today, utc_now
from trafficedu.core.database import session
from trafficedu.core.forms import form_page, submitted
from trafficedu.core.list_views import list_page
from trafficedu.core.seen import changes_nothing_seen, seen
from trafficedu.core.text import message
from trafficedu.core.web import back_to, flash_message
from trafficedu.stations import queries, services
from trafficedu.stations.forms import NewRoomForm, RoomForm, StationFilterForm, StationForm
from trafficedu.stations.rules import RoomKind

pages = Blueprint("stations", __name__)


@pages.get("/stations")
@requires("stations:station:read")
def index() -> Any:
    """I look for a station."""
    form = StationFilterForm(request.args)
    form.town.offer(area_choices.town_choices(session(), actor()))
    form.validate()
    return list_page("stations/index.html", queries.STATIONS, form, form.to_input())


@pages.route("/stations/new", methods=["GET", "POST"])
@requires("stations:station:manage")
@changes_nothing_seen("what it makes is new")
def create() -> Any:
    """I add a station."""
    form = StationForm()
    if accepted := submitted(
        form, lambda: services.add_station(session(), form.code.data, form.to_input(), actor(), today())
    ):
        flash_message(message("Station added."))
        return back_to("stations.show", code=accepted.value.code)
    return form_page("stations/form.html", form, station=None)


@pages.get("/stations/<code>")
@requires("stations:station:read")
def show(code: str) -> Any:
    """I read what is known about a station."""
    station = queries.find_visible_station(session(), code, actor())
    line = areas.list_line(session(), station.area)
    rooms = queries.list_rooms(session(), station)
    return render_template("stations/show.html", station=station, line=line, rooms=rooms, today=today())


@pages.route("/stations/<code>/edit", methods=["GET", "POST"])
@requires("stations:station:manage")
def edit(code: str) -> Any:
    """I change a station, or deactivate it."""
    station = seen(queries.find_visible_station(session(), code, actor()))
    form = StationForm(obj=station, area_code=station.area.code)
    form.code.data = station.code
    if form.is_submitted():
        form.code.validators = []
    if submitted(
        form,
        lambda: services.change_station(session(), station, form.to_input(), form.version.data, actor(), utc_now()),
    ):
        flash_message(message("Station changed."))
        return back_to("stations.show", code=code)
    return form_page("stations/form.html", form, station=station)


@pages.route("/stations/<code>/rooms/new", methods=["GET", "POST"])
@requires("stations:room:manage")
@changes_nothing_seen("what it makes is new")
def create_room(code: str) -> Any:
    """I add a room to the station."""
    station, form = queries.find_visible_station(session(), code, actor()), NewRoomForm()
    if submitted(
        form, lambda: services.add_room(session(), station, RoomKind(form.kind.data), form.to_input(), actor())
    ):
        flash_message(message("Room added."))
        return back_to("stations.show", code=code)
    return form_page("stations/room.html", form, station=station, room=None)


@pages.route("/stations/<code>/rooms/<number>", methods=["GET", "POST"])
@requires("stations:room:manage")
def room(code: str, number: str) -> Any:
    """I change a room, or say until when it is used."""
    station = queries.find_visible_station(session(), code, actor())
    room = seen(queries.find_room(session(), station, number))
    form = RoomForm(obj=room)
    if submitted(form, lambda: services.change_room(session(), room, form.to_input(), form.version.data, actor())):
        flash_message(message("Room changed."))
        return back_to("stations.show", code=code)
    return form_page("stations/room.html", form, station=station, room=room)
