"""Helmet rates with intervals: by area, site, company, hour and month, and the two methods side by side.

Helmeted over observed minus unclear. A site is a cluster: whatever is summed over several sites has an interval
that knows it (``analysis.proportions``); a single site has Wilson's.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import add
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from trafficedu.analysis.proportions import Judgement, Rate, TargetVerdict, against_target, clustered_rate, wilson
from trafficedu.areas.models import Area
from trafficedu.companies.models import Company
from trafficedu.configuration.queries import figure
from trafficedu.core.actors import Actor
from trafficedu.core.month import Month
from trafficedu.helmets.models import HelmetCount, HelmetSheet, HelmetSite, HelmetSurvey
from trafficedu.helmets.queries.monthly import RateCriteria, Seen, list_seen, paths_of_sites, site_ids
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
    observations: Iterable[Seen], at: Standard, key: str = "", name: str = "", *, one_site: bool = False
) -> RateRow:
    """Sum observations up to a rate with its interval and what it says about the target."""
    sums: dict[int, list[int]] = {}
    unclear = surveys = 0
    for seen in observations:
        site = sums.setdefault(seen.site_id, [0, 0])
        site[0] += seen.helmeted
        site[1] += seen.helmeted + seen.bare
        unclear += seen.unclear
        surveys += seen.surveys
    if one_site:
        rate = _single(sum(helmeted for helmeted, _ in sums.values()), sum(clear for _, clear in sums.values()))
    else:
        helmeted, clear = [site[0] for site in sums.values()], [site[1] for site in sums.values()]
        rate = clustered_rate(helmeted, clear, assumed_deff=at.deff)
    return RateRow(key, name, rate, _judge(rate, at, one_site=one_site), unclear, surveys)


def _single(helmeted: int, clear: int) -> Rate:
    low, high = wilson(helmeted, clear)
    share = helmeted / clear if clear else None
    return Rate(share, low, high, helmeted, clear, 1, 1.0, assumed=False, level=0.95)


def _judge(rate: Rate, at: Standard, *, one_site: bool) -> Judgement:
    """Judge against the target; at one site the number of further sites has no meaning and is left out."""
    if not one_site:
        return against_target(rate, at.target)
    if not rate.observed:
        return Judgement(TargetVerdict.NOT_PROVEN, None)
    verdict = (
        TargetVerdict.MET
        if rate.low >= at.target
        else TargetVerdict.MISSED
        if rate.high < at.target
        else TargetVerdict.NOT_PROVEN
    )
    return Judgement(verdict, None)


def _grouped(observations: Iterable[Seen], key: Callable[[Seen], Hashable]) -> dict[Any, list[Seen]]:
    groups: dict[Any, list[Seen]] = {}
    for seen in observations:
        groups.setdefault(key(seen), []).append(seen)
    return groups


def by_month(observations: Sequence[Seen], at: Standard, months: Sequence[Month]) -> list[RateRow]:
    """Return a line for each of ``months``; one without a survey has no rate."""
    groups = _grouped(observations, lambda seen: seen.month)
    return [line_of(groups.get(month, []), at, str(month), str(month)) for month in months]


def by_hour(session: Session, criteria: RateCriteria, by: Actor, at: Standard) -> list[RateRow]:
    """Return a line for each hour of the day in which a survey began, on the district's clock."""
    cells = [CELLS[place] for place in criteria.cells]
    sums = [reduce(add, (getattr(HelmetSurvey, tally(*cell, head)) for cell in cells)) for head in HeadState]
    query = select(HelmetSurvey.site_id, hour_text(HelmetSurvey.started_utc), *map(func.sum, sums), func.count())
    query = query.where(*_surveys(session, criteria, by), reduce(add, sums) > 0)
    groups = _read(session, criteria, query)
    return [line_of(groups[hour], at, str(int(hour)), f"{hour}:00–{hour}:59") for hour in sorted(groups)]


def by_company(session: Session, criteria: RateCriteria, by: Actor, at: Standard) -> list[RateRow]:
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
    return [line_of(groups[company.id], at, company.code, company.name) for company in companies]


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


def by_area(session: Session, observations: Sequence[Seen], at: Standard, area: Area) -> list[RateRow]:
    """Return a line for each area directly below ``area``; what lies in none of them stands under its own name."""
    paths = paths_of_sites(session, {seen.site_id for seen in observations})
    groups = _grouped(observations, lambda seen: paths[seen.site_id][len(area.path) :].split("/", 1)[0] or area.code)
    names = dict(session.execute(select(Area.code, Area.name).where(Area.code.in_(groups))).tuples().all())
    return [line_of(groups[code], at, code, names.get(code, code)) for code in sorted(groups)]


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


def compare_methods(observations: Sequence[Seen], at: Standard) -> MethodComparison:
    """Compare the two methods; ``observations`` hold both."""
    groups = _grouped(observations, lambda seen: seen.method)
    lines = [line_of(groups.get(method, []), at, method, method) for method in tuple(CountMethod)]
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
