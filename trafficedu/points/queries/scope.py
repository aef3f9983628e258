"""Who sees which entry, and the target that a code names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.orm import Session

from trafficedu.areas.models import Area
from trafficedu.areas.queries.tree import lies_in
from trafficedu.companies.models import Company
from trafficedu.core.actors import Actor
from trafficedu.core.errors import Missing, Refusal
from trafficedu.core.text import message
from trafficedu.core.validity import Validity
from trafficedu.points.models import PointEntry
from trafficedu.points.rules import AREA_KINDS, COMPANY

SEES_COMPANIES = "companies:company:read"
CODE_FIELD = "target"
_NO_TARGET = message("This area or company does not exist.")


@dataclass(frozen=True)
class PointTarget:
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


def of_area(area: Area) -> PointTarget:
    """Return an area as a target."""
    return PointTarget(area.level, area.id, area.code, area.name, area.path)


def of_company(company: Company) -> PointTarget:
    """Return a company as a target."""
    return PointTarget(COMPANY, company.id, company.code, company.name)


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


def find_target(session: Session, kind: str, code: str, by: Actor) -> PointTarget:
    """Return the target that ``by`` sees; ``kind`` may be ``area`` for any level. Raise Missing at ``target``."""
    holder: Area | Company | None = None
    if kind == COMPANY:
        holder = session.scalar(select(Company).where(Company.code == code, _own_companies(by)))
    elif kind in {*AREA_KINDS, "area"}:
        area = session.scalar(select(Area).where(Area.code == code, by.scope.condition(area=Area.path)))
        holder = area if area is not None and kind in {area.level, "area"} else None
    if holder is None:
        raise Missing(_NO_TARGET)
    return of_area(holder) if isinstance(holder, Area) else of_company(holder)


class RememberedTargets:
    """:func:`find_target` for the rows of a file: every target is read once, with the days on which it exists."""

    def __init__(self, session: Session, by: Actor) -> None:
        self._targets: dict[tuple[bool, str], tuple[PointTarget, Validity | None]] = {}
        for area in session.scalars(select(Area).where(by.scope.condition(area=Area.path))):
            self._targets[False, area.code] = (of_area(area), area.validity)
        for company in session.scalars(select(Company)) if sees_companies(by) else ():
            self._targets[True, company.code] = (of_company(company), None)

    def find_on(self, kind: str, code: str, day: date) -> PointTarget:
        """Return the target; raise Refusal at ``target``, also for an area that did not exist on ``day``."""
        target, validity = self._targets.get((kind == COMPANY, code), (None, None))
        if target is None or (kind in AREA_KINDS and kind != target.kind):
            raise Refusal(_NO_TARGET, field=CODE_FIELD)
        if validity is not None and not validity.holds_on(day):
            text = message("%(name)s did not exist on %(day)s.", name=target.name, day=day.isoformat())
            raise Refusal(text, field=CODE_FIELD)
        return target


def list_levels(session: Session, by: Actor, day: date) -> Sequence[str]:
    """Return the levels of the areas that ``by`` sees and that exist on ``day``."""
    return session.scalars(
        select(Area.level).where(by.scope.condition(area=Area.path), Area.holds_on(day)).distinct()
    ).all()


def list_companies(session: Session, by: Actor) -> list[tuple[str, str]]:
    """Return code and name of the active companies whose points ``by`` sees as a whole."""
    if not sees_companies(by):
        return []
    query = select(Company.code, Company.name).where(Company.active).order_by(Company.name)
    return [(row.code, row.name) for row in session.execute(query)]
