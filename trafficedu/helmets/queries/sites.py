"""Reads of sites and of plans drawn at random."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session, aliased

from trafficedu.areas.models import VILLAGE, Area
from trafficedu.areas.queries.tree import visible_to
from trafficedu.companies.models import Company
from trafficedu.core.actors import Actor, at_or_below
from trafficedu.core.errors import Missing
from trafficedu.core.listing import AGO, FIGURES, Cell, Column, Listing
from trafficedu.core.loading import loaded
from trafficedu.core.month import Month, Period
from trafficedu.core.numbers import normalise
from trafficedu.core.text import message
from trafficedu.helmets.models import HelmetDraw, HelmetSite, HelmetSurvey
from trafficedu.helmets.queries.monthly import count_surveys
from trafficedu.helmets.rules import SiteUse, Strata, SurveyState


@dataclass(frozen=True)
class SiteFilter:
    """What the list of sites is narrowed to."""

    words: str = ""
    area_path: str = ""
    road_class: str = ""
    active: bool | None = True


@dataclass(frozen=True)
class SiteLine:
    """A site with its surveys that count: how many in which anybody was observed, and the day of the last."""

    site: HelmetSite
    surveys: int
    last_on: date | None


@dataclass(frozen=True)
class DrawLine:
    """A drawn site: its stratum, its place in the lot, and the surveys of the plan's month."""

    stratum: str
    position: int
    code: str
    name: str
    area_name: str
    road_class: str
    surveys: int


def sites_within(by: Actor) -> ColumnElement[bool]:
    """Return the condition that ``by`` sees a site: in the own post's areas; all, for who manages the tree."""
    return HelmetSite.area_id.in_(select(Area.id).where(visible_to(by)))


def find_site(session: Session, code: str, by: Actor) -> HelmetSite:
    """Return the site with ``code``, active or not; raise :class:`Missing`."""
    query = select(HelmetSite).where(HelmetSite.code == code, sites_within(by)).options(loaded(HelmetSite.area))
    site = session.scalar(query)
    if site is None:
        raise Missing(message("There is no site with the code %(code)s.", code=code))
    return site


def _filtered(by: Actor, chosen: SiteFilter) -> Select[tuple[HelmetSite]]:
    query = (
        select(HelmetSite)
        .join(Area, HelmetSite.area_id == Area.id)
        .where(sites_within(by))
        .options(loaded(HelmetSite.area))
    )
    if chosen.words:
        words = chosen.words.lower()
        name, code = func.lower(HelmetSite.name), func.lower(HelmetSite.code)
        query = query.where(or_(name.contains(words, autoescape=True), code.contains(words, autoescape=True)))
    if chosen.area_path:
        query = query.where(at_or_below(Area.path, chosen.area_path))
    if chosen.road_class:
        query = query.where(HelmetSite.road_class == chosen.road_class)
    return query if chosen.active is None else query.where(HelmetSite.active == chosen.active)


def _with_surveys(session: Session, sites: Sequence[HelmetSite]) -> list[SiteLine]:
    """Return sites with their surveys, read for all of them at once: their number from sums, the last by an index."""
    ids = [site.id for site in sites]
    newest = HelmetSurvey.occurred_on.desc(), HelmetSurvey.started_utc.desc(), HelmetSurvey.id.desc()
    last_on = (
        select(HelmetSurvey.occurred_on)
        .where(HelmetSurvey.site_id == HelmetSite.id, HelmetSurvey.state == SurveyState.COUNTED)
        .order_by(*newest)
        .limit(1)
        .scalar_subquery()
    )
    lasts = dict(session.execute(select(HelmetSite.id, last_on).where(HelmetSite.id.in_(ids))).tuples().all())
    first, last = (session.scalar(select(end(HelmetSurvey.occurred_on))) for end in (func.min, func.max))
    surveys = count_surveys(session, ids, Period(Month.of(first), Month.of(last))) if first and last else {}
    return [SiteLine(site, surveys.get(site.id, 0), lasts[site.id]) for site in sites]


SITES: Listing[SiteLine, SiteFilter] = Listing(
    _filtered,
    [
        Column("name", message("Name"), value=lambda row: _named(row.site), sort=HelmetSite.name.expression),
        Column("code", message("Code"), value=lambda row: row.site.code, sort=HelmetSite.code.expression),
        Column("area", message("Area"), value=lambda row: row.site.area.name, sort=Area.path.expression),
        Column(
            "class",
            message("Road class"),
            value=lambda row: row.site.road_class.label,
            sort=HelmetSite.road_class.expression,
        ),
        Column("surveys", message("Surveys"), value=lambda row: row.surveys, look=FIGURES),
        Column("last", message("Last counted"), value=lambda row: row.last_on),
    ],
    sort="code",
    order=[HelmetSite.code.expression],
    complete=_with_surveys,
)


