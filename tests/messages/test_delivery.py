"""What real receivers get: robots by HTTP, mail by SMTP; once, in the receiver's language."""

from __future__ import annotations

import hmac
import logging
import subprocess
import sys
import threading
from base64 import b64decode
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_string
from email.header import decode_header, make_header
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from tests.factories import people
from tests.factories.services import provide
from tests.messages.conftest import Mailbox, Receiver
from trafficedu.accounts.queries import actor_of
from trafficedu.core.actors import SYSTEM
from trafficedu.core.database import database
from trafficedu.core.services import services_of
from trafficedu.core.text import message
from trafficedu.core.transactions import WRITES
from trafficedu.messages.models import Channel, Delivery, Push
from trafficedu.messages.services import channels, outbox, sending
from trafficedu.messages.services.delivery import deliver_due

NOW = datetime(2026, 11, 25, 8, tzinfo=UTC)
PATHS = {
    "dingtalk": "/robot/send?access_token=0a1b2c3d4e5f",
    "wecom": "/cgi-bin/webhook/send?key=693a91f6-7xxx-4bc4",
    "feishu": "/open-apis/bot/v2/hook/c1d2e3f4-aaaa-bbbb",
}
NEW = outbox.NewPush(
    "overdue",
    message("At most %(count)d channels. Remove one first.", count=3),
    message("Messages about your area appear here and on the channels you choose."),
    "/overview",
)


def queued(session: Session, kind: str, typed: str, secret: str = "", locale: str = "zh") -> Delivery:
    """Queue :data:`NEW` for a new user with one channel."""
    user = people.make_user(session, "leader", locale=locale)
    channels.add_channel(session, kind, typed, secret, actor_of(user), NOW)
    outbox.push(session, NEW, [user.id], SYSTEM, NOW)
    session.commit()
    return session.scalars(select(Delivery).order_by(Delivery.id.desc()).limit(1)).one()


def state(session: Session, delivery: Delivery) -> tuple[str, int, str]:
    session.refresh(delivery)
    return delivery.state, delivery.attempts, delivery.reason


def link(session: Session, delivery: Delivery) -> str:
    return f"http://127.0.0.1:8000/messages/{delivery.push.number}"


def test_robots_get_words_and_a_link_in_the_language_of_the_account(
    session: Session, receiver: Receiver, set_up: Callable[..., None]
) -> None:
    set_up(push_servers=receiver.address, push_dry_run=False)
    zh = "【交治通】最多添加 3 个渠道。请先移除一个。"
    en = "[交治通] At most 3 channels. Remove one first."
    body = "与您辖区有关的提醒会显示在这里，并发往您选择的渠道。"
    made = {kind: queued(session, kind, receiver.address + path) for kind, path in PATHS.items()}
    made["english"] = queued(session, "feishu", receiver.address + PATHS["feishu"], locale="en")
    assert deliver_due(session, NOW) == 4
    assert {state(session, delivery) for delivery in made.values()} == {("sent", 1, "")}
    (dingtalk, ding), (wecom, wx), (feishu, fs), (_, english) = receiver.got
    assert (dingtalk, wecom, feishu.rstrip("/")) == tuple(PATHS.values())
    words = f"{zh}\r\n{body}\n{link(session, made['dingtalk'])}"
    assert ding == {"msgtype": "text", "at": {"atMobiles": [], "isAtAll": False}, "text": {"content": words}}
    assert wx == {"msgtype": "text", "text": {"content": f"{zh}\r\n{body}\n{link(session, made['wecom'])}"}}
    assert fs == {"msg_type": "text", "content": {"text": f"{zh}\r\n{body}\n{link(session, made['feishu'])}"}}
    assert english["content"]["text"].startswith(en)
    assert deliver_due(session, NOW + timedelta(days=1)) == 0
    assert len(receiver.got) == 4


