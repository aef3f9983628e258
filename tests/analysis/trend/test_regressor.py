"""The trend model as an estimator: scikit-learn's own checks, and the same figures as the pages show."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, PredefinedSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import parametrize_with_checks

from tests.analysis.trend import simulated
from trafficedu.analysis.arrays import FloatArray
from trafficedu.analysis.negative_binomial import NegativeBinomial, quantile
from trafficedu.analysis.trend.forecast import forecast
from trafficedu.analysis.trend.regressor import TrendRegressor
from trafficedu.analysis.trend.rolling import roll

FIRST = 2015 * 12


def table(counts: FloatArray, first: int = FIRST) -> tuple[FloatArray, FloatArray]:
    """Return one row per known area-month, in an order that says nothing."""
    area, month = np.nonzero(~np.isnan(counts))
    order = np.random.default_rng(0).permutation(area.size)
    rows = np.column_stack((area, first + month))[order].astype(float)
    return rows, counts[area, month][order]


@parametrize_with_checks([TrendRegressor()])  # type: ignore[untyped-decorator]
def test_scikit_learn_takes_it_for_one_of_its_own(estimator, check) -> None:  # type: ignore[no-untyped-def]
    check(estimator)


def test_figures_are_those_of_the_pages() -> None:
    counts = simulated.district(areas=5, months=40)
    counts[1, 20:23] = np.nan
    fitted = TrendRegressor(horizon=3).fit(*table(counts))
    ahead = forecast(simulated.panel(counts), 3)
    rows = np.array([[area, FIRST + 40 + step] for area in range(5) for step in range(3)], dtype=float)
    found = fitted.predict_distribution(rows)
    assert np.array_equal(fitted.predict(rows), ahead.areas.expected.ravel())
    low, high = found.interval(0.95)
    assert np.array_equal(low, ahead.areas.low_95.ravel())
    assert np.array_equal(high, ahead.areas.high_95.ravel())
    assert found.cdf(high) == pytest.approx(np.maximum(found.cdf(high), 0.975))
    rolled = roll(simulated.panel(counts), 12)
    past = fitted.predict(np.array([[2.0, FIRST + 30.0]]))
    assert past == rolled.means["stack"][rolled.origins == 30, 0, 2]
    assert fitted.weights_ == rolled.shares()


def test_it_is_cloned_pickled_searched_and_put_into_a_pipeline() -> None:
    rows, y = table(simulated.district(areas=3, months=36))
    ahead = np.array([[0.0, FIRST + 37.0]])
    model = TrendRegressor(method="model", horizon=4)
    assert clone(model).get_params() == {"method": "model", "horizon": 4, "exposure": False}
    fitted = model.fit(rows, y)
    assert pickle.loads(pickle.dumps(fitted)).predict(ahead) == fitted.predict(ahead)  # noqa: S301 - our own bytes

    def to_months(dated: FloatArray) -> FloatArray:
        return np.column_stack((dated[:, 0], 12 * dated[:, 1] + dated[:, 2] - 1))

    dated = np.column_stack((rows[:, 0], rows[:, 1] // 12, rows[:, 1] % 12 + 1))
    pipeline = make_pipeline(FunctionTransformer(to_months), TrendRegressor(method="model", horizon=4)).fit(dated, y)
    assert pipeline.predict(np.array([[0.0, 2018.0, 2.0]])) == fitted.predict(ahead)
    last_year = PredefinedSplit(np.where(rows[:, 1] >= FIRST + 24, 0, -1))
    search = GridSearchCV(TrendRegressor(), {"method": ["stack", "seasonal_naive"]}, cv=last_year).fit(rows, y)
    assert search.best_params_ == {"method": "stack"}


def test_exposure_and_an_area_never_seen() -> None:
    rows, y = table(np.random.default_rng(4).poisson(5.0, (6, 40)).astype(float))
    with_exposure = np.column_stack((rows, np.full(y.size, 1000.0)))
    fitted = TrendRegressor(exposure=True).fit(with_exposure, y)
    one, double, unknown = fitted.predict([[0, FIRST + 40, 1000.0], [0, FIRST + 40, 2000.0], [99, FIRST + 40, 1000.0]])
    assert double == pytest.approx(2 * one)
    assert unknown == pytest.approx(y.mean(), rel=0.01)


def test_what_cannot_be_is_refused() -> None:
    rows, y = table(simulated.district(areas=2, months=20))
    for wrong, says in (({"method": "magic"}, "no method"), ({"horizon": 0}, "horizon")):
        with pytest.raises(ValueError, match=says):
            TrendRegressor(**wrong).fit(rows, y)
    with pytest.raises(ValueError, match="negative"):
        TrendRegressor().fit(rows, -y)
    with pytest.raises(ValueError, match="span 601 months"):
        TrendRegressor().fit([[0, 0], [0, 600]], [1, 1])
    fitted = TrendRegressor(horizon=2).fit(rows, y)
    for month in (FIRST - 1, FIRST + 22):
        with pytest.raises(ValueError, match="between the first one fitted to and 2 after the last"):
            fitted.predict([[0, month]])


def test_distribution_by_hand() -> None:
    found = NegativeBinomial(np.array([4.0]), np.array([0.25]))
    assert found.variance() == pytest.approx([8.0])
    assert found.pmf(0) == pytest.approx([0.5**4])  # size 4, p 1/2
    assert found.cdf(1) == pytest.approx([0.5**4 * 3])
    assert found.ppf(0.5) == quantile(0.5, 4.0, 0.25)
