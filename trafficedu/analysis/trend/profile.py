"""The pooled profile: what the months of the year, a damped recent trend and covariates do to the level.

The one place that uses scikit-learn, and it is loaded at the first fit.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from trafficedu.analysis.arrays import FloatArray, IntArray
from trafficedu.analysis.trend.panel import MONTHS

FREQUENCIES = MONTHS // 2
SEASON_COLUMNS = MONTHS - 1


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


def fit_profile(columns: FloatArray, counts: FloatArray, expected: FloatArray, prior_counts: float) -> FloatArray:
    """Fit ``log E[y] = log(eL) + intercept + columns b`` by penalised Poisson regression.

    scikit-learn has no offset: the regression of ``y / (eL)`` with weights ``eL`` has the same likelihood.
    Rows with the same columns may be added up beforehand without changing the fit.

    Parameters
    ----------
    columns
        Shape ``(R, 1 + P)``: month of the year (0 = January), then features on the log scale.
    counts, expected
        Shape ``(R,)``: counts ``y`` and their expectation ``eL`` without a profile, positive.
    prior_counts
        Strength of the ridge penalty: a coefficient is shrunk as if so many counts had shown no effect.

    Returns
    -------
    ndarray
        Coefficients ``b`` of the 11 harmonics and the features, shape ``(11 + P,)``. The intercept is left
        out: a drift of the level over the training part is not carried into the future.
    """
    # scikit-learn takes two seconds and 170 MB to load, and the web app starts without it.
    from sklearn.linear_model import PoissonRegressor  # noqa: PLC0415 - see above
    from sklearn.pipeline import Pipeline  # noqa: PLC0415 - see above
    from sklearn.preprocessing import FunctionTransformer  # noqa: PLC0415 - see above

    regressor = PoissonRegressor(alpha=prior_counts / expected.sum(), solver="newton-cholesky", max_iter=50)
    pipeline: Any = Pipeline([("annual", FunctionTransformer(with_annual_terms)), ("poisson", regressor)])
    pipeline.fit(columns, counts / expected, poisson__sample_weight=expected)
    coefficients: FloatArray = pipeline[-1].coef_
    return coefficients


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep the numeric libraries on one thread: many small fits would only wait for each other."""
    # Loaded first, so that its own thread pool is found and limited too.
    from sklearn import config_context, linear_model  # noqa: F401, PLC0415 - loaded only for a fit
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # noqa: PLC0415 - with it

    with threadpool_limits(limits=1), config_context(skip_parameter_validation=True, assume_finite=True):
        yield


def row_noise(month_of_year: IntArray, counts: FloatArray, expected: FloatArray) -> float:
    """Return the variance over mean of pooled monthly counts around their own month of the year, at least 1.

    Parameters
    ----------
    month_of_year, counts, expected
        Shape ``(R,)``, expected positive.
    """
    seen = np.bincount(month_of_year, counts, MONTHS)
    base = np.bincount(month_of_year, expected, MONTHS)
    mean = expected * (seen / np.where(base > 0, base, 1.0))[month_of_year]
    use = mean > 0
    spare = max(int(use.sum()) - MONTHS, 3)
    return max(1.0, float(((counts[use] - mean[use]) ** 2 / mean[use]).sum() / spare))
