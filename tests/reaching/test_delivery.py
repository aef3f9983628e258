"""What the district's gateway gets and answers, over HTTP: each message once, put off, refused, unclear."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories.education import District, assign, make_rider, make_session, make_violation
from tests.reaching.conftest import PHONE, TAKEN, Gate
from trafficedu.accounts.models import User
from trafficedu.core.actors import SYSTEM, Actor
from trafficedu.education.events import SessionMoved
from trafficedu.education.models.tasks import Booking
from trafficedu.reaching.models import RiderMessage
from trafficedu.reaching.rules.gateway import Gateway
from trafficedu.reaching.rules.telling import MessageState
from trafficedu.reaching.services import calling, gateway
from trafficedu.reaching.services.delivery import deliver_due
from trafficedu.reaching.services.noting import note_moved
from trafficedu.riders.models import Rider

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)  # a Monday, 14:00 in Shanghai
BODY = '{"mobile": "{phone}", "content": "【交治通】{text}", "id": "{number}"}'
SECRET = "Bearer k7f2-geheim-9a1"


def with_gateway(gate: Gate, set_up: Callable[..., None], **changed: str) -> None:
    given = {
        "sms_url": f"{gate.address}/v2/send?app=jzt",
        "sms_headers": json.dumps({"Authorization": SECRET}),
        "sms_body": BODY,
        "sms_success": "code=0",
        "sms_later": "code=429|503",
    }
    set_up(push_dry_run=False, **(given | changed))


def seated(session: Session, district: District, rider: Rider) -> RiderMessage:
    """Give a rider a seat in two days' time; return what there is to be told."""
    make_session(session, district.at_a, NOW + timedelta(days=2))
    task = assign(session, make_violation(session, rider, district.a), SYSTEM, NOW)
    assert task is not None
    assert task.is_booked
    session.commit()
    return session.scalars(select(RiderMessage).where(RiderMessage.task_id == task.id)).one()


def state(session: Session, row: RiderMessage) -> tuple[str, int, str]:
    session.refresh(row)
    return row.state, row.attempts, row.reason


def test_a_seat_is_told_in_the_words_of_the_gateways_template(
    session: Session, district: District, rider: Rider, gate: Gate, set_up: Callable[..., None]
) -> None:
    with_gateway(gate, set_up)
    district.at_a.address = '一号"路\n2号'
    row = seated(session, district, rider)
    assert deliver_due(session, NOW) == 1
    assert state(session, row) == ("sent", 1, "")
    (asked,) = gate.got
    assert (asked.method, asked.path, asked.headers["Authorization"]) == ("POST", "/v2/send?app=jzt", SECRET)
    said = json.loads(asked.body)
    assert (said["mobile"], said["id"]) == (PHONE, row.number)
    assert said["content"].startswith("【交治通】已为您安排2026-11-25 14:00的交通安全学习（")
    assert '甲村交治站 一号"路\n2号' in said["content"]
    assert said["content"] == "【交治通】" + row.text
    assert deliver_due(session, NOW + timedelta(days=1)) == 0
    assert len(gate.got) == 1


def test_a_gateway_that_is_asked_by_its_address_gets_quoted_words(
    session: Session, district: District, rider: Rider, gate: Gate, set_up: Callable[..., None]
) -> None:
    with_gateway(
        gate,
        set_up,
        sms_url=f"{gate.address}/s?m={{phone}}&t={{text}}",
        sms_method="get",
        sms_body="",
        sms_success="~^OK",
    )
    gate.answers = [(200, "OK:4711", {})]
    row = seated(session, district, rider)
    deliver_due(session, NOW)
    assert state(session, row) == ("sent", 1, "")
    assert parse_qs(urlsplit(gate.got[0].path).query) == {"m": [PHONE], "t": [row.text]}
    assert (gate.got[0].method, gate.got[0].body) == ("GET", "")
    assert row.text in unquote(gate.got[0].path)


