"""Use cases that change sites and draw plans."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.areas.models import Area
from trafficedu.areas.queries.extents import surroundings_of
from trafficedu.areas.queries.tree import visible_to
from trafficedu.core import audit
from trafficedu.core.actors import Actor
from trafficedu.core.errors import Refusal
from trafficedu.core.month import Month
from trafficedu.core.numbers import new_number
from trafficedu.core.orm import expect_version, flush_or_refuse
from trafficedu.core.positions import check_position
from trafficedu.core.text import message
from trafficedu.helmets import rules
from trafficedu.helmets.models import HelmetDraw, HelmetSite
from trafficedu.helmets.queries.sites import list_frame
from trafficedu.helmets.rules import RoadClass, Strata

MANAGE = "helmets:site:manage"
SEED_BYTES = 5


@dataclass(frozen=True)
class SiteChange:
    """What can change about a site."""

    name: str
    area_code: str
    road_class: str
    latitude: float | None = None
    longitude: float | None = None
    active: bool = True


@dataclass(frozen=True)
class SiteInput:
    """A new site; its code stays."""

    code: str
    change: SiteChange


@dataclass(frozen=True)
class DrawInput:
    """What a plan is to be: an area, a month, how many sites, by which strata, and the seed (empty: drawn)."""

    area_code: str
    month: Month
    sites: int
    stratified_by: str
    seed: str = ""


def create_site(session: Session, new: SiteInput, by: Actor) -> HelmetSite:
    """Add a site in an area of the own post; raises Refusal at ``code``, ``area_code`` or ``longitude``."""
    site = HelmetSite(code=new.code)
    _fill(session, site, new.change, by)
    session.add(site)
    taken = Refusal(message("There is already a site with this code."), field="code")
    flush_or_refuse(session, {"helmet_site.code": taken})
    audit.write(session, MANAGE, by, subject=site, code=site.code)
    return site


def update_site(session: Session, site: HelmetSite, change: SiteChange, version: int, by: Actor) -> None:
    """Change a site; what was counted there moves with it. Raises Stale, Refusal."""
    expect_version(site, version)
    _fill(session, site, change, by)
    session.flush()
    audit.write(session, MANAGE, by, subject=site, active=site.active)


def _fill(session: Session, site: HelmetSite, change: SiteChange, by: Actor) -> None:
    area = _own_area(session, change.area_code, by)
    check_position(change.latitude, change.longitude, surroundings_of(session, area.path))
    site.area = area
    site.name, site.road_class, site.active = change.name, RoadClass(change.road_class), change.active
    site.latitude, site.longitude = change.latitude, change.longitude


def _own_area(session: Session, code: str, by: Actor) -> Area:
    area = session.scalar(select(Area).where(Area.code == code, visible_to(by)))
    if area is None:
        raise Refusal(message("There is no area with this code."), field="area_code", value=code)
    return area


def create_draw(session: Session, new: DrawInput, by: Actor, now: datetime) -> HelmetDraw:
    """Draw a plan of sites at random and keep its seed and frame, so that it can be repeated.

    Raises
    ------
    Refusal
        There is no active site (at ``area_code``), or fewer than wanted (at ``sites``).
    """
    area = _own_area(session, new.area_code, by)
    frame = list_frame(session, area, new.stratified_by, by)
    known = sum(len(codes) for codes in frame.values())
    if not known:
        raise Refusal(
            message("%(name)s has no active sites to choose from. Add sites first.", name=area.name), field="area_code"
        )
    if new.sites > known:
        raise Refusal(message("There are only %(known)d active sites to draw from.", known=known), field="sites")
    seed = new.seed or secrets.token_hex(SEED_BYTES)
    draw = HelmetDraw(
        number=new_number("P"),
        area=area,
        month=new.month,
        seed=seed,
        stratified_by=Strata(new.stratified_by),
        sites=new.sites,
        frame=frame,
        drawn=rules.draw(frame, new.sites, seed),
        drawn_utc=now,
        drawn_by_id=by.user_id,
    )
    session.add(draw)
    session.flush()
    audit.write(session, MANAGE, by, subject=draw, sites=new.sites, seed=seed)
    return draw
