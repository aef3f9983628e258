from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories.officers import acting, district, officer, officer_user
from tests.factories.violations import District, make_violation
from trafficedu.accounts.models import User
from trafficedu.core.actors import Actor
from trafficedu.core.clock import utc_now
from trafficedu.violations.models.records import Violation

__all__ = ["acting", "district", "officer", "officer_user"]


@pytest.fixture
def violation(session: Session, district: District, officer: Actor) -> Violation:
    """A record that the officer made just now."""
    made = make_violation(session, district.village, by=officer, now=utc_now())
    session.commit()
    return made


@pytest.fixture
def phone(client: Browser, officer_user: User) -> Browser:
    """The officer's phone, in English."""
    return in_english(client, officer_user)


def in_english(client: Browser, user: User) -> Browser:
    client.sign_in(user)
    with client.session_transaction() as cookie:
        cookie["locale"] = "en"
    return client


@pytest.fixture
def supervisor(make_user: Callable[..., User], district: District) -> User:
    return make_user("supervisor", area_id=district.town.id)
