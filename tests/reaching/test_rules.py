from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from trafficedu.core.clock import from_local, local
from trafficedu.reaching.rules.gateway import Gateway, Said, retry_after
from trafficedu.reaching.rules.signing import Stamp
from trafficedu.reaching.rules.telling import ACT_OF, MessageState, Quiet, next_attempt, send_at

NIGHT = Quiet(21, 8)
STAMP = Stamp(datetime(2026, 12, 31, 16, 0, 0, 500000, UTC), "n0nce")
SAID = Said("13857100001", '座位 "A"\n{phone} & 100 %', "X1")


def at(text: str) -> datetime:
    return local(from_local(datetime.fromisoformat(text)))


@pytest.mark.parametrize(
    ("asked", "begins", "sent"),
    [
        ("2026-12-31 20:59", None, "2026-12-31 20:59"),
        ("2026-12-31 21:00", None, "2027-01-01 08:00"),
        ("2028-02-29 03:10", "2028-03-02 09:00", "2028-02-29 08:00"),
        ("2026-12-31 23:30", "2027-01-01 09:30", "2026-12-31 23:30"),
        ("2026-12-31 23:30", "2027-01-01 10:00", "2027-01-01 08:00"),
        ("2026-12-31 08:00", None, "2026-12-31 08:00"),
    ],
)
def test_nobodys_phone_rings_at_night_unless_it_would_be_too_late(asked: str, begins: str | None, sent: str) -> None:
    assert send_at(NIGHT, at(asked), at(begins) if begins else None) == at(sent)


def test_quiet_hours_may_lie_within_a_day_or_be_none() -> None:
    assert Quiet(12, 14).end(at("2026-12-01 13:00")) == at("2026-12-01 14:00")
    assert Quiet(12, 14).end(at("2026-12-01 14:00")) is None
    assert Quiet(8, 8).end(at("2026-12-01 08:00")) is None


def test_pauses_grow_and_a_gateway_may_ask_for_longer() -> None:
    now = at("2026-12-01 12:00")
    assert [next_attempt(made, now) for made in (1, 2, 5)] == [now + timedelta(minutes=m) for m in (1, 5, 240)]
    assert next_attempt(6, now) is None
    assert next_attempt(1, now, timedelta(minutes=30)) == now + timedelta(minutes=30)
    assert next_attempt(3, now, timedelta(seconds=5)) == now + timedelta(minutes=15)
    assert next_attempt(1, now, timedelta(days=30)) == now + timedelta(hours=6)


def test_retry_after_is_seconds_or_nothing() -> None:
    assert retry_after(" 120 ") == timedelta(minutes=2)
    assert [retry_after(text) for text in (None, "", "-5", "Wed, 21 Oct 2026 07:28:00 GMT", "1e9", "٣")] == [None] * 6


def gateway(**changed: str) -> Gateway:
    given = {"url": "https://sms.example/send", "method": "post", "headers": "", "success": "", "later": ""}
    its = {**given, "body": "m={phone}&t={text}"} | changed
    return Gateway.parse(its["url"], its["method"], its["headers"], its["body"], its["success"], its["later"])


def test_what_is_filled_in_is_written_as_its_surroundings_need_it() -> None:
    url, headers, body = gateway().request(SAID, STAMP)
    assert (url, headers["Content-Type"]) == ("https://sms.example/send", "application/x-www-form-urlencoded")
    assert body.startswith(b"m=13857100001&t=%E5%BA%A7")
    assert b"%7Bphone%7D" in body, "a word of the message is never taken for a place"
    _, headers, body = gateway(body='{"m": ["{phone}"], "t": "{text}"}').request(SAID, STAMP)
    assert headers["Content-Type"].startswith("application/json")
    assert '\\"A\\"\\n{phone}' in body.decode()
    url, _, body = gateway(url="http://a/{phone}/{text}?n={number}", method="GET", body="").request(SAID, STAMP)
    assert url.startswith("http://a/13857100001/%E5%BA%A7")
    assert url.endswith("%20%26%20100%20%25?n=X1")
    assert body == b""


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"url": "ftp://a"}, "URL"),
        ({"url": "https:///send"}, "URL"),
        ({"method": "DELETE"}, "METHOD"),
        ({"headers": "Authorization: geheim"}, "HEADERS"),
        ({"headers": '{"a": 1}'}, "HEADERS"),
        ({"body": "t={text}"}, "phone"),
        ({"success": "code"}, "SUCCESS"),
        ({"success": "~("}, "SUCCESS"),
        ({"later": "="}, "LATER"),
    ],
)
def test_a_malformed_setting_is_named_without_its_content(changed: dict[str, str], named: str) -> None:
    with pytest.raises(ValueError, match=named) as caught:
        gateway(**changed)
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize(
    ("rule", "status", "text", "expected"),
    [
        ("", 204, "", ("sent", "")),
        ("code=0", 200, '{"code": 0}', ("sent", "")),
        ("code=0|OK", 200, '{"code": "OK"}', ("sent", "")),
        ("ok=true", 200, '{"ok": true}', ("sent", "")),
        ("data.state=done", 201, '{"data": [{"state": "done"}]}', ("sent", "")),
        ("code=0", 200, '{"code": 999}', ("failed", "refused 999")),
        ("code=0", 200, '{"code": "13857100001 gesperrt"}', ("failed", "refused")),
        ("code=0", 200, '{"msg": "fine"}', ("unclear", "unread")),
        ("code=0", 200, "", ("unclear", "unread")),
        ("~^OK", 200, "OK:1", ("sent", "")),
        ("~^OK", 200, "ERR", ("failed", "refused ERR")),
        ("~^OK", 200, "<html>\n</html>", ("unclear", "unread")),
        ("code=0", 403, '{"code": 0}', ("failed", "http 403")),
        ("code=0", 301, '{"code": 0}', ("failed", "http 301")),
        ("code=0", 503, '{"code": 0}', ("waiting", "http 503")),
        ("code=0", 429, "", ("waiting", "http 429")),
    ],
)
def test_a_yes_is_a_status_and_a_field(rule: str, status: int, text: str, expected: tuple[str, str]) -> None:
    outcome = gateway(success=rule).judge(status, text)
    assert (outcome.state, outcome.reason) == expected
    assert len(outcome.reason) <= 20


def test_what_means_later_is_tried_again() -> None:
    outcome = gateway(success="code=0", later="code=7").judge(200, '{"code": 7}', "60")
    assert (outcome.state, outcome.reason, outcome.after) == ("waiting", "refused 7", timedelta(minutes=1))


def test_neither_address_nor_key_is_shown() -> None:
    made = gateway(url="https://sms.example/send?key=geheim", headers='{"K": "geheim"}')
    assert made.host == "sms.example"
    assert "geheim" not in repr(made)


def test_every_end_of_an_attempt_has_its_act() -> None:
    assert set(ACT_OF) == set(MessageState)
