"""Who sees which entry, and the target that a code names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, false, or_, select, true
from sqlalchemy.orm import Session

from trafficedu.areas.models import Area
from trafficedu.areas.queries import find_visible_area, valid_on, within
from trafficedu.companies.models import Company
from trafficedu.companies.queries import find_visible_company
from trafficedu.core.actors import Actor
from trafficedu.core.errors import Missing
from trafficedu.core.text import message
from trafficedu.points.models import PointEntry
from trafficedu.points.rules import AREA_KINDS, COMPANY

SEES_COMPANIES = "companies:company:read"
CODE_FIELD = "target"


@dataclass(frozen=True)
class Target:
    """Whose points: an area (``kind`` is its level) or a company."""

    kind: str
    id: int
    code: str
    name: str
    path: str = ""

    @property
    def condition(self) -> ColumnElement[bool]:
        """The condition on ``PointEntry`` that an entry is this target's own."""
        return PointEntry.company_id == self.id if self.kind == COMPANY else PointEntry.area_id == self.id


def of_area(area: Area) -> Target:
    """Return an area as a target."""
    return Target(area.level, area.id, area.code, area.name, area.path)


def of_company(company: Company) -> Target:
    """Return a company as a target."""
    return Target(COMPANY, company.id, company.code, company.name)


def sees_companies(by: Actor) -> bool:
    """Tell whether ``by`` sees the points of every company: they deliver everywhere, so a post in an area suffices."""
    return by.scope.everything or (by.scope.area_path is not None and by.may(SEES_COMPANIES))


def visible(by: Actor) -> ColumnElement[bool]:
    """Return the condition on ``PointEntry`` that keeps a query to what ``by`` sees.

    The own area and all below it; the companies for who may see companies; a company's contact its own.
    """
    if by.scope.everything:
        return true()
    conditions: list[ColumnElement[bool]] = []
    if by.scope.area_path is not None:
        conditions.append(PointEntry.area_id.in_(within(by.scope.area_path)))
    if sees_companies(by):
        conditions.append(PointEntry.company_id.is_not(None))
    if by.scope.company_id is not None:
        conditions.append(PointEntry.company_id == by.scope.company_id)
    return or_(*conditions) if conditions else false()


def _own_areas(by: Actor) -> ColumnElement[bool]:
    if by.scope.everything:
        return true()
    path = by.scope.area_path
    return false() if path is None else Area.path.startswith(path, autoescape=True)


def find_target(session: Session, kind: str, code: str, by: Actor) -> Target:
    """Return the target that ``by`` sees; ``kind`` may be ``area`` for any level. Raise Missing at ``target``."""
    if kind == COMPANY and (sees_companies(by) or by.scope.company_id is not None):
        return of_company(find_visible_company(session, code, by))
    if kind in {*AREA_KINDS, "area"}:
        area = find_visible_area(session, code, by)
        if kind in {area.level, "area"} and session.scalar(select(Area.id).where(Area.id == area.id, _own_areas(by))):
            return of_area(area)
    raise Missing(message("There is no such area or company."), field=CODE_FIELD)


def list_targets(session: Session, by: Actor, day: date) -> Sequence[Target]:
    """Return every target that ``by`` sees and that exists on ``day``: areas in the order of the tree, companies."""
    query = select(Area).where(_own_areas(by), valid_on(day)).order_by(Area.path)
    found = [of_area(area) for area in session.scalars(query)]
    if sees_companies(by):
        companies = select(Company).where(Company.active).order_by(Company.name)
        found += [of_company(company) for company in session.scalars(companies)]
    return found
