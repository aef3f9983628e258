"""The trend model as an estimator of scikit-learn: a table of area-months in, a predictive distribution out.

The same arithmetic as :mod:`trafficedu.analysis.trend.forecast`, for those who want to put it into a pipeline, clone
it, search over it or compare it with other regressors. Importing this module loads scikit-learn.
"""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from trafficedu.analysis.arrays import FloatArray, IntArray
from trafficedu.analysis.negative_binomial import NegativeBinomial
from trafficedu.analysis.trend.forecast import held_mean
from trafficedu.analysis.trend.panel import MONTHS, Panel, active_areas
from trafficedu.analysis.trend.rolling import METHODS, STACK, clean_exposure, enough_months, roll
from trafficedu.analysis.trend.short import shrunken_mean

AREA, TIME, EXPOSURE = 0, 1, 2
LONGEST_MONTHS = 600


class TrendRegressor(RegressorMixin, BaseEstimator):
    """Forecasts monthly counts of several areas by the weighted mean of the trend model and two simple methods.

    Columns of ``X``: the area as a number; time in months, ``12 * year + month - 1`` and any fraction of it; with
    ``exposure`` the denominator; then covariates. Rows of one area and month add up, their exposure and covariates are
    averaged. A month without a row is unknown, not zero.

    Parameters
    ----------
    method
        ``stack``, which is what pages and reports use, or one of :data:`rolling.METHODS`. With under 24 months the
        shrunken mean whatever is asked.
    horizon
        Months ahead that can be predicted, 1 to 36.
    exposure
        Whether the third column is the exposure.

    Attributes
    ----------
    areas_
        Numbers of the areas, rising.
    panel_
        What was fitted to.
    means_, dispersions_
        Shape ``(A, H)``: negative binomial of the months ahead.
    weights_
        Method -> its weight in the stack at the end; empty with under 24 months.
    """

    areas_: FloatArray
    panel_: Panel
    means_: FloatArray
    dispersions_: FloatArray
    weights_: dict[str, float]
    n_features_in_: int

    def __init__(self, *, method: str = STACK, horizon: int = MONTHS, exposure: bool = False) -> None:
        self.method = method
        self.horizon = horizon
        self.exposure = exposure

    def __sklearn_tags__(self) -> Tags:
        """Say that counts are not negative, and that a calendar explains little of what has none."""
        tags = super().__sklearn_tags__()
        tags.target_tags.positive_only = True
        tags.regressor_tags.poor_score = True
        return tags

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:  # noqa: N803 - scikit-learn's name
        """Fit to counts ``y`` of the area-months ``X``.

        Parameters
        ----------
        X
            Shape ``(R, 2 + ...)``.
        y
            Shape ``(R,)``: counts.

        Raises
        ------
        ValueError
            If a parameter is out of range, a count negative, or the rows span over fifty years.
        """
        table, counts = validate_data(
            self, X, y, dtype=np.float64, y_numeric=True, ensure_min_features=3 if self.exposure else 2
        )
        if self.method not in (STACK, *METHODS):
            raise ValueError(f"there is no method {self.method}")
        if not 1 <= self.horizon <= 3 * MONTHS:
            raise ValueError("the horizon must lie between 1 and 36 months")
        if (counts < 0).any():
            raise ValueError("counts cannot be negative")
        self.areas_ = np.unique(table[:, AREA])
        self.panel_ = self._panel(table, np.asarray(counts, dtype=float))
        exposure, self._held, self._own = clean_exposure(self.panel_)
        known = np.nan_to_num(self.panel_.counts, nan=0.0)
        self._rates, rate_k = shrunken_mean(known, exposure)
        self._pool = float((known.sum() + 0.5) / exposure.sum())
        self._fitted = NegativeBinomial(
            self._rates[:, None] * self._held, np.repeat(rate_k[:, None], self.panel_.months, axis=1)
        )
        self.weights_ = {}
        if not enough_months(self.panel_):
            means, k, _ = held_mean(self.panel_, self.horizon, active_areas(self.panel_.counts))
            self.means_, self.dispersions_ = means, np.broadcast_to(k, means.shape).copy()
            return self
        rolled = roll(self.panel_, self.horizon)
        means, k = rolled.means[self.method], rolled.step_dispersions(self.method)
        self.weights_ = rolled.shares()
        self.means_, self.dispersions_ = means[-1, : self.horizon].T, k[-1, : self.horizon].T
        past = rolled.origins[:-1]
        self._fitted.mean[:, past], self._fitted.k[:, past] = means[:-1, 0].T, k[:-1, 0].T
        return self

    def predict(self, X: ArrayLike) -> FloatArray:  # noqa: N803 - scikit-learn's name
        """Return the expected count of each row, shape ``(R,)``; see :meth:`predict_distribution`."""
        return self.predict_distribution(X).mean

    def predict_distribution(self, X: ArrayLike) -> NegativeBinomial:  # noqa: N803 - scikit-learn's name
        """Return the predictive distribution of each row.

        For months ahead, that of the forecast; for months fitted to, what was expected one month before (in the first
        13 months, and in short series, the area's mean). An area not fitted to has the rate of all.

        Parameters
        ----------
        X
            Shape ``(R, 2 + ...)``, the columns fitted to.

        Raises
        ------
        ValueError
            If a row lies before the months fitted to, or beyond the horizon.
        """
        check_is_fitted(self)
        table = validate_data(self, X, dtype=np.float64, reset=False)
        step = self._months(table) - self.panel_.first_month
        if (step < 0).any() or (step >= self.panel_.months + self.horizon).any():
            raise ValueError(f"months must lie between the first one fitted to and {self.horizon} after the last")
        means = np.hstack((self._fitted.mean, self.means_))
        dispersions = np.hstack((self._fitted.k, self.dispersions_))
        held = np.hstack((self._held, np.repeat(self._held[:, -1:], self.horizon, axis=1)))
        place = np.minimum(np.searchsorted(self.areas_, table[:, AREA]), self.areas_.size - 1)
        known = self.areas_[place] == table[:, AREA]
        base = table[:, EXPOSURE] if self._own else np.ones(table.shape[0])
        share = np.divide(base, held[place, step], out=np.ones_like(base), where=held[place, step] > 0)
        mean = np.where(known, means[place, step] * (share if self._own else 1.0), self._pool * base)
        k = np.where(known, dispersions[place, step], dispersions[:, step].max(axis=0))
        return NegativeBinomial(mean, k)

    def _months(self, table: FloatArray) -> IntArray:
        """Return the month in which each row lies."""
        months: IntArray = np.floor(table[:, TIME]).astype(np.intp)
        return months

    def _panel(self, table: FloatArray, counts: FloatArray) -> Panel:
        """Spread the rows over areas and months."""
        month = self._months(table)
        first, months = int(month.min()), int(month.max() - month.min()) + 1
        if months > LONGEST_MONTHS:
            raise ValueError(f"the rows span {months} months, {LONGEST_MONTHS} at most are fitted")
        cell = np.searchsorted(self.areas_, table[:, AREA]) * months + month - first
        shape = (self.areas_.size, months)
        rows = np.bincount(cell, minlength=shape[0] * months)

        def spread(values: FloatArray, share: bool) -> FloatArray:
            total = np.bincount(cell, values, minlength=rows.size)
            filled: FloatArray = np.where(rows > 0, total / np.maximum(rows, 1) if share else total, np.nan)
            return filled.reshape(shape)

        further = {str(column): spread(table[:, column], True) for column in range(2 + self.exposure, table.shape[1])}
        exposure = spread(table[:, EXPOSURE], True) if self.exposure else None
        return Panel(tuple(map(str, self.areas_)), first, spread(counts, False), exposure, further)
