"""The effect of a campaign as plain figures, ready to be kept."""

from __future__ import annotations

from typing import Any

from trafficedu.analysis.before_after import BeforeAfter, before_after, months_known, placebo
from trafficedu.evaluation.queries.effects import CampaignData, Unknown
from trafficedu.evaluation.rules.measures import VIOLATIONS

TOO_FEW = 10.0
"""Events to be expected below which the next measure is looked at instead: all accidents, then violations."""


def compute_effect(measure: str, data: CampaignData | None) -> dict[str, Any]:
    """Compare a campaign with what was to be expected without it.

    Returns
    -------
    dict
        ``measure``, ``months_before`` (of those compared with, in which anything of its areas is known), ``unknown``
        (what was not reported and is left out: ``names``, ``months``, ``before``, and the months still ``open``; absent
        where nothing is on record before); and unless there is too little before, ``observed``, ``expected``,
        ``percent``, ``low``, ``high``, ``falling``, ``proven``, ``before``, ``before_expected``, ``compared`` (None, or
        ``areas``, ``observed``, ``expected``) and ``placebo`` (``quarters`` without a campaign, ``as_much``: in how
        many of them as much was seen; None where another measure is looked at instead).
    """
    if data is None:
        return {"measure": measure, "months_before": 0}
    months = min(data.panel.months, months_known(data.panel, data.campaign) if data.campaign.any() else 0)
    comparison = before_after(data.panel, data.observed, data.shares, data.campaign, data.comparison)
    head: dict[str, Any] = {"measure": measure, "months_before": months, "unknown": _written(data.unknown)}
    return head if comparison is None else head | _laid_out(comparison, data, measure)


def _written(unknown: Unknown) -> dict[str, Any]:
    return {
        "names": list(unknown.names),
        "months": [str(month) for month in unknown.months],
        "before": unknown.before,
        "open": [str(month) for month in unknown.open],
    }


def _laid_out(comparison: BeforeAfter, data: CampaignData, measure: str) -> dict[str, Any]:
    effect = comparison.effect
    compared = None
    if comparison.compared_observed is not None and comparison.compared_expected is not None:
        compared = {
            "areas": list(data.compared),
            "observed": int(comparison.compared_observed),
            "expected": round(comparison.compared_expected, 1),
        }
    return {
        "observed": int(effect.observed),
        "expected": round(effect.expected, 1),
        "percent": round(100 * (effect.theta - 1), 1),
        "low": round(100 * (effect.low - 1), 1),
        "high": round(100 * (effect.high - 1), 1),
        "falling": round(effect.falling, 4),
        "proven": effect.proven,
        "window": comparison.months_before,
        "before": int(comparison.before),
        "before_expected": round(comparison.before_expected, 1),
        "compared": compared,
        "placebo": _placebo(effect.theta, data) if effect.expected >= TOO_FEW or measure == VIOLATIONS else None,
    }


def _placebo(theta: float, data: CampaignData) -> dict[str, int]:
    found = placebo(data.panel, data.shares, data.campaign, data.comparison, data.taken, theta)
    return {"quarters": found.quarters, "as_much": found.as_much}
