from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories.violations import District, make_district, make_violation, new_rider
from trafficedu.accounts.models import User
from trafficedu.accounts.queries import actor_of
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import local_date, utc_now
from trafficedu.core.errors import Missing
from trafficedu.core.month import Month, Period
from trafficedu.overview.queries import picture as pictures
from trafficedu.violations.services import reviewing as violations

MakeUser = Callable[..., User]
NOW = utc_now()
"""Tasks are opened now, by the clock of the service: so this month is looked at."""
SEEN = NOW - timedelta(minutes=1)
MONTH = Month.of(local_date(SEEN))
PERIOD = Period(MONTH, MONTH)


@pytest.fixture
def district(session: Session) -> District:
    """Three violations in the first town (one of them voided), one in the other."""
    made = make_district(session)
    for kind_code, area in (("2007", made.village), ("2004", made.neighbour), ("2007", made.other_village)):
        make_violation(session, area, now=NOW, occurred_utc=SEEN, kind_code=kind_code, rider=new_rider())
    wrong = make_violation(session, made.village, now=NOW, occurred_utc=SEEN, kind_code="2007", rider=new_rider())
    violations.void(session, wrong, "wrong plate", SYSTEM, NOW)
    session.commit()
    return made


def test_the_picture_adds_up(session: Session, district: District, make_user: MakeUser) -> None:
    analyst = actor_of(make_user("analyst", area_id=district.root.id))
    picture = pictures.draw(session, analyst, district.root, PERIOD, utc_now())
    assert picture.total == 3
    assert {(series.kind.code, series.total) for series in picture.kinds} == {("2007", 2), ("2004", 1)}
    assert [(row.code, row.violations) for row in picture.below] == [
        (district.town.code, 2),
        (district.other_town.code, 1),
    ]
    assert picture.completion.opened == 3
    assert picture.completion.completed == 0


def test_an_officer_counts_the_own_town_only(session: Session, district: District, make_user: MakeUser) -> None:
    officer = actor_of(make_user("officer", area_id=district.town.id))
    assert pictures.draw(session, officer, district.town, PERIOD, utc_now()).total == 2
    with pytest.raises(Missing):
        pictures.find_area(session, district.other_town.code, officer)


def test_the_page_shows_rates_with_their_parts(client: Browser, district: District, make_user: MakeUser) -> None:
    client.sign_in(make_user("analyst", area_id=district.root.id))
    page = client.get(f"/overview?first={MONTH}&last={MONTH}&lang=en")
    assert page.status_code == 200
    assert "3 violations; none recorded in the same months a year earlier" in page.text
    assert "(0 / 3)" in page.text
    assert "0.0–56.1 %" in page.text  # Wilson, 0 of 3
    assert "Figures as a table" in page.text


def test_another_town_is_not_there(client: Browser, district: District, make_user: MakeUser) -> None:
    client.sign_in(make_user("leader", area_id=district.town.id))
    assert client.get(f"/overview?area={district.village.code}").status_code == 200
    assert client.get(f"/overview?area={district.other_town.code}").status_code == 404
    assert client.get("/overview?area=nonsense").status_code == 404


def test_an_empty_period_says_so(client: Browser, district: District, make_user: MakeUser) -> None:
    client.sign_in(make_user("analyst", area_id=district.root.id))
    assert "没有违法记录" in client.get("/overview?first=2024-01&last=2024-02").text


def test_nonsense_in_the_address_is_put_right(client: Browser, district: District, make_user: MakeUser) -> None:
    client.sign_in(make_user("analyst", area_id=district.root.id))
    assert client.get("/overview?first=xx&last=9999-99&page=-1").status_code == 200


def test_what_was_recorded_is_counted_at_once_and_the_page_says_as_of_when(
    client: Browser, session: Session, district: District, make_user: MakeUser
) -> None:
    client.sign_in(make_user("analyst", area_id=district.root.id))
    address = f"/overview?first={MONTH}&last={MONTH}&lang=en"
    assert "3 violations;" in client.get(address).text
    make_violation(session, district.village, now=NOW, occurred_utc=SEEN, kind_code="2007", rider=new_rider())
    session.commit()
    page = client.get(address).text
    assert "4 violations;" in page
    assert "Violations, study tasks and answers as of:" in page
