from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from tests.browser.conftest import Visitor
from tests.factories.people import PASSWORD, make_user
from trafficedu.core.transactions import WRITES

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", ["phone", "desk"])
def test_somebody_signs_in_and_reads_in_their_language(
    live_app: Flask, visit: Callable[[str], Visitor], locale: str, width: str
) -> None:
    with live_app.app_context(), live_app.extensions["sqlalchemy"].sessionmaker(info=WRITES) as session:
        user = make_user(session, "administrator")
        session.commit()
        username = user.username
    visitor = visit(width)
    visitor.look("sign-in")
    assert visitor.page.locator("h1").inner_text() == {"zh": "登录", "en": "Sign in"}[locale]
    visitor.sign_in(username, PASSWORD)
    visitor.open("/users")
    visitor.look("users")
    assert visitor.page.locator("h1").inner_text() == {"zh": "用户", "en": "Users"}[locale]
