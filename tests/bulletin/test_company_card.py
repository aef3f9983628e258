"""The scorecard of a company: riders, violations among the companies, kinds, hours, on page, paper and workbook."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy.orm import Session

from tests.bulletin.test_papers import MONTH, publish
from tests.conftest import Browser
from tests.factories import education
from tests.factories import places as known
from tests.factories.evaluation import NOW, put_first_rules_in_force
from tests.reports.reading import read
from tests.reports.test_documents import squeezed
from trafficedu.accounts.models import User
from trafficedu.areas.models import Area
from trafficedu.bulletin.queries.company import days_of, read_company
from trafficedu.companies.models import Company
from trafficedu.core.clock import SHANGHAI
from trafficedu.core.month import Month
from trafficedu.evaluation.queries.runs import results_of
from trafficedu.evaluation.services.runs import evaluate
from trafficedu.reports import company_part
from trafficedu.reports.company_part import CompanyFigures
from trafficedu.riders.models import Engagement, Rider
from trafficedu.riders.queries.engagements import sum_engaged_days

Makes = Callable[..., User]
DAYS = [date(2026, 10, day) for day in range(5, 20)]


def engage(session: Session, company: Company, riders: int) -> list[Rider]:
    """Engage new riders from September on."""
    found = [education.make_rider(session) for _ in range(riders)]
    for rider in found:
        session.add(Engagement(rider_id=rider.id, company_id=company.id, engaged_from=date(2026, 9, 1)))
    session.flush()
    return found


def offend(session: Session, area: Area, company: Company, rider: Rider, times: int) -> None:
    """Record a violation on each of so many days, at half past one in Shanghai."""
    for day in DAYS[:times]:
        occurred = datetime(day.year, day.month, day.day, 13, 30, tzinfo=SHANGHAI).astimezone(UTC)
        education.make_violation(session, rider, area, occurred, company_id=company.id, company_known="engaged")


def figures_of(session: Session, company: Company, month: Month) -> CompanyFigures:
    return read_company(session, company, month, sum_engaged_days(session, month.first, month.last), NOW, "en")


@pytest.fixture
def companies(session: Session, towns: dict[str, Area]) -> list[Company]:
    """Three companies with 3, 6 and 1 riders engaged all October and 9, 6 and 1 violations; one without a rider."""
    found = [known.add_company(session) for _ in range(4)]
    own, other, small, _empty = found
    riders = engage(session, own, 3)
    offend(session, towns["A"], own, riders[0], 5)
    offend(session, towns["B"], own, riders[1], 4)
    offend(session, towns["A"], other, engage(session, other, 6)[0], 6)
    offend(session, towns["A"], small, engage(session, small, 1)[0], 1)
    return found


def test_a_company_among_the_others_by_hand(session: Session, companies: list[Company]) -> None:
    """Own 93 rider-days of 310, 9 of 16 violations: expected 93 * 16 / 310 = 4.8; per 100 riders 9 * 100 / 3 = 300.

    All together 16 * 100 * 31 / 310 = 160. Anscombe scores 2 (sqrt(9) - sqrt(4.8)) = 1.62, -1.30 and -.53, winsorised
    to 1.19, -1.14, -.53: phi 1.0007. At 4.8 a Poisson has P(0) = .008, P(<= 1) = .048, P(<= 9) = .9749, P(<= 10) =
    .990: limits 1 and 10, per 100 riders 33.3 and 333.3. So 9 is no more than chance explains.
    """
    found = figures_of(session, companies[0], MONTH)
    assert (found.riders, found.rider_days, found.violations, found.companies) == (3, 93, 9, 3)
    assert found.per_100 == pytest.approx(300.0)
    assert found.common_per_100 == pytest.approx(160.0)
    limits = found.limits
    assert limits is not None
    assert limits.expected == pytest.approx(4.8)
    assert (limits.low_95, limits.high_95, limits.outside) == (1, 10, 0)
    assert found.band_per_100 == pytest.approx((100 / 3, 1000 / 3))
    assert (found.offenders, found.repeated) == (2, 2)
    assert (found.bands[4], found.no_hour) == (("12:00–14:59", 9), 0)
    assert sum(kind.months for kind in found.kinds) == sum(kind.month for kind in found.kinds) == 9
    assert "no more and no fewer than chance explains" in str(company_part.verdict(found))


@pytest.mark.parametrize("scheme", ["first", "second"])
def test_the_rider_days_are_those_of_the_evaluation(session: Session, companies: list[Company], scheme: str) -> None:
    if scheme == "first":
        put_first_rules_in_force(session)
    days = days_of(results_of(session, evaluate(session, MONTH, NOW), "company"))
    assert days == sum_engaged_days(session, MONTH.first, MONTH.last)
    assert days[companies[0].id] == 93


def test_a_company_with_one_rider_and_one_without(session: Session, companies: list[Company]) -> None:
    """One rider, one violation: 100 per 100 riders, expected 1.6; without a rider there is no rate."""
    small = figures_of(session, companies[2], MONTH)
    assert (small.riders, small.offenders, small.repeated) == (1, 1, 0)
    assert small.per_100 == pytest.approx(100.0)
    assert small.limits is not None
    assert small.limits.expected == pytest.approx(1.6)
    empty = figures_of(session, companies[3], MONTH)
    assert (empty.riders, empty.per_100, empty.limits, empty.band_per_100) == (0, None, None, None)
    assert "No rider was engaged" in str(company_part.verdict(empty))


def test_a_month_with_no_records_at_all(session: Session, companies: list[Company]) -> None:
    found = figures_of(session, companies[0], Month(2026, 9))
    assert (found.violations, found.limits, found.kinds, sum(found.hours)) == (0, None, [], 0)
    assert "Too few companies" in str(company_part.verdict(found))
    before = figures_of(session, companies[0], Month(2020, 5))
    assert (before.riders, before.per_100) == (0, None)


def test_page_paper_and_workbook_say_the_same_to_whom_it_concerns(
    session: Session, client: Browser, companies: list[Company], towns: dict[str, Area], make_user: Makes
) -> None:
    publish(session)
    own, other = companies[:2]
    client.sign_in(make_user("company", company_id=own.id, locale="en"))
    page = client.get(f"/scorecards/2026-10/{own.code}?lang=en").get_data(as_text=True)
    assert "300.0 violations per 100 riders in the month (9 in 93 rider-days)" in page
    assert other.name not in page
    assert f"/scorecards/2026-10/{own.code}" in client.get("/scorecards?month=2026-10").get_data(as_text=True)
    paper = read(client.fetch(f"/scorecards/2026-10/{own.code}.pdf?in=en", "GET").data, codes=False)
    assert squeezed("300.0 violations per 100 riders in the month (9 in 93 rider-days)") in squeezed(paper.flat)
    assert paper.outside == []
    book = CalamineWorkbook.from_filelike(
        io.BytesIO(client.fetch(f"/scorecards/2026-10/{own.code}.xlsx?in=en", "GET").data)
    )
    figures = {row[0]: row[1] for row in book.get_sheet_by_name("Riders and violations").to_python()}
    assert figures["Violations per 100 riders"] == 300.0
    assert figures["Riders with more than one violation in twelve months, of those with any"] == 100.0
    assert sum(float(str(row[1])) for row in book.get_sheet_by_name("Hours, twelve months").to_python()[1:]) == 9
    for code in (other.code, towns["A"].code, "nowhere"):
        for ending in ("", ".pdf", ".xlsx"):
            assert client.get(f"/scorecards/2026-10/{code}{ending}").status_code == 404
    for bad in ("2099-01", "2026-12", "2020-01"):
        assert client.get(f"/scorecards/{bad}/{own.code}").status_code == 404
    client.sign_in(make_user("leader", area_id=towns["A"].id))
    assert client.get(f"/scorecards/2026-10/{towns['A'].code}").status_code == 200
    assert client.get(f"/scorecards/2026-10/{own.code}").status_code == 404
