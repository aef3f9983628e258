from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories.violations import District, answer_for, make_company, make_district, make_violation, new_rider
from trafficedu.accounts.models import User
from trafficedu.accounts.queries import actor_of
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import local, local_date, utc_now
from trafficedu.core.errors import Missing
from trafficedu.core.month import Month, Period
from trafficedu.core.times import Moment
from trafficedu.overview import charts
from trafficedu.overview.queries import picture as pictures
from trafficedu.riders.rules import CompanyKnown
from trafficedu.violations.models.records import Violation
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
    assert "Violations up to" in page.text or "no day of the later period is over yet" in page.text
    assert "(0 / 3)" in page.text
    assert "0.0–56.1 %" in page.text  # Wilson, 0 of 3
    assert "Figures as a table" in page.text


def chart(page: str, chart_id: str) -> dict[str, Any] | None:
    """Return what the page's script draws a chart from; None where it has no such chart."""
    found = re.search(rf'id="{chart_id}">.*?data-chart-spec>(.*?)</script>', page, re.DOTALL)
    return json.loads(found[1]) if found else None


def test_the_hours_and_the_companies_are_those_of_the_area_chosen(
    client: Browser, session: Session, district: District, make_user: MakeUser
) -> None:
    company = make_company(session, name="闪送同城")
    open_one = make_violation(session, district.village, now=NOW, occurred_utc=SEEN, rider=new_rider())
    open_one.company_known = CompanyKnown.AMBIGUOUS
    for area in (district.village, district.other_village):
        made = make_violation(session, area, now=NOW, occurred_utc=SEEN, rider=new_rider())
        answer_for(made, company)
    nobody = make_violation(session, district.village, now=NOW, occurred_utc=SEEN, rider=new_rider())
    nobody.rider_id = None
    session.commit()
    client.sign_in(make_user("analyst", area_id=district.root.id))
    hour = local(SEEN).hour
    for area, in_hour, engaged, without in ((district.root, 7, 2, 3), (district.town, 5, 1, 2)):
        page = client.get(f"/overview?first={MONTH}&last={MONTH}&area={area.code}&lang=en").text
        hours, companies = chart(page, "by-hour"), chart(page, "by-company")
        assert hours is not None
        assert companies is not None
        assert hours["series"][0]["values"] == [in_hour if each == hour else 0 for each in range(24)]
        assert f"{in_hour} of {in_hour} violations" in hours["title"]
        assert companies["categories"] == ["闪送同城"]
        assert companies["series"][0]["values"] == [engaged]
        assert f"{engaged} of {in_hour} violations" in companies["title"]
        assert f"{without} violations by riders without a company, 1 by riders not" in companies["note"]
        assert "1 for which no company is confirmed yet" in companies["note"]
    assert chart(client.get(f"/overview?first={MONTH - 1}&last={MONTH - 1}").text, "by-hour") is None


def test_what_has_no_hour_is_left_out_and_said(
    client: Browser, session: Session, district: District, make_user: MakeUser
) -> None:
    client.sign_in(make_user("analyst", area_id=district.root.id))
    rows = session.scalars(select(Violation).order_by(Violation.id)).all()

    def read(locale: str) -> dict[str, Any]:
        found = chart(client.get(f"/overview?first={MONTH}&last={MONTH}&lang={locale}").text, "by-hour")
        assert found is not None
        return found

    for without, (title, note) in {
        1: ("2 of 2 violations", "1 more are left out: their time is not known. This also depends"),
        3: ("At what time of day violations happen is not known", "3 more are left out"),
    }.items():
        for row in rows[:without]:
            day = Moment.of_day(row.occurred_on)
            row.occurred_utc, row.hour_known = day.utc, False
        session.commit()
        hours = read("en")
        assert sum(hours["series"][0]["values"]) == 3 - without
        assert title in hours["title"]
        assert note in hours["note"]
        assert f"另有 {without} 起时间不详" in read("zh")["note"]


def test_who_may_not_read_companies_sees_none(
    client: Browser, session: Session, district: District, make_user: MakeUser
) -> None:
    made = make_violation(session, district.village, now=NOW, occurred_utc=SEEN, rider=new_rider())
    answer_for(made, make_company(session, name="闪送同城"))
    session.commit()
    client.sign_in(make_user("leader", area_id=district.town.id))
    page = client.get(f"/overview?first={MONTH}&last={MONTH}").text
    assert chart(page, "by-hour") is not None
    assert chart(page, "by-company") is None
    assert "闪送同城" not in page


def test_more_companies_than_rows_are_taken_together(session: Session, district: District, make_user: MakeUser) -> None:
    for number in range(charts.ROWS + 2):
        company = make_company(session)
        for _ in range(1 + (number == 5)):
            made = make_violation(session, district.village, now=NOW, occurred_utc=SEEN, rider=new_rider())
            answer_for(made, company)
    session.commit()
    analyst = actor_of(make_user("analyst", area_id=district.root.id))
    drawn = charts.by_company(pictures.draw(session, analyst, district.root, PERIOD, utc_now()), "zh")
    assert drawn is not None
    assert drawn.categories[-1] == "其他企业"
    assert drawn.series[0].values == [2, *[1] * (charts.ROWS - 1), 2]


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


def tile(page: str) -> str:
    """Return the figure below the label of violations."""
    found = re.search(r'tile-label">Violations</p>\s*<p class="tile-value">(.*?)</p>', page)
    return found[1] if found else ""


def test_what_was_recorded_is_counted_at_once_and_the_page_says_as_of_when(
    client: Browser, session: Session, district: District, make_user: MakeUser
) -> None:
    client.sign_in(make_user("analyst", area_id=district.root.id))
    address = f"/overview?first={MONTH}&last={MONTH}&lang=en"
    assert tile(client.get(address).text) == "3"
    make_violation(session, district.village, now=NOW, occurred_utc=SEEN, kind_code="2007", rider=new_rider())
    session.commit()
    page = client.get(address).text
    assert tile(page) == "4"
    assert "Violations, study tasks and answers as of:" in page
