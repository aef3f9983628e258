"""What the pages of others show of violations: the first screen, a company."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories.violations import District, answer_for, make_company, make_violation
from trafficedu.accounts.models import User
from trafficedu.core.clock import today, utc_now


def test_the_first_screen_shows_the_latest_of_the_day_and_leads_to_all(
    session: Session, phone: Browser, officer_user: User, district: District
) -> None:
    now, officer = utc_now(), session.merge(officer_user)
    own = [make_violation(session, district.village, now=now, occurred_utc=now) for _ in range(20)]
    for violation in own:
        violation.officer_id = officer.id
    session.commit()
    leads_to_all = f'href="/violations?mine=y&amp;since={today()}&amp;until={today()}"'
    assert leads_to_all not in phone.get("/").text
    one_more = make_violation(session, district.village, now=now, occurred_utc=now)
    one_more.officer_id = officer.id
    session.commit()
    page = phone.get("/").text
    assert leads_to_all in page
    assert len(set(re.findall(r"/violations/(V\w{11})", page))) == 20
    assert one_more.number in phone.get(f"/violations?mine=y&since={today()}&until={today()}").text


def test_the_page_of_a_company_counts_its_riders_violations_where_one_may_look(
    session: Session, phone: Browser, district: District
) -> None:
    company = make_company(session)
    for village, days in ((district.village, 1), (district.village, 200), (district.other_village, 1)):
        given: dict[str, Any] = {"occurred_utc": utc_now() - timedelta(days=days), "reference": f"r{village.id}-{days}"}
        answer_for(make_violation(session, village, now=utc_now(), **given), company)
    session.flush()
    page = phone.get(f"/companies/{company.code}").text
    assert re.search(r"Last 30 days</dt>\s*<dd>1 by 1 riders", page)
    assert re.search(r"This month and the eleven before it</dt>\s*<dd>2</dd>", page)
