"""Who sees which entry, and the target that a code names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, false, or_, select, true
from sqlalchemy.orm import Session

from trafficedu.areas.models import Area
from trafficedu.areas.queries import within
from trafficedu.companies.models import Company
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


def _own_companies(by: Actor) -> ColumnElement[bool]:
    if sees_companies(by):
        return true()
    return false() if by.scope.company_id is None else Company.id == by.scope.company_id


def find_target(session: Session, kind: str, code: str, by: Actor) -> Target:
    """Return the target that ``by`` sees; ``kind`` may be ``area`` for any level. Raise Missing at ``target``."""
    found: Area | Company | None = None
    if kind == COMPANY:
        found = session.scalar(select(Company).where(Company.code == code, _own_companies(by)))
    elif kind in {*AREA_KINDS, "area"}:
        area = session.scalar(select(Area).where(Area.code == code, _own_areas(by)))
        found = area if area is not None and kind in {area.level, "area"} else None
    if found is None:
        raise Missing(message("There is no such area or company."))
    return of_area(found) if isinstance(found, Area) else of_company(found)


def list_targets(session: Session, by: Actor, day: date) -> Sequence[Target]:
    """Return every target that ``by`` sees and that exists on ``day``: areas in the order of the tree, companies."""
    query = select(Area).where(_own_areas(by), Area.holds_on(day)).order_by(Area.path)
    found = [of_area(area) for area in session.scalars(query)]
    if sees_companies(by):
        companies = select(Company).where(Company.active).order_by(Company.name)
        found += [of_company(company) for company in session.scalars(companies)]
    return found
