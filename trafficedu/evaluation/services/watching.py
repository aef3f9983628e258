"""Early warnings from the trends of an area's parts: what is kept with a trend, and what is judged by it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from trafficedu.analysis.early_warning import LEAST_COUNT, WINDOWS, allowed, limit, tail, watch
from trafficedu.analysis.said.alarms import SHORT, UNKNOWN, Alarm
from trafficedu.analysis.trend.rolling import STACK, Rolled
from trafficedu.areas.models import Area
from trafficedu.evaluation.rules.measures import CASUALTY, VIOLATIONS

WATCHED = (CASUALTY, VIOLATIONS)
"""Series that can raise an alarm: what a district acts on within the month."""
SEEN = 0.8
"""Probability from which on a doubling counts as seen."""

Watched = dict[str, list[dict[str, Any]]]


def watched_parts(rolled: Rolled | None, parts: Sequence[Area]) -> Watched:
    """Lay out the last months of each part beside what was expected of them, by code of the part.

    Returns
    -------
    dict
        Code -> ``months``, ``count`` (None: not reported), ``expected``, ``k``, one for each span that can be judged.
    """
    found: Watched = {part.code: [] for part in parts}
    if rolled is None:
        return found
    for span in watch(rolled.truth, rolled.means[STACK]):
        for place, part in enumerate(parts):
            count = float(span.counts[place])
            found[part.code].append(
                {
                    "months": span.months,
                    "count": None if np.isnan(count) else int(count),
                    "expected": round(float(span.expected[place]), 3),
                    "k": float(f"{span.dispersion[place]:.4g}"),
                }
            )
    return found


def judge(trends: Mapping[str, Mapping[str, Any]], parts: Sequence[Area], month: str) -> dict[str, Any]:
    """Judge the last month of every part and series by the trends of the series.

    Returns
    -------
    dict
        ``month``, ``parts`` and ``judged`` (how many series of parts), ``tests``, ``not_judged`` (why -> how many),
        ``alarms`` (fields of :class:`Alarm`), ``doubling`` (months -> in how many series a doubling would be seen).
    """
    spans: dict[tuple[str, str], list[dict[str, Any]]] = {}
    not_judged = {SHORT: 0, UNKNOWN: 0}
    for key, payload in trends.items():
        for part in parts:
            watched = payload.get("watch", {}).get(part.code, [])
            if not watched:
                not_judged[SHORT] += 1
            elif watched[0]["count"] is None:
                not_judged[UNKNOWN] += 1
            else:
                spans[key, part.code] = [one for one in watched if one["count"] is not None]
    tests = sum(len(found) for found in spans.values())
    share = allowed(tests)
    names = {part.code: part.name for part in parts}
    alarms = [_alarm(key, code, names[code], found, share) for (key, code), found in spans.items()]
    return {
        "month": month,
        "parts": len({code for _, code in spans}),
        "judged": len(spans),
        "tests": tests,
        "not_judged": not_judged,
        "alarms": [vars(alarm) for alarm in alarms if alarm is not None],
        "doubling": {
            str(most): sum(_sees_doubling(found, most, share) for found in spans.values()) for most in WINDOWS
        },
    }


def _alarm(key: str, code: str, name: str, spans: Sequence[dict[str, Any]], share: float) -> Alarm | None:
    """Return the alarm of the span that is the least likely, if any is unlikely enough."""
    unlikely = [(tail(one["count"], one["expected"], one["k"]), one) for one in spans if one["count"] >= LEAST_COUNT]
    found, one = min(unlikely, key=lambda pair: pair[0], default=(1.0, {}))
    if found > share:
        return None
    most = limit(one["expected"], one["k"], share)
    return Alarm(key, code, name, one["months"], one["count"], round(one["expected"], 2), most)


def _sees_doubling(spans: Sequence[dict[str, Any]], most: int, share: float) -> bool:
    within = [one for one in spans if one["months"] <= most]
    return any(
        tail(limit(one["expected"], one["k"], share) + 1, 2 * one["expected"], one["k"]) >= SEEN for one in within
    )
