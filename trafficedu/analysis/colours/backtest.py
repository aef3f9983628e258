"""Does a colour mean anything? What came after it, and whether the next window said the same again.

Windows that overlap agree because they share months: only windows that do not overlap are compared, and targets are
what is counted, not months.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import exp, log, sqrt

import numpy as np
from scipy import special, stats

from trafficedu.analysis.arrays import FloatArray
from trafficedu.analysis.colours.rule_set import (
    BLUE,
    COLOURS,
    FIRMLY_ORANGE_OR_WORSE,
    FIRMLY_RED,
    GREEN,
    ORANGE,
    RED,
)
from trafficedu.analysis.proportions import wilson

LEVEL = 0.95
RESAMPLES = 400
SEED = 20262
LEAST_TARGETS = 5
"""Fewer have no rank correlation."""
BAD, GOOD = (ORANGE, RED), (GREEN, BLUE)


@dataclass(frozen=True)
class Judged:
    """A stored result: target, month as a running number (year times 12 plus month), and what it said."""

    code: str
    month: int
    colour: str
    firm: str | None
    score: float | None


@dataclass(frozen=True)
class Correlation:
    """Spearman's rank correlation between windows that do not overlap, with its 95 % interval over targets."""

    value: float
    low: float
    high: float
    targets: int
    windows: int


@dataclass(frozen=True)
class Share:
    """So many of so many; the interval (95 %, Wilson) counts ``targets``, of which one may give several ``cases``."""

    share: float
    low: float
    high: float
    number: int
    cases: int
    targets: int


def apart(months: Iterable[int], length: int) -> list[int]:
    """Return months whose windows of ``length`` do not overlap, from the last one back, oldest first."""
    kept: list[int] = []
    for month in sorted(set(months), reverse=True):
        if not kept or kept[-1] - month >= length:
            kept.append(month)
    return kept[::-1]


def rank_correlation(results: Sequence[Judged], length: int) -> Correlation | None:
    """Return how far targets keep their order from one window to the next that does not overlap.

    The mean over the pairs of windows, each weighted by its targets; the interval from resampling targets (400 times,
    a fixed seed), since the windows of one target are not independent. None with under five targets in every pair.

    Parameters
    ----------
    results
        Of one level; grey ones are left out.
    length
        Months of its window.
    """
    scores: dict[int, dict[str, float]] = {month: {} for month in apart((one.month for one in results), length)}
    for one in results:
        if one.month in scores and one.score is not None:
            scores[one.month][one.code] = one.score
    codes = sorted({code for of in scores.values() for code in of})
    table = np.array([[of.get(code, np.nan) for code in codes] for of in scores.values()])
    value = _mean_correlation(table)
    if value is None:
        return None
    chance = np.random.RandomState(SEED)
    again = [_mean_correlation(table[:, chance.randint(0, len(codes), len(codes))]) for _ in range(RESAMPLES)]
    low, high = np.quantile([one for one in again if one is not None] or [value], (0.025, 0.975))
    both = ~np.isnan(table[:-1]) & ~np.isnan(table[1:])
    return Correlation(
        round(value, 4), round(float(low), 4), round(float(high), 4), int(both.any(axis=0).sum()), len(table)
    )


def _mean_correlation(table: FloatArray) -> float | None:
    found, sizes = [], []
    for before, after in pairwise(table):
        both = ~np.isnan(before) & ~np.isnan(after)
        ranks = [stats.rankdata(row[both]) for row in (before, after)]
        if both.sum() < LEAST_TARGETS or any(np.ptp(row) == 0 for row in ranks):
            continue
        found.append(float(np.corrcoef(*ranks)[0, 1]))
        sizes.append(int(both.sum()))
    return float(np.average(found, weights=sizes)) if found else None


def firm_again(results: Sequence[Judged], length: int) -> Share | None:
    """Return how many of the firmly red or orange ones are red or orange in the next window that does not overlap.

    One that is grey then, or not judged any more, was not seen again and is left out. None where there is no case.
    """
    months = apart((one.month for one in results), length)
    by_month: dict[int, dict[str, Judged]] = {month: {} for month in months}
    for one in results:
        if one.month in by_month:
            by_month[one.month][one.code] = one
    cases = [
        (code, by_month[after][code].colour in BAD)
        for before, after in pairwise(months)
        for code, one in sorted(by_month[before].items())
        if one.firm in (FIRMLY_RED, FIRMLY_ORANGE_OR_WORSE)
        and code in by_month[after]
        and by_month[after][code].score is not None
    ]
    return _share(cases)