def test_a_signing_robot_gets_a_signature(session: Session, receiver: Receiver, set_up: Callable[..., None]) -> None:
    set_up(push_servers=receiver.address, push_dry_run=False)
    queued(session, "dingtalk", receiver.address + PATHS["dingtalk"], "SEC0123456789abcdef")
    deliver_due(session, NOW)
    asked = parse_qs(urlsplit(receiver.got[0][0]).query)
    assert asked["access_token"] == ["0a1b2c3d4e5f"]
    said = f"{asked['timestamp'][0]}\nSEC0123456789abcdef".encode()
    assert b64decode(asked["sign"][0]) == hmac.digest(b"SEC0123456789abcdef", said, "sha256")


def test_what_could_not_be_taken_is_tried_again_until_it_is(
    session: Session, receiver: Receiver, set_up: Callable[..., None]
) -> None:
    set_up(push_servers=receiver.address, push_dry_run=False)
    busy, done = {"errcode": 45009}, {"errcode": 0}
    receiver.answers = [(503, {}), (429, {}), (200, busy), (200, done)]
    delivery = queued(session, "wecom", receiver.address + PATHS["wecom"])
    seen = []
    for minutes in (0, 1, 6, 20, 21):
        deliver_due(session, NOW + timedelta(minutes=minutes))
        seen.append(state(session, delivery))
        assert deliver_due(session, NOW + timedelta(minutes=minutes, seconds=30)) == 0
    assert seen == [
        ("waiting", 1, "http 503"),
        ("waiting", 2, "http 429"),
        ("waiting", 3, "refused 45009"),
        ("waiting", 3, "refused 45009"),
        ("sent", 4, ""),
    ]
    assert len({str(body) for _, body in receiver.got}) == 1


@pytest.mark.parametrize(
    ("kind", "answer", "reason"),
    [
        ("dingtalk", (404, {}), "http 404"),
        ("dingtalk", (302, {}), "http 302"),
        ("dingtalk", (200, {"errcode": 310000, "errmsg": "sign not match"}), "refused 310000"),
        ("wecom", (200, {"errcode": 93000}), "refused 93000"),
        ("feishu", (200, {"code": 9499}), "refused 9499"),
    ],
)
def test_a_refusal_ends_it(
    kind: str,
    answer: tuple[int, dict[str, object]],
    reason: str,
    session: Session,
    receiver: Receiver,
    set_up: Callable[..., None],
) -> None:
    set_up(push_servers=receiver.address, push_dry_run=False)
    receiver.answers = [answer]
    delivery = queued(session, kind, receiver.address + PATHS[kind])
    deliver_due(session, NOW)
    deliver_due(session, NOW + timedelta(days=1))
    assert state(session, delivery) == ("failed", 1, reason)
    assert len(receiver.got) == 1


def test_where_nobody_listens_it_is_tried_six_times(session: Session, set_up: Callable[..., None]) -> None:
    set_up(push_servers="http://127.0.0.1:9", push_dry_run=False)
    delivery, now = queued(session, "feishu", "http://127.0.0.1:9" + PATHS["feishu"]), NOW
    for _ in range(8):
        deliver_due(session, now)
        session.refresh(delivery)
        now = max(now, delivery.next_utc)
    assert state(session, delivery) == ("failed", 6, "network")
    assert now - NOW >= timedelta(minutes=321)


def test_an_answer_that_never_comes_is_not_asked_for_twice(
    session: Session, receiver: Receiver, set_up: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "TIMEOUT_SECONDS", 0.3)
    set_up(push_servers=receiver.address, push_dry_run=False)
    receiver.hang = threading.Event()
    delivery = queued(session, "feishu", receiver.address + PATHS["feishu"])
    deliver_due(session, NOW)
    receiver.hang.set()
    deliver_due(session, NOW + timedelta(days=1))
    assert (state(session, delivery), len(receiver.got)) == (("unclear", 1, "silent"), 1)


