"""Who is evaluated in a month, and for which target every area's records count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.analysis.colours.rule_set import AREA_KINDS, COMPANY, DISTRICT
from trafficedu.areas.models import Area
from trafficedu.areas.rules import paths_down_to
from trafficedu.companies.models import Company
from trafficedu.core.month import Month
from trafficedu.core.validity import Validity


@dataclass(frozen=True)
class Target:
    """A district, town, village or company; ``id`` is that of the area or the company, ``path`` "" for a company."""

    kind: str
    id: int
    code: str
    name: str
    path: str = ""


@dataclass(frozen=True, eq=False)
class Targets:
    """The targets of a month.

    Parameters
    ----------
    areas
        Kind -> the districts, towns, villages, in the order of their codes.
    companies
        In the order of their codes.
    owners
        Kind -> area id -> code of the district (town, village) its records count for; an area that ended counts for
        the one that followed it. Areas in none are left out.
    paths
        Area path -> area id, of all areas.
    """

    areas: Mapping[str, Sequence[Target]]
    companies: Sequence[Target]
    owners: Mapping[str, Mapping[int, str]]
    paths: Mapping[str, int]

    def all(self) -> list[Target]:
        """Return every target."""
        return [*chain.from_iterable(self.areas.values()), *self.companies]


def list_targets(session: Session, month: Month) -> Targets:
    """Return the areas marked evaluated that exist on the month's last day, and the active companies.

    Districts are targets where several lie in a city or a province: one alone has nothing to be judged against.
    """
    areas = session.execute(
        select(
            Area.id,
            Area.code,
            Area.name,
            Area.level,
            Area.path,
            Area.valid_from,
            Area.valid_to,
            Area.successor_id,
            Area.evaluated,
        )
    ).all()
    chosen = [
        Target(area.level, area.id, area.code, area.name, area.path)
        for area in sorted(areas, key=lambda area: area.code)
        if area.level in AREA_KINDS
        and area.evaluated
        and Validity(area.valid_from, area.valid_to).holds_on(month.last)
        and (area.level != DISTRICT or area.path.count("/") > 1)
    ]
    successors = {area.id: area.successor_id for area in areas}
    by_id = {area.id: area.path for area in areas}
    companies = session.execute(
        select(Company.id, Company.code, Company.name).where(Company.active).order_by(Company.code)
    )
    members = {kind: [target for target in chosen if target.kind == kind] for kind in AREA_KINDS}
    if len(members[DISTRICT]) < 2:
        members[DISTRICT] = []
    return Targets(
        areas=members,
        companies=[Target(COMPANY, row.id, row.code, row.name) for row in companies],
        owners={
            kind: _owners(by_id, successors, {target.path: target.code for target in targets})
            for kind, targets in members.items()
        },
        paths={path: key for key, path in by_id.items()},
    )


def _owners(paths: Mapping[int, str], successors: Mapping[int, int | None], owned: Mapping[str, str]) -> dict[int, str]:
    """Return for every area the target at or above it, or that of the area that followed it."""
    codes: dict[int, str] = {}
    for start in paths:
        seen: set[int] = set()
        area: int | None = start
        while area is not None and area not in seen:
            seen.add(area)
            code = next((owned[path] for path in reversed(paths_down_to(paths[area])) if path in owned), None)
            if code is not None:
                codes[start] = code
                break
            area = successors[area]
    return codes
