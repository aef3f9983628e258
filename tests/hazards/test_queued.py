"""Hazards that waited on a phone: once each with their photos, the clock put right, refused with the reason."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories.pictures import plain_photo
from trafficedu.accounts.models import User
from trafficedu.areas.models import Area
from trafficedu.core.clock import utc_now
from trafficedu.hazards.models import Hazard, HazardPhoto

URL = "/hazards/queued"
MakeUser = Callable[..., User]


@pytest.fixture
def grid(client: Browser, make_user: MakeUser, village: Area) -> Browser:
    """The phone of a grid officer, in English."""
    client.sign_in(make_user("grid", area=village))
    with client.session_transaction() as cookie:
        cookie["locale"] = "en"
    return client


def sent(grid: Browser, village: Area, **changes: Any) -> dict[str, Any]:
    """What a phone sends of a hazard that was filled in twenty minutes ago, with two photos."""
    now = utc_now()
    pictures = [(io.BytesIO(plain_photo(seed)), f"{seed}.jpg") for seed in range(2)]
    return {
        "account": grid.get("/hazards/facts").get_json()["account"],
        "client_reference": "phone-1",
        "device_at": now.isoformat(),
        "recorded_at": (now - timedelta(minutes=20)).isoformat(),
        "kind": "surface",
        "risk": "high",
        "area_code": village.code,
        "place": "湘湖路口东侧",
        "photos": pictures,
    } | changes


def post(grid: Browser, fields: dict[str, Any]) -> Any:
    return grid.post(URL, data=fields, content_type="multipart/form-data")


def count(session: Session, model: type[Any] = Hazard) -> int:
    return session.scalar(select(func.count()).select_from(model)) or 0


def test_it_arrives_once_with_its_photos_however_often_it_is_sent(
    session: Session, grid: Browser, village: Area
) -> None:
    first = post(grid, sent(grid, village))
    assert first.status_code == 201, first.text
    told = first.get_json()
    assert told["address"] == f"/hazards/{told['number']}"
    later = (utc_now() + timedelta(hours=3)).isoformat()
    again = post(grid, sent(grid, village, device_at=later))
    assert (again.status_code, again.get_json()["number"]) == (200, told["number"])
    assert (count(session), count(session, HazardPhoto)) == (1, 2)


def test_the_form_and_the_phone_are_one_report_where_the_answer_got_lost(
    session: Session, grid: Browser, village: Area
) -> None:
    beside = ("account", "device_at", "recorded_at")
    form = {name: value for name, value in sent(grid, village).items() if name not in beside}
    assert grid.post("/hazards/new", data=form, content_type="multipart/form-data").status_code == 303
    assert post(grid, sent(grid, village)).status_code == 200
    assert (count(session), count(session, HazardPhoto)) == (1, 2)
    assert session.scalars(select(Hazard.noticed_utc)).one() is None


def test_other_content_under_the_same_reference_is_no_report(session: Session, grid: Browser, village: Area) -> None:
    number = post(grid, sent(grid, village)).get_json()["number"]
    fewer = sent(grid, village, photos=[(io.BytesIO(plain_photo(0)), "0.jpg")])
    other = post(grid, fewer)
    assert other.status_code == 409
    assert number in other.get_json()["message"]
    assert count(session) == 1


@pytest.mark.parametrize(("fast", "said"), [(14, "14 min fast"), (-95, "95 min slow"), (0, "")])
def test_both_times_are_kept_and_a_wrong_clock_is_put_right(
    session: Session, grid: Browser, village: Area, fast: int, said: str
) -> None:
    wrong, before = timedelta(minutes=fast), utc_now()
    seen_at = before - timedelta(minutes=30)
    body = sent(grid, village, recorded_at=(seen_at + wrong).isoformat(), device_at=(before + wrong).isoformat())
    number = post(grid, body).get_json()["number"]
    hazard = session.scalars(select(Hazard)).one()
    assert hazard.noticed_utc is not None
    assert abs(hazard.noticed_utc - seen_at) <= timedelta(seconds=30)
    assert hazard.reported_utc >= before
    assert abs((hazard.phone_ahead_seconds or 0) - fast * 60) <= 30
    page = grid.get(f"/hazards/{number}").text
    assert "Entered on the phone without a network" in page
    assert said in page
    assert said or "min fast" not in page


def test_what_is_refused_says_why_by_field_and_leaves_nothing(session: Session, grid: Browser, village: Area) -> None:
    empty = post(grid, sent(grid, village, kind="", place=""))
    assert empty.status_code == 422
    assert set(empty.get_json()["fields"]) == {"kind", "place"}
    gone = post(grid, sent(grid, village, kind="no-such"))
    assert (gone.status_code, list(gone.get_json()["fields"])) == (422, ["kind"])
    assert gone.get_json()["message"]
    text = post(grid, sent(grid, village, photos=[(io.BytesIO(b"no picture"), "1.jpg")]))
    assert (text.status_code, list(text.get_json()["fields"])) == (422, ["photos"])
    assert (count(session), count(session, HazardPhoto)) == (0, 0)
    assert post(grid, sent(grid, village)).status_code == 201


def test_what_another_account_s_page_made_is_not_taken(
    session: Session, grid: Browser, make_user: MakeUser, village: Area
) -> None:
    body = sent(grid, village)
    grid.sign_in(make_user("grid", area=village))
    assert post(grid, body).status_code == 403
    assert count(session) == 0


@pytest.mark.parametrize("wrong", ["account", "client_reference", "device_at", "recorded_at"])
def test_what_no_page_sends_is_refused(session: Session, grid: Browser, village: Area, wrong: str) -> None:
    body = sent(grid, village)
    del body[wrong]
    answer = post(grid, body)
    assert answer.status_code == 400
    assert answer.get_json()["message"] == "This is not what a page kept on a phone sends."
    for text in ("", "yesterday", "0001-01-01T00:00:00+14:00", "2026-01-01T00:00:00"):
        assert post(grid, sent(grid, village, recorded_at=text)).status_code == 400
    assert count(session) == 0


def test_the_copy_that_a_phone_keeps_bears_no_name(grid: Browser) -> None:
    page = grid.get("/hazards/new/kept")
    assert 'data-kept="yes"' in page.text
    assert 'class="who"' not in page.text
    assert "&#34;area_code&#34;: &#34;Choose the village.&#34;" in page.text