def _share(cases: Sequence[tuple[str, bool]]) -> Share | None:
    if not cases:
        return None
    number, targets = sum(came for _, came in cases), len({code for code, _ in cases})
    share = number / len(cases)
    low, high = wilson(share * targets, targets, LEVEL)
    return Share(round(share, 4), round(low, 4), round(high, 4), number, len(cases), targets)


@dataclass(frozen=True)
class After:
    """What came in the months after one result: events, and how many were to be expected of such a target."""

    code: str
    colour: str
    observed: float
    expected: float


@dataclass(frozen=True)
class Aftermath:
    """What came after a colour: ``ratio`` of observed to expected with its 95 % interval, and how many targets.

    ``differs`` tells whether the interval leaves out 1: otherwise the colour predicts nothing of this.
    """

    colour: str
    ratio: float
    low: float
    high: float
    observed: float
    expected: float
    targets: int

    @property
    def differs(self) -> bool:
        """Whether it lies apart from what was expected."""
        return self.low > 1.0 or self.high < 1.0


def aftermath(rows: Sequence[After]) -> list[Aftermath]:
    """Return what came after each colour, best colour first, grey last; one without an expectation is left out.

    The exact interval of a Poisson count (Garwood), with count and expectation divided by the dispersion between
    targets: each target's sums count once.
    """
    found = []
    for colour in sorted({row.colour for row in rows}, key=_place):
        sums = _by_target([row for row in rows if row.colour == colour])
        observed, expected = (float(value) for value in sums.sum(axis=0))
        if expected <= 0:
            continue
        phi = _dispersion(sums)
        low = float(special.gammaincinv(observed / phi, 0.025)) * phi / expected if observed else 0.0
        high = float(special.gammaincinv(observed / phi + 1.0, 0.975)) * phi / expected
        limits = round(observed / expected, 4), round(low, 4), round(high, 4)
        found.append(Aftermath(colour, *limits, observed, round(expected, 4), len(sums)))
    return found


def _place(colour: str) -> int:
    return COLOURS.index(colour) if colour in COLOURS else len(COLOURS)


def _by_target(rows: Sequence[After]) -> FloatArray:
    """Return observed and expected of each target, shape ``(targets, 2)``."""
    sums: dict[str, list[float]] = {}
    for row in rows:
        one = sums.setdefault(row.code, [0.0, 0.0])
        one[0] += row.observed
        one[1] += row.expected
    return np.array([sums[code] for code in sorted(sums)])


def _dispersion(sums: FloatArray) -> float:
    """Return Pearson's dispersion of targets around their common ratio, at least 1."""
    usable = sums[sums[:, 1] > 0]
    observed, expected = usable.sum(axis=0)
    if len(usable) < 2 or observed == 0:
        return 1.0
    mean = usable[:, 1] * observed / expected
    return max(1.0, float(((usable[:, 0] - mean) ** 2 / mean).sum() / (len(usable) - 1)))


@dataclass(frozen=True)
class Contrast:
    """After red or orange against after green or blue: the ratio of both ratios, with its 95 % interval."""

    ratio: float
    low: float
    high: float

    @property
    def predicts(self) -> bool:
        """Whether more came after the bad colours, beyond chance."""
        return self.low > 1.0


def contrast(rows: Sequence[After]) -> Contrast | None:
    """Compare what came after bad and after good colours; None where either had nothing to expect.

    The logarithm of the ratio is taken as normal with variance ``phi_1 / O_1 + phi_2 / O_2``; half an event is added
    to both counts, so that none stays possible.
    """
    sides = []
    for colours in (BAD, GOOD):
        chosen = [row for row in rows if row.colour in colours]
        sums = _by_target(chosen) if chosen else np.zeros((0, 2))
        observed, expected = (float(value) for value in sums.sum(axis=0))
        if expected <= 0:
            return None
        sides.append((observed + 0.5, expected + 0.5, _dispersion(sums)))
    (bad, bad_expected, bad_phi), (good, good_expected, good_phi) = sides
    middle = log(bad / bad_expected) - log(good / good_expected)
    far = float(special.ndtri(0.975)) * sqrt(bad_phi / bad + good_phi / good)
    return Contrast(round(exp(middle), 4), round(exp(middle - far), 4), round(exp(middle + far), 4))


def reoffence(rows: Iterable[tuple[str, str, bool]]) -> Mapping[str, Share]:
    """Return, after each colour, the share of riders who offended again.

    Parameters
    ----------
    rows
        Of each rider: the target's code, its colour, whether there was another violation.
    """
    of: dict[str, list[tuple[str, bool]]] = {}
    for code, colour, again in rows:
        of.setdefault(colour, []).append((code, again))
    return {colour: share for colour in sorted(of, key=_place) if (share := _share(of[colour]))}
