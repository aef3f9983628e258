"""Pushes queued once, channels kept, who answers for an area."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.factories import people, places
from tests.factories.services import provide
from tests.messages.test_rules import DINGTALK, FEISHU, WECOM
from trafficedu.accounts.models import User
from trafficedu.accounts.queries import actor_of, watchers_of
from trafficedu.core.actors import SYSTEM
from trafficedu.core.audit import AuditEntry
from trafficedu.core.database import database
from trafficedu.core.encryption import Keyring
from trafficedu.core.errors import Missing, Refusal
from trafficedu.core.text import message
from trafficedu.core.transactions import WRITES
from trafficedu.messages import queries
from trafficedu.messages.models import Channel, Delivery, Push
from trafficedu.messages.services import channels, outbox

NOW = datetime(2026, 11, 25, 8, tzinfo=UTC)
NEW = outbox.NewPush("test-key", message("Test message"), message("No messages"), "/overview")


def test_each_user_is_told_once_on_each_channel(session: Session) -> None:
    one, other, gone = (people.make_user(session, "grid", active=active) for active in (True, True, False))
    channels.add_channel(session, "dingtalk", DINGTALK, "", actor_of(one), NOW)
    removed = channels.add_channel(session, "wecom", WECOM, "", actor_of(one), NOW)
    channels.remove_channel(session, removed, actor_of(one), NOW)
    assert outbox.push(session, NEW, [one.id], SYSTEM, NOW) == 1
    assert outbox.push(session, NEW, [one.id, other.id, gone.id, 0], SYSTEM, NOW + timedelta(hours=1)) == 1
    assert outbox.push(session, NEW, [one.id, other.id], SYSTEM, NOW) == 0
    assert set(session.scalars(select(Push.user_id))) == {one.id, other.id}
    assert [(row.channel.kind, row.state) for row in session.scalars(select(Delivery))] == [("dingtalk", "waiting")]
    written = session.scalars(select(AuditEntry.detail).where(AuditEntry.action == "messages:push:queue")).all()
    assert written == [{"key": "test-key", "users": [one.id]}, {"key": "test-key", "users": [other.id]}]


@pytest.mark.parametrize("path", ["//evil.example", "https://evil.example", ""])
def test_a_push_leads_to_a_page_of_the_service(path: str, session: Session) -> None:
    with pytest.raises(ValueError, match="page of the service"):
        outbox.push(session, outbox.NewPush("k", message("Messages"), message("Messages"), path), [], SYSTEM, NOW)


def test_two_at_once_tell_once(fresh_app: Flask) -> None:
    with fresh_app.app_context():
        maker = database().sessionmaker
    with maker(info=WRITES) as own:
        user_id = people.make_user(own, "grid").id
        own.commit()
    barrier, told = threading.Barrier(2), []

    def tell() -> None:
        with maker(info=WRITES) as own:
            barrier.wait()
            told.append(outbox.push(own, NEW, [user_id], SYSTEM, NOW))
            own.commit()

    threads = [threading.Thread(target=tell) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with maker(info=WRITES) as own:
        assert (sorted(told), own.scalar(select(func.count()).select_from(Push))) == ([0, 1], 1)


def test_those_watch_an_area_whose_post_is_it_or_above_it(session: Session) -> None:
    village, town, district = (places.area(session, code) for code in (places.VILLAGE, places.TOWN, places.DISTRICT))
    grid = people.make_user(session, "grid", area_id=village.id)
    leader = people.make_user(session, "leader", area_id=town.id)
    high = people.make_user(session, "leader", area_id=district.id)
    for role, code, active in (
        ("grid", places.NEXT_VILLAGE, True),
        ("leader", places.OTHER_TOWN, True),
        ("leader", places.TOWN, False),
        ("officer", places.VILLAGE, True),
    ):
        people.make_user(session, role, area_id=places.area(session, code).id, active=active)
    assert watchers_of(session, village.path) == [grid.id, leader.id, high.id]
    assert watchers_of(session, town.path) == [leader.id, high.id]


def test_an_address_is_kept_encrypted_once_and_forgotten(session: Session) -> None:
    user, other = people.make_user(session, "leader"), people.make_user(session, "leader")
    channel = channels.add_channel(session, "feishu", FEISHU, "", actor_of(user), NOW)
    with pytest.raises(Refusal, match="already"):
        channels.add_channel(session, "feishu", FEISHU, "", actor_of(user), NOW)
    channels.add_channel(session, "feishu", FEISHU, "", actor_of(other), NOW)
    assert "c1d2e3f4" not in f"{channel.address_cipher}{channel.address_hash}"
    assert [masked for _, masked, _ in queries.list_channels(session, actor_of(user))] == ["open.feishu.cn ***89ab"]
    with pytest.raises(Missing):
        queries.find_channel(session, channel.number, actor_of(other))
    channels.remove_channel(session, channel, actor_of(user), NOW)
    assert (channel.address_cipher, channel.address_hash) == (None, None)
    assert queries.list_channels(session, actor_of(user)) == []


def test_five_channels_and_five_tests_are_enough(session: Session) -> None:
    by = actor_of(people.make_user(session, "leader"))
    for number in range(5):
        channel = channels.add_channel(session, "dingtalk", f"{DINGTALK}{number}", "", by, NOW)
        channels.send_test(session, channel, by, NOW)
    with pytest.raises(Refusal, match="Remove one first"):
        channels.add_channel(session, "wecom", WECOM, "", by, NOW)
    with pytest.raises(Refusal, match="ten minutes"):
        channels.send_test(session, channel, by, NOW + timedelta(minutes=9))
    channels.send_test(session, channel, by, NOW + timedelta(minutes=11))


def test_mail_is_offered_where_there_is_a_mail_server(session: Session, set_up: Callable[..., None]) -> None:
    by = actor_of(people.make_user(session, "leader"))
    assert "email" in queries.list_kinds(session), "nothing is sent, so everything can be tried"
    set_up(push_dry_run=False)
    assert "email" not in queries.list_kinds(session)
    with pytest.raises(Refusal, match="on this installation"):
        channels.add_channel(session, "email", "a@b.cn", "", by, NOW)
    set_up(mail_url="mailtos://smtp.example.cn")
    assert channels.add_channel(session, "email", "a@b.cn", "", by, NOW).kind == "email"


def test_a_changed_key_takes_the_addresses_along(session: Session, data_key: str) -> None:
    user: User = people.make_user(session, "leader")
    channel = channels.add_channel(session, "wecom", WECOM, "", actor_of(user), NOW)
    provide(session, keyring=Keyring.parse(f"{Keyring.generate().replace('k1', 'k2')},{data_key}"))
    assert channels.reencrypt(session, NOW) == 1
    assert channels.reencrypt(session, NOW) == 0
    assert (channel.address_cipher or "").startswith("k2.")
    found = queries.address_of(session, session.scalars(select(Channel)).one())
    assert found is not None
    assert found.masked == "qyapi.weixin.qq.com ***5aaa"
