from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories import places
from trafficedu.accounts.models import User
from trafficedu.core.actors import SYSTEM
from trafficedu.core.errors import Missing
from trafficedu.stations import queries

MakeUser = Callable[..., User]
NEW = {"code": "s-9", "name": "示范交治站", "area_code": places.VILLAGE, "seats": "24", "active": "y"}


def test_the_administrator_adds_changes_and_deactivates(session: Session, client: Browser, make_user: MakeUser) -> None:
    client.sign_in(make_user("administrator"))
    assert client.post("/stations/new", data=NEW).headers["Location"].endswith("/stations/S-9")
    station = queries.find_visible_station(session, "S-9", SYSTEM)
    assert (station.area.code, station.seats) == (places.VILLAGE, 24)
    change = NEW | {"seats": "30", "version": "1", "area_code": places.TOWN}
    del change["active"]
    assert client.post("/stations/S-9/edit", data=change).status_code == 303
    session.expire_all()
    assert (station.area.code, station.seats, station.active) == (places.TOWN, 30, False)
    assert client.post("/stations/S-9/edit", data=change).status_code == 409
    assert station.id not in [choice for choice, _ in queries.choices(session)]


@pytest.mark.parametrize(
    ("field", "value"), [("seats", "0"), ("seats", "viele"), ("area_code", "999"), ("code", "站"), ("name", "")]
)
def test_what_cannot_be_is_said_at_its_field(
    session: Session, client: Browser, make_user: MakeUser, field: str, value: str
) -> None:
    client.sign_in(make_user("administrator"))
    answer = client.post("/stations/new", data=NEW | {field: value})
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    with pytest.raises(Missing):
        queries.find_visible_station(session, "S-9", SYSTEM)


def test_everybody_sees_the_stations_of_the_own_post_only(
    session: Session, client: Browser, make_user: MakeUser
) -> None:
    here = places.add_station(session, places.area(session, places.VILLAGE))
    beside = places.add_station(session, places.area(session, places.NEXT_VILLAGE))
    there = places.add_station(session, places.area(session, places.OTHER_VILLAGE))
    seen = {
        make_user("station", station_id=here.id): {here},
        make_user("leader", area_id=places.area(session).id): {here, beside},
        make_user("grid", area_id=places.area(session, places.OTHER_VILLAGE).id): {there},
        make_user("administrator"): {here, beside, there},
    }
    for user, stations in seen.items():
        client.sign_in(user)
        page = client.get("/stations").text
        for station in (here, beside, there):
            visible = station in stations
            assert (station.name in page) is visible
            assert client.get(f"/stations/{station.code}").status_code == (200 if visible else 404)


def test_search_reaches_the_village(session: Session) -> None:
    station = places.add_station(session, places.area(session, places.VILLAGE))
    found = queries.STATIONS.page(session, SYSTEM, queries.StationFilter("陈公桥"))
    assert [one.id for one in found.items] == [station.id]
