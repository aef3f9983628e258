"""A phone keeps the pages that its account may open, and asks for no other: a refusal is noted for good."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from tests.browser.conftest import Visitor
from tests.browser.steps import kept, ready, writing
from tests.factories.education import make_district
from tests.factories.people import PASSWORD, make_user
from trafficedu.core.audit import AuditEntry, AuditResult

pytestmark = pytest.mark.browser
Visit = Callable[[str], Visitor]
COPIES = "async () => (await (await caches.open('pages')).keys()).map(({ url }) => new URL(url).pathname).sort()"


@pytest.mark.parametrize("locale", ["zh"])
def test_a_clerks_tablet_and_then_an_officers_phone_ask_for_no_page_of_others(live_app: Flask, visit: Visit) -> None:
    with writing(live_app) as session:
        district = make_district(session)
        clerk = make_user(session, "station", station_id=district.at_a.id).username
        officer = make_user(session, "officer", area_id=district.root.id).username
    visitor = visit("phone")
    page = visitor.page

    visitor.sign_in(clerk, PASSWORD)
    visitor.open("/door")
    ready(page)
    kept(page, "/door/kept")
    visitor.open("/door")
    ready(page)
    assert page.evaluate(COPIES) == ["/door/kept"]
    page.context.clear_cookies()

    visitor.sign_in(officer, PASSWORD)
    visitor.open("/record")
    ready(page)
    for copy in ("/record/kept", "/helmets/count/kept", "/hazards/new/kept", "/patrols/now/kept"):
        kept(page, copy)
    assert "/door/kept" not in page.evaluate(COPIES)
    with writing(live_app) as session:
        denied = select(AuditEntry.action).where(AuditEntry.result == AuditResult.REFUSED)
        assert session.scalars(denied).all() == []
