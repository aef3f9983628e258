"""The forecast each month's accident trend is measured by: fitted once, kept, and found again by its digest."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from trafficedu.analysis.trend.panel import MONTHS
from trafficedu.analysis.trend.rolling import LEAST_MONTHS
from trafficedu.areas.queries import tree as areas
from trafficedu.core.clock import local_date
from trafficedu.core.month import Month
from trafficedu.evaluation.queries.results import find_result
from trafficedu.evaluation.queries.targets import Targets
from trafficedu.evaluation.queries.yearly import Yearly, load_yearly
from trafficedu.evaluation.services.results import keeping

KIND = "year:"
Keep = Callable[[Session], None]
"""Stores a result in a transaction that writes."""


@dataclass(frozen=True)
class TrendInputs:
    """What the trend of every target rests on: kind -> code -> inputs (``analysis.colours.first.scoring``).

    ``keep`` stores what had to be fitted for it, each fit by one call.
    """

    of: Mapping[str, Mapping[str, dict[str, Any]]]
    keep: Sequence[Keep] = ()


def trend_inputs(session: Session, targets: Targets, month: Month, now: datetime) -> TrendInputs:
    """Return casualty accidents of the twelve months that end with ``month``, and what was to be expected.

    The expectation is that of the trend model from the origin before these months. Where fewer than 24 months
    lie before it there is only the count. The first month asked for fits what every other origin says as well. Only
    reads.
    """
    latest = max(month, Month.of(local_date(now)) - 1)
    by_kind, keep = {}, list[Keep]()
    for kind, yearly in load_yearly(session, targets, latest).items():
        end = month.index - yearly.panel.first_month + 1
        origin = end - MONTHS
        if end < 1:
            continue
        counts = yearly.panel.counts[:, max(origin, 0) : end].sum(axis=1)
        inputs: dict[str, dict[str, Any]] = {
            target.code: {"observed": int(counts[row])} for row, target in enumerate(yearly.members)
        }
        if origin >= LEAST_MONTHS:
            ahead = _ahead(session, kind, yearly, origin, now, keep)
            for row, code in enumerate(inputs):
                inputs[code] |= {
                    "expected": ahead["expected"][row],
                    "shape": ahead["shape"],
                    "method": ahead["method"],
                    "origin": yearly.panel.month_name(origin),
                }
        by_kind[kind] = inputs
    return TrendInputs(by_kind, keep)


def _ahead(session: Session, kind: str, yearly: Yearly, origin: int, now: datetime, keep: list[Keep]) -> dict[str, Any]:
    """Return what the origin says, kept or fitted now; ``keep`` is added to where it was fitted."""
    prints = yearly.fingerprints()
    top = areas.root(session)
    assert top is not None  # there are targets, so there is a tree
    kept = find_result(session, KIND + kind, top.id)
    known: dict[str, Any] = {} if kept is None else kept.payload
    fingerprint = prints[origin]
    if fingerprint in known:
        return dict(known[fingerprint])
    from trafficedu.analysis.colours.first.yearly import years_ahead  # noqa: PLC0415 - scikit-learn loads where it is used

    until = max(origin, yearly.panel.months - MONTHS)
    fitted = {
        prints[year.origin]: {
            "expected": [float(value) for value in year.expected],
            "shape": year.shape,
            "method": year.method,
        }
        for year in years_ahead(yearly.panel.until(until))
    }
    keep.append(keeping(KIND + kind, top.id, local_date(now), prints[until], fitted, now))
    return fitted[fingerprint]
