"""Counts of rare events: exact intervals, and whether one count really is lower than another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special


@dataclass(frozen=True)
class RateChange:
    """Two counts compared.

    Parameters
    ----------
    ratio
        Rate after over rate before; ``None`` when nothing happened before.
    low, high
        Exact interval of the ratio; ``high`` is ``None`` when unbounded.
    p_value
        Two-sided exact probability of a split at least as unlikely, if nothing had changed.
    level
        Confidence level of the interval.
    """

    ratio: float | None
    low: float
    high: float | None
    p_value: float
    level: float

    @property
    def proven(self) -> bool:
        """Whether the change is more than chance at the level of the interval."""
        return self.p_value < 1 - self.level


def compare_counts(
    before: int, after: int, exposure_before: float = 1.0, exposure_after: float = 1.0, level: float = 0.95
) -> RateChange:
    """Compare two Poisson counts by the conditional exact test.

    Given the sum, ``after`` is binomial with the exposure share ``q = e_after / (e_before + e_after)``;
    two-sided p is the total probability of the outcomes no likelier than the one seen. The interval of the
    ratio inverts the Clopper-Pearson limits of the share (Przyborowski and Wilenski, Biometrika 1940;31:313).

    Parameters
    ----------
    before, after
        Counts.
    exposure_before, exposure_after
        Registered e-bikes, months or another denominator; positive.
    level
        Confidence level.

    Raises
    ------
    ValueError
        If a count is negative, an exposure not positive, or the level not inside (0, 1).
    """
    if min(before, after) < 0 or not min(exposure_before, exposure_after) > 0 or not 0 < level < 1:
        raise ValueError("counts must be zero or more, exposures positive, level inside (0, 1)")
    total, share = before + after, exposure_after / (exposure_before + exposure_after)
    odds = exposure_before / exposure_after
    tail = (1 - level) / 2
    low = float(special.betaincinv(after, before + 1, tail)) if after else 0.0
    high = float(special.betaincinv(after + 1, before, 1 - tail)) if before else 1.0
    return RateChange(
        ratio=after / before * odds if before else None,
        low=low / (1 - low) * odds if low < 1 else 0.0,
        high=high / (1 - high) * odds if high < 1 else None,
        p_value=_two_sided(after, total, share),
        level=level,
    )


def _two_sided(successes: int, total: int, share: float) -> float:
    """Add up the binomial probabilities of the outcomes no likelier than ``successes``."""
    x = np.arange(total + 1)
    log = (
        special.gammaln(total + 1)
        - special.gammaln(x + 1)
        - special.gammaln(total - x + 1)
        + special.xlogy(x, share)
        + special.xlogy(total - x, 1 - share)
    )
    probability = np.exp(log)
    return float(min(probability[probability <= probability[successes] * (1 + 1e-7)].sum(), 1.0))