def test_status_200_with_another_code_is_a_refusal(
    session: Session, district: District, rider: Rider, gate: Gate, set_up: Callable[..., None]
) -> None:
    with_gateway(gate, set_up)
    gate.answers = [(200, '{"code": 999, "msg": "13857100001 ist gesperrt"}', {})]
    row = seated(session, district, rider)
    deliver_due(session, NOW)
    assert state(session, row) == ("failed", 1, "refused 999")
    assert row.needs_call
    assert deliver_due(session, NOW + timedelta(days=1)) == 0


def test_what_the_gateway_cannot_take_now_is_tried_again_when_it_says(
    session: Session, district: District, rider: Rider, gate: Gate, set_up: Callable[..., None]
) -> None:
    with_gateway(gate, set_up)
    gate.answers = [(429, "", {"Retry-After": "1800"}), (500, "oops", {}), (200, '{"code": 503}', {}), TAKEN]
    row = seated(session, district, rider)
    steps = []
    for minutes in (0, 5, 29, 30, 36, 52):
        deliver_due(session, NOW + timedelta(minutes=minutes))
        steps.append(state(session, row))
    assert steps == [
        ("waiting", 1, "http 429"),
        ("waiting", 1, "http 429"),
        ("waiting", 1, "http 429"),
        ("waiting", 2, "http 500"),
        ("waiting", 3, "refused 503"),
        ("sent", 4, ""),
    ]
    assert len({asked.body for asked in gate.got}) == 1


def test_a_gateway_that_stays_away_is_given_up_and_the_rider_is_rung_up(
    session: Session, district: District, rider: Rider, set_up: Callable[..., None], staff: Actor, gate: Gate
) -> None:
    with_gateway(gate, set_up, sms_url="http://127.0.0.1:9/{phone}")
    row, at = seated(session, district, rider), NOW
    for _ in range(10):
        deliver_due(session, at)
        session.refresh(row)
        at = max(row.next_utc, at)
    assert state(session, row) == ("failed", 6, "network")
    assert at < NOW + timedelta(hours=6)
    (call,) = calling.open_calls(session, staff)
    assert (call.message.id, call.phone) == (row.id, PHONE)


@pytest.mark.parametrize(
    ("body", "expected"),
    [(BODY, ("waiting", 1, "silent")), ('{"mobile": "{phone}", "t": "{text}"}', ("unclear", 1, "silent"))],
)
def test_silence_is_asked_again_only_where_the_gateway_can_tell_a_repetition(
    session: Session,
    district: District,
    rider: Rider,
    gate: Gate,
    set_up: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    body: str,
    expected: tuple[str, int, str],
) -> None:
    monkeypatch.setattr(gateway, "TIMEOUT_SECONDS", 0.3)
    with_gateway(gate, set_up, sms_body=body)
    gate.hang = threading.Event()
    row = seated(session, district, rider)
    deliver_due(session, NOW)
    gate.hang.set()
    assert state(session, row) == expected
    assert len(gate.got) == 1


def test_an_answer_nobody_understands_is_no_yes(
    session: Session, district: District, rider: Rider, gate: Gate, set_up: Callable[..., None]
) -> None:
    with_gateway(gate, set_up)
    gate.answers = [(200, "<html>maintenance</html>", {})]
    row = seated(session, district, rider)
    deliver_due(session, NOW)
    assert state(session, row) == ("unclear", 1, "unread")


def test_a_redirect_is_not_followed(
    session: Session, district: District, rider: Rider, gate: Gate, set_up: Callable[..., None]
) -> None:
    with_gateway(gate, set_up)
    gate.answers = [(302, "", {"Location": f"{gate.address}/elsewhere"})]
    row = seated(session, district, rider)
    deliver_due(session, NOW)
    assert (state(session, row), len(gate.got)) == (("failed", 1, "http 302"), 1)


