"""The effect of a campaign as plain figures, ready to be kept."""

from __future__ import annotations

from typing import Any

from trafficedu.analysis.before_after import LEAST_BEFORE, BeforeAfter, before_after
from trafficedu.evaluation.queries.effects import Trial

TOO_FEW = 10.0
"""Accidents to be expected below which violations are looked at instead."""


def compute_effect(measure: str, trial: Trial | None) -> dict[str, Any]:
    """Compare a campaign with what was to be expected without it.

    Returns
    -------
    dict
        ``measure``, ``months_before``; and unless there is too little before, ``observed``, ``expected``,
        ``percent``, ``low``, ``high``, ``falling``, ``proven``, ``before``, ``before_expected`` and
        ``compared`` (None, or ``areas``, ``observed``, ``expected``).
    """
    months = trial.panel.months if trial else 0
    found = None
    if trial is not None and months >= LEAST_BEFORE:
        found = before_after(trial.panel, trial.observed, trial.shares, trial.campaign, trial.comparison)
    head: dict[str, Any] = {"measure": measure, "months_before": months}
    return head if trial is None or found is None else head | _laid_out(found, trial)


def _laid_out(found: BeforeAfter, trial: Trial) -> dict[str, Any]:
    effect = found.effect
    compared = None
    if found.compared_observed is not None and found.compared_expected is not None:
        compared = {
            "areas": list(trial.compared),
            "observed": int(found.compared_observed),
            "expected": round(found.compared_expected, 1),
        }
    return {
        "observed": int(effect.observed),
        "expected": round(effect.expected, 1),
        "percent": round(100 * (effect.theta - 1), 1),
        "low": round(100 * (effect.low - 1), 1),
        "high": round(100 * (effect.high - 1), 1),
        "falling": round(effect.falling, 4),
        "proven": effect.proven,
        "window": found.months_before,
        "before": int(found.before),
        "before_expected": round(found.before_expected, 1),
        "compared": compared,
    }
