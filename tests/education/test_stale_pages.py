"""Two clerks at the door: what one does from a page that shows no more what is, is refused with what happened since."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories.sides import Side, make_sides
from trafficedu.accounts.rules import Role
from trafficedu.core.clock import local_date, utc_now
from trafficedu.education.queries.seats import live_booking


@pytest.fixture
def side(session: Session) -> Side:
    """A side whose second rider is expected at a session that began a quarter of an hour ago."""
    side = make_sides(session)[0]
    booking = live_booking(session, side.waiting.id)
    assert booking is not None
    booking.session.starts_utc = utc_now() - timedelta(minutes=15)
    booking.session.starts_on = local_date(booking.session.starts_utc)
    session.commit()
    return side


def test_nobody_marks_absent_whom_another_clerk_lets_study(
    app: Flask, client: Browser, session: Session, side: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "SEEN_REQUIRED", True)
    booking = live_booking(session, side.waiting.id)
    assert booking is not None
    client.sign_in(side.users[Role.STATION])
    door = f"/sessions/{booking.session.number}/check-in"
    rider = f"/sessions/{booking.session.number}/riders/{side.waiting.number}"
    stale = client.get(door).text

    assert client.post(f"{rider}/check-in", data=_button(stale, f"{rider}/check-in")).status_code == 303
    assert client.post(f"{rider}/check-in", data=_button(stale, f"{rider}/check-in")).status_code == 303, "a second tap"
    card = client.get(rider).text
    assert client.post(f"{rider}/modules/1/start", data=_button(card, f"{rider}/modules/1/start")).status_code == 303

    answer = client.post(f"{rider}/absent", data=_button(stale, f"{rider}/absent"), headers={"Referer": door})
    assert answer.status_code == 409
    assert "您为驾驶人签到" in answer.text
    assert "您登记了学习环节或测验" in answer.text
    session.expire_all()
    assert booking.is_studying
    assert f'action="{rider}/absent"' not in client.get(rider).text, (
        "who studies is not absent: leaving early is another act"
    )


def test_the_card_of_who_did_not_come_is_a_page(client: Browser, side: Side) -> None:
    booking = side.waiting.bookings[-1]
    client.sign_in(side.users[Role.STATION])
    rider = f"/sessions/{booking.session.number}/riders/{side.waiting.number}"
    assert client.post(f"{rider}/absent").status_code == 303
    card = client.get(rider)
    assert card.status_code == 200, "a study that never began has no score to show"
    assert "得分" not in card.text


def _button(page: str, action: str) -> dict[str, str]:
    """Return what the button that posts to ``action`` sends."""
    form = re.search(rf'<form[^>]*action="{re.escape(action)}".*?</form>', page, re.DOTALL)
    assert form, action
    return dict(re.findall(r'name="(\w+)" value="([^"]*)"', form[0]))
