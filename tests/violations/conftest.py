from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.conftest import Browser
from tests.factories.officers import acting, district, officer, officer_user
from tests.factories.violations import District
from trafficedu.accounts.models import User

__all__ = ["acting", "district", "officer", "officer_user"]


@pytest.fixture
def desk(client: Browser, make_user: Callable[..., User], district: District) -> Browser:
    """The supervisor's browser, in English."""
    client.sign_in(make_user("supervisor", area_id=district.town.id))
    with client.session_transaction() as cookie:
        cookie["locale"] = "en"
    return client


@pytest.fixture
def phone(client: Browser, officer_user: User) -> Browser:
    """The officer's phone, in English."""
    client.sign_in(officer_user)
    with client.session_transaction() as cookie:
        cookie["locale"] = "en"
    return client
