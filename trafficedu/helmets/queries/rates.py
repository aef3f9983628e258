"""Helmet rates with intervals: by area, site, company, hour and month, and the two methods side by side.

Helmeted over observed minus unclear. A site is a cluster: whatever is summed over several sites has an interval
that knows it (``analysis.proportions``), and borrows from the other towns how far sites differ (``queries.pools``); a
single site has Wilson's. `rate_of` is the rate of an area that every page and paper shows.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import reduce
from operator import add
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from trafficedu.analysis.proportions import Judgement, Rate, against_target, clustered_rate, single_site
from trafficedu.analysis.said.comparing import compare_shares
from trafficedu.analysis.said.observed import Observed
from trafficedu.analysis.said.result import Said
from trafficedu.analysis.said.series import HELMETS
from trafficedu.analysis.said.spans import pair
from trafficedu.analysis.site_pools import SitePool
from trafficedu.areas.models import Area
from trafficedu.companies.models import Company
from trafficedu.configuration.queries import figure
from trafficedu.core.actors import Actor
from trafficedu.core.month import Month, Period
from trafficedu.helmets.models import HelmetCount, HelmetSheet, HelmetSite, HelmetSurvey
from trafficedu.helmets.queries.monthly import RateCriteria, Seen, list_seen, paths_of_sites, site_ids
from trafficedu.helmets.queries.pools import Pools, counts_by_site, pool_among, read_pools
from trafficedu.helmets.rules import CELLS, CountMethod, HeadState, RateInterval, SurveyState, difference, tally
from trafficedu.settled.models import hour_text


def either_method(criteria: RateCriteria) -> RateCriteria:
    """Return the same question about both methods, for a comparison."""
    return replace(criteria, method="")


@dataclass(frozen=True)
class Standard:
    """The configured target (a share) and the design effect where sites cannot tell."""

    target: float
    deff: float

    @property
    def target_text(self) -> str:
        """The target as it is written: 95 %."""
        return f"{100 * self.target:g} %"


@dataclass(frozen=True)
class RateRow:
    """One row of a table of rates. ``key`` is a code, a month, an hour or a method; ``one_site`` tells Wilson's."""

    key: str
    name: str
    rate: Rate
    judgement: Judgement
    unclear: int
    surveys: int

    @property
    def helmeted(self) -> int:
        """The numerator."""
        return int(self.rate.successes)

    @property
    def clear(self) -> int:
        """The denominator: observed minus unclear."""
        return int(self.rate.observed)

    @property
    def low_percent(self) -> float:
        """The lower limit in percent."""
        return 100 * self.rate.low

    @property
    def high_percent(self) -> float:
        """The upper limit in percent."""
        return 100 * self.rate.high

    @property
    def unclear_percent(self) -> float:
        """How many of all observed were unclear, in percent."""
        observed = self.clear + self.unclear
        return 100 * self.unclear / observed if observed else 0.0


def standard(session: Session) -> Standard:
    """Return the configured target and design effect."""
    return Standard(
        figure(session, "helmets.target_percent") / 100, figure(session, "helmets.assumed_deff_tenths") / 10
    )


def line_of(
    observations: Sequence[Seen],
    at: Standard,
    key: str = "",
    name: str = "",
    *,
    pool: SitePool | None = None,
    one_site: bool = False,
) -> RateRow:
    """Sum observations up to a rate with its interval and what it says about the target."""
    helmeted, clear = counts_by_site(observations)
    if one_site:
        rate = single_site(int(helmeted.sum()), int(clear.sum()))
    else:
        rate = clustered_rate(helmeted, clear, assumed_deff=at.deff, pool=pool)
    unclear, surveys = sum(seen.unclear for seen in observations), sum(seen.surveys for seen in observations)
    return RateRow(key, name, rate, against_target(rate, at.target), unclear, surveys)


@dataclass(frozen=True)
class AreaRate:
    """The rate of an area over months, what it was judged by, and what it was counted from."""

    row: RateRow
    standard: Standard
    seen: Sequence[Seen]
    pools: Pools


