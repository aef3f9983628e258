"""What a campaign is judged by: counts of its areas, of places like them, before it and during it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
from sqlalchemy.orm import Session

from trafficedu.accidents.queries import figures as accidents
from trafficedu.analysis.arrays import BoolArray, FloatArray
from trafficedu.analysis.before_after import BEFORE_MONTHS
from trafficedu.analysis.trend.panel import Panel
from trafficedu.areas.models import TOWN, VILLAGE, Area
from trafficedu.areas.queries import tree as areas
from trafficedu.areas.queries.ebikes import ebikes_of_areas
from trafficedu.campaigns import queries as campaigns
from trafficedu.campaigns.models import Campaign
from trafficedu.core.actors import SYSTEM
from trafficedu.core.month import Month, Period
from trafficedu.coverage.queries.coverage import Coverage, coverage_of
from trafficedu.evaluation.queries.areas import owners
from trafficedu.evaluation.queries.claims import MOST_LEFT_OUT, figure_of
from trafficedu.evaluation.queries.series import known_months
from trafficedu.evaluation.rules.calendar import MOST_MONTHS
from trafficedu.evaluation.rules.measures import ACCIDENTS, CASUALTY
from trafficedu.violations.queries import figures as violations

LEAST_UNITS = 8


@dataclass(frozen=True)
class Unknown:
    """What was not reported and is left out of a campaign's comparison.

    ``names`` are the reporting units left out as a whole, ``months`` the campaign's months left out of all, ``before``
    the months before it of which some of its areas are not known; ``open`` those of its months that are not closed.
    """

    names: Sequence[str]
    months: Sequence[Month]
    before: int
    open: Sequence[Month]


@dataclass(frozen=True, eq=False)
class CampaignData:
    """A campaign as the analysis takes it, see ``analysis.before_after``; ``fingerprint`` is of all of it.

    ``taken`` are the months of the panel in which some of its areas had another campaign. What was not reported is NaN
    in the panel, has no share in the campaign's months, or is neither in ``campaign`` nor in ``comparison``; of whom
    that is, ``unknown`` says.
    """

    panel: Panel
    observed: FloatArray
    shares: FloatArray
    campaign: BoolArray
    comparison: BoolArray
    compared: Sequence[str]
    taken: BoolArray
    unknown: Unknown
    fingerprint: str


def load_campaign_data(
    session: Session, campaign: Campaign, measure: str, last_day: date, now: datetime
) -> CampaignData | None:
    """Return a campaign's counts up to ``last_day`` by casualty or all accidents, or violations of the kinds aimed at.

    Units are the district's towns where the campaign names towns only; else the villages of the campaign's
    towns, or of the whole district where these are under :data:`LEAST_UNITS` (what is recorded for a town
    itself is a unit too). They are what is meant by places like these. None where nothing is on record before
    the campaign's first month. What is known is asked of ``coverage``: a month that a town did not report is no month
    without accidents.
    """
    root = _common(session, campaign)
    begun = Month.of(campaign.first_day)
    past = _cells(session, campaign, measure, root, (begun - MOST_MONTHS).first, (begun - 1).last)
    if not past:
        return None
    units = _units(session, campaign, root, {path for path, _, _ in past})
    places = owners(session, root, units)
    first, shares = min(month for _, month, _ in past), _shares(campaign.first_day, last_day)
    counts = np.zeros((len(units) + 1, begun - first))
    for path, month, count in past:
        counts[places[path], month - first] += count
    exposure = _ebikes(session, root, units, first, begun - 1)
    inside = np.array([_within(unit.path, [area.path for area in campaign.areas]) for unit in units])
    against = _comparison(session, campaign, units, inside, last_day)
    coverage = coverage_of(session, figure_of(measure), root, Period(first, Month.of(last_day)), now)
    counts[~known_months(coverage, units, root, places)[:, : begun - first]] = np.nan
    panel = Panel(tuple(unit.code for unit in units), first.index, counts[:-1], exposure)
    unknown, kept = _unknown(coverage, panel, units, inside, against)
    inside, against = np.logical_and(inside, kept), np.logical_and(against, kept)
    shares[[month - begun for month in unknown.months]] = 0.0
    observed = np.zeros(len(units) + 1)
    for path, month, count in _cells(session, campaign, measure, root, campaign.first_day, last_day):
        observed[places[path]] += 0 if month in unknown.months else count
    taken = _taken(session, campaign, first, begun - 1)
    names = [unit.name for unit, hit in zip(units, against, strict=True) if hit]
    digest = _digest(f"{measure}:{campaign.first_day}:{last_day}", panel, observed[:-1], shares, inside, against, taken)
    return CampaignData(panel, observed[:-1], shares, inside, against, names, taken, unknown, digest)


def _digest(of: str, panel: Panel, *parts: FloatArray | BoolArray) -> str:
    digest = hashlib.sha256(f"{of}:{panel.areas}".encode())
    for values in (panel.counts, panel.exposure, *parts):
        digest.update(b"-" if values is None else np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()


def _unknown(
    coverage: Coverage, panel: Panel, units: Sequence[Area], inside: BoolArray, against: BoolArray
) -> tuple[Unknown, BoolArray]:
    """Return what is left out of the months after the panel and of those before, and which units are kept.

    A month that more than half of its areas did not report is left out of all; who did not report another is left out.
    """
    during = coverage.months[panel.months :]
    own = [coverage.unit_at(unit.path) for unit in units]
    missing = np.array(
        [[unit is not None and coverage.is_missing(unit, month) for month in during] for unit in own], dtype=bool
    )
    out = missing[inside].sum(axis=0) > MOST_LEFT_OUT * inside.sum()
    kept = np.asarray(~missing[:, ~out].any(axis=1))
    names = [unit.name for unit, gone in zip(own, (inside | against) & ~kept, strict=True) if unit is not None and gone]
    return Unknown(
        names=tuple(dict.fromkeys(names)),
        months=tuple(month for month, gone in zip(during, out, strict=True) if gone),
        before=int(np.isnan(panel.counts[inside][:, -BEFORE_MONTHS:]).any(axis=0).sum()),
        open=tuple(month for month, gone in zip(during, out, strict=True) if month > coverage.closed and not gone),
    ), kept


def _common(session: Session, campaign: Campaign) -> Area:
    """Return the district of a campaign; of one in several districts, the top of the tree."""
    districts = {area.district for area in campaign.areas}
    top = districts.pop() if len(districts) == 1 else areas.root(session)
    assert top is not None  # a campaign has areas
    return top


def _cells(
    session: Session, campaign: Campaign, measure: str, root: Area, first: date, last: date
) -> list[tuple[str, Month, int]]:
    if measure in {ACCIDENTS, CASUALTY}:
        hurt = measure == CASUALTY
        rows = accidents.count_by_area_and_month(session, SYSTEM, first, last, root.path, casualty_only=hurt)
        return [(row.path, row.month, row.accidents) for row in rows]
    return violations.count_by_area_and_month(session, SYSTEM, first, last, root.path, campaign.kind_codes)


def _units(session: Session, campaign: Campaign, root: Area, recorded: set[str]) -> list[Area]:
    towns = list(areas.list_below(session, root.path, campaign.first_day, TOWN))
    if all(area.level == TOWN for area in campaign.areas):
        return towns
    towns = [town for town in towns if town.path in recorded]
    villages = areas.list_below(session, root.path, campaign.first_day, VILLAGE)
    own = {_town(area) for area in campaign.areas}
    near = [village for village in villages if _town(village) in own]
    if len(near) < LEAST_UNITS:
        return [*villages, *towns]
    return [*near, *(town for town in towns if town.path in own)]


def _within(path: str, chosen: Sequence[str]) -> bool:
    return any(path.startswith(start) for start in chosen)


def _town(area: Area) -> str:
    """Return the path of the town that a village lies in, or that the area is."""
    return area.path if area.level == TOWN else area.path[: area.path.rstrip("/").rindex("/") + 1]


def _comparison(
    session: Session, campaign: Campaign, units: Sequence[Area], inside: BoolArray, last_day: date
) -> BoolArray:
    """Tell which units lie in a town of the campaign, but in no campaign of those days."""
    towns = {_town(unit) for unit, hit in zip(units, inside, strict=True) if hit}
    taken: list[str] = []
    for town in sorted(towns):
        for other in campaigns.list_touching(session, town, campaign.first_day, last_day):
            taken += [area.path for area in other.areas]
    taken += [area.path for area in campaign.areas]
    free = [unit.level == VILLAGE and _town(unit) in towns and not _within(unit.path, taken) for unit in units]
    return np.array(free, dtype=bool)


def _taken(session: Session, campaign: Campaign, first: Month, last: Month) -> BoolArray:
    """Tell in which months other campaigns touched the campaign's areas."""
    months = np.zeros(last - first + 1, dtype=bool)
    for area in campaign.areas:
        for other in campaigns.list_touching(session, area.path, first.first, last.last):
            begun, ended = Month.of(other.first_day) - first, Month.of(other.last_day) - first
            if other.id != campaign.id:
                months[max(begun, 0) : ended + 1] = True
    return months


def _ebikes(session: Session, root: Area, units: Sequence[Area], first: Month, last: Month) -> FloatArray | None:
    """Return registered e-bikes of every unit and month; None unless all are known and positive."""
    by_month = ebikes_of_areas(session, root.path, first, last)
    rows = np.array([[float(ebikes_of.get(unit.path) or 0) for ebikes_of in by_month.values()] for unit in units])
    return rows if rows.size and bool((rows > 0).all()) else None


def _shares(first: date, last: date) -> FloatArray:
    """Return for each month from that of ``first`` to that of ``last`` the share of its days that is covered."""
    months = Month.range(Month.of(first), Month.of(last))
    return np.array([((min(month.last, last) - max(month.first, first)).days + 1) / month.last.day for month in months])