def _named(site: HelmetSite) -> Cell:
    return site.name if site.active else [site.name, SiteUse.UNUSED]


def offer_sites(session: Session, by: Actor) -> Sequence[HelmetSite]:
    """Return the active sites that ``by`` may count at, in the order of the tree."""
    query = (
        select(HelmetSite)
        .join(Area, HelmetSite.area_id == Area.id)
        .where(HelmetSite.active, sites_within(by))
        .options(loaded(HelmetSite.area))
        .order_by(Area.path, HelmetSite.code)
    )
    return session.scalars(query).all()


def offer_companies(session: Session) -> list[tuple[str, str]]:
    """Return code and name of the active companies, by name."""
    query = select(Company.code, Company.name).where(Company.active).order_by(Company.name)
    return [(row.code, row.name) for row in session.execute(query)]


def find_area(session: Session, code: str, by: Actor) -> Area | None:
    """Return the area with ``code`` of the own post; without a code the post itself, None without a post.

    Raises :class:`Missing` for an area outside the post.
    """
    query = select(Area).where(visible_to(by))
    if code:
        area = session.scalar(query.where(Area.code == code))
        if area is None:
            raise Missing(message("There is no area with the code %(code)s.", code=code))
        return area
    return session.scalar(query.order_by(func.length(Area.path), Area.path).limit(1))


def list_frame(session: Session, area: Area, stratified_by: str, by: Actor) -> dict[str, list[str]]:
    """Return the codes of the active sites at and below ``area`` by stratum: what a plan can be drawn from."""
    above = aliased(Area)
    query = (
        select(HelmetSite.code, HelmetSite.road_class, Area.code, Area.level, above.code)
        .join(Area, HelmetSite.area_id == Area.id)
        .outerjoin(above, above.id == Area.parent_id)
        .where(HelmetSite.active, sites_within(by), at_or_below(Area.path, area.path))
        .order_by(HelmetSite.code)
    )
    frame: dict[str, list[str]] = {}
    for code, road_class, own, level, parent in session.execute(query):
        town = parent if level == VILLAGE else own
        stratum = {Strata.BY_CLASS: road_class, Strata.BY_TOWN: town}.get(Strata(stratified_by), "")
        frame.setdefault(stratum, []).append(code)
    return frame


def _draws(by: Actor) -> Select[tuple[HelmetDraw]]:
    return (
        select(HelmetDraw)
        .where(HelmetDraw.area_id.in_(select(Area.id).where(visible_to(by))))
        .options(loaded(HelmetDraw.area))
    )


DRAWS: Listing[HelmetDraw, None] = Listing(
    lambda by, _chosen: _draws(by),
    [
        Column("month", message("Month"), value=lambda row: str(row.month)),
        Column("area", message("Area"), value=lambda row: row.area.name),
        Column("sites", message("Sites"), value=lambda row: row.sites, look=FIGURES),
        Column("strata", message("Strata"), value=lambda row: row.stratified_by.label),
        Column("drawn", message("Drawn on"), value=lambda row: row.drawn_utc, look=AGO),
    ],
    order=[HelmetDraw.id.desc()],
)


def find_draw(session: Session, number: str, by: Actor) -> HelmetDraw:
    """Return one plan; raise :class:`Missing`."""
    draw = session.scalar(_draws(by).where(HelmetDraw.number == normalise(number)))
    if draw is None:
        raise Missing(message("There is no plan with this number."))
    return draw


def list_draw_lines(session: Session, draw: HelmetDraw) -> list[DrawLine]:
    """Return the drawn sites in the order of strata and lot, with the surveys of the plan's month."""
    codes = [code for drawn in draw.drawn.values() for code in drawn]
    query = select(HelmetSite).where(HelmetSite.code.in_(codes)).options(loaded(HelmetSite.area))
    sites = {site.code: site for site in session.scalars(query)}
    counted = count_surveys(session, [site.id for site in sites.values()], Period(draw.month, draw.month))
    names = {area.code: area.name for area in session.scalars(select(Area).where(Area.code.in_(list(draw.drawn))))}
    return [
        DrawLine(
            names.get(stratum, stratum),
            place,
            code,
            sites[code].name,
            sites[code].area.name,
            sites[code].road_class,
            counted.get(sites[code].id, 0),
        )
        for stratum, drawn in sorted(draw.drawn.items())
        for place, code in enumerate(drawn, start=1)
    ]
