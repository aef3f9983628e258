"""The text field of the list: a number as it is read, a plate, a rider, an officer, the number of a source."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories.violations import District, make_violation, new_rider
from trafficedu.accounts.models import User
from trafficedu.accounts.queries import actor_of


@pytest.fixture
def listed(session: Session, desk: Browser, district: District, officer_user: User) -> Callable[..., list[str]]:
    """Return what the list shows for words; ``own`` is the one record they should lead to."""
    officer_user.display_name = "林 Officer"
    own = make_violation(
        session, district.village, actor_of(officer_user), rider=new_rider(name="阿卜杜拉·库尔班"), plate="杭州A77777"
    )
    own.reference, own.reference_source = "POLICE-2026-77", "camera"
    for number in range(3):
        make_violation(session, district.village, rider=new_rider(name=f"王小{number}"), plate=f"杭州B0000{number}")
    session.commit()

    def ask(words: str) -> list[str]:
        words = own.number if words == "own" else words
        html = desk.get("/violations", query_string={"q": words}).text
        found = re.findall(r'href="/violations/(V[0-9A-Z]{11})"', html)
        assert set(found) <= {own.number} or "王" in words
        return list(dict.fromkeys(found))

    return ask


@pytest.mark.parametrize(
    "words",
    ["own", "杭州・a77777", "阿卜杜拉•库尔班", "库\u200b尔", "林 officer", "POLICE-2026-77"],
)
def test_a_record_is_found_by_what_is_known_of_it(listed: Callable[..., list[str]], words: str) -> None:
    assert len(listed(words)) == 1


def test_what_nobody_has_finds_nothing_and_a_common_part_all(listed: Callable[..., list[str]]) -> None:
    assert listed("无此人") == []
    assert len(listed("王小")) == 3


def test_who_sees_no_riders_finds_none_by_name_or_plate(
    session: Session, client: Browser, district: District, make_user: Callable[..., User]
) -> None:
    made = make_violation(session, district.village, rider=new_rider(name="保密人"), plate="杭州C77777")
    session.commit()
    client.sign_in(make_user("analyst", area_id=district.root.id))
    for words in ("保密人", "杭州C77777"):
        assert made.number not in client.get("/violations", query_string={"q": words}).text
    assert made.number in client.get("/violations", query_string={"q": made.number}).text
