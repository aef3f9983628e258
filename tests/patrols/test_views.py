"""The phone page without JavaScript, the list, and the effort beside the violations."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories import places
from trafficedu.accounts.models import User
from trafficedu.core.clock import local, utc_now
from trafficedu.patrols.models import Patrol


def test_a_patrol_on_the_phone(client: Browser, session: Session, make_user: Callable[..., User]) -> None:
    client.sign_in(make_user("officer", area_id=places.area(session).id))
    assert client.post("/patrols/now/begin", data={"area_code": places.OTHER_VILLAGE}).status_code == 422
    assert client.post("/patrols/now/begin", data={"area_code": places.VILLAGE}).status_code == 303
    for key in ("stop", "stop", "undo"):
        assert client.post(f"/patrols/now/{key}").status_code == 303
    assert places.area(session, places.VILLAGE).name in client.get("/patrols/now").get_data(as_text=True)
    late = (local(utc_now()) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M")
    assert client.post("/patrols/now/end", data={"ended_at": late, "stops": "1"}).status_code == 422
    now = local(utc_now()).strftime("%Y-%m-%dT%H:%M")
    answer = client.post("/patrols/now/end", data={"ended_at": now, "stops": "1", "note": "早高峰"})
    assert answer.status_code == 303
    patrol = session.scalars(select(Patrol)).one()
    assert (patrol.stops, patrol.minutes, patrol.note) == (1, 0, "早高峰")
    client.post("/patrols/now/stop")
    assert client.get("/patrols/now/end").status_code == 303, "nothing runs any more"
    listed = client.get("/patrols?state=ended").get_data(as_text=True)
    assert patrol.number in listed
    assert (
        client.post(
            f"{answer.headers['Location']}/void", data={"reason": "误记", "version": patrol.version}
        ).status_code
        == 303
    )
    assert patrol.number not in client.get("/patrols?state=ended").get_data(as_text=True)


def test_effort_stands_beside_the_violations(client: Browser, session: Session, make_user: Callable[..., User]) -> None:
    officer = make_user("officer", area_id=places.area(session).id)
    leader = make_user("leader", area_id=places.area(session).id)
    client.sign_in(officer)
    started = local(utc_now()) - timedelta(hours=3)
    times = {"started_at": started, "ended_at": started + timedelta(minutes=90)}
    data = {name: moment.strftime("%Y-%m-%dT%H:%M") for name, moment in times.items()}
    answer = client.post("/patrols/new", data=data | {"area_code": places.TOWN, "stops": "12"})
    assert answer.status_code == 303
    client.sign_in(leader)
    month = started.strftime("%Y-%m")
    page = client.get(f"/overview?first={month}&last={month}&lang=en").get_data(as_text=True)
    assert "Patrols behind the violations" in page
    assert "12 (counted on 1 patrols)" in page
    assert client.post(f"{answer.headers['Location']}/void", data={"reason": "误记"}).status_code == 403
