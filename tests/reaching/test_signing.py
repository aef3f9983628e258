"""Signed requests: as a provider documents them, checked by a receiver that works the signature out for itself."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

import pytest
from sqlalchemy.orm import Session

from tests.factories.education import District
from tests.reaching.conftest import PHONE, Asked, Gate
from tests.reaching.test_delivery import NOW, seated, state, with_gateway
from trafficedu.reaching.rules.gateway import Gateway, Said
from trafficedu.reaching.rules.signing import Signing, Stamp
from trafficedu.reaching.services.delivery import deliver_due
from trafficedu.riders.models import Rider

KEY = "k-9f3 & geheim"
NEW_YEAR = Stamp(datetime(2026, 12, 31, 16, 0, 0, 500000, UTC), "n0nce")


def provider_says(asked: Asked, seen: set[str], secret: str = KEY) -> str:
    """Judge a request as a provider's documentation would: hmac-sha256 over four fields, base64; once, in five minutes.

    The fields are taken from what arrived, never from what was meant to be sent.
    """
    body = json.loads(asked.body)
    joined = f"POST\n{body['mobile']}\n{body['content']}\n{asked.headers['X-Time']}\n{asked.headers['X-Nonce']}"
    right = b64encode(hmac.new(secret.encode(), joined.encode(), hashlib.sha256).digest()).decode()
    if not hmac.compare_digest(right, asked.headers["X-Sign"]):
        return "bad signature"
    if abs(int(asked.headers["X-Time"]) / 1000 - NOW.timestamp()) > 300:
        return "too old"
    if asked.headers["X-Nonce"] in seen:
        return "seen before"
    seen.add(asked.headers["X-Nonce"])
    return "OK"


@pytest.fixture
def signed(gate: Gate, set_up: Callable[..., None]) -> Callable[..., None]:
    def choose(**changed: str) -> None:
        headers = {"X-Time": "{timestamp}", "X-Nonce": "{nonce}", "X-Sign": "{signature}"}
        over = "POST\n{phone}\n【交治通】{text}\n{timestamp}\n{nonce}"
        signing = {"sms_sign": over, "sms_algorithm": "hmac-sha256/base64", "sms_time": "milliseconds"}
        with_gateway(gate, set_up, sms_headers=json.dumps(headers), sms_secret=KEY, **(signing | changed))

    return choose


def test_a_provider_that_checks_every_signature_takes_the_message_and_its_repetition(
    session: Session, district: District, rider: Rider, gate: Gate, signed: Callable[..., None]
) -> None:
    seen: set[str] = set()
    gate.judge = lambda asked: provider_says(asked, seen)
    signed()
    district.at_a.address = "一号&路=2"
    row = seated(session, district, rider)
    gate.answers = [(503, "", {}), (200, '{"code": 0}', {})]
    for minutes in (0, 2):
        deliver_due(session, NOW + timedelta(minutes=minutes))
    assert state(session, row) == ("sent", 2, "")
    assert gate.judged == ["OK", "OK"], "each attempt has a signature of its own"
    assert len(seen) == 2
    assert all(KEY not in asked.body + asked.path + str(asked.headers) for asked in gate.got)


@pytest.mark.parametrize("wrong", [{"sms_secret": "another"}, {"sms_sign": "POST\n{phone}\n{text}"}])
def test_another_secret_or_another_order_is_no_signature(
    session: Session,
    district: District,
    rider: Rider,
    gate: Gate,
    set_up: Callable[..., None],
    signed: Callable[..., None],
    wrong: dict[str, str],
) -> None:
    gate.judge = lambda asked: provider_says(asked, set())
    gate.answers = [(401, '{"code": 40101}', {})]
    signed()
    set_up(**wrong)
    row = seated(session, district, rider)
    deliver_due(session, NOW)
    assert gate.judged == ["bad signature"]
    assert state(session, row) == ("failed", 1, "http 401")


def test_md5_with_the_secret_among_the_fields_in_a_form(
    session: Session, district: District, rider: Rider, gate: Gate, set_up: Callable[..., None]
) -> None:
    with_gateway(
        gate,
        set_up,
        sms_body="m={phone}&c={text}&ts={timestamp}&sign={signature}",
        sms_headers="",
        sms_secret=KEY,
        sms_sign="jzt{secret}{timestamp}{phone}",
        sms_algorithm="md5/HEX",
        sms_time="compact",
    )
    row = seated(session, district, rider)
    deliver_due(session, NOW)
    given = {name: value for name, (value,) in parse_qs(gate.got[0].body).items()}
    right = hashlib.md5(f"jzt{KEY}{given['ts']}{PHONE}".encode()).hexdigest().upper()  # noqa: S324 - as the provider asks
    assert (given["sign"], given["ts"], given["c"]) == (right, "20261123140000", row.text)


@pytest.mark.parametrize(
    ("time", "written"),
    [
        ("seconds", "1798732800"),
        ("milliseconds", "1798732800500"),
        ("compact", "20270101000000"),
        ("iso", "2026-12-31T16:00:00Z"),
    ],
)
def test_a_moment_is_written_as_the_gateway_wants_it(time: str, written: str) -> None:
    assert Signing(time=time).timestamp(NEW_YEAR.at) == written


@pytest.mark.parametrize(
    ("algorithm", "signature"),
    [
        # RFC 2202 and RFC 4231, test case 2; RFC 1321, A.5
        ("hmac-sha1", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
        ("hmac-sha256/hex", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        ("md5", "900150983cd24fb0d6963f7d28e17f72"),
    ],
)
def test_the_algorithms_are_those_of_their_documents(algorithm: str, signature: str) -> None:
    over = "{secret}" if algorithm == "md5" else "{text}"
    secret = "abc" if algorithm == "md5" else "Jefe"
    made = Signing(secret, over, algorithm).stamped({"text": "what do ya want for nothing?"}, NEW_YEAR)
    assert made["signature"] == signature
    assert "secret" not in made


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"algorithm": "sha512"}, "ALGORITHM"),
        ({"algorithm": "md5/binary"}, "ALGORITHM"),
        ({"time": "unix"}, "TIME"),
        ({"secret": ""}, "SECRET"),
        ({"over": ""}, "SIGN"),
        ({"algorithm": "md5"}, "secret"),
        ({"body": "{phone}{text}"}, "signature"),
    ],
)
def test_a_malformed_setting_is_named_without_its_content(changed: dict[str, str], named: str) -> None:
    given = {"secret": "geheim", "over": "{phone}", "algorithm": "hmac-sha1", "time": "seconds"}
    body = changed.pop("body", "{phone}{text}{signature}")
    with pytest.raises(ValueError, match=named) as caught:
        Gateway.parse("https://sms.example", "POST", "", body, "", "", Signing.parse(**(given | changed)))
    assert "geheim" not in str(caught.value)


def test_a_word_of_the_message_is_never_taken_for_a_place_and_no_secret_is_shown() -> None:
    signing = Signing.parse("geheim", "{text}", "hmac-sha256", "seconds")
    made = Gateway.parse("https://sms.example", "POST", "", "m={phone}&t={text}&s={signature}", "", "", signing)
    _, _, body = made.request(Said("1", "{secret}{signature}", "X"), NEW_YEAR)
    assert body.startswith(b"m=1&t=%7Bsecret%7D%7Bsignature%7D&s=")
    assert "geheim" not in repr(made)
