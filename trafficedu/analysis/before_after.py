"""What a campaign changed, from monthly counts of many areas: the whole chain of the before-after comparison."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from trafficedu.analysis.arrays import BoolArray, FloatArray
from trafficedu.analysis.bayes import Comparison, Effect, Posterior, campaign_effect, expectation_after
from trafficedu.analysis.negative_binomial import dispersion
from trafficedu.analysis.trend.forecast import ExpectedCounts, forecast
from trafficedu.analysis.trend.model import SEASON_PRIOR
from trafficedu.analysis.trend.panel import Panel, calendar_months
from trafficedu.analysis.trend.season import month_index

BEFORE_MONTHS = 24
LEAST_BEFORE = 12
LEAST_SPREAD = 0.01


@dataclass(frozen=True)
class BeforeAfter:
    """The effect and what it rests on.

    Parameters
    ----------
    effect
        Of the campaign, the comparison areas used where there are any.
    before
        Counts of the campaign's areas in the months compared with, and what places like them had.
    before_expected
        The latter: far below ``before`` means that a return to the mean was to be expected anyway.
    months_before
        Number of these months.
    compared_observed, compared_expected
        Counts of the comparison areas; ``None`` without any or where nothing happened in them.
    """

    effect: Effect
    before: float
    before_expected: float
    months_before: int
    compared_observed: float | None
    compared_expected: float | None


@dataclass(frozen=True, eq=False)
class _Places:
    """Every area before and after: its record, what places like it had and will have, and the noise around it."""

    record: FloatArray
    past: FloatArray
    future: FloatArray
    spread: float
    spread_variance: float
    pool_variance: float
    k_month: float
    months: int
    outlook: ExpectedCounts

    @property
    def use(self) -> BoolArray:
        """Areas of which anything was expected."""
        use: BoolArray = self.past > 0
        return use

    def expected(self, areas: BoolArray) -> Posterior:
        """Return what the areas would have had without the campaign."""
        chosen = areas & self.use
        record, past, future = self.record[chosen], self.past[chosen], self.future[chosen]
        expected = expectation_after(record, past, future, 1.0 / self.spread, self._noise(past))
        own = np.divide(expected.mean * past, future, out=np.zeros_like(past), where=future > 0)
        share = (1.0 + self.k_month * own / self.months) / self._noise(past)
        return Posterior(expected.mean, expected.variance * share)

    def _noise(self, past: FloatArray) -> FloatArray:
        """Return variance over mean of a record around its own area's mean, for places spread like these."""
        noise: FloatArray = 1.0 + self.k_month * (1.0 + self.spread) * past / self.months
        return noise

    def leanings(self, areas: BoolArray) -> FloatArray:
        """Return by how much the logarithm of what the areas expect moves with the spread and with the pool's rate.

        From ``pi = sum r (w mu + (1 - w) y)`` with ``w = 1 / (1 + s mu / phi)``: ``d pi / d s = sum r w^2 (mu / phi)
        (y - mu)``, and ``d pi / d log mu`` with everything but the weighed-in expectation held, ``sum r w mu``.
        """
        chosen = areas & self.use
        record, past, future = self.record[chosen], self.past[chosen], self.future[chosen]
        noise = self._noise(past)
        weight, ratio = 1.0 / (1.0 + self.spread * past / noise), future / past
        total = float((ratio * (weight * past + (1.0 - weight) * record)).sum())
        by_spread = float((ratio * weight**2 * past / noise * (record - past)).sum())
        by_pool = float((ratio * weight * past).sum())
        return np.array([by_spread, by_pool]) / max(total, 1e-12)

    def unsure(self, leanings: FloatArray) -> float:
        """Return the relative variance that comes from the spread and the pool's rate being estimated."""
        return float(leanings**2 @ np.array([self.spread_variance, self.pool_variance]))

    def dispersion_after(self, expected: Posterior, months: float) -> float:
        """Return variance over mean of the sum of counts during so many months."""
        mean = float((expected.mean**2 + expected.variance).sum() / expected.mean.sum())
        return 1.0 + self.k_month * mean / max(months, 1.0)


