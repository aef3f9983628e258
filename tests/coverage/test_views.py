"""Pages of what is covered, as a leader and an analyst meet them."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.coverage.conftest import LAST, fill
from tests.factories.violations import District
from trafficedu.accounts.models import User
from trafficedu.coverage.models import CoverageMark

MakeUser = Callable[..., User]


def hidden(page: str) -> dict[str, str]:
    """Return what the form of a page carries of what it saw."""
    found = re.search(r'name="seen" value="([^"]*)"', page)
    assert found
    return {"seen": found[1]}


@pytest.fixture
def filled(session: Session, here: District) -> District:
    fill(session, here.village, [LAST - back for back in range(8)], 5)
    fill(session, here.other_village, [LAST - back for back in range(1, 8)], 6)
    session.commit()
    return here


def test_an_analyst_sees_what_is_missing_and_a_leader_reports_it(
    client: Browser, session: Session, filled: District, make_user: MakeUser
) -> None:
    client.sign_in(make_user("analyst", area_id=filled.root.id))
    page = client.get(f"/coverage?figure=accidents&year={LAST.year}").text
    assert "2个镇街中1个已报送" in page
    assert "缺报" in page
    only = client.get(f"/coverage?figure=accidents&year={LAST.year}&shown=missing").text
    assert 'scope="row">西街道' in only
    client.sign_in(make_user("leader", area_id=filled.other_town.id))
    address = f"/coverage/accidents/{filled.other_town.code}/{LAST}"
    page = client.get(address).text
    assert "未报送" in page
    sent = hidden(page)
    assert client.post(address, data=sent | {"action": "open", "reason": ""}).status_code == 422
    assert client.post(address, data=sent | {"action": "nonsense"}).status_code == 422
    assert client.post(address, data=sent | {"action": "none"}).status_code == 303
    late = client.post(address, data=sent | {"action": "reported"})
    assert late.status_code == 409, "somebody said something meanwhile"
    page = client.get(address).text
    assert "零发生" in page
    assert session.scalars(select(CoverageMark)).one().state == "none"
    assert client.post(address, data=hidden(page) | {"action": "taken_back", "reason": "误报"}).status_code == 303
    assert "误报" in client.get(address).text
    assert client.get(f"/coverage/accidents/{filled.town.code}/{LAST}").status_code == 404


def test_a_village_reads_the_months_of_its_town_and_says_nothing(
    client: Browser, filled: District, make_user: MakeUser
) -> None:
    client.sign_in(make_user("leader", area_id=filled.other_village.id))
    address = f"/coverage/accidents/{filled.other_town.code}/{LAST}"
    page = client.get(address).text
    assert "未报送" in page
    assert 'name="action"' not in page
    assert client.post(address, data={"action": "none"}).status_code == 403
    assert "西街道" in client.get("/coverage").text


@pytest.mark.parametrize("address", ["?year=99999999999999999999", "?year=x&figure=y&shown=z&town=q", "?year=1"])
def test_whatever_stands_in_the_address(client: Browser, filled: District, make_user: MakeUser, address: str) -> None:
    client.sign_in(make_user("analyst", area_id=filled.root.id))
    assert client.get(f"/coverage{address}").status_code == 200
    assert client.get(f"/coverage/accidents/{filled.town.code}/2999-01").status_code in {200, 404}
    assert client.get(f"/coverage/fires/{filled.town.code}/{LAST}").status_code == 404
