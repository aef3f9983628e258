"""Counts of rare events: exact intervals, and whether one count really is lower than another."""

from __future__ import annotations

from dataclasses import dataclass

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
        Twice the smaller exact tail, if nothing had changed: below one minus the level exactly where the interval
        leaves out 1.
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
        """Whether the change is more than chance: the interval leaves out 1."""
        return self.low > 1 or (self.high is not None and self.high < 1)


def compare_counts(
    before: int, after: int, exposure_before: float = 1.0, exposure_after: float = 1.0, level: float = 0.95
) -> RateChange:
    """Compare two Poisson counts by the conditional exact test.

    Given the sum, ``after`` is binomial with the exposure share ``q = e_after / (e_before + e_after)`` (Przyborowski
    and Wilenski, Biometrika 1940;31:313). The interval of the ratio inverts the Clopper-Pearson limits of the share,
    and p is the central one, ``2 min(P(X <= x), P(X >= x))``: the one that this interval belongs to. The p of the
    outcomes no likelier than the one seen (R's poisson.test) can contradict the interval printed beside it (Fay,
    R Journal 2010;2:53).

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
    share = exposure_after / (exposure_before + exposure_after)
    odds = exposure_before / exposure_after
    tail = (1 - level) / 2
    low = float(special.betaincinv(after, before + 1, tail)) if after else 0.0
    high = float(special.betaincinv(after + 1, before, 1 - tail)) if before else 1.0
    return RateChange(
        ratio=after / before * odds if before else None,
        low=low / (1 - low) * odds if low < 1 else 0.0,
        high=high / (1 - high) * odds if high < 1 else None,
        p_value=_central(after, before, share),
        level=level,
    )


def _central(successes: int, failures: int, share: float) -> float:
    """Return twice the smaller tail of a binomial count of ``successes``, at most 1."""
    at_least = float(special.betainc(successes, failures + 1, share)) if successes else 1.0
    at_most = float(special.betaincc(successes + 1, failures, share)) if failures else 1.0
    return min(2.0 * min(at_least, at_most), 1.0)
