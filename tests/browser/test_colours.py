"""The five colours of a month, one result explained, and the rules, on a phone and at a desk, in both languages."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from tests.browser.conftest import Visitor
from tests.factories import colours as made
from tests.factories.evaluation import NOW
from tests.factories.people import PASSWORD, make_user
from trafficedu.core.actors import SYSTEM
from trafficedu.core.transactions import WRITES
from trafficedu.evaluation.services import runs

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", ["phone", "desk"])
def test_a_commander_reads_who_stands_where_and_why(
    live_app: Flask, visit: Callable[[str], Visitor], locale: str, width: str
) -> None:
    with live_app.app_context(), live_app.extensions["sqlalchemy"].sessionmaker(info=WRITES) as session:
        towns = made.three_towns(session)
        root = towns["A"].parent_id
        username = make_user(session, "analyst", area_id=root).username
        runs.publish_run(session, runs.evaluate(session, made.MONTH, NOW), SYSTEM, NOW)
        code = towns["B"].code
        session.commit()
    visitor = visit(width)
    visitor.sign_in(username, PASSWORD)
    visitor.open("/evaluation?month=2026-10")
    visitor.look("month")
    visitor.page.get_by_role("link", name="B", exact=True).click()
    visitor.page.wait_for_url(f"**/evaluation/2026-10/town/{code}")
    visitor.page.locator(".bullet svg").first.wait_for()
    visitor.look("result")
    visitor.open("/evaluation/2026-10/versions")
    visitor.look("versions")
    visitor.open("/evaluation/rules/second")
    visitor.look("rules")
    visitor.open("/evaluation/rules/new")
    visitor.page.locator("#name").fill("试行")
    visitor.page.locator("#blue").fill("88")
    visitor.page.locator("#valid_from").fill("2027-03")
    visitor.page.locator("#note").fill("蓝色门槛试调")
    visitor.page.locator("main form button[type=submit]").last.click()
    visitor.page.wait_for_url("**/evaluation/rules/rules-*")
    visitor.look("trial")
