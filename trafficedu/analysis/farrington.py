"""Early warning: whether the last month is more than the same season of earlier years allows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from trafficedu.analysis.arrays import FloatArray

LEAST_BASELINE = 12


@dataclass(frozen=True)
class EarlyWarning:
    """The verdict on one month.

    Parameters
    ----------
    expected
        Count expected from the baseline; ``None`` when the baseline is too short.
    limit
        Upper limit; ``None`` when the baseline is too short.
    dispersion
        Quasi-Poisson dispersion of the baseline, at least 1.
    alarm
        Whether the count exceeds the limit.
    baseline
        Number of baseline values used; with fewer than 12 there is no alarm.
    """

    expected: float | None
    limit: float | None
    dispersion: float
    alarm: bool
    baseline: int


def farrington_limit(counts: ArrayLike, years: int = 5, half_window: int = 1, level: float = 0.99) -> EarlyWarning:
    """Judge the last month against the same months of earlier years.

    Baseline: the months within ``half_window`` of the same month in up to ``years`` earlier years. A
    quasi-Poisson mean with linear trend (kept only when significant at 5 % and its forecast not above the
    greatest baseline count), refitted with past outbreaks weighted down by ``s^-2`` for Anscombe residuals
    above 1; limit on the 2/3-power scale,
    ``mu (1 + (2/3) z sqrt(phi mu + var) / mu)^(3/2)`` (Farrington, Andrews, Beale, Catchpole, J. R. Stat.
    Soc. A 1996;159:547).

    Parameters
    ----------
    counts
        Shape ``(T,)``, monthly, the last one is judged; NaN where unknown.
    years, half_window
        Extent of the baseline.
    level
        One-sided probability of the limit.

    Returns
    -------
    EarlyWarning
        Without a limit when fewer than 12 baseline values are known.

    Raises
    ------
    ValueError
        If there are no counts, the last is unknown, or a count is negative.
    """
    y = np.asarray(counts, dtype=float)
    if y.ndim != 1 or y.size == 0 or np.isnan(y[-1]) or bool((y < 0).any()):
        raise ValueError("counts must be a list, zero or more, with a known last month")
    now = y.size - 1
    offsets = [
        now - 12 * year + shift for year in range(1, years + 1) for shift in range(-half_window, half_window + 1)
    ]
    times = np.array([t for t in offsets if t >= 0 and not np.isnan(y[t])], dtype=float)
    if times.size < LEAST_BASELINE:
        return EarlyWarning(None, None, 1.0, alarm=False, baseline=int(times.size))
    base = y[times.astype(int)]
    mean, variance, phi = _baseline_mean((times - now) / 12.0, base)
    if mean <= 0:
        return EarlyWarning(0.0, 0.0, 1.0, alarm=bool(y[-1] > 0), baseline=int(times.size))
    z = float(special.ndtri(level))
    limit = mean * max(1.0 + 2.0 / 3.0 * z * np.sqrt(phi * mean + variance) / mean, 0.0) ** 1.5
    return EarlyWarning(mean, float(limit), phi, alarm=bool(y[-1] > limit), baseline=int(times.size))


def _baseline_mean(time: FloatArray, y: FloatArray) -> tuple[float, float, float]:
    """Fit the baseline, past outbreaks weighted down; return mean at time 0, its variance, dispersion."""
    ones = np.ones((y.size, 1))
    if y.sum() == 0:
        return 0.0, 0.0, 1.0
    both = np.column_stack((ones, time))
    for design in (both, ones):
        beta, covariance, phi = _reweighted_fit(design, y)
        mean = float(np.exp(beta[0]))
        keep = design.shape[1] == 1 or (
            abs(beta[1]) > special.stdtrit(y.size - 2, 0.975) * np.sqrt(covariance[1, 1]) and mean <= y.max()
        )
        if keep:
            break
    return mean, mean**2 * float(covariance[0, 0]), phi


def _reweighted_fit(design: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray, float]:
    """Fit a quasi-Poisson mean twice: plainly, then with large positive residuals weighted down."""
    weight = np.ones(y.size)
    for _ in range(2):
        beta = np.zeros(design.shape[1])
        beta[0] = np.log((weight * y).sum() / weight.sum())
        for _ in range(50):
            mu = np.exp(np.clip(design @ beta, -30.0, 30.0))
            information: FloatArray = design.T @ (design * (weight * mu)[:, None])
            step = np.linalg.solve(information + 1e-12 * np.eye(beta.size), design.T @ (weight * (y - mu)))
            beta = beta + step
            if np.abs(step).max() < 1e-10:
                break
        mu = np.exp(np.clip(design @ beta, -30.0, 30.0))
        spare = y.size - design.shape[1]
        phi = max(1.0, float((weight * (y - mu) ** 2 / mu).sum() / spare))
        hat = (
            np.einsum("ij,jk,ik->i", design, np.linalg.inv(information + 1e-12 * np.eye(beta.size)), design)
            * mu
            * weight
        )
        residual = 1.5 * (y ** (2 / 3) * mu ** (-1 / 6) - np.sqrt(mu)) / np.sqrt(phi * np.maximum(1 - hat, 1e-6))
        outlying = residual > 1.0
        new = np.where(outlying, np.maximum(residual, 1.0) ** -2.0, 1.0)
        covariance: FloatArray = np.asarray(phi * np.linalg.inv(information + 1e-12 * np.eye(beta.size)), dtype=float)
        weight = new * y.size / new.sum()
    return beta, covariance, phi