def _places(panel: Panel, shares: FloatArray, months: int) -> _Places:
    """Work out the expectations of every area, see :func:`before_after`."""
    exposure = np.ones(panel.counts.shape) if panel.exposure is None else panel.exposure
    calendar = calendar_months(panel.first_month, 0, panel.months + shares.size)
    season = month_index(panel.counts, exposure, calendar[: panel.months], SEASON_PRIOR)
    window = slice(panel.months - months, panel.months)
    counts, base = panel.counts[:, window], exposure[:, window] * season[calendar[window]]
    rate = counts.sum() / base.sum()
    past, record = rate * base.sum(axis=1), counts.sum(axis=1)
    to_come = exposure[:, -1] * float(season[calendar[panel.months :]] @ shares)
    use = past > 0
    own_rate = np.divide(record, base.sum(axis=1), out=np.zeros_like(record), where=use)
    outlook = forecast(panel, shares.size).total
    # as many of all areas' events as the trend model expects, against every area going on as it was
    future = rate * to_come * float(outlook.expected @ shares) / float((own_rate * to_come).sum())
    own = np.where(base > 0, own_rate[:, None] * base, np.nan)
    k_month = dispersion(own + (counts - own) * np.sqrt(months / (months - 1)), own)
    noise = past[use] * (1.0 + k_month * past[use] / months)
    spread = max(dispersion(record[use], past[use]) - k_month / months, LEAST_SPREAD)
    total = noise + spread * past[use] ** 2
    spread_variance = (2.0 + 6.0 * spread) / float((past[use] ** 4 / total**2).sum())
    pool_variance = float(total.sum()) / float(past.sum()) ** 2
    return _Places(record, past, future, spread, spread_variance, pool_variance, k_month, months, outlook)


def before_after(
    panel: Panel,
    observed: FloatArray,
    shares: FloatArray,
    campaign: BoolArray,
    comparison: BoolArray,
    level: float = 0.95,
) -> BeforeAfter | None:
    """Compare the counts of a campaign with what was to be expected without it.

    The expectation of an area before is that of places like it: the rate of all areas times the area's
    exposure and the pooled month index (of those without the campaign alone it would be too low where the worst
    got the campaign). The expectation of the campaign's months is the same,
    times what the trend model, fitted to the months before only, expects of all areas together over what their
    own rates would bring. The area's own
    record is weighed by empirical Bayes (:func:`trafficedu.analysis.bayes.expectation_after`). Without
    comparison areas the uncertainty of the model's total is added.

    Parameters
    ----------
    panel
        The whole months before the campaign, shape ``(A, T)``, no NaN; ``T`` at least 12.
    observed
        Shape ``(A,)``: counts of the campaign's days.
    shares
        Shape ``(H,)``: for each month after the panel the share of its days that belong to the campaign,
        up to 36 months.
    campaign, comparison
        Shape ``(A,)``: areas with the campaign, and areas to compare with.
    level
        Of the interval.

    Returns
    -------
    BeforeAfter or None
        ``None`` where nothing is expected, or under 12 months.
    """
    months = min(BEFORE_MONTHS, panel.months)
    if panel.months < LEAST_BEFORE or not campaign.any() or not panel.counts[:, -months:].any():
        return None
    places = _places(panel, shares, months)
    inside = places.expected(campaign)
    if inside.mean.sum() <= 0:
        return None
    against = places.expected(comparison)
    compared = Comparison(
        float(observed[comparison & places.use].sum()), float(against.mean.sum()), float(against.variance.sum())
    )
    phi = places.dispersion_after(inside, float(shares.sum()))
    usable = compared.observed > 0 and compared.expected > 0
    leanings = places.leanings(campaign)
    if usable:
        unsure = places.unsure(leanings - places.leanings(comparison))
    else:
        unsure = places.unsure(leanings) + _unsure(places.outlook)
    inside = replace(inside, variance=inside.variance + inside.mean * inside.mean.sum() * unsure)
    effect = campaign_effect(observed[campaign & places.use], inside, compared if usable else None, phi, level)
    return BeforeAfter(
        effect,
        float(places.record[campaign].sum()),
        float(places.past[campaign].sum()),
        months,
        compared.observed if usable else None,
        compared.expected if usable else None,
    )


def _unsure(outlook: ExpectedCounts) -> float:
    """Return the relative variance of the forecast total beyond Poisson, from its 95 % interval."""
    mean = np.maximum(outlook.expected, 1e-9)
    variance = ((outlook.high_95 - outlook.low_95) / 3.92) ** 2
    return float(np.mean(np.maximum(variance - mean, 0.0) / mean**2))
