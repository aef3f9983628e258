"""A message that one channel refuses for good goes over the next one, once; what may have arrived does not."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from email import message_from_string

import pytest
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories.education import District
from tests.messages.conftest import Mailbox
from tests.reaching.conftest import Gate
from tests.reaching.test_delivery import NOW, seated, state, with_gateway
from trafficedu.accounts.models import User
from trafficedu.core.actors import Actor
from trafficedu.reaching.models import RiderMessage
from trafficedu.reaching.services import calling, gateway
from trafficedu.reaching.services.calling import NewContact
from trafficedu.reaching.services.delivery import deliver_due
from trafficedu.riders.models import Rider

REFUSED = (200, '{"code": 999}', dict[str, str]())


def with_mail(session: Session, rider: Rider, staff: Actor, mailbox: Mailbox, set_up: Callable[..., None]) -> None:
    set_up(mail_url=mailbox.url)
    calling.keep_contact(session, rider, NewContact(email="lin@example.cn"), 0, staff, NOW)


def way(session: Session, row: RiderMessage) -> tuple[str | None, str | None, str]:
    session.refresh(row)
    return row.channel, row.refused_on, row.refused_why


def test_what_the_gateway_refuses_is_mailed_once_and_the_log_says_so(
    session: Session,
    district: District,
    rider: Rider,
    staff: Actor,
    gate: Gate,
    mailbox: Mailbox,
    set_up: Callable[..., None],
    client: Browser,
    make_user: Callable[..., User],
) -> None:
    with_gateway(gate, set_up)
    with_mail(session, rider, staff, mailbox, set_up)
    gate.answers = [REFUSED]
    row = seated(session, district, rider)
    deliver_due(session, NOW)
    assert (state(session, row), way(session, row)) == (("waiting", 0, ""), ("sms", "sms", "refused 999"))
    deliver_due(session, NOW + timedelta(minutes=1))
    assert (state(session, row), way(session, row)) == (("sent", 1, ""), ("email", "sms", "refused 999"))
    ((_, receivers, mail),) = mailbox.got
    assert receivers == ["<lin@example.cn>"]
    body = message_from_string(mail)
    parts = [part.get_payload(decode=True) for part in body.walk() if not part.is_multipart()]
    assert any(row.text in part.decode() for part in parts if isinstance(part, bytes)), "the same words"
    deliver_due(session, NOW + timedelta(days=1))
    assert (len(gate.got), len(mailbox.got)) == (1, 1)
    session.commit()
    log = client.sign_in(make_user("station", station_id=district.at_a.id)).get("/rider-messages").text
    assert "短信未送达（短信平台拒绝发送，代码 999），已改用其他方式" in log


def test_who_is_refused_on_both_is_rung_up_and_a_new_attempt_begins_with_the_first(
    session: Session,
    district: District,
    rider: Rider,
    staff: Actor,
    gate: Gate,
    mailbox: Mailbox,
    set_up: Callable[..., None],
) -> None:
    with_gateway(gate, set_up)
    with_mail(session, rider, staff, mailbox, set_up)
    gate.answers, mailbox.answer = [REFUSED], "550 no such user"
    row = seated(session, district, rider)
    for minutes in range(4):
        deliver_due(session, NOW + timedelta(minutes=minutes))
    assert state(session, row)[0] == "failed"
    assert row.needs_call
    assert (len(gate.got), way(session, row)[0]) == (1, "email")
    calling.resend(session, row, staff, NOW + timedelta(hours=1))
    assert way(session, row)[1:] == (None, "")
    deliver_due(session, NOW + timedelta(hours=1))
    assert len(gate.got) == 2


def test_silence_is_no_refusal(
    session: Session,
    district: District,
    rider: Rider,
    staff: Actor,
    gate: Gate,
    mailbox: Mailbox,
    set_up: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gateway, "TIMEOUT_SECONDS", 0.3)
    with_gateway(gate, set_up, sms_body="m={phone}&t={text}", sms_headers="")
    with_mail(session, rider, staff, mailbox, set_up)
    gate.hang = threading.Event()
    row = seated(session, district, rider)
    deliver_due(session, NOW)
    gate.hang.set()
    assert state(session, row) == ("unclear", 1, "silent")
    assert way(session, row) == ("sms", None, "")
    deliver_due(session, NOW + timedelta(days=1))
    assert mailbox.got == []
