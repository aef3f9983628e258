"""Reads of campaigns. Who answers for an area sees the campaigns that touch it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session, selectinload

from trafficedu.areas.models import TOWN, Area
from trafficedu.areas.queries import choices as area_choices
from trafficedu.areas.queries import tree as areas
from trafficedu.campaigns.models import Campaign, CampaignArea
from trafficedu.campaigns.rules import CampaignState, lines_above
from trafficedu.core.actors import Actor, at_or_below
from trafficedu.core.errors import Missing
from trafficedu.core.listing import Column, Listing
from trafficedu.core.text import message


@dataclass(frozen=True)
class CampaignFilter:
    """What the list of campaigns is narrowed to; ``on`` is the day on which the state holds."""

    on: date
    words: str = ""
    state: str = ""


def visible_to(by: Actor) -> ColumnElement[bool]:
    """Return the condition that ``by`` sees a campaign: one of its areas lies in the own post, or around it."""
    return by.scope.condition(area=_touches)


def _touches(path: str) -> ColumnElement[bool]:
    touched = or_(at_or_below(Area.path, path), Area.path.in_(lines_above(path)))
    return Campaign.id.in_(select(CampaignArea.campaign_id).join(Area, Area.id == CampaignArea.area_id).where(touched))


def find_campaign(session: Session, number: str, by: Actor) -> Campaign:
    """Return one campaign; raise :class:`Missing`."""
    campaign = session.scalar(select(Campaign).where(Campaign.number == number, visible_to(by)))
    if campaign is None:
        raise Missing(message("This campaign does not exist."))
    return campaign


def _filtered(by: Actor, chosen: CampaignFilter) -> Select[tuple[Campaign]]:
    query = select(Campaign).where(visible_to(by)).options(selectinload(Campaign.areas))
    if chosen.words:
        query = query.where(Campaign.name.contains(chosen.words, autoescape=True))
    standing: dict[str, ColumnElement[bool]] = {
        CampaignState.PLANNED: Campaign.first_day > chosen.on,
        CampaignState.RUNNING: (Campaign.first_day <= chosen.on) & (Campaign.last_day >= chosen.on),
        CampaignState.OVER: Campaign.last_day < chosen.on,
    }
    if chosen.state == CampaignState.CANCELLED:
        return query.where(Campaign.cancelled_utc.is_not(None))
    if chosen.state in standing:
        return query.where(Campaign.cancelled_utc.is_(None), standing[chosen.state])
    return query


def campaigns_on(day: date) -> Listing[Campaign, CampaignFilter]:
    """Return the list of campaigns with the states they have on ``day``."""
    return Listing(
        _filtered,
        [
            Column("name", message("Name of the campaign"), value=lambda row: row.name, sort=Campaign.name.expression),
            Column(
                "first",
                message("First day of the campaign"),
                value=lambda row: row.first_day,
                sort=Campaign.first_day.expression,
            ),
            Column(
                "last",
                message("Last day of the campaign"),
                value=lambda row: row.last_day,
                sort=Campaign.last_day.expression,
            ),
            Column("areas", message("Areas"), value=lambda row: [area.name for area in row.areas]),
            Column("state", message("State"), value=lambda row: row.state_on(day)),
        ],
        sort="-first",
        order=[Campaign.id.desc()],
    )


def list_touching(session: Session, path: str, first_day: date, last_day: date) -> Sequence[Campaign]:
    """Return the campaigns not cancelled that overlap the days in the areas at, below or around ``path``.

    For evaluation, which must know every campaign whoever asks: an area under another campaign is no comparison.
    """
    touched = or_(at_or_below(Area.path, path), Area.path.in_(lines_above(path)))
    ids = select(CampaignArea.campaign_id).join(Area, Area.id == CampaignArea.area_id).where(touched)
    query = select(Campaign).where(
        Campaign.id.in_(ids),
        Campaign.cancelled_utc.is_(None),
        Campaign.first_day <= last_day,
        Campaign.last_day >= first_day,
    )
    return session.scalars(query.options(selectinload(Campaign.areas)).order_by(Campaign.first_day)).all()


def list_towns(session: Session, by: Actor, day: date) -> list[tuple[str, str]]:
    """Return code and name of the towns that ``by`` may put a campaign on."""
    query = select(Area).where(areas.visible_to(by), Area.holds_on(day), Area.level == TOWN)
    named = dict(area_choices.town_choices(session, by))
    return [(area.code, named[area.path]) for area in session.scalars(query.order_by(Area.path))]
