"""The statement of a trend: what it rests on, what it finds, and what it does not claim."""

import numpy as np
import pytest

from trafficedu.analysis.arrays import FloatArray
from trafficedu.analysis.trend.statement import Slopes, slopes
from trafficedu.analysis.trend.wandering import products
from trafficedu.analysis.trend_words import trend_sentence
from trafficedu.core.month import Month

NAN = np.nan
YEAR = np.arange(36) / 12
FIRST = Month(2023, 1).index


def stated(counts: FloatArray) -> Slopes:
    return slopes(counts, np.ones(counts.shape))


def claimed(found: Slopes) -> float:
    """Return the share of series of which a trend is claimed."""
    return float((((found.low > 0) | (found.high < 0)) & (found.changed < 0)).mean())


def test_the_filter_is_generalised_least_squares() -> None:
    """The sums are those of the inverse covariance, the free beginning taken out by a flat prior."""
    rng = np.random.default_rng(1)
    columns, variance, walk = rng.normal(size=(1, 9, 4)), rng.uniform(0.5, 2.0, (1, 9)), 0.3
    variance[0, [0, 5]] = np.inf  # unknown months: one of them the first
    found = products(columns, variance, walk)
    known = np.isfinite(variance[0])
    month = np.arange(9)
    covariance = (np.diag(variance[0].clip(max=1e9)) + walk * np.minimum.outer(month, month))[np.ix_(known, known)]
    inverse = np.linalg.inv(covariance)
    one = np.ones(known.sum())
    flat = inverse - np.outer(inverse @ one, inverse @ one) / (one @ inverse @ one)
    sums = columns[0, known].T @ flat @ columns[0, known]
    assert found.lead[0] == pytest.approx(sums[:2])
    assert found.square[0] == pytest.approx(np.diag(sums))
    determinant = np.linalg.slogdet(covariance)[1] + np.log(one @ inverse @ one)
    assert found.log_determinant[0] == pytest.approx(determinant)


def test_a_trend_is_found_and_its_interval_holds_it() -> None:
    counts = np.random.default_rng(3).poisson(80 * 0.8**YEAR, (60, 36)).astype(float)
    found = stated(counts)
    assert float(found.per_year.mean()) == pytest.approx(-0.2, abs=0.04)
    assert float(((found.low <= -0.2) & (found.high >= -0.2)).mean()) >= 0.93
    assert claimed(found) > 0.6
    assert "falling; " in str(trend_sentence(found, int(np.argmin(found.high)), FIRST).msgid)


@pytest.mark.parametrize("kind", ["Poisson", "overdispersed", "autocorrelated", "wandering"])
def test_where_there_is_no_trend_hardly_any_is_claimed(kind: str) -> None:
    """At most 7 of 100; 19 and more of 150 would come by chance in one of 200 runs at that rate (binomial)."""
    rng, shape = np.random.default_rng(7), (150, 36)
    level = np.zeros(shape)
    if kind == "autocorrelated":
        level[:, 0] = rng.normal(0, 0.15, 150)
        for t in range(1, 36):
            level[:, t] = 0.6 * level[:, t - 1] + rng.normal(0, 0.12, 150)  # .15 sqrt(1 - .36)
    elif kind == "wandering":
        level = np.cumsum(rng.normal(0, 0.05, shape), axis=1)
    noise = rng.gamma(5, 0.2, shape) if kind == "overdispersed" else 1.0
    found = stated(rng.poisson(30 * np.exp(level) * noise).astype(float))
    assert claimed(found) <= 18 / 150
    assert ((found.low <= found.per_year) & (found.per_year <= found.high)).all()


def test_a_level_that_fell_once_is_said_to_have_changed_and_when() -> None:
    step = np.where(np.arange(36) >= 17, 0.7, 1.0)
    found = stated(np.random.default_rng(5).poisson(300 * step, (40, 36)).astype(float))
    changed = found.changed >= 0
    assert changed.mean() > 0.8
    assert float(np.median(found.changed[changed])) == 17
    assert float(np.mean(found.change[changed])) == pytest.approx(-0.3, abs=0.03)
    assert ((found.change_low <= -0.3) & (found.change_high >= -0.3))[changed].mean() > 0.85
    assert claimed(found) <= 0.07
    said = trend_sentence(found, int(np.flatnonzero(changed)[0]), FIRST)
    assert said.params["since"] == str(Month.at(FIRST + int(found.changed[changed][0])))
    assert "year" in said.msgid
    assert "falling" not in said.msgid


def test_the_probability_and_the_interval_say_the_same() -> None:
    rng = np.random.default_rng(11)
    found = stated(rng.poisson(rng.uniform(2, 90, (80, 1)) * rng.uniform(0.6, 1.5, (80, 1)) ** YEAR).astype(float))
    assert ((found.high < 0) == (found.falling > 0.975)).all()
    assert ((found.low > 0) == (found.falling < 0.025)).all()
    assert (found.high < 0).any()
    assert (found.low > 0).any()


def test_order_of_series_does_not_matter_and_unknown_is_not_zero() -> None:
    counts = np.random.default_rng(2).poisson(20, (4, 36)).astype(float)
    counts[1, 10:14] = NAN
    found, turned = stated(counts), stated(counts[::-1])
    assert turned.low[::-1] == pytest.approx(found.low)
    zeros = stated(np.nan_to_num(counts))
    assert zeros.high[1] != pytest.approx(found.high[1], abs=0.02)
    assert zeros.high[0] == pytest.approx(found.high[0])


def test_no_statement_from_too_little() -> None:
    counts = np.vstack((np.zeros(36), np.r_[np.full(20, NAN), np.full(16, 5.0)], np.full(36, 2.0)))
    assert np.isnan(stated(counts).per_year).tolist() == [True, True, False]
    assert np.isnan(stated(counts[:, :23]).per_year).all()
    assert stated(counts).changed.tolist() == [-1, -1, -1]
