"""The effect of a campaign, through the database, on a district whose truth is known."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from tests.conftest import Browser, run_jobs
from tests.factories import evaluation as made
from tests.factories import places
from trafficedu.accidents.models import Accident
from trafficedu.accounts.models import User
from trafficedu.areas.models import Area
from trafficedu.areas.queries import tree as areas
from trafficedu.campaigns.models import Campaign
from trafficedu.campaigns.services import CampaignInput, plan_campaign
from trafficedu.core.actors import SYSTEM
from trafficedu.core.jobs import Job
from trafficedu.core.month import Month, Period
from trafficedu.coverage.models import CoverageMark
from trafficedu.coverage.rules import FigureKind, State
from trafficedu.evaluation.queries.effects import load_campaign_data
from trafficedu.evaluation.rules.comparisons import unknown_sentences
from trafficedu.evaluation.services.effects import compute_effect

FIRST, LAST, MONTHS = date(2026, 2, 1), date(2026, 9, 30), 36
BEGIN = Month(2023, 2)


def villages(session: Session) -> list[Area]:
    town = places.area(session)
    return [area for area in areas.list_below(session, town.path, FIRST, "village")]


def simulate(session: Session, theta: float, worst: bool = False) -> tuple[Campaign, list[Area]]:
    """Give every village of a town accidents with a gamma spread; a third of them get the campaign.

    ``worst``: those with most accidents in the year before, as one would choose them.
    """
    rng, every = np.random.default_rng(3), villages(session)
    mean = (0.7 if worst else 3.0) * rng.gamma(4.0, 0.25, len(every))
    before = rng.poisson(mean[:, None], (len(every), MONTHS))
    order = np.argsort(-before[:, -12:].sum(axis=1)) if worst else rng.permutation(len(every))
    chosen = set(order[: len(every) // 3].tolist())
    during = rng.poisson(
        (mean * [theta if place in chosen else 1.0 for place in range(len(every))])[:, None], (len(every), 8)
    )
    counts = {area: [*before[place].tolist(), *during[place].tolist()] for place, area in enumerate(every)}
    made.add_accidents(session, counts, BEGIN)
    inside = [area for place, area in enumerate(every) if place in chosen]
    new = CampaignInput("整治", FIRST, LAST, tuple(area.code for area in inside))
    return plan_campaign(session, new, SYSTEM, made.NOW), inside


def effect(session: Session, campaign: Campaign, last: date = LAST) -> dict[str, Any]:
    return compute_effect("accidents", load_campaign_data(session, campaign, "accidents", last, made.NOW))


def test_a_fall_by_half_is_found_and_the_interval_holds_it(session: Session) -> None:
    campaign, inside = simulate(session, 0.5)
    found = effect(session, campaign)
    assert found["low"] <= -50 <= found["high"]
    assert found["proven"]
    assert found["percent"] < -25
    assert found["compared"] is not None
    names = {area.name for area in inside}
    assert not names & set(found["compared"]["areas"])


def test_the_return_of_bad_years_to_the_mean_is_not_credited(session: Session) -> None:
    campaign, _ = simulate(session, 1.0, worst=True)
    found = effect(session, campaign)
    assert not found["proven"]
    assert found["low"] <= 0 <= found["high"]


def test_an_area_under_another_campaign_is_no_comparison(session: Session) -> None:
    campaign, inside = simulate(session, 1.0)
    free = next(area for area in villages(session) if area not in inside)
    before = load_campaign_data(session, campaign, "accidents", LAST, made.NOW)
    plan_campaign(session, CampaignInput("另一项", date(2026, 5, 1), date(2026, 5, 31), (free.code,)), SYSTEM, made.NOW)
    after = load_campaign_data(session, campaign, "accidents", LAST, made.NOW)
    assert before is not None
    assert after is not None
    assert free.name in before.compared
    assert free.name not in after.compared
    assert before.fingerprint != after.fingerprint


def test_only_the_days_of_the_campaign_count(session: Session) -> None:
    campaign, _ = simulate(session, 1.0)
    data = load_campaign_data(session, campaign, "accidents", date(2026, 3, 15), made.NOW)
    assert data is not None
    assert data.shares.tolist() == pytest.approx([1.0, 15 / 31])
    whole = load_campaign_data(session, campaign, "accidents", LAST, made.NOW)
    assert whole is not None
    assert data.observed.sum() < whole.observed.sum() / 3


def test_without_records_before_nothing_is_said(session: Session) -> None:
    new = CampaignInput("整治", FIRST, LAST, (places.TOWN,))
    campaign = plan_campaign(session, new, SYSTEM, made.NOW)
    assert load_campaign_data(session, campaign, "accidents", LAST, made.NOW) is None
    assert "percent" not in effect(session, campaign)


def test_the_page_of_a_campaign_tells_its_effect_and_does_not_over_claim(
    session: Session, client: Browser, make_user: Callable[..., User]
) -> None:
    campaign, _ = simulate(session, 0.5)
    session.commit()
    client.sign_in(make_user("analyst", area_id=places.area(session, places.DISTRICT).id))
    assert "正在计算行动效果" in client.get(f"/campaigns/{campaign.number}").text
    assert run_jobs(client.application) == 1
    page = client.get(f"/campaigns/{campaign.number}").get_data(as_text=True)
    assert "正在计算" not in page
    assert "少于不开展行动时的预期" in page
    assert "经验贝叶斯" in page
    assert "并非随机选取" in page


def test_an_effect_whose_job_was_cancelled_is_asked_for_by_a_button(
    session: Session, client: Browser, make_user: Callable[..., User]
) -> None:
    campaign, _ = simulate(session, 0.5)
    session.commit()
    client.sign_in(make_user("analyst", area_id=places.area(session, places.DISTRICT).id))
    client.get(f"/campaigns/{campaign.number}")
    number = session.scalars(select(Job.number)).one()
    client.post(f"/jobs/{number}/cancel")
    page = client.get(f"/campaigns/{campaign.number}").text
    assert "计算已取消" in page
    assert f"/jobs/{number}/again" in page
    assert run_jobs(client.application) == 0
    client.post(f"/jobs/{number}/again")
    assert run_jobs(client.application) == 1
    assert "经验贝叶斯" in client.get(f"/campaigns/{campaign.number}").text


def test_who_waits_for_an_effect_is_not_drawn_the_page_meanwhile(
    session: Session, client: Browser, make_user: Callable[..., User]
) -> None:
    campaign, _ = simulate(session, 0.5)
    session.commit()
    client.sign_in(make_user("analyst", area_id=places.area(session, places.DISTRICT).id))
    page = client.get(f"/campaigns/{campaign.number}").text
    (address,) = re.findall(r'hx-get="([^"]+)"[^>]*hx-swap="none"', page)
    assert client.get(address, headers={"HX-Request": "true"}).status_code == 204
    assert run_jobs(client.application) == 1
    there = client.get(address, headers={"HX-Request": "true"})
    assert (there.status_code, there.headers["HX-Refresh"], there.text) == (200, "true", "")
    assert client.get(address).headers["Location"] == f"/campaigns/{campaign.number}"


def test_where_accidents_are_too_few_violations_are_looked_at(
    session: Session, client: Browser, make_user: Callable[..., User]
) -> None:
    made.add_accidents(session, {places.area(session, places.VILLAGE): [1] * 36}, BEGIN)
    new = CampaignInput("整治", FIRST, LAST, (places.VILLAGE,), ("2007",))
    campaign = plan_campaign(session, new, SYSTEM, made.NOW)
    session.commit()
    client.sign_in(make_user("analyst", area_id=places.area(session, places.DISTRICT).id))
    client.get(f"/campaigns/{campaign.number}")
    run_jobs(client.application)
    page = client.get(f"/campaigns/{campaign.number}").get_data(as_text=True)
    assert "无法评估" in page  # neither has enough: no violation is on record


class TestWhatWasNotReported:
    """The first village of the town lies in a town that is said not to have reported some months of the campaign."""

    def said(self, session: Session, town: Area, months: list[Month], state: State = State.OPEN) -> None:
        for month in months:
            session.add(CoverageMark(figure=FigureKind.ACCIDENTS, area_id=town.id, month=month, state=state))
        session.flush()

    def test_a_month_that_nobody_reported_is_left_out_and_said(self, session: Session) -> None:
        """The source stopped after May: months without an accident are no success of the campaign."""
        campaign, _ = simulate(session, 1.0)
        session.execute(delete(Accident).where(Accident.occurred_on >= date(2026, 6, 1)))
        data = load_campaign_data(session, campaign, "accidents", LAST, made.NOW)
        assert data is not None
        assert [str(month) for month in data.unknown.months] == ["2026-06", "2026-07", "2026-08", "2026-09"]
        assert data.shares.tolist() == [1, 1, 1, 1, 0, 0, 0, 0]
        found = compute_effect("accidents", data)
        assert found["low"] <= 0 <= found["high"], "what is not known is not a fall"
        assert str(unknown_sentences(found)[0]).endswith("not reported: 2026-06, 2026-07, 2026-08, 2026-09.")

    def test_months_before_that_were_not_reported_are_not_known(self, session: Session) -> None:
        """A year without reports before: with zeros for it twice as many as expected would have been seen."""
        campaign, _ = simulate(session, 1.0)
        gone = Period(Month(2024, 9), Month(2025, 8))
        session.execute(delete(Accident).where(Accident.occurred_on.between(gone.first_day, gone.last_day)))
        data = load_campaign_data(session, campaign, "accidents", LAST, made.NOW)
        assert data is not None
        assert np.isnan(data.panel.counts[:, -17:-5]).all()
        found = compute_effect("accidents", data)
        assert (found["months_before"], found["unknown"]["before"]) == (12, 12)
        assert found["low"] <= 0 <= found["high"]
        self.said(session, places.area(session), [Month(2024, 9)], State.REPORTED)
        again = load_campaign_data(session, campaign, "accidents", LAST, made.NOW)
        assert again is not None
        assert not np.isnan(again.panel.counts[:, -17]).any(), "somebody said that there was none"
        self.said(session, places.area(session), [Month(2025, 10)])
        less = effect(session, campaign)
        assert less["months_before"] == 12, "one more that is opened again, one less that is known"

    def test_who_did_not_report_is_left_out_of_the_comparison_of_towns(self, session: Session) -> None:
        towns = areas.list_children(session, places.area(session, places.DISTRICT), FIRST)
        made.add_accidents(session, {town: [4] * (MONTHS + 8) for town in towns}, BEGIN)
        campaign = plan_campaign(
            session, CampaignInput("整治", FIRST, LAST, tuple(town.code for town in towns[:4])), SYSTEM, made.NOW
        )
        session.execute(
            delete(Accident).where(Accident.area_id == towns[0].id, Accident.occurred_on >= date(2026, 4, 1))
        )
        data = load_campaign_data(session, campaign, "accidents", LAST, made.NOW)
        assert data is not None
        assert (data.unknown.names, data.unknown.months) == ((towns[0].name,), ())
        assert data.observed[data.campaign].sum() == 3 * 4 * 8
        found = compute_effect("accidents", data)
        assert (found["observed"], abs(found["percent"]) < 5) == (96, True)
        assert towns[0].name in str(unknown_sentences(found)[0])
