"""The effect of a campaign as plain figures, ready to be kept."""

from __future__ import annotations

from typing import Any

from trafficedu.analysis.before_after import LEAST_BEFORE, BeforeAfter, before_after
from trafficedu.evaluation.queries.effects import CampaignData

TOO_FEW = 10.0
"""Accidents to be expected below which violations are looked at instead."""


def compute_effect(measure: str, data: CampaignData | None) -> dict[str, Any]:
    """Compare a campaign with what was to be expected without it.

    Returns
    -------
    dict
        ``measure``, ``months_before``; and unless there is too little before, ``observed``, ``expected``,
        ``percent``, ``low``, ``high``, ``falling``, ``proven``, ``before``, ``before_expected`` and
        ``compared`` (None, or ``areas``, ``observed``, ``expected``).
    """
    months = data.panel.months if data else 0
    comparison = None
    if data is not None and months >= LEAST_BEFORE:
        comparison = before_after(data.panel, data.observed, data.shares, data.campaign, data.comparison)
    head: dict[str, Any] = {"measure": measure, "months_before": months}
    return head if data is None or comparison is None else head | _laid_out(comparison, data)


def _laid_out(comparison: BeforeAfter, data: CampaignData) -> dict[str, Any]:
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
    }
