"""Campaigns: entered, changed, ended, cancelled; who sees them and who may touch them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories import places
from tests.factories.evaluation import NOW
from trafficedu.accounts.models import User
from trafficedu.accounts.queries import actor_of
from trafficedu.campaigns import queries, services
from trafficedu.campaigns.models import Campaign
from trafficedu.campaigns.rules import outermost, state_on
from trafficedu.campaigns.services import CampaignInput
from trafficedu.core.actors import SYSTEM
from trafficedu.core.audit import AuditEntry
from trafficedu.core.clock import today
from trafficedu.core.errors import Missing, Refusal, Stale

FIRST, LAST = date(2026, 3, 1), date(2026, 5, 31)


def entered(session: Session, *codes: str, **values: Any) -> Campaign:
    given: dict[str, Any] = {
        "name": "戴盔行动",
        "first_day": FIRST,
        "last_day": LAST,
        "area_codes": codes or (places.TOWN,),
    }
    return services.plan_campaign(session, CampaignInput(**given | values), SYSTEM, NOW)


def test_a_state_is_that_of_the_day() -> None:
    assert state_on(FIRST, LAST, False, FIRST - timedelta(days=1)) == "planned"
    assert state_on(FIRST, LAST, False, FIRST) == "running"
    assert state_on(FIRST, LAST, False, LAST) == "running"
    assert state_on(FIRST, LAST, False, LAST + timedelta(days=1)) == "over"
    assert state_on(FIRST, LAST, True, FIRST) == "cancelled"


def test_a_town_takes_its_villages_with_it() -> None:
    assert outermost(["a/b/c/", "a/d/", "a/b/", "a/d/"]) == ["a/b/", "a/d/"]


def test_villages_of_a_town_named_are_left_out(session: Session) -> None:
    campaign = entered(session, places.TOWN, places.VILLAGE, places.OTHER_VILLAGE)
    assert [area.code for area in campaign.areas] == [places.TOWN, places.OTHER_VILLAGE]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"last_day": FIRST - timedelta(days=1)}, "last_day"),
        ({"last_day": FIRST + timedelta(days=800)}, "last_day"),
        ({"area_codes": ()}, "towns"),
        ({"area_codes": (places.DISTRICT,)}, "towns"),
        ({"kind_codes": ("9999999",)}, "kind"),
    ],
)
def test_what_cannot_be_is_refused(session: Session, values: dict[str, Any], field: str) -> None:
    with pytest.raises(Refusal) as caught:
        entered(session, **values)
    assert caught.value.field == field


def test_a_change_of_areas_alone_raises_the_version(session: Session) -> None:
    campaign = entered(session)
    seen = campaign.version
    changed = CampaignInput(campaign.name, FIRST, LAST, (places.OTHER_TOWN,))
    services.change_campaign(session, campaign, changed, seen, SYSTEM)
    assert campaign.version == seen + 1
    with pytest.raises(Stale):
        services.change_campaign(session, campaign, changed, seen, SYSTEM)


def test_it_ends_earlier_and_not_later(session: Session) -> None:
    campaign = entered(session)
    for day in (LAST, FIRST - timedelta(days=1)):
        with pytest.raises(Refusal):
            services.end_campaign(session, campaign, day, campaign.version, SYSTEM)
    services.end_campaign(session, campaign, date(2026, 4, 10), campaign.version, SYSTEM)
    assert campaign.last_day == date(2026, 4, 10)


def test_cancelled_it_stays_and_changes_no_more(session: Session) -> None:
    campaign = entered(session)
    services.cancel_campaign(session, campaign, "警力另有任务", campaign.version, SYSTEM, NOW)
    with pytest.raises(Refusal):
        services.end_campaign(session, campaign, FIRST, campaign.version, SYSTEM)
    assert queries.find_campaign(session, campaign.number, SYSTEM).cancel_reason == "警力另有任务"
    assert campaign not in queries.list_touching(session, campaign.areas[0].path, FIRST, LAST)
    verbs = session.scalars(select(AuditEntry.action).where(AuditEntry.subject_kind == "campaign")).all()
    assert verbs == ["campaigns:campaign:plan", "campaigns:campaign:cancel"]


def test_who_sees_it_answers_for_an_area_it_touches(session: Session, make_user: Callable[..., User]) -> None:
    campaign = entered(session, places.VILLAGE)
    for code, sees in (
        (places.DISTRICT, True),
        (places.TOWN, True),
        (places.VILLAGE, True),
        (places.NEXT_VILLAGE, False),
        (places.OTHER_TOWN, False),
    ):
        by = actor_of(make_user("leader", area_id=places.area(session, code).id))
        wanted = queries.CampaignFilter(FIRST)
        assert (campaign in queries.campaigns_on(wanted.on).page(session, by, wanted).items) is sees, code
        if not sees:
            with pytest.raises(Missing):
                queries.find_campaign(session, campaign.number, by)


def test_nobody_changes_what_reaches_beyond_the_own_post(session: Session, make_user: Callable[..., User]) -> None:
    campaign = entered(session, places.TOWN, places.OTHER_TOWN)
    by = actor_of(make_user("supervisor", area_id=places.area(session, places.TOWN).id))
    with pytest.raises(Refusal):
        services.cancel_campaign(session, campaign, "x", campaign.version, by, NOW)
    with pytest.raises(Refusal, match="no area with the code"):
        services.plan_campaign(session, CampaignInput("x", FIRST, LAST, (places.OTHER_TOWN,)), by, NOW)


def test_the_supervisor_enters_changes_and_cancels_one(
    session: Session, client: Browser, make_user: Callable[..., User]
) -> None:
    client.sign_in(make_user("supervisor", area_id=places.area(session, places.DISTRICT).id))
    begins = today() + timedelta(days=7)
    typed = {
        "name": "闯红灯整治",
        "first_day": begins.isoformat(),
        "last_day": (begins + timedelta(days=60)).isoformat(),
        "towns": [places.TOWN],
        "kinds": ["2007"],
        "effort_hours": "320",
    }
    wrong = client.post("/campaigns/new", data=typed | {"towns": [], "name": ""})
    assert wrong.status_code == 422
    answer = client.post("/campaigns/new", data=typed)
    assert answer.status_code == 303
    campaign = session.scalars(select(Campaign)).one()
    assert campaign.kind_codes == ["2007"]
    where = f"/campaigns/{campaign.number}"
    page = client.get(where).get_data(as_text=True)
    assert "闯红灯整治" in page
    assert "320" in page
    form = client.get(f"{where}/edit").get_data(as_text=True)
    assert 'checked id="towns-' in form or "checked" in form
    changed = typed | {"name": "闯红灯专项整治", "version": campaign.version}
    assert client.post(f"{where}/edit", data=changed).status_code == 303
    assert client.post(f"{where}/edit", data=changed).status_code == 409
    assert client.post(f"{where}/cancel", data={"reason": "", "version": campaign.version + 1}).status_code == 422
    session.expire_all()
    answer = client.post(f"{where}/cancel", data={"reason": "改期", "version": campaign.version})
    assert answer.status_code == 303
    assert "改期" in client.get(where).get_data(as_text=True)
    assert "闯红灯专项整治" in client.get("/campaigns?state=cancelled").get_data(as_text=True)
    assert "闯红灯专项整治" not in client.get("/campaigns?state=planned").get_data(as_text=True)


def test_another_town_does_not_find_it(session: Session, client: Browser, make_user: Callable[..., User]) -> None:
    campaign = entered(session, places.VILLAGE)
    session.commit()
    client.sign_in(make_user("leader", area_id=places.area(session, places.OTHER_TOWN).id))
    assert client.get(f"/campaigns/{campaign.number}").status_code == 404
    assert campaign.name not in client.get("/campaigns").get_data(as_text=True)
