"""The trend page and a campaign's effect, on a phone and at a desk, in both languages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import numpy as np
import pytest
from flask import Flask

from tests.browser.conftest import Visitor
from tests.factories import evaluation as made
from tests.factories import places
from tests.factories.people import PASSWORD, make_user
from trafficedu.areas.queries import tree as areas
from trafficedu.campaigns.services import CampaignInput, plan_campaign
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import today, utc_now
from trafficedu.core.month import Month
from trafficedu.core.transactions import WRITES

pytestmark = pytest.mark.browser
MONTHS = 48


@pytest.mark.parametrize("width", ["phone", "desk"])
def test_a_commander_reads_a_trend_and_an_effect(
    live_app: Flask, at_work: None, visit: Callable[[str], Visitor], locale: str, width: str
) -> None:
    rng = np.random.default_rng(5)
    with live_app.app_context(), live_app.extensions["sqlalchemy"].sessionmaker(info=WRITES) as session:
        district = places.area(session, places.DISTRICT)
        username = make_user(session, "analyst", area_id=district.id).username
        town = places.area(session)
        villages = areas.list_below(session, town.path, today(), "village")[:10]
        season = 1 + 0.3 * np.sin(2 * np.pi * np.arange(MONTHS) / 12)
        counts = {village: rng.poisson(2 * season).tolist() for village in villages}
        made.add_accidents(session, counts, Month.of(today()) - MONTHS)
        begin = today() - timedelta(days=200)
        new = CampaignInput("戴盔护航", begin, begin + timedelta(days=120), tuple(v.code for v in villages[:4]))
        number = plan_campaign(session, new, SYSTEM, utc_now()).number
        session.commit()
    visitor = visit(width)
    visitor.sign_in(username, PASSWORD)
    visitor.open("/evaluation/trends?series=casualty")
    figure = visitor.page.locator("#trend")
    figure.scroll_into_view_if_needed()
    figure.locator("svg").first.wait_for()
    assert figure.locator(".chart-table tbody tr").count() == MONTHS + 12
    if locale == "en":
        assert visitor.page.get_by_text("with 95 % confidence between").first.is_visible()
    else:
        assert visitor.page.get_by_text("95 %").first.is_visible()
    visitor.look("trend")
    for button, ending in (
        ("[data-chart-save=image]", ".png"),
        ("[data-chart-save=drawing]", ".svg"),
        ("[data-chart-save=csv]", ".csv"),
    ):
        with visitor.page.expect_download() as found:
            figure.locator(button).click()
        assert found.value.suggested_filename == f"trend{ending}"
        if ending == ".svg":
            drawn = found.value.path().read_text(encoding="utf-8")
            assert "<svg" in drawn
            assert drawn.count("<path") > 5
    visitor.open("/evaluation/trends?series=helmets")
    visitor.page.locator(".empty").first.wait_for()
    visitor.look("nothing-yet")
    visitor.open("/campaigns")
    visitor.look("campaigns")
    visitor.open(f"/campaigns/{number}")
    visitor.page.locator("#effect dl").wait_for()
    visitor.look("effect")
    visitor.open("/campaigns/new")
    visitor.look("campaign-form")
