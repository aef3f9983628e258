"""Rolling-origin scores: how good the forecasts would have been, beside the simple methods.

The test window is the last ``min(24, T - 24)`` months, one origin a month, targets inside the window;
everything is decided anew at each origin from the months before it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from trafficedu.analysis.arrays import BoolArray, FloatArray
from trafficedu.analysis.negative_binomial import cdf, crps, pmf
from trafficedu.analysis.trend.panel import MONTHS, Panel
from trafficedu.analysis.trend.rolling import LEAST_MONTHS, METHODS, STACK, Rolled

BACKTEST_MONTHS = 36
TEST_MONTHS = 24
CHOSEN = "chosen"
HORIZONS = {"1-3": 3, "1-12": 12}
DEVIANCE_FLOOR = 0.05
PIT_SEED = 20_200_701


@dataclass(frozen=True)
class Scores:
    """Scores of one method over one range of horizons; ``None`` where nothing can be said.

    Parameters
    ----------
    mase
        Mean absolute error over the in-sample seasonal naive error of the area, averaged over areas.
    deviance
        Mean Poisson deviance, means floored at 0.05.
    crps
        Mean continuous ranked probability score of the predictive distribution, in counts.
    coverage_80, coverage_95
        Share of randomised PIT values in [0.1, 0.9] and in [0.025, 0.975].
    """

    mase: float | None
    deviance: float | None
    crps: float | None
    coverage_80: float | None
    coverage_95: float | None


def poisson_deviance(counts: FloatArray, means: FloatArray) -> FloatArray:
    """Return the unit Poisson deviance ``2 (y log(y / mu) - y + mu)``, means floored at 0.05."""
    mu = np.maximum(means, DEVIANCE_FLOOR)
    deviance: FloatArray = 2.0 * (special.xlogy(counts, np.where(counts > 0, counts, 1.0) / mu) - counts + mu)
    return deviance


def randomised_pit(counts: FloatArray, means: FloatArray, k: FloatArray) -> FloatArray:
    """Return ``F(y - 1) + v p(y)``, uniform when the forecast is calibrated; ``v`` uniform, of a fixed seed.

    Parameters
    ----------
    counts, means, k
        Broadcast together, no NaN. (Czado, Gneiting, Held, Biometrics 2009;65:1254.)
    """
    v = np.random.default_rng(PIT_SEED).random(np.shape(counts))
    value: FloatArray = cdf(counts - 1.0, means, k) + v * pmf(counts, means, k)
    return value


def seasonal_scale(counts: FloatArray) -> FloatArray:
    """Return each area's mean absolute difference to the same month a year before; NaN without any."""
    change = np.abs(counts[:, MONTHS:] - counts[:, :-MONTHS])
    known = ~np.isnan(change)
    size = known.sum(axis=1)
    total = np.where(known, change, 0.0).sum(axis=1)
    scale: FloatArray = np.divide(total, size, out=np.full(size.shape, np.nan), where=size > 0)
    return scale


def backtest(panel: Panel, rolled: Rolled) -> dict[str, dict[str, Scores]] | None:
    """Score every method, and the stack of them that is used.

    Parameters
    ----------
    panel
        The series the forecasts were made for.
    rolled
        Its archive, horizon 12 or more.

    Returns
    -------
    dict or None
        Method (and ``chosen``) -> ``"1-3"``, ``"1-12"`` -> scores; ``None`` under 36 months.
    """
    if panel.months < BACKTEST_MONTHS:
        return None
    start = panel.months - min(TEST_MONTHS, panel.months - LEAST_MONTHS)
    first = int(np.searchsorted(rolled.origins, start))
    test = slice(first, -1)  # the last origin knows all
    scale = seasonal_scale(panel.counts[:, :start])
    out: dict[str, dict[str, Scores]] = {}
    for name, method in {**{method: method for method in METHODS}, CHOSEN: STACK}.items():
        mean, k = rolled.means[method][test], rolled.step_dispersions(method, first)[:-1]
        truth, ranked = rolled.truth[test], crps(rolled.truth[test], mean, k)
        out[name] = {
            horizons: _scores(truth[:, :last], mean[:, :last], k[:, :last], ranked[:, :last], scale)
            for horizons, last in HORIZONS.items()
        }
    return out


def _scores(truth: FloatArray, means: FloatArray, k: FloatArray, ranked: FloatArray, scale: FloatArray) -> Scores:
    """Average the scores over the known targets; arrays of shape ``(O, H, A)``, ``ranked`` the CRPS."""
    known: BoolArray = ~np.isnan(truth)
    if not known.any():
        return Scores(None, None, None, None, None)
    y, mu, disp = truth[known], means[known], k[known]
    pit = randomised_pit(y, mu, disp)
    error = np.where(known, np.abs(truth - means), 0.0).sum(axis=(0, 1))
    cells = known.sum(axis=(0, 1))
    use = (cells > 0) & (scale > 0)
    mase = float((error[use] / cells[use] / scale[use]).mean()) if use.any() else None
    return Scores(
        mase=mase,
        deviance=float(poisson_deviance(y, mu).mean()),
        crps=float(ranked[known].mean()),
        coverage_80=float(((pit >= 0.1) & (pit <= 0.9)).mean()),
        coverage_95=float(((pit >= 0.025) & (pit <= 0.975)).mean()),
    )
