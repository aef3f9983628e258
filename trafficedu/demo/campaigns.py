"""Two campaigns of the demo: one over, in villages of a town; one running in two towns."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from sqlalchemy.orm import Session

from trafficedu.areas import queries as areas
from trafficedu.areas.models import TOWN, VILLAGE
from trafficedu.campaigns.services import CampaignInput, plan_campaign
from trafficedu.core.actors import SYSTEM

PARTS = 3
"""Every third village of the town took part: the others are there to compare with."""
LENGTH, BACK, RUNNING_SINCE = timedelta(days=91), timedelta(days=210), timedelta(days=40)


def enter_campaigns(session: Session, today: date) -> int:
    """Enter the campaigns, as of a fortnight before each began; returns how many."""
    root = areas.root(session)
    if root is None:
        return 0
    towns = areas.list_below(session, root.path, today, TOWN)
    villages = areas.list_below(session, towns[0].path, today, VILLAGE)
    begun, running = today - BACK, today - RUNNING_SINCE
    plans = [
        CampaignInput(
            "戴盔护航专项行动",
            begun,
            begun + LENGTH,
            tuple(village.code for village in villages[::PARTS]),
            (),
            640,
            "早晚高峰在村口设点劝导。",
        ),
        CampaignInput("路口秩序整治", running, running + LENGTH, tuple(town.code for town in towns[1:3]), (), 900),
    ]
    for new in plans:
        entered = new.first_day - timedelta(days=14)
        plan_campaign(session, new, SYSTEM, datetime(entered.year, entered.month, entered.day, 2, tzinfo=UTC))
    return len(plans)
