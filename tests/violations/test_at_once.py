"""Many records at once: asked first with the exact count, each by itself, and told what became of each."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import unquote

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories.violations import District, make_violation, new_rider
from trafficedu.accounts.models import User
from trafficedu.accounts.queries import actor_of
from trafficedu.core import row_views
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import today, utc_now
from trafficedu.violations.models.records import Violation
from trafficedu.violations.services import reviewing
from trafficedu.violations.services.objections import raise_objection

LIST = "/violations?since=2020-01-01"
TO = "/violations/chosen?since=2020-01-01"


@pytest.fixture
def camera(session: Session, district: District) -> Callable[..., Violation]:
    def make(by: Any = SYSTEM, **values: Any) -> Violation:
        now = utc_now()
        given: dict[str, Any] = {"source": "camera", "now": now, "occurred_utc": now - timedelta(hours=1)} | values
        return make_violation(session, district.village, by, **given)

    return make


def boxes(page: str) -> dict[str, str]:
    """Return the boxes of a list's rows: number -> what a form carries."""
    return {value.partition(".")[0]: value for value in re.findall(r'name="row" value="(V\w+\.\w+)"', page)}


def titles(page: str) -> str:
    found = re.search(r"<h1[^>]*>(.*?)</h1>", page, re.DOTALL)
    assert found
    return re.sub(r"<[^>]+>|\s+", " ", found[1]).strip()


def go_on(browser: Browser, act: str, page: str, **more: str) -> str:
    """Send what the page that asks carries."""
    return browser.post(TO, data={"act": act, "confirmed": "y", "row": list(boxes(page).values())} | more).text


def test_nothing_is_done_before_the_page_has_asked(
    session: Session, desk: Browser, camera: Callable[..., Violation]
) -> None:
    waiting = [camera(), camera(), camera(rider=None)]
    session.commit()
    rows = boxes(desk.get(LIST).text)
    page = desk.post(TO, data={"act": "confirm", "row": [rows[waiting[0].number], rows[waiting[2].number]]}).text
    assert titles(page) == "Confirm: 2 records"
    assert "1 × its rider gets a study task, the notice goes out" in page
    assert "1 × its rider is yet to be named" in page
    session.expire_all()
    assert {each.state for each in waiting} == {"pending"}
    told = go_on(desk, "confirm", page)
    assert titles(told) == "Confirm: 2 done, 0 refused"
    session.expire_all()
    assert [each.state for each in waiting] == ["confirmed", "pending", "confirmed"]


def test_what_cannot_be_done_is_left_out_and_said(
    session: Session, desk: Browser, camera: Callable[..., Violation], district: District
) -> None:
    supervisor = session.scalars(select(User).where(User.role == "supervisor")).one()
    good, own, late = camera(), camera(actor_of(supervisor)), camera()
    late.review_due_on = today() - timedelta(days=3)
    field = make_violation(session, district.village)
    session.commit()
    page = desk.post(TO, data={"act": "confirm", "all": "y"}).text
    assert titles(page) == "Confirm: 1 record"
    assert "3 are left out" in page
    assert set(boxes(page)) == {good.number}
    for record, why in ((own, "recorded this yourself"), (late, "days for the review are over"), (field, "")):
        assert re.search(rf"{record.number}</a>[^<]*{why}", page), why


def test_a_record_that_changed_meanwhile_is_refused_and_the_others_are_done(
    session: Session, desk: Browser, camera: Callable[..., Violation]
) -> None:
    first, second = camera(), camera()
    session.commit()
    page = desk.post(TO, data={"act": "confirm", "row": list(boxes(desk.get(LIST).text).values())}).text
    second.note = "更正"
    session.commit()
    told = go_on(desk, "confirm", page)
    assert titles(told) == "Confirm: 1 done, 1 refused"
    assert re.search(rf"{second.number}</a>\s*\S+", told)
    session.expire_all()
    assert (first.state, second.state) == ("confirmed", "pending")
    again = go_on(desk, "confirm", page)
    assert titles(again) == "Confirm: 1 done, 1 refused", "sent twice it is answered like the first time"


