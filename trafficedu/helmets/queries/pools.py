"""How far the sites of a district's towns differ: the same for everybody who reads a rate of one of them.

The spread is that of the whole district also for somebody who sees one town of it, so that a town's verdict is the same
on every page and paper. It tells nothing about another town but that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from trafficedu.analysis.arrays import FloatArray
from trafficedu.analysis.site_pools import SitePool, pool_sites
from trafficedu.areas.models import DISTRICT, TOWN, Area
from trafficedu.areas.rules import paths_down_to
from trafficedu.core.actors import SYSTEM, at_or_below
from trafficedu.helmets.queries.monthly import RateCriteria, Seen, list_seen, paths_of_sites


@dataclass(frozen=True)
class Pools:
    """The spread of sites within the towns of districts, by method and the district's path."""

    of_districts: Mapping[tuple[str, str], SitePool | None] = field(default_factory=dict)

    def below(self, path: str, method: str) -> SitePool | None:
        """Return that of the district in which ``path`` lies; None for a district itself and what is above one.

        A district has sites enough of its own, and they differ by more than those of one town.
        """
        above = (one for one in paths_down_to(path) if one != path)
        return next((pool for one in above if (pool := self.of_districts.get((method, one))) is not None), None)


def read_pools(session: Session, criteria: RateCriteria) -> Pools:
    """Return the spread in the district of the area asked for, or in those below it, over the same months and riders.

    An empty method reads that of each.
    """
    path = criteria.area_path
    districts = session.scalars(
        select(Area.path).where(
            Area.level == DISTRICT, or_(Area.path.in_(list(paths_down_to(path))), at_or_below(Area.path, path))
        )
    ).all()
    pools: dict[tuple[str, str], SitePool | None] = {}
    for district in districts:
        towns = set(session.scalars(select(Area.path).where(Area.level == TOWN, at_or_below(Area.path, district))))
        seen = list_seen(session, replace(criteria, area_path=district), SYSTEM)
        paths = paths_of_sites(session, {one.site_id for one in seen})
        for method in {one.method for one in seen}:
            rows = [one for one in seen if one.method == method]
            pools[method, district] = pool_sites(_by_town(rows, paths, towns))
    return Pools(pools)


def _by_town(
    rows: Sequence[Seen], paths: Mapping[int, str], towns: set[str]
) -> Iterable[tuple[FloatArray, FloatArray]]:
    """Return helmeted and clear by site, for each town."""
    groups: dict[str, list[Seen]] = {}
    for one in rows:
        town = next((path for path in paths_down_to(paths[one.site_id]) if path in towns), None)
        if town is not None:
            groups.setdefault(town, []).append(one)
    return [counts_by_site(group) for group in groups.values()]


def counts_by_site(rows: Iterable[Seen]) -> tuple[FloatArray, FloatArray]:
    """Return helmeted and clear observations, each site once."""
    sums: dict[int, list[int]] = {}
    for one in rows:
        site = sums.setdefault(one.site_id, [0, 0])
        site[0] += one.helmeted
        site[1] += one.helmeted + one.bare
    return (
        np.array([helmeted for helmeted, _ in sums.values()], dtype=float),
        np.array([clear for _, clear in sums.values()], dtype=float),
    )


def pool_among(seen: Sequence[Seen]) -> SitePool | None:
    """Return how far all these sites differ from one another: what a part of them in time or company borrows."""
    return pool_sites([counts_by_site(seen)])
