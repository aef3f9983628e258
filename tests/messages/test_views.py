"""The inbox, one's own channels, the delivery log."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.messages.conftest import Receiver
from tests.messages.test_delivery import NEW, PATHS
from tests.messages.test_rules import DINGTALK
from trafficedu.accounts.models import User
from trafficedu.accounts.queries import actor_of
from trafficedu.core.actors import SYSTEM
from trafficedu.messages.models import Channel, Delivery, Push
from trafficedu.messages.services import channels, delivery, outbox

NOW = datetime(2026, 11, 25, 8, tzinfo=UTC)
TITLE = "最多添加 3 个渠道"


def test_a_push_is_unread_on_the_first_screen_until_it_is_opened(
    session: Session, client: Browser, make_user: Callable[..., User]
) -> None:
    user, other = make_user("administrator"), make_user("administrator")
    outbox.push(session, NEW, [user.id], SYSTEM, NOW)
    session.commit()
    number = session.scalars(select(Push.number)).one()
    client.sign_in(other)
    assert TITLE not in client.get("/").text
    assert client.get(f"/messages/{number}").status_code == 404
    client.sign_in(user)
    home = client.get("/").text
    assert TITLE in home
    assert "1 条未读" in home
    answer = client.get(f"/messages/{number}")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/overview")
    home = client.get("/").text
    assert TITLE in home
    assert "条未读" not in home
    assert TITLE not in client.get("/messages?state=unread").text
    assert TITLE in client.get("/messages").text


def test_all_of_the_own_are_marked_as_read(session: Session, client: Browser, make_user: Callable[..., User]) -> None:
    user, other = make_user("grid"), make_user("grid")
    outbox.push(session, NEW, [user.id, other.id], SYSTEM, NOW)
    session.commit()
    assert client.sign_in(user).post("/messages/read").status_code == 303
    session.expire_all()
    unread = session.scalars(select(Push.user_id).where(Push.read_utc.is_(None))).all()
    assert unread == [other.id]


def test_a_channel_is_added_tried_and_removed(
    session: Session,
    client: Browser,
    make_user: Callable[..., User],
    receiver: Receiver,
    set_up: Callable[..., None],
) -> None:
    set_up(push_servers=receiver.address, push_dry_run=False)
    client.sign_in(make_user("leader"))
    wrong = client.post("/messages/channels", data={"kind": "wecom", "address": "http://127.0.0.1:1/cgi-bin"})
    assert wrong.status_code == 422
    assert "这不是该类机器人的地址" in wrong.text
    given = {"kind": "wecom", "address": receiver.address + PATHS["wecom"]}
    assert client.post("/messages/channels", data=given).status_code == 303
    number = session.scalars(select(Channel.number)).one()
    page = client.get("/messages/channels").text
    assert "***4bc4" in page
    assert "693a91f6" not in page
    client.post(f"/messages/channels/{number}/test")
    assert receiver.got[0][1]["text"]["content"].startswith("【交治通】测试消息")
    assert "测试消息已发出" in client.get("/messages/channels").text
    receiver.answers = [(200, {"errcode": 93000})]
    client.post(f"/messages/channels/{number}/test")
    assert "机器人拒收，代码 93000" in client.get("/messages/channels").text
    stranger = make_user("leader")
    client.sign_in(stranger)
    assert client.post(f"/messages/channels/{number}/test").status_code == 404
    assert client.post(f"/messages/channels/{number}/remove").status_code == 404


def test_the_delivery_log_shows_what_happened_and_no_address(
    session: Session, client: Browser, make_user: Callable[..., User], set_up: Callable[..., None]
) -> None:
    set_up(push_dry_run=True)
    told, waiting = make_user("leader"), make_user("grid")
    for user in (told, waiting):
        channels.add_channel(session, "dingtalk", DINGTALK, "", actor_of(user), NOW)
        outbox.push(session, NEW, [user.id], SYSTEM, NOW)
    delivery.deliver(session, session.scalars(select(Delivery.id).order_by(Delivery.id)).first() or 0, NOW)
    client.sign_in(make_user("administrator"))
    whole = client.get("/deliveries").text
    assert "试运行，未发送" in whole
    assert "4e5f" not in whole
    for query, shown in (
        ("state=dry", {told}),
        ("state=waiting", {waiting}),
        (f"q={told.username.upper()}", {told}),
        ("kind=wecom", set()),
        ("since=2026-11-26", set()),
        ("since=2026-11-25&until=2026-11-25", {told, waiting}),
        ("state=nonsense&since=x", {told, waiting}),
    ):
        rows = client.get(f"/deliveries?{query}").text.partition("</form>")[2].partition("<tbody>")[2]
        assert {user for user in (told, waiting) if user.username in rows} == shown, query
    wrong = client.get("/deliveries?state=nonsense&since=x&lang=en").text
    assert wrong.count('class="field-error"') == 2, "what is not understood narrows nothing, and is said"
