"""What the overview says of accidents: a claim comes with its test, and none without records to compare with."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories.accidents import make_accident, make_fatal
from tests.factories.officers import district
from tests.factories.violations import District
from trafficedu.accounts.models import User
from trafficedu.core.clock import day_bounds, today, utc_now
from trafficedu.core.month import Month

__all__ = ["district"]


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
        assert re.search(r'figures">3</td>.*?figures">1</td>.*?-66.7 %, could be chance', fatal)
        assert "2 comparisons are made at once" in html

    def test_without_records_of_the_year_before_nothing_is_compared(
        self, session: Session, client: Browser, district: District, make_user: Callable[..., User]
    ) -> None:
        make_fatal(session, district.village, day_bounds(today().replace(day=1))[0] - timedelta(days=2), now=utc_now())
        session.commit()
        client.sign_in(make_user("analyst", area_id=district.town.id))
        html = self.page(client, district)
        begun = Month.of(today()) - 1
        assert f"not comparable: records begin in {begun}" in html
        assert "same days a year earlier" not in html

    def test_who_may_not_read_accidents_sees_none(
        self, session: Session, client: Browser, district: District, make_user: Callable[..., User]
    ) -> None:
        client.sign_in(make_user("grid", area_id=district.town.id))
        assert "Accidents involving an e-bike" not in self.page(client, district)
