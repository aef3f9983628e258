"""Safety-management points: a month's balance over the balance expected.

A part of the inputs is a list with ``[points, expected]`` of each month of the window, None for one without an entry:
nothing entered is not 0 points. A history is the same. A pool is ``{"prior", "mean", "means", "between", "within"}``
in percent and its square: the mean target, the variance between targets (t2) and between the months of one (v).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from trafficedu.analysis.arrays import FloatArray
from trafficedu.analysis.colours.beliefs import NormalBelief
from trafficedu.analysis.colours.dimensions.base import LEAST_MONTHS, Dimension, Pool, Reading, Records, Seen
from trafficedu.analysis.colours.rule_set import KINDS, POINTS, RuleSet

LEAST, MOST = -50.0, 150.0
"""What one month may say, in percent of what was expected."""
PRIOR_MEAN = 80.0
"""Where not even another target is known."""
PRIOR_WITHIN = 900.0
"""A target's months differ by 30 points before it is seen."""
PRIOR_WORTH = 10
"""Degrees of freedom of the prior variance of months, and targets of the prior t2 = v / 3."""


class Points(Dimension):
    """The mean of the months, drawn to the mean target by ``r = t2 / (t2 + v / months)``; clipped after that."""

    name = POINTS
    kinds = KINDS
    unit = "months"
    half_bounds = (0.1, 24)

    def estimate(self, records: Records, kind: str, rules: RuleSet) -> dict[str, Any]:
        """Return mean and variances of the history; without 12 months of it the others' mean in the window."""
        history = {code: months_said(part) for code, part in sorted(records.history.items())}
        known = sum(
            any(part[place] is not None for part in records.history.values()) for place in range(len(records.months))
        )
        if known >= LEAST_MONTHS:
            within, between = variances([said for said in history.values() if said.size])
            means = [said.mean() for said in history.values() if said.size]
            return {"prior": False, "mean": _round(np.mean(means)), "means": {}, "between": between, "within": within}
        said = {code: months_said(part) for code, part in sorted(records.inputs.items())}
        now = {code: float(months.mean()) for code, months in said.items() if months.size}
        mean = sum(now.values()) / len(now) if now else PRIOR_MEAN
        others = {
            code: _round((mean * len(now) - value) / (len(now) - 1) if len(now) > 1 else PRIOR_MEAN)
            for code, value in now.items()
        }
        return {
            "prior": True,
            "mean": _round(mean),
            "means": others,
            "between": PRIOR_WITHIN / 3.0,
            "within": PRIOR_WITHIN,
        }

    def read(self, seen: Seen, pool: Pool, rules: RuleSet) -> Reading:
        """Return the normal posterior of the target's mean month."""
        mean, t2, v = pool["means"].get(seen.code, pool["mean"]), pool["between"], pool["within"]
        said = months_said(seen.part)
        if not said.size:
            return Reading(NormalBelief(mean, t2), 0.0)
        kept = t2 / (t2 + v / said.size)
        belief = NormalBelief(mean + kept * (float(said.mean()) - mean), t2 * (1.0 - kept))
        entered = [month for month in seen.part if month is not None and month[1] > 0]
        numerator, denominator = (float(sum(month[place] for month in entered)) for place in (0, 1))
        basis = {"months": said.size, "reached": _round(said.mean()), "mean": mean, "kept": round(kept, 4)}
        return Reading(belief, float(said.size), numerator, denominator, basis)

    def more(self, part: Any, factor: float) -> Any:
        """Return the months again and again."""
        entered = [month for month in part if month is not None]
        number = round(len(entered) * factor)
        return [entered[place % len(entered)] for place in range(number)] if entered else part

    def room(self, part: Any, rules: RuleSet) -> int:
        """Return how many points are missing to what was expected."""
        return int(sum(max(month[1] - month[0], 0) for month in part if month is not None and month[1] > 0))

    def better(self, part: Any, steps: int, rules: RuleSet) -> Any:
        """Return the part with ``steps`` more points, the last months first, none above what was expected."""
        left, changed = steps, []
        for month in reversed(part):
            if month is None or month[1] <= month[0]:
                changed.append(month)
                continue
            more = min(left, month[1] - month[0])
            left -= more
            changed.append([month[0] + more, month[1]])
        return changed[::-1]


def months_said(part: Sequence[Any] | None) -> FloatArray:
    """Return the months entered, in percent of what was expected, each from -50 to 150."""
    entered = [month for month in part or () if month is not None and month[1] > 0]
    percent = np.array([100.0 * points / expected for points, expected in entered], dtype=float)
    return np.asarray(np.clip(percent, LEAST, MOST))


def variances(targets: Sequence[FloatArray]) -> tuple[float, float]:
    """Return v (months of a target) and t2 (targets).

    ``v = (sum of squares within + 10 * 900) / (degrees of freedom + 10)``; ``t2 = (A t + 10 v / 3) / (A + 10)``, t the
    variance of the A targets' means less ``v`` times the mean of 1 / months, never below 0.
    """
    within = sum(float(((said - said.mean()) ** 2).sum()) for said in targets)
    free = sum(said.size - 1 for said in targets)
    v = (within + PRIOR_WORTH * PRIOR_WITHIN) / (free + PRIOR_WORTH)
    number, t = len(targets), 0.0
    if number > 1:
        means = np.array([said.mean() for said in targets])
        t = max(float(means.var(ddof=1)) - v * float(np.mean([1.0 / said.size for said in targets])), 0.0)
    t2 = (number * t + PRIOR_WORTH * v / 3.0) / (number + PRIOR_WORTH)
    return _round(v), _round(t2)


def _round(value: Any) -> float:
    return round(float(value), 4)
