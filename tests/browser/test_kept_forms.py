"""What was typed is never lost: not by a session that ended, not by a lost network, not by leaving the page."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from tests.browser.conftest import Visitor
from tests.factories.people import PASSWORD, make_user
from tests.factories.violations import make_company
from trafficedu.accounts.models import User
from trafficedu.accounts.rules import Role
from trafficedu.companies.models import Company
from trafficedu.core.transactions import WRITES

pytestmark = pytest.mark.browser
TYPED = "演示企业名称，填了很久"


@pytest.fixture
def at_desk(live_app: Flask, visit: Callable[[str], Visitor]) -> Visitor:
    """An administrator with the form of a company open and filled in."""
    with live_app.app_context(), live_app.extensions["sqlalchemy"].sessionmaker(info=WRITES) as session:
        user, company = make_user(session, Role.ADMINISTRATOR), make_company(session)
        session.commit()
        username, code = user.username, company.code
    visitor = visit("desk")
    visitor.sign_in(username, PASSWORD)
    visitor.open(f"/companies/{code}/edit")
    visitor.page.locator("#name").fill(TYPED)
    return visitor


def _name(app: Flask) -> str:
    with app.app_context(), app.extensions["sqlalchemy"].sessionmaker() as session:
        return str(session.scalars(select(Company.name)).one())


def _save(visitor: Visitor) -> None:
    visitor.page.locator("main form .btn-primary").click()


@pytest.mark.parametrize("locale", ["zh"])
def test_a_session_that_ended_asks_to_sign_in_on_top_of_the_form(at_desk: Visitor, live_app: Flask) -> None:
    page = at_desk.page
    page.context.clear_cookies()
    _save(at_desk)
    page.locator("#password").fill(PASSWORD)
    page.locator("#username").fill(_username(live_app))
    at_desk.look("sign-in-again")
    page.locator("main button[type=submit]").click()
    page.locator("#name").wait_for()
    assert page.locator("#name").input_value() == TYPED
    at_desk.look("shown-again")
    with page.expect_navigation():
        _save(at_desk)
    assert _name(live_app) == TYPED


@pytest.mark.parametrize("locale", ["zh"])
def test_without_a_network_the_page_stays_and_sends_again(at_desk: Visitor, live_app: Flask) -> None:
    page = at_desk.page
    page.context.set_offline(True)
    _save(at_desk)
    page.locator("[data-told]").wait_for()
    assert page.locator("#name").input_value() == TYPED
    page.context.set_offline(False)
    with page.expect_navigation():
        page.locator("[data-told] .btn-secondary").click()
    assert _name(live_app) == TYPED


@pytest.mark.parametrize("locale", ["zh"])
def test_a_form_left_half_filled_is_offered_again_until_the_sign_out(at_desk: Visitor) -> None:
    page = at_desk.page
    address = page.url
    page.goto(address)
    page.locator(".flash-warning .btn-secondary").first.click()
    assert page.locator("#name").input_value() == TYPED
    page.goto(address)
    page.locator(".account-wide form[action$='/sign-out'] button").click()
    page.locator("#password").wait_for()
    assert page.evaluate("Object.keys(sessionStorage).filter((key) => key.startsWith('draft:')).length") == 0


def _username(app: Flask) -> str:
    with app.app_context(), app.extensions["sqlalchemy"].sessionmaker() as session:
        return str(session.scalars(select(User.username)).one())
