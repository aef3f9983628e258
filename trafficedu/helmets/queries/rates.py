"""Helmet rates with intervals: by area, site, company, hour and month, and the two methods side by side.

Helmeted over observed minus unclear. A site is a cluster: whatever is summed over several sites has an interval
that knows it (``analysis.proportions``); a single site has Wilson's.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from trafficedu.analysis.proportions import Judgement, Rate, TargetVerdict, against_target, clustered_rate, wilson
from trafficedu.areas.models import Area
from trafficedu.companies.models import Company
from trafficedu.configuration.queries import figure
from trafficedu.core.actors import Actor, at_or_below
from trafficedu.core.clock import local
from trafficedu.core.month import Month
from trafficedu.helmets.models import HelmetCount, HelmetSheet, HelmetSite, HelmetSurvey
from trafficedu.helmets.queries.surveys import visible_to
from trafficedu.helmets.rules import CountMethod, RateInterval, SurveyState, difference


@dataclass(frozen=True)
class RateCriteria:
    """What is asked: days from ``first`` to before ``after``, an area with all below it, and who was counted.

    An empty group or role means both. An empty method means both, which only a comparison wants: the methods see
    different riders.
    """

    first: date
    after: date
    area_path: str = ""
    method: str = CountMethod.ON_SITE
    group: str = ""
    role: str = ""


def either_method(criteria: RateCriteria) -> RateCriteria:
    """Return the same question about both methods, for a comparison."""
    return replace(criteria, method="")


@dataclass(frozen=True)
class Observation:
    """What one survey counted of one company's riders (None: not told apart, or no delivery)."""

    survey_id: int
    site_id: int
    started: datetime
    day: date
    method: str
    company_id: int | None
    helmeted: int
    bare: int
    unclear: int


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


def list_observations(session: Session, criteria: RateCriteria, by: Actor) -> list[Observation]:
    """Return what was counted in the surveys that count, one row a survey and company."""
    query = (
        select(
            HelmetSurvey.id,
            HelmetSurvey.site_id,
            HelmetSurvey.started_utc,
            HelmetSurvey.occurred_on,
            HelmetSurvey.method,
            HelmetCount.company_id,
            func.sum(HelmetCount.helmeted),
            func.sum(HelmetCount.bare),
            func.sum(HelmetCount.unclear),
        )
        .join(HelmetSheet, HelmetSheet.survey_id == HelmetSurvey.id)
        .join(HelmetCount, HelmetCount.sheet_id == HelmetSheet.id)
        .join(HelmetSite, HelmetSurvey.site_id == HelmetSite.id)
        .join(Area, HelmetSite.area_id == Area.id)
        .where(
            HelmetSurvey.state == SurveyState.COUNTED,
            HelmetSurvey.occurred_on >= criteria.first,
            HelmetSurvey.occurred_on < criteria.after,
            visible_to(by),
        )
        .group_by(HelmetSurvey.id, HelmetCount.company_id)
        .order_by(HelmetSurvey.id)
    )
    if criteria.area_path:
        query = query.where(at_or_below(Area.path, criteria.area_path))
    for column, value in (
        (HelmetSurvey.method, criteria.method),
        (HelmetCount.group, criteria.group),
        (HelmetCount.role, criteria.role),
    ):
        if value:
            query = query.where(column == value)
    return [Observation(*row) for row in session.execute(query)]


def line_of(
    observations: Iterable[Observation], at: Standard, key: str = "", name: str = "", *, one_site: bool = False
) -> RateRow:
    """Sum observations up to a rate with its interval and what it says about the target."""
    sums: dict[int, list[int]] = {}
    surveys: set[int] = set()
    unclear = 0
    for seen in observations:
        site = sums.setdefault(seen.site_id, [0, 0])
        site[0] += seen.helmeted
        site[1] += seen.helmeted + seen.bare
        unclear += seen.unclear
        surveys.add(seen.survey_id)
    if one_site:
        rate = _single(sum(helmeted for helmeted, _ in sums.values()), sum(clear for _, clear in sums.values()))
    else:
        helmeted, clear = [site[0] for site in sums.values()], [site[1] for site in sums.values()]
        rate = clustered_rate(helmeted, clear, assumed_deff=at.deff)
    return RateRow(key, name, rate, _judge(rate, at, one_site=one_site), unclear, len(surveys))


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


def _grouped(
    observations: Iterable[Observation], key: Callable[[Observation], Hashable | None]
) -> dict[Any, list[Observation]]:
    groups: dict[Any, list[Observation]] = {}
    for seen in observations:
        place = key(seen)
        if place is not None:
            groups.setdefault(place, []).append(seen)
    return groups


def by_month(observations: Sequence[Observation], at: Standard, months: Sequence[Month]) -> list[RateRow]:
    """Return a line for each of ``months``; one without a survey has no rate."""
    groups = _grouped(observations, lambda seen: Month.of(seen.day))
    return [line_of(groups.get(month, []), at, str(month), str(month)) for month in months]


def by_hour(observations: Sequence[Observation], at: Standard) -> list[RateRow]:
    """Return a line for each hour of the day in which a survey began, on the district's clock."""
    groups = _grouped(observations, lambda seen: local(seen.started).hour)
    return [line_of(groups[hour], at, str(hour), f"{hour:02d}:00–{hour:02d}:59") for hour in sorted(groups)]


def by_company(session: Session, observations: Sequence[Observation], at: Standard) -> list[RateRow]:
    """Return a line for each company whose delivery riders an observer told apart, by name."""
    groups = _grouped(observations, lambda seen: seen.company_id)
    companies = session.scalars(select(Company).where(Company.id.in_(groups)).order_by(Company.name))
    return [line_of(groups[company.id], at, company.code, company.name) for company in companies]


def by_site(session: Session, observations: Sequence[Observation], at: Standard) -> list[RateRow]:
    """Return a line with Wilson's interval for each site, by code."""
    groups = _grouped(observations, lambda seen: seen.site_id)
    sites = session.execute(
        select(HelmetSite.id, HelmetSite.code, HelmetSite.name)
        .where(HelmetSite.id.in_(groups))
        .order_by(HelmetSite.code)
    )
    return [line_of(groups[site.id], at, site.code, site.name, one_site=True) for site in sites]


def by_area(session: Session, observations: Sequence[Observation], at: Standard, area: Area) -> list[RateRow]:
    """Return a line for each area directly below ``area``; what lies in none of them stands under its own name."""
    site_ids = {seen.site_id for seen in observations}
    paths = dict(
        session.execute(
            select(HelmetSite.id, Area.path)
            .join(Area, HelmetSite.area_id == Area.id)
            .where(HelmetSite.id.in_(site_ids))
        )
        .tuples()
        .all()
    )
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


def compare_methods(observations: Sequence[Observation], at: Standard) -> MethodComparison:
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
    paths = {
        code: path
        for code, path in session.execute(select(HelmetSite.id, Area.path).join(Area, HelmetSite.area_id == Area.id))
    }
    counts: dict[tuple[str, Month], tuple[int, int]] = {}
    for seen in list_observations(session, criteria, by):
        key = paths[seen.site_id], Month.of(seen.day)
        bare, clear = counts.get(key, (0, 0))
        counts[key] = bare + seen.bare, clear + seen.helmeted + seen.bare
    return [(path, month, bare, clear) for (path, month), (bare, clear) in sorted(counts.items())]
