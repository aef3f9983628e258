"""A message on the first screen, read; a channel added, tried and removed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import expect

from tests.browser.conftest import Visitor
from tests.factories import people, places
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import utc_now
from trafficedu.core.text import message
from trafficedu.core.transactions import WRITES
from trafficedu.messages.services import outbox

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", ["phone", "desk"])
def test_a_leader_reads_and_chooses_a_channel(
    width: str, live_app: Flask, visit: Callable[[str], Visitor], locale: str
) -> None:
    with live_app.app_context(), live_app.extensions["sqlalchemy"].sessionmaker(info=WRITES) as session:
        user = people.make_user(session, "leader", area_id=places.area(session).id, locale=locale)
        told = outbox.NewPush("k", message("Messages"), message("No messages"), "/messages/channels")
        outbox.push(session, told, [user.id], SYSTEM, utc_now())
        session.commit()
        username = user.username
    visitor = visit(width)
    visitor.sign_in(username, people.PASSWORD)
    inbox = visitor.page.locator("#inbox")
    visitor.look("unread")
    inbox.locator(".row-link").click()
    visitor.page.wait_for_url("**/messages/channels")
    visitor.page.locator("#kind").select_option("wecom")
    visitor.page.locator("#address").fill("https://example.cn/cgi-bin/webhook/send?key=0123456789ab")
    visitor.page.locator("#channel button[type=submit]").click()
    visitor.look("refused")
    visitor.page.locator("#address").fill("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=0123456789ab")
    visitor.page.locator("#channel button[type=submit]").click()
    expect(visitor.page.locator("td code")).to_have_text("qyapi.weixin.qq.com ***89ab")
    visitor.page.locator("form[action$='/test'] button").click()
    expect(visitor.page.locator("#flashes .flash-warning")).to_be_visible()
    visitor.look("tried")
    visitor.page.locator("form[action$='/remove'] button").click()
    visitor.page.locator("dialog .btn-primary").first.click()
    expect(visitor.page.locator("td code")).to_have_count(0)
    visitor.open("/messages")
    expect(visitor.page.locator(".state-done")).to_have_count(2)
    visitor.look("read")
