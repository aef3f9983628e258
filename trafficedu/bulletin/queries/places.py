"""Where the next month's effort is recommended, by a rule that is printed with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from trafficedu.accidents.queries import figures as accidents
from trafficedu.analysis.arrays import FloatArray
from trafficedu.analysis.excess import Excess, excess
from trafficedu.analysis.said.alarms import read_alarms
from trafficedu.areas.models import Area
from trafficedu.bulletin.queries.accidents import Trend
from trafficedu.bulletin.queries.asked import Asked
from trafficedu.bulletin.rules import ALWAYS, MOST_PLACES, SURE, YEARS_OF_RECORD
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import local_date
from trafficedu.core.month import Month
from trafficedu.core.text import Message, message
from trafficedu.evaluation.queries.series import Loaded, load_series
from trafficedu.evaluation.rules.measures import CASUALTY, SERIES
from trafficedu.evaluation.services import results as evaluation
from trafficedu.evaluation.services.trends import compute_trend
from trafficedu.evaluation.services.watching import WATCHED, judge
from trafficedu.hazards.queries.figures import HazardCounts
from trafficedu.reports.bulletin_data import Place, Places

MONTHS = 12 * YEARS_OF_RECORD
INSIDE = 3
RULE = message(
    "Rule: a place is recommended (a) if its casualty accidents are above the usual level with a probability of at "
    "least %(sure)s %%, (b) if it had an alarm in the month, or (c) if it has overdue hazards; and (d) in any case the "
    "%(always)s places with the most accidents expected next month. Places with the most reasons come first, then "
    "those with the most expected accidents; at most %(most)s. %(base)s"
)
BY_EBIKES = message("Places are compared by registered e-bikes.")
ALIKE = message("Places are treated as equally large, because not all their numbers of registered e-bikes are known.")


_NOTHING_KNOWN = 1e-6
"""The share of its months that stands for none of a part: nothing is expected of it and nothing said."""


@dataclass(frozen=True, eq=False)
class _Record:
    """Accidents of the parts over the months of the record, against each other."""

    observed: FloatArray
    against: Excess
    months: int
    by_ebikes: bool


def load_watched(session: Session, area: Area, month: Month, now: datetime) -> dict[str, Loaded | None]:
    """Return the series of the parts of ``area`` up to ``month`` that can raise an alarm."""
    return {key: load_series(session, key, area, month, now) for key in WATCHED}


def judge_month(asked: Asked, root: Area, loaded: dict[str, Loaded | None], trend: Trend) -> dict[str, Any]:
    """Return what is alarming in the month among the parts of ``root``, as ``evaluation.services.watching`` judges it.

    ``trend`` is that of casualty accidents. For the last full month the trends are those kept, which the screen
    reads its alarms off.
    """
    trends = {CASUALTY: trend.payload}
    for key in WATCHED:
        if key not in trends and asked.month == Month.of(local_date(asked.now)) - 1:
            trends[key] = asked.taken(evaluation.trend_of(asked.session, key, root, asked.now))
        elif key not in trends:
            trends[key] = compute_trend(key, loaded[key])
    return judge(trends, asked.parts, str(asked.month))


def alarmed(judged: dict[str, Any]) -> dict[str, list[Message]]:
    """Return the names of the series above their limit, by code of the part."""
    found: dict[str, list[Message]] = {}
    for alarm in read_alarms(judged):
        found.setdefault(alarm.code, []).append(SERIES[alarm.series].name)
    return found


def recommend(
    session: Session,
    area: Area,
    parts: Sequence[Area],
    month: Month,
    trend: Trend,
    alarms: Mapping[str, Sequence[Message]],
    hazards: Mapping[str, HazardCounts],
    loaded: Loaded | None,
) -> Places:
    """Return the parts of ``area`` to look after next month; none where nothing is on record or there is one part.

    ``hazards`` are those at and below a part, by its code; ``loaded`` are the casualty accidents of the parts.
    """
    record = _compare(loaded, parts)
    base = BY_EBIKES if record is not None and record.by_ebikes else ALIKE
    rule = RULE.filled(sure=f"{100 * SURE:g}", always=ALWAYS, most=MOST_PLACES, base=base)
    if record is None:
        return Places(rule, [], MONTHS)
    expected = {part.code: trend.expected_next(part.code) for part in parts}
    most = sorted(parts, key=lambda part: (-expected[part.code], part.code))[:ALWAYS]
    top = {part.code for part in most if expected[part.code] > 0}
    inside = _inside(session, area, parts, month)
    places = [
        Place(
            code=part.code,
            name=part.name,
            expected=expected[part.code],
            observed=int(record.observed[row]),
            usual=float(record.against.usual[row]),
            excess=float(record.against.theta[row]),
            low=float(record.against.low[row]),
            high=float(record.against.high[row]),
            more=float(record.against.more[row]),
            overdue=hazards[part.code].overdue if part.code in hazards else 0,
            inside=inside.get(part.code, ()),
        )
        for row, part in enumerate(parts)
    ]
    reasoned = [(one, reasons_for(one, alarms.get(one.code, ()), one.code in top)) for one in places]
    chosen = [replace(one, reasons=tuple(why)) for one, why in reasoned if why]
    chosen.sort(key=lambda one: (-len(one.reasons), -one.expected, one.code))
    return Places(rule, chosen[:MOST_PLACES], record.months)


def reasons_for(one: Place, alarms: Sequence[Message], among_the_most: bool) -> list[Message]:
    """Return the parts of the rule that choose a place."""
    said = []
    if one.more >= SURE:
        said.append(message("more accidents than usual (probability %(p)s %%)", p=f"{100 * min(one.more, 0.99):.0f}"))
    said += [message("alarm: %(series)s", series=series) for series in alarms]
    if one.overdue:
        said.append(message("overdue hazards: %(count)s", count=one.overdue))
    if among_the_most:
        said.append(message("among the %(always)s with the most accidents expected", always=ALWAYS))
    return said


def _compare(loaded: Loaded | None, parts: Sequence[Area]) -> _Record | None:
    """Compare the parts over the last months of the record, each over those that were reported; None without any."""
    if loaded is None or len(parts) < 2 or [part.code for part in loaded.parts] != [part.code for part in parts]:
        return None
    months = min(MONTHS, loaded.panel.months)
    counts = loaded.panel.counts[: len(parts), -months:]
    observed, known = np.nansum(counts, axis=1), np.maximum((~np.isnan(counts)).mean(axis=1), _NOTHING_KNOWN)
    exposure = _mean_ebikes(loaded.panel.exposure, len(parts))
    base = np.ones(len(parts)) if exposure is None else exposure
    return _Record(observed, excess(observed, base * known), months, exposure is not None)


def _mean_ebikes(exposure: FloatArray | None, parts: int) -> FloatArray | None:
    """Return the mean of each part's known months; None unless every part has e-bikes."""
    if exposure is None:
        return None
    known = ~np.isnan(exposure[:parts])
    total = np.where(known, exposure[:parts], 0.0).sum(axis=1)
    return total / known.sum(axis=1) if bool((total > 0).all()) else None


def _inside(session: Session, area: Area, parts: Sequence[Area], month: Month) -> dict[str, list[str]]:
    """Return for each part the places below it with most accidents over the record, two at least."""
    first = (month - (MONTHS - 1)).first
    rows = accidents.count_by_area_and_month(session, SYSTEM, first, month.last, area.path, casualty_only=True)
    counts: Counter[tuple[str, str]] = Counter()
    for row in rows:
        part = next((one for one in parts if row.path.startswith(one.path) and row.path != one.path), None)
        if part is not None:
            counts[part.code, row.name] += row.accidents
    found: dict[str, list[str]] = {}
    for (code, name), number in sorted(counts.items(), key=lambda one: (-one[1], one[0])):
        if number >= 2 and len(found.setdefault(code, [])) < INSIDE:
            found[code].append(name)
    return found
