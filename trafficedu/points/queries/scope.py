"""Who sees which entry, and the target that a code names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.orm import Session

from trafficedu.areas.models import Area
from trafficedu.areas.queries import lies_in
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


def visible_to(by: Actor) -> ColumnElement[bool]:
    """Return the condition on ``PointEntry`` that keeps a query to what ``by`` sees.

    The own area and all below it; the companies for who may see companies; a company's contact its own.
    """
    if by.scope.everything:
        return true()
    own = by.scope.condition(area=lies_in(PointEntry.area_id), company=PointEntry.company_id)
    return own | PointEntry.company_id.is_not(None) if sees_companies(by) else own


def _own_companies(by: Actor) -> ColumnElement[bool]:
    return true() if sees_companies(by) else by.scope.condition(company=Company.id)


def find_target(session: Session, kind: str, code: str, by: Actor) -> Target:
    """Return the target that ``by`` sees; ``kind`` may be ``area`` for any level. Raise Missing at ``target``."""
    found: Area | Company | None = None
    if kind == COMPANY:
        found = session.scalar(select(Company).where(Company.code == code, _own_companies(by)))
    elif kind in {*AREA_KINDS, "area"}:
        area = session.scalar(select(Area).where(Area.code == code, by.scope.condition(area=Area.path)))
        found = area if area is not None and kind in {area.level, "area"} else None
    if found is None:
        raise Missing(message("There is no such area or company."))
    return of_area(found) if isinstance(found, Area) else of_company(found)


def list_targets(session: Session, by: Actor, day: date) -> Sequence[Target]:
    """Return every target that ``by`` sees and that exists on ``day``: areas in the order of the tree, companies."""
    query = select(Area).where(by.scope.condition(area=Area.path), Area.holds_on(day)).order_by(Area.path)
    found = [of_area(area) for area in session.scalars(query)]
    if sees_companies(by):
        companies = select(Company).where(Company.active).order_by(Company.name)
        found += [of_company(company) for company in session.scalars(companies)]
    return found