def rate_of(session: Session, criteria: RateCriteria, by: Actor) -> AreaRate:
    """Return the rate of the area asked for with its verdict: the same on every page, on paper and for every reader.

    Counts are those that ``by`` sees; how far sites differ is that of the district.
    """
    at = standard(session)
    seen, pools = list_seen(session, criteria, by), read_pools(session, criteria)
    row = line_of(seen, at, pool=pools.below(criteria.area_path, criteria.method))
    return AreaRate(row, at, seen, pools)


def spread_among(seen: Sequence[Seen], pools: Pools, criteria: RateCriteria) -> SitePool | None:
    """Return how far sites differ, for parts of an area in time or by company: as in its district, else among them."""
    return pools.below(criteria.area_path, criteria.method) or pool_among(seen)


def _grouped(observations: Iterable[Seen], key: Callable[[Seen], Hashable]) -> dict[Any, list[Seen]]:
    groups: dict[Any, list[Seen]] = {}
    for seen in observations:
        groups.setdefault(key(seen), []).append(seen)
    return groups


def by_month(
    observations: Sequence[Seen], at: Standard, months: Sequence[Month], pool: SitePool | None = None
) -> list[RateRow]:
    """Return a line for each of ``months``; one without a survey has no rate."""
    groups = _grouped(observations, lambda seen: seen.month)
    return [line_of(groups.get(month, []), at, str(month), str(month), pool=pool) for month in months]


def compare_halves(
    observations: Sequence[Seen], at: Standard, period: Period, today: date, pool: SitePool | None = None
) -> Said | None:
    """Compare the two halves of a period, the later one the longer where they are odd; None where one is empty.

    The same sites counted in both make the interval of the difference wider than it need be, never narrower.
    """
    middle = period.first + (period.last - period.first + 1) // 2
    if middle == period.first:
        return None
    between = pair(Period(period.first, middle - 1), Period(middle, period.last), today)
    found = []
    for days in (between.before, between.after):
        line = line_of([seen for seen in observations if days.first <= seen.month.first <= days.last], at, pool=pool)
        if line.rate.rate is None:
            return None
        limits = line.rate.low, line.rate.high
        found.append(Observed(line.helmeted, days, period.first, denominator=line.clear, interval=limits))
    earlier, later = found
    return compare_shares(HELMETS, between, earlier, later)


def by_hour(
    session: Session, criteria: RateCriteria, by: Actor, at: Standard, pool: SitePool | None = None
) -> list[RateRow]:
    """Return a line for each hour of the day in which a survey began, on the district's clock."""
    cells = [CELLS[place] for place in criteria.cells]
    sums = [reduce(add, (getattr(HelmetSurvey, tally(*cell, head)) for cell in cells)) for head in HeadState]
    query = select(HelmetSurvey.site_id, hour_text(HelmetSurvey.started_utc), *map(func.sum, sums), func.count())
    query = query.where(*_surveys(session, criteria, by), reduce(add, sums) > 0)
    groups = _read(session, criteria, query)
    return [line_of(groups[hour], at, str(int(hour)), f"{hour}:00–{hour}:59", pool=pool) for hour in sorted(groups)]


def by_company(
    session: Session, criteria: RateCriteria, by: Actor, at: Standard, pool: SitePool | None = None
) -> list[RateRow]:
    """Return a line for each company whose delivery riders an observer told apart, by name."""
    sums = [getattr(HelmetCount, head) for head in HeadState]
    query = (
        select(
            HelmetSurvey.site_id, HelmetCount.company_id, *map(func.sum, sums), func.count(HelmetSurvey.id.distinct())
        )
        .join(HelmetSheet, HelmetSheet.survey_id == HelmetSurvey.id)
        .join(HelmetCount, HelmetCount.sheet_id == HelmetSheet.id)
        .where(*_surveys(session, criteria, by), HelmetCount.company_id.is_not(None), reduce(add, sums) > 0)
    )
    for column, value in ((HelmetCount.group, criteria.group), (HelmetCount.role, criteria.role)):
        if value:
            query = query.where(column == value)
    groups = _read(session, criteria, query)
    companies = session.scalars(select(Company).where(Company.id.in_(groups)).order_by(Company.name))
    return [line_of(groups[company.id], at, company.code, company.name, pool=pool) for company in companies]


