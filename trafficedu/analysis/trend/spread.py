"""How wide the predictive distributions have to be: dispersions from the residuals of past forecasts."""

from __future__ import annotations

import numpy as np

from trafficedu.analysis.arrays import FloatArray, IntArray
from trafficedu.analysis.negative_binomial import (
    GREATEST_DISPERSION,
    LEAST_DISPERSION,
    dispersion,
    winsorised_squares,
)
from trafficedu.analysis.trend.model import BLOCK_ENDS, VALIDATED

RESIDUAL_MONTHS = 36
RESIDUAL_CELLS = 10_000
LEAST_CELLS = 6
FIRST_DISPERSION = 0.1
POOL_MONTHS = 10.0
"""Months of residuals that the pooled dispersion is worth beside an area's own."""


def residuals(truth: FloatArray, means: FloatArray, row: int, block: int) -> tuple[FloatArray, FloatArray]:
    """Return what was forecast by the last 36 origins before ``row`` and had happened by then.

    Parameters
    ----------
    truth, means
        Shape ``(O, H, A)``, one origin a month.
    row, block
        Place of the origin; which block of horizons.

    Returns
    -------
    counts, means : ndarray
        Shape ``(R, A)``.
    """
    first = max(row - RESIDUAL_MONTHS, 0)
    rows = [(slice(first, max(row - h + 1, first)), h - 1) for h in VALIDATED[block]]
    return np.concatenate([truth[at] for at in rows]), np.concatenate([means[at] for at in rows])


def rolling_dispersion(truth: FloatArray, means: FloatArray, origins: IntArray, since: int = 0) -> FloatArray:
    """Estimate one ``k`` for all areas at each origin and block from the residuals known by then.

    Without any residuals the next shorter block's ``k``, at the first origin 0.1.

    Parameters
    ----------
    truth, means
        Shape ``(O, H, A)``.
    origins
        Shape ``(O,)``, consecutive.
    since
        Row of the first origin whose ``k`` is wanted; those before it are left at 0.1.

    Returns
    -------
    ndarray
        Shape ``(O, B)``.
    """
    out = np.full((origins.size, len(BLOCK_ENDS)), FIRST_DISPERSION)
    for row in range(max(since, 1), origins.size):
        for block in range(len(BLOCK_ENDS)):
            y, mu = (values.ravel() for values in residuals(truth, means, row, block))
            stride = max(1, y.size // RESIDUAL_CELLS)
            if np.isfinite(y).sum() >= LEAST_CELLS:
                out[row, block] = dispersion(y[::stride], mu[::stride], start=float(out[row - 1, block]))
            else:
                out[row, block] = out[row - 1, 0] if block == 0 else out[row, block - 1]
    return out


def area_dispersions(truth: FloatArray, means: FloatArray, pooled: FloatArray) -> FloatArray:
    """Estimate ``k`` of each area, shrunk to the pooled one.

    With ``w`` the weights of the estimating equation of :func:`negative_binomial.dispersion` at the pooled ``k`` and
    ``s`` the squared residuals,

        k[a] = (sum w (s - mu) + n v k) / (sum w mu^2 + n v),    v the area's mean of w mu^2,

    for ``n`` = :data:`POOL_MONTHS` months.

    Parameters
    ----------
    truth, means
        Shape ``(O, H, A)``, one origin a month.
    pooled
        Shape ``(O, B)``, see :func:`rolling_dispersion`.

    Returns
    -------
    ndarray
        Shape ``(O, B, A)``.
    """
    out = np.repeat(pooled[:, :, None], truth.shape[2], axis=2)
    for block, horizons in enumerate(VALIDATED):
        for row in range(pooled.shape[0]):
            y, mu = residuals(truth, means, row, block)
            if y.size:
                out[row, block] = _shrunk(y, mu, float(pooled[row, block]), POOL_MONTHS * len(horizons))
    return out


def _shrunk(y: FloatArray, mu: FloatArray, k: float, prior_cells: float) -> FloatArray:
    """Return ``k`` of each area, shape ``(A,)``; residuals of shape ``(R, A)``."""
    known = ~np.isnan(y) & (mu > 0)
    y, mu = np.where(known, y, 0.0), np.where(known, mu, 1.0)
    weight = np.where(known, mu**2 / (mu + k * mu**2) ** 2, 0.0)
    excess = (weight * (winsorised_squares(y, mu, k) - mu)).sum(axis=0)
    information = (weight * mu**2).sum(axis=0)
    prior = prior_cells * information / np.maximum(known.sum(axis=0), 1)
    own = np.divide(excess + prior * k, information + prior, out=np.full(prior.shape, k), where=information > 0)
    within: FloatArray = np.clip(own, LEAST_DISPERSION, GREATEST_DISPERSION)
    return within
