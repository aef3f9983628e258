"""What the overview says of accidents: a claim comes with its test."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

from flask import Flask
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories.accidents import make_accident, make_fatal
from tests.factories.violations import District
from trafficedu.accidents.panels import compare_years, percent, probability
from trafficedu.accounts.models import User
from trafficedu.core.clock import day_bounds, today, utc_now
from trafficedu.core.month import Month


class TestClaim:
    def test_31_to_21_is_32_percent_and_not_proven(self, app: Flask) -> None:
        with app.test_request_context("/?lang=en"):
            comparison = compare_years("Fatal accidents", 31, 21)
        assert (comparison.change, comparison.proven) == ("−32.3 %", False)
        assert comparison.verdict == "This could be chance (p = 0.21): no change is proven."
        assert comparison.interval.startswith("−")
        assert "+" in comparison.interval

    def test_99_to_67_is_proven(self, app: Flask) -> None:
        with app.test_request_context("/?lang=en"):
            comparison = compare_years("Fatal accidents", 99, 67)
        assert (comparison.change, comparison.proven) == ("−32.3 %", True)
        assert comparison.verdict == "Fewer than a year earlier, by more than chance would explain (p = 0.016)."

    def test_more_is_said_to_be_more(self, app: Flask) -> None:
        with app.test_request_context("/?lang=en"):
            assert compare_years("x", 67, 99).verdict.startswith("More")

    def test_nothing_before_has_no_percentage(self, app: Flask) -> None:
        with app.test_request_context("/?lang=en"):
            assert compare_years("x", 0, 3).change == "—"
            assert compare_years("x", 0, 0).verdict == "None in either year, so there is nothing to compare."
            assert compare_years("x", 3, 0).change == "−100.0 %"

    def test_how_numbers_are_written(self) -> None:
        assert (percent(1.0), percent(1.064)) == ("±0.0 %", "+6.4 %")
        assert (probability(0.0004), probability(0.0162), probability(0.2101)) == ("< 0.001", "0.016", "0.21")


class TestOverview:
    def page(self, client: Browser, district: District) -> str:
        answer = client.get(f"/overview?lang=en&area={district.town.code}")
        assert answer.status_code == 200
        return re.sub(r"\s+", " ", answer.get_data(as_text=True))

    def test_the_own_area_is_counted_and_compared(
        self, session: Session, client: Browser, district: District, make_user: Callable[..., User]
    ) -> None:
        last_month = day_bounds(today().replace(day=1))[0] - timedelta(days=2)
        year_ago = last_month - timedelta(days=366)
        first_before = day_bounds(Month.of(year_ago - timedelta(days=340)).first)[0]
        make_accident(session, district.village, now=utc_now(), occurred_utc=first_before + timedelta(hours=2))
        for days in range(3):
            make_fatal(session, district.village, year_ago - timedelta(days=days), now=utc_now())
        make_fatal(session, district.village, last_month, now=utc_now(), killed=2)
        make_fatal(session, district.other_village, last_month, now=utc_now())
        session.commit()
        client.sign_in(make_user("leader", area_id=district.town.id))
        html = self.page(client, district)
        assert "Accidents involving an e-bike" in html
        fatal = html[html.index("<td>Fatal accidents</td>") :]
        assert re.search(r'figures">3</td>.*?figures">1</td>.*?−66.7 %', fatal)
        assert "This could be chance" in fatal

    def test_without_records_of_the_year_before_nothing_is_compared(
        self, session: Session, client: Browser, district: District, make_user: Callable[..., User]
    ) -> None:
        make_fatal(session, district.village, day_bounds(today().replace(day=1))[0] - timedelta(days=2), now=utc_now())
        session.commit()
        client.sign_in(make_user("analyst", area_id=district.town.id))
        assert "No comparison with the previous year" in self.page(client, district)

    def test_who_may_not_read_accidents_sees_none(
        self, session: Session, client: Browser, district: District, make_user: Callable[..., User]
    ) -> None:
        client.sign_in(make_user("grid", area_id=district.town.id))
        assert "Accidents involving an e-bike" not in self.page(client, district)