def _surveys(session: Session, criteria: RateCriteria, by: Actor) -> list[ColumnElement[bool]]:
    conditions = [
        HelmetSurvey.state == SurveyState.COUNTED,
        HelmetSurvey.occurred_on.between(criteria.period.first_day, criteria.period.last_day),
        HelmetSurvey.site_id.in_(site_ids(session, criteria, by)),
    ]
    return [*conditions, HelmetSurvey.method == criteria.method] if criteria.method else conditions


def _read(session: Session, criteria: RateCriteria, query: Select[Any]) -> dict[Any, list[Seen]]:
    """Return what a query of site, key, heads and surveys counts, by its key."""
    site, key = list(query.selected_columns)[:2]
    groups: dict[Any, list[Seen]] = {}
    for site_id, of, *numbers in session.execute(query.group_by(site, key)):
        groups.setdefault(of, []).append(Seen(site_id, criteria.period.first, criteria.method, *numbers))
    return groups


def by_site(session: Session, observations: Sequence[Seen], at: Standard) -> list[RateRow]:
    """Return a line with Wilson's interval for each site, by code."""
    groups = _grouped(observations, lambda seen: seen.site_id)
    sites = session.execute(
        select(HelmetSite.id, HelmetSite.code, HelmetSite.name)
        .where(HelmetSite.id.in_(groups))
        .order_by(HelmetSite.code)
    )
    return [line_of(groups[site.id], at, site.code, site.name, one_site=True) for site in sites]


def by_area(
    session: Session, observations: Sequence[Seen], at: Standard, area: Area, pools: Pools | None = None
) -> list[RateRow]:
    """Return a line for each area directly below ``area``; what lies in none of them stands under its own name.

    ``observations`` are of one method.
    """
    paths = paths_of_sites(session, {seen.site_id for seen in observations})
    groups = _grouped(observations, lambda seen: paths[seen.site_id][len(area.path) :].split("/", 1)[0] or area.code)
    names = dict(session.execute(select(Area.code, Area.name).where(Area.code.in_(groups))).tuples().all())
    method = observations[0].method if observations else ""

    def pool(code: str) -> SitePool | None:
        path = area.path if code == area.code else f"{area.path}{code}/"
        return pools.below(path, method) if pools is not None else None

    return [line_of(groups[code], at, code, names.get(code, code), pool=pool(code)) for code in sorted(groups)]


@dataclass(frozen=True)
class MethodComparison:
    """On site against video over the same period and areas; ``gap`` is on site minus video, None without both."""

    lines: Sequence[RateRow]
    gap: RateInterval | None
    shared_sites: int

    @property
    def differs(self) -> bool:
        """Whether the interval of the difference leaves zero out."""
        return self.gap is not None and (self.gap.low > 0 or self.gap.high < 0)


def compare_methods(
    observations: Sequence[Seen], at: Standard, pools: Pools | None = None, path: str = ""
) -> MethodComparison:
    """Compare the two methods; ``observations`` hold both, and are those of the area at ``path``."""
    groups = _grouped(observations, lambda seen: seen.method)
    lines = [
        line_of(groups.get(method, []), at, method, method, pool=pools.below(path, method) if pools else None)
        for method in tuple(CountMethod)
    ]
    sites = [{seen.site_id for seen in groups.get(method, [])} for method in tuple(CountMethod)]
    shares = [
        RateInterval(line.rate.rate, line.rate.low, line.rate.high) for line in lines if line.rate.rate is not None
    ]
    gap = difference(shares[0], shares[1]) if len(shares) == len(tuple(CountMethod)) else None
    return MethodComparison(lines, gap, len(sites[0] & sites[1]))


def count_by_area_and_month(session: Session, criteria: RateCriteria, by: Actor) -> list[tuple[str, Month, int, int]]:
    """Return path of the site's area, month, bare heads and clear observations."""
    paths = paths_of_sites(session, site_ids(session, criteria, by))
    counts: dict[tuple[str, Month], tuple[int, int]] = {}
    for seen in list_seen(session, criteria, by):
        key = paths[seen.site_id], seen.month
        bare, clear = counts.get(key, (0, 0))
        counts[key] = bare + seen.bare, clear + seen.helmeted + seen.bare
    return [(path, month, bare, clear) for (path, month), (bare, clear) in sorted(counts.items())]
