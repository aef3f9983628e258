"""Rooms on the page of a station: who may add them, what is refused, that they end and never vanish."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories import places
from tests.factories.rooms import add_room
from trafficedu.accounts.models import User
from trafficedu.stations.models import Room, Station
from trafficedu.stations.rules import RoomKind

MakeUser = Callable[..., User]
HALL = {"kind": "lecture", "name_zh": "一号教室", "name_en": "Room 1", "capacity": "30"}


@pytest.fixture
def station(session: Session) -> Station:
    return places.add_station(session, places.area(session, places.VILLAGE))


def test_the_station_adds_changes_and_ends_its_rooms(
    session: Session, client: Browser, make_user: MakeUser, station: Station
) -> None:
    client.sign_in(make_user("station", station_id=station.id))
    page = f"/stations/{station.code}"
    assert client.post(f"{page}/rooms/new", data=HALL).status_code == 303
    vr = {**HALL, "kind": "vr", "name_zh": "VR室", "name_en": "VR room", "machines": "2"}
    assert client.post(f"{page}/rooms/new", data=vr).status_code == 303
    hall, machines = session.scalars(select(Room).order_by(Room.id)).all()
    assert (hall.capacity, hall.places, machines.machines, machines.places) == (30, 30, 2, 2)
    change = {"name_zh": "一号教室", "name_en": "Room 1", "capacity": "25", "version": "1", "ended_on": "2030-01-31"}
    assert client.post(f"{page}/rooms/{hall.number}", data=change).status_code == 303
    assert client.post(f"{page}/rooms/{hall.number}", data=change).status_code == 409
    session.expire_all()
    assert (hall.capacity, str(hall.ended_on), hall.version) == (25, "2030-01-31", 2)
    shown = client.get(f"{page}?lang=en").text
    assert all(text in shown for text in ("Room 1", "VR room", "until 2030-01-31"))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"capacity": "0"}, "capacity"),
        ({"capacity": "viele"}, "capacity"),
        ({"kind": "vr"}, "machines"),
        ({"machines": "1"}, "machines"),
        ({"name_zh": "大教室"}, "name_zh"),
        ({"name_en": ""}, "name_en"),
        ({"kind": "kitchen"}, "kind"),
        ({"ended_on": "2026-02-30"}, "ended_on"),
    ],
)
def test_what_cannot_be_a_room_is_said_at_its_field(
    session: Session, client: Browser, make_user: MakeUser, station: Station, change: dict[str, str], field: str
) -> None:
    add_room(session, station, RoomKind.FILM, name="大教室")
    client.sign_in(make_user("station", station_id=station.id))
    answer = client.post(f"/stations/{station.code}/rooms/new", data=HALL | change)
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert len(session.scalars(select(Room)).all()) == 1


def test_nobody_touches_the_rooms_of_another_station(
    session: Session, client: Browser, make_user: MakeUser, station: Station
) -> None:
    other = places.add_station(session, places.area(session, places.NEXT_VILLAGE))
    room = add_room(session, station, RoomKind.FILM)
    client.sign_in(make_user("station", station_id=other.id))
    for page in (f"/stations/{station.code}/rooms/new", f"/stations/{station.code}/rooms/{room.number}"):
        assert client.get(page).status_code == 404
    assert client.get(f"/stations/{other.code}/rooms/{room.number}").status_code == 404, "a room of another station"
    client.sign_in(make_user("leader", area_id=places.area(session).id))
    assert client.get(f"/stations/{station.code}/rooms/{room.number}").status_code == 403
    client.sign_in(make_user("administrator"))
    assert client.get(f"/stations/{station.code}/rooms/{room.number}").status_code == 200
