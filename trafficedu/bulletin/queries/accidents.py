"""Accidents of the bulletin: the month, what may be claimed of a year, where they are going, what campaigns did."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from trafficedu.analysis.said.titles import level_change_of, slope_of, trend_of
from trafficedu.analysis.trend_words import METHOD_NAMES
from trafficedu.areas.models import Area
from trafficedu.bulletin.queries.asked import Asked
from trafficedu.bulletin.rules import CAMPAIGN_MONTHS
from trafficedu.campaigns import queries as campaigns
from trafficedu.campaigns.models import Campaign
from trafficedu.core.clock import local_date
from trafficedu.core.month import Month, Period
from trafficedu.core.text import Message, message
from trafficedu.evaluation.queries.areas import fitted_with
from trafficedu.evaluation.queries.claims import figure_of
from trafficedu.evaluation.queries.series import load_series
from trafficedu.evaluation.rules.comparisons import counted_by, effect_sentence, placebo_sentence, unknown_sentences
from trafficedu.evaluation.rules.measures import CASUALTY, FATAL_ONLY, MEASURES, VIOLATIONS
from trafficedu.evaluation.services import results as evaluation
from trafficedu.evaluation.services.trends import compute_trend, unpacked
from trafficedu.reports.bulletin_data import CampaignLine, Claim, Count, Outlook

LEAST_DAYS = 28
"""A campaign younger than this has no effect to speak of (as on its page)."""


COUNTED = (VIOLATIONS, CASUALTY, FATAL_ONLY)
"""What opens a bulletin: three statements at once."""


def count_month(asked: Asked, measure: str) -> Count:
    """Return the events of a measure in the month, the month before and a year before, with the verdict."""
    period, before = Period(asked.month, asked.month), Period(asked.month - 1, asked.month - 1)
    said = asked.observer.compare_year(measure, period, len(COUNTED))
    beside = asked.observer.compare(measure, before, period)
    count = asked.observer.count(measure, said.pair.after)
    reported = asked.observer.reported(figure_of(measure), period)
    return Count(count, beside.shown_before, said.shown_before, said.conclusion, said.sentence, reported)


def list_claims(asked: Asked) -> list[Claim]:
    """Return the twelve months up to the month against the twelve before, by every measure."""
    year = Period(asked.month - 11, asked.month)
    found = []
    for measure, series in MEASURES.items():
        said = asked.observer.compare_year(measure, year, len(MEASURES))
        found.append(Claim(series.name, said.shown_before, said.after.count, said.beside_figure))
    return found


@dataclass(frozen=True)
class Trend:
    """The fit of an area's parts: the payload of the page of trends, and its rows."""

    payload: dict[str, Any]

    @property
    def fitted(self) -> bool:
        """Whether there was enough to fit."""
        return "rows" in self.payload

    def expected_next(self, code: str) -> float:
        """Return the accidents expected of a part in the first month ahead, 0 where nothing is known."""
        row = self.payload.get("rows", {}).get(code)
        return float(row["expected"][0] or 0.0) if row else 0.0


def read_trend(asked: Asked, root: Area) -> Trend:
    """Return the trend of casualty accidents in the parts of ``root`` as known at the end of the month.

    For the last full month that is the result the page of trends shows; an earlier month is fitted anew.
    """
    if asked.month == Month.of(local_date(asked.now)) - 1:
        return Trend(asked.taken(evaluation.trend_of(asked.session, CASUALTY, root, asked.now)))
    return Trend(compute_trend(CASUALTY, load_series(asked.session, CASUALTY, root, asked.month, asked.now)))


def outlook_of(asked: Asked, own: Trend) -> Outlook | None:
    """Return the trend of the area itself; ``own`` is the fit of its parts, used where it is the top."""
    area = asked.area
    root = fitted_with(area)
    trend = own if root.id == area.id else read_trend(asked, root)
    if not trend.fitted:
        return None
    payload = trend.payload
    row = payload["total"] if root.id == area.id else payload["rows"].get(area.code)
    if row is None:
        return None
    about = payload["whole"] if root.id == area.id else payload["parts"]
    first = Month.parse(payload["first_month"])
    return Outlook(
        months=[str(first + place) for place in range(payload["months"])],
        counted=row["shown"],
        ahead=payload["ahead"],
        **{name: row[name] for name in ("fitted", "expected", "low_80", "high_80", "low_95", "high_95")},
        statement=trend_of(
            MEASURES[CASUALTY], slope_of(row["slope"]), unpacked(row["trend"]), level_change_of(row, about)
        ),
        method=METHOD_NAMES[about["method"]],
    )


def list_campaigns(asked: Asked) -> list[CampaignLine]:
    """Return the campaigns that touched the area in the month or in the six before it, with their effect."""
    first, last = (asked.month - CAMPAIGN_MONTHS).first, asked.month.last
    rows = campaigns.list_touching(asked.session, asked.area.path, first, last)
    return [
        CampaignLine(
            one.name,
            one.first_day,
            one.last_day,
            [place.name for place in one.areas],
            _effect(asked, one, last),
        )
        for one in rows
    ]


def _effect(asked: Asked, campaign: Campaign, last: date) -> Message:
    """Say what a campaign changed up to its end, or up to the end of the month if it goes on."""
    until = min(campaign.last_day, last)
    days = (until - campaign.first_day).days + 1
    if days < LEAST_DAYS:
        return message("Too early: %(days)s days so far, %(least)s needed.", days=days, least=LEAST_DAYS)
    found = asked.taken(evaluation.effect_of(asked.session, campaign, until, asked.now))
    if "percent" not in found:
        return message("Too few months are on record before the campaign.")
    said = message(
        "%(what)s: %(effect)s",
        what=counted_by(found["measure"], bool(campaign.kind_codes)),
        effect=effect_sentence(found),
    )
    for more in (placebo_sentence(found), *unknown_sentences(found)):
        said = message("%(said)s %(more)s", said=said, more=more) if more is not None else said
    return said