def test_two_workers_send_a_message_once(
    session: Session, district: District, rider: Rider, gate: Gate, set_up: Callable[..., None]
) -> None:
    with_gateway(gate, set_up)
    row = seated(session, district, rider)
    row.state, row.next_utc = MessageState.SENDING, NOW + timedelta(minutes=10)
    session.commit()
    assert deliver_due(session, NOW) == 0
    deliver_due(session, NOW + timedelta(minutes=11))
    assert state(session, row) == ("unclear", 0, "cut")
    assert gate.got == []


def test_nothing_of_number_key_or_words_is_logged(
    session: Session,
    district: District,
    rider: Rider,
    gate: Gate,
    set_up: Callable[..., None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    with_gateway(gate, set_up, sms_url=f"{gate.address}/s?k=sehrgeheim&m={{phone}}")
    gate.answers = [(500, "no", {}), TAKEN]
    row = seated(session, district, rider)
    with caplog.at_level(logging.DEBUG):
        for minutes in (0, 2):
            deliver_due(session, NOW + timedelta(minutes=minutes))
    assert state(session, row)[0] == "sent"
    assert not any(part in caplog.text for part in (PHONE, "sehrgeheim", SECRET, "已为您安排"))
    assert not any(PHONE in str(value) for value in vars(row).values())
    assert "sehrgeheim" not in repr(Gateway("http://a/sehrgeheim"))


def test_a_session_that_is_moved_tells_each_rider_once_and_only_the_last_time(
    session: Session, district: District, rider: Rider, gate: Gate, set_up: Callable[..., None]
) -> None:
    with_gateway(gate, set_up)
    seated(session, district, rider)
    deliver_due(session, NOW)
    booking = session.scalars(select(Booking)).one()
    for hours in (1, 2):
        was, at = booking.session.starts_utc, NOW + timedelta(minutes=hours)
        booking.session.starts_utc = was + timedelta(hours=1)
        session.flush()
        note_moved(session, SessionMoved(at, SYSTEM, booking.session_id, was, riders_choose=False))
    session.commit()
    deliver_due(session, NOW + timedelta(minutes=3))
    told = session.scalars(select(RiderMessage).order_by(RiderMessage.id)).all()
    assert [(row.kind, row.state) for row in told] == [("booked", "sent"), ("moved", "dropped"), ("moved", "sent")]
    assert "由2026-11-25 15:00改为2026-11-25 16:00" in told[2].text
    assert len(gate.got) == 2


def test_a_rider_without_a_number_is_on_the_list_with_what_to_say(
    session: Session, district: District, gate: Gate, set_up: Callable[..., None], staff: Actor
) -> None:
    with_gateway(gate, set_up)
    row = seated(session, district, make_rider(session, district.a))
    deliver_due(session, NOW)
    assert state(session, row) == ("no_way", 1, "")
    assert "2026-11-25 14:00" in row.text
    assert [call.message.id for call in calling.open_calls(session, staff)] == [row.id]
    calling.note_told(session, row, staff, NOW)
    assert calling.open_calls(session, staff) == []
    calling.take_back_told(session, row, staff, NOW)
    assert len(calling.open_calls(session, staff)) == 1


def test_the_administrator_sends_a_test_and_reads_what_came_of_it(
    session: Session, gate: Gate, set_up: Callable[..., None], make_user: Callable[..., User], client: Browser
) -> None:
    with_gateway(gate, set_up)
    gate.answers = [(200, '{"code": 999}', {}), TAKEN]
    client.sign_in(make_user("administrator"))
    page = client.get("/rider-messages/gateway").text
    assert "127.0.0.1" in page
    assert SECRET not in page
    for expected in ("短信平台拒绝发送，代码 999", "已发送"):
        assert expected in client.post("/rider-messages/gateway", data={"phone": PHONE}).text
    assert [json.loads(asked.body)["mobile"] for asked in gate.got] == [PHONE, PHONE]
    assert client.post("/rider-messages/gateway", data={"phone": "12345"}).status_code == 422
    set_up(sms_url="")
    assert client.post("/rider-messages/gateway", data={"phone": PHONE}).status_code == 422
