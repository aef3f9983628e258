"""Patrols that went on on a phone: entered or ended once, with the phone's clock put right, refused with the reason."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories import places
from trafficedu.accounts.models import User
from trafficedu.core.clock import local, utc_now
from trafficedu.patrols.models import Patrol

MakeUser = Callable[..., User]


@pytest.fixture
def phone(client: Browser, session: Session, make_user: MakeUser) -> Browser:
    """An officer's phone, in English."""
    client.sign_in(make_user("officer", area_id=places.area(session).id))
    with client.session_transaction() as cookie:
        cookie["locale"] = "en"
    return client


def typed(moment: datetime) -> str:
    return local(moment).strftime("%Y-%m-%dT%H:%M")


def sent(phone: Browser, begun: int = 90, over: int = 10, wrong: timedelta = timedelta(), **more: Any) -> Any:
    """Send a patrol that began and was over so many minutes ago, by a phone whose clock is wrong by so much."""
    now = utc_now() + wrong
    started, ended = now - timedelta(minutes=begun), now - timedelta(minutes=over)
    fields = {
        "account": phone.get("/patrols/facts").get_json()["account"],
        "client_reference": "phone-1",
        "device_at": now.isoformat(),
        "recorded_at": ended.isoformat(),
        "phone_started_at": started.isoformat(),
        "phone_ended_at": ended.isoformat(),
        "past-area_code": places.VILLAGE,
        "past-started_at": typed(started),
        "past-ended_at": typed(ended),
        "past-stops": "7",
        "past-note": "早高峰",
    }
    return phone.post("/patrols/queued", data=fields | more.pop("fields", {}) | more)


def patrols(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Patrol)) or 0


def only(session: Session) -> Patrol:
    session.expire_all()
    return session.scalars(select(Patrol)).one()


@pytest.mark.parametrize("fast", [0, 14, -95])
def test_it_arrives_once_with_its_times_put_right(session: Session, phone: Browser, fast: int) -> None:
    wrong, now = timedelta(minutes=fast), utc_now()
    first = sent(phone, wrong=wrong)
    assert first.status_code == 200, first.text
    patrol = only(session)
    assert first.get_json()["address"] == f"/patrols/{patrol.number}"
    assert (patrol.stops, patrol.note, patrol.area.code) == (7, "早高峰", places.VILLAGE)
    assert abs(patrol.started_utc - (now - timedelta(minutes=90))) <= timedelta(minutes=1, seconds=30)
    assert patrol.minutes in (79, 80, 81)
    again = sent(phone, wrong=wrong)
    assert (again.status_code, again.get_json()["number"]) == (200, patrol.number)
    assert patrols(session) == 1


def test_a_time_that_somebody_typed_stands(session: Session, phone: Browser) -> None:
    started = utc_now() - timedelta(hours=3)
    clock = timedelta(minutes=40)
    sent(phone, wrong=clock, fields={"phone_started_at": "", "past-started_at": typed(started)})
    assert only(session).started_utc == started.replace(second=0, microsecond=0)


def test_other_content_under_the_same_reference_is_no_patrol(session: Session, phone: Browser) -> None:
    number = sent(phone).get_json()["number"]
    other = sent(phone, fields={"past-stops": "9"})
    assert other.status_code == 409
    assert number in other.get_json()["message"]
    assert only(session).stops == 7


def test_one_that_the_server_began_is_ended_by_the_phone(session: Session, phone: Browser) -> None:
    phone.post("/patrols/now/begin", data={"area_code": places.VILLAGE, "client_reference": "phone-1"})
    phone.post("/patrols/now/stop")
    page = phone.get("/patrols/now").text
    assert "&#34;reference&#34;: &#34;phone-1&#34;" in page
    elsewhere = sent(phone, 0, 0, seen_stops="0")
    assert (elsewhere.status_code, list(elsewhere.get_json()["fields"])) == (422, ["past-stops"])
    assert "1 riders are stopped on the server" in elsewhere.get_json()["message"]
    assert only(session).ended_utc is None
    assert sent(phone, 0, 0, seen_stops="1").status_code == 200
    assert (only(session).stops, only(session).ended_utc is None) == (7, False)
    assert sent(phone, 0, 0, seen_stops="1").status_code == 200
    assert patrols(session) == 1


def test_what_is_refused_says_why_and_leaves_nothing(session: Session, phone: Browser) -> None:
    phone.post("/patrols/now/begin", data={"area_code": places.VILLAGE, "client_reference": "another-phone"})
    session.execute(update(Patrol).values(started_utc=utc_now() - timedelta(hours=1)))
    session.commit()
    met = sent(phone)
    assert (met.status_code, list(met.get_json()["fields"])) == (422, ["past-started_at"])
    assert "another patrol" in met.get_json()["message"]
    outside = sent(phone, fields={"past-area_code": places.OTHER_VILLAGE})
    assert outside.status_code == 422
    backwards = sent(phone, begun=10, over=90, client_reference="phone-2")
    assert backwards.status_code == 422
    assert patrols(session) == 1


def test_another_account_and_what_no_page_sends(session: Session, phone: Browser, make_user: MakeUser) -> None:
    assert sent(phone, account="somebody").status_code == 403
    for wrong in ({"device_at": ""}, {"phone_started_at": "noon"}, {"seen_stops": "many"}, {"client_reference": ""}):
        assert sent(phone, fields=wrong).status_code == 400
    assert patrols(session) == 0
    assert sent(phone).status_code == 200
    phone.sign_in(make_user("officer", area_id=places.area(session).id))
    assert sent(phone).status_code == 422, "the reference is another officer's"


def test_the_copy_that_a_phone_keeps_bears_no_name_and_no_patrol(phone: Browser) -> None:
    phone.post("/patrols/now/begin", data={"area_code": places.VILLAGE})
    page = phone.get("/patrols/now/kept").text
    assert 'data-kept="yes"' in page
    assert 'class="who"' not in page
    assert 'data-running="null"' in page