def test_voiding_says_what_follows_for_each_and_asks_for_one_reason(
    session: Session, desk: Browser, district: District
) -> None:
    made = [
        make_violation(session, district.village, rider=new_rider(home_area_id=district.village.id), now=utc_now())
        for _ in range(2)
    ]
    raise_objection(session, made[0], "不是我骑的", "", utc_now())
    already = make_violation(session, district.village)
    reviewing.void(session, already, "记错了", SYSTEM, utc_now())
    session.commit()
    page = desk.post(TO, data={"act": "void", "row": list(boxes(desk.get(LIST).text).values())}).text
    assert titles(page) == "Void: 2 records"
    assert "1 is left out" in page
    assert "2 × study task withdrawn" in page
    assert "2 × notice taken back" in page
    assert page.count(f"notice taken back: {district.village.name}") == 2
    assert "1 × open objection settled" in page
    assert 'name="reason"' in page
    missing = desk.post(TO, data={"act": "void", "confirmed": "y", "row": list(boxes(page).values())})
    assert missing.status_code == 422
    assert "Say why." in missing.text
    session.expire_all()
    assert {each.state for each in made} == {"confirmed"}
    personal = go_on(desk, "void", page, reason="13812345678")
    assert "2 done" not in personal
    assert titles(go_on(desk, "void", page, reason="同一误报")) == "Void: 2 done, 0 refused"
    session.expire_all()
    assert {(each.state, each.state_reason) for each in made} == {("voided", "同一误报")}


def test_all_that_match_are_the_first_so_many(
    session: Session, desk: Browser, camera: Callable[..., Violation], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_views, "MOST_CHOSEN", 2)
    for _ in range(3):
        camera()
    session.commit()
    page = desk.post(TO + "&state=pending", data={"act": "reject", "all": "y"}).text
    assert titles(page) == "Reject: 2 records"
    assert "these are the first 2" in page
    desk.post(TO, data={"act": "reject", "confirmed": "y", "reason": "看不清", "row": list(boxes(page).values())})
    left = desk.post(TO + "&state=pending", data={"act": "reject", "all": "y"}).text
    assert titles(left) == "Reject: 1 record"


def test_out_of_sight_is_out_of_reach(
    session: Session, desk: Browser, phone: Browser, district: District, officer_user: User
) -> None:
    theirs = make_violation(session, district.other_village)
    session.commit()
    desk.sign_in(session.scalars(select(User).where(User.role == "supervisor")).one())
    page = desk.post(TO, data={"act": "void", "row": f"{theirs.number}.{'0' * 24}"}).text
    assert boxes(page) == {}
    told = desk.post(
        TO, data={"act": "void", "confirmed": "y", "reason": "x", "row": f"{theirs.number}.{'0' * 24}"}
    ).text
    assert theirs.number in told
    session.expire_all()
    assert theirs.state == "confirmed"
    phone.sign_in(officer_user)
    assert boxes(phone.get(LIST).text) == {}
    assert phone.post(TO, data={"act": "void", "all": "y"}).status_code == 403


def test_chosen_rows_are_taken_away_as_a_file(session: Session, desk: Browser, district: District) -> None:
    made = [make_violation(session, district.village) for _ in range(3)]
    session.commit()
    rows = boxes(desk.get(LIST).text)
    chosen = [rows[made[0].number], rows[made[2].number]]
    file = desk.fetch(TO, data={"act": "csv", "row": chosen}).get_data().decode("utf-8-sig")
    numbers = {line.split(",")[0] for line in file.splitlines()[1:]}
    assert numbers == {made[0].number, made[2].number}


def test_nothing_chosen_is_said(desk: Browser, district: District) -> None:
    answer = desk.post(TO, data={"act": "void"})
    assert answer.status_code == 303
    assert "Choose the rows first." in desk.get(answer.headers["Location"]).text
    assert desk.post(TO, data={"act": "burn", "all": "y"}).status_code == 404


@pytest.mark.parametrize("word", ["%00", "V%00.x", "%ff", "V0." + "x" * 5000, "%F0%9F%92%A9", "..", "' OR 1=1"])
def test_nonsense_is_answered(desk: Browser, district: District, word: str) -> None:
    for name in ("columns", "view", "sort", "row", "q", "officer", "penalty", "since", "after"):
        assert desk.get(f"/violations?{name}={word}").status_code in {200, 400}, name
    answer = desk.post(f"{TO}&q={word}", data={"act": "void", "confirmed": "y", "reason": "x", "row": unquote(word)})
    assert answer.status_code in {200, 303, 400}
    for act in ("csv", "void", unquote(word)):
        assert desk.post(TO, data={"act": act, "row": unquote(word)}).status_code in {200, 303, 400, 404}, act
    for page in (f"/views/{word}", f"/views/new/{word}"):
        assert desk.get(page).status_code in {400, 404, 308}, page
