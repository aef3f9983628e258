"""The pooled profile: what the months of the year, a damped recent trend and covariates do to the level.

This module and ``regressor`` load scikit-learn; they are imported where something is fitted, never at the top of a
module that the web app loads.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from sklearn import config_context
from sklearn.linear_model import PoissonRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from trafficedu.analysis.arrays import FloatArray, IntArray
from trafficedu.analysis.trend.panel import MONTHS

FREQUENCIES = MONTHS // 2
SEASON_COLUMNS = MONTHS - 1
MOST_SHIFT = 1.0
"""Covariates move the logarithm of a forecast by no more than this."""


def annual_terms(month_of_year: IntArray) -> FloatArray:
    """Return harmonics of the year, each divided by its frequency, so that the penalty asks for smoothness.

    Parameters
    ----------
    month_of_year
        Shape ``(T,)``, 0 = January.

    Returns
    -------
    ndarray
        Shape ``(T, 11)``: six cosines and five sines, enough for any profile of twelve months.
    """
    frequency = np.arange(1, FREQUENCIES + 1)
    angle = 2.0 * np.pi * np.asarray(month_of_year)[:, None] * frequency / MONTHS
    return np.hstack((np.cos(angle) / frequency, np.sin(angle[:, :-1]) / frequency[:-1]))


YEAR = annual_terms(np.arange(MONTHS))


def with_annual_terms(columns: FloatArray) -> FloatArray:
    """Expand the first column, the month of the year, into harmonics; the other columns stay."""
    return np.hstack((YEAR[columns[:, 0].astype(np.intp)], columns[:, 1:]))


def pooled_profile() -> Pipeline:
    """Return the unfitted regression: harmonics of the first column, then penalised Poisson regression."""
    regressor = PoissonRegressor(solver="newton-cholesky", max_iter=50)
    return Pipeline([("annual", FunctionTransformer(with_annual_terms)), ("poisson", regressor)])


def fit_profile(
    profile: Pipeline, columns: FloatArray, counts: FloatArray, expected: FloatArray, prior_counts: float
) -> Pipeline:
    """Fit ``log E[y] = log(eL) + intercept + columns b`` by penalised Poisson regression.

    scikit-learn has no offset: the regression of ``y / (eL)`` with weights ``eL`` has the same likelihood.
    Rows with the same columns may be added up beforehand without changing the fit.

    Parameters
    ----------
    profile
        See :func:`pooled_profile`; fitted anew.
    columns
        Shape ``(R, 1 + P)``: month of the year (0 = January), then features on the log scale.
    counts, expected
        Shape ``(R,)``: counts ``y`` and their expectation ``eL`` without a profile, positive.
    prior_counts
        Strength of the ridge penalty: a coefficient is shrunk as if so many counts had shown no effect.
    """
    profile[-1].alpha = prior_counts / expected.sum()
    fitted: Pipeline = profile.fit(columns, counts / expected, poisson__sample_weight=expected)
    return fitted


def fitted_year(profile: Pipeline, index: FloatArray) -> FloatArray:
    """Return the season: ``index`` times the fitted year, mean 1.

    The intercept is left out: a drift of the level over the training part is not carried into the future.

    Parameters
    ----------
    profile
        Fitted.
    index
        Shape ``(12,)``: the month index that was part of the offset.
    """
    year: FloatArray = index * np.exp(YEAR @ profile[-1].coef_[:SEASON_COLUMNS])
    scaled: FloatArray = year / year.mean()
    return scaled


def fitted_shift(profile: Pipeline, growth: float, scores: FloatArray) -> FloatArray:
    """Return what the first feature at ``growth`` and the others at ``scores`` multiply a forecast by.

    Parameters
    ----------
    profile
        Fitted.
    growth
        The recent trend.
    scores
        Shape ``(A, C)``: covariates; ``C`` may be 0.

    Returns
    -------
    ndarray
        Shape ``(A,)``.
    """
    drift, slopes = profile[-1].coef_[SEASON_COLUMNS], profile[-1].coef_[SEASON_COLUMNS + 1 :]
    factor: FloatArray = np.exp(growth * drift + np.clip(scores @ slopes, -MOST_SHIFT, MOST_SHIFT))
    return factor


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep the numeric libraries on one thread: many small fits would only wait for each other."""
    with threadpool_limits(limits=1), config_context(skip_parameter_validation=True, assume_finite=True):
        yield