def test_mail_arrives_in_plain_text(session: Session, mailbox: Mailbox, set_up: Callable[..., None]) -> None:
    set_up(mail_url=mailbox.url, push_dry_run=False)
    delivery = queued(session, "email", "wang.li@police.example.cn")
    deliver_due(session, NOW)
    assert state(session, delivery) == ("sent", 1, "")
    ((sender, receivers, text),) = mailbox.got
    assert (sender, receivers) == ("<jiaozhitong@example.cn>", ["<wang.li@police.example.cn>"])
    mail = message_from_string(text)
    assert str(make_header(decode_header(mail["Subject"]))) == "【交治通】最多添加 3 个渠道。请先移除一个。"
    part = next(part for part in mail.walk() if not part.is_multipart())
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    words = "与您辖区有关的提醒会显示在这里，并发往您选择的渠道。\n" + link(session, delivery)
    assert (part.get_content_type(), payload.decode().replace("\r\n", "\n").strip()) == ("text/plain", words)


@pytest.mark.parametrize(("answer", "ended"), [("550 no such user", "failed"), ("451 later", "waiting")])
def test_a_mail_server_says_for_good_or_for_now(
    answer: str, ended: str, session: Session, mailbox: Mailbox, set_up: Callable[..., None]
) -> None:
    set_up(mail_url=mailbox.url, push_dry_run=False)
    mailbox.answer = answer
    delivery = queued(session, "email", "nobody@police.example.cn")
    deliver_due(session, NOW)
    assert (state(session, delivery), mailbox.got) == ((ended, 1, f"smtp {answer[:3]}"), [])


def test_a_dry_run_sends_nothing(session: Session, receiver: Receiver, set_up: Callable[..., None]) -> None:
    set_up(push_servers=receiver.address, push_dry_run=True)
    delivery = queued(session, "wecom", receiver.address + PATHS["wecom"])
    deliver_due(session, NOW)
    assert (state(session, delivery), receiver.got) == (("dry", 1, ""), [])


def test_what_was_removed_or_cut_is_not_sent(session: Session, receiver: Receiver, set_up: Callable[..., None]) -> None:
    set_up(push_servers=receiver.address, push_dry_run=False)
    removed, inactive, cut = (queued(session, "wecom", receiver.address + PATHS["wecom"]) for _ in range(3))
    channels.remove_channel(session, removed.channel, actor_of(removed.push.user), NOW)
    inactive.push.user.active = False
    session.execute(
        update(Delivery).where(Delivery.id == cut.id).values(state="sending", next_utc=NOW + timedelta(minutes=10))
    )
    session.commit()
    deliver_due(session, NOW)
    assert state(session, cut)[0] == "sending"
    deliver_due(session, NOW + timedelta(minutes=11))
    found = [state(session, delivery)[::2] for delivery in (removed, inactive, cut)]
    assert found == [("failed", "removed"), ("failed", "inactive"), ("unclear", "cut")]
    assert receiver.got == []


def test_two_workers_send_once(fresh_app: Flask, receiver: Receiver) -> None:
    with fresh_app.app_context():
        maker = database().sessionmaker
    with maker(info=WRITES) as own:
        provide(own, settings=replace(services_of(own).settings, push_servers=receiver.address, push_dry_run=False))
        maker.configure(info=own.info)
        for _ in range(4):
            queued(own, "feishu", receiver.address + PATHS["feishu"])

    def work() -> None:
        with maker(info=WRITES) as own:
            deliver_due(own, NOW)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with maker(info=WRITES) as own:
        sent = own.scalar(select(func.count()).where(Delivery.state == "sent"))
    assert (sent, len(receiver.got), len({str(body) for _, body in receiver.got})) == (4, 4, 4)


def test_neither_rows_nor_logs_hold_an_address(
    session: Session, receiver: Receiver, set_up: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    set_up(push_servers=receiver.address, push_dry_run=False)
    receiver.answers = [(500, {})]
    queued(session, "dingtalk", receiver.address + PATHS["dingtalk"], "SEC0123456789abcdef")
    with caplog.at_level(logging.INFO):
        deliver_due(session, NOW)
    rows = [session.execute(select(model.__table__)).all() for model in (Push, Channel, Delivery)]
    for secret in ("0a1b2c3d4e5f", "SEC0123456789abcdef"):
        assert secret not in f"{rows}{caplog.text}"


def test_the_application_starts_without_the_library() -> None:
    code = "import sys, trafficedu.app; sys.exit(any(m in sys.modules for m in ('apprise', 'requests')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
