"""Early warning: alarms where there is cause, a promise that holds over all together, and nothing from too little."""

import numpy as np
import pytest
from scipy import stats

from trafficedu.analysis.arrays import FloatArray
from trafficedu.analysis.early_warning import LEAST_COUNT, allowed, limit, spread_by_area, tail, watch

NAN = np.nan


def rolled(counts: FloatArray, means: FloatArray, horizon: int = 6) -> tuple[FloatArray, FloatArray]:
    """Lay out counts (A, T) and forecasts that hold for every horizon as an archive of origins 0 to T."""
    padded = np.hstack((counts, np.full((len(counts), horizon), NAN)))
    expected = np.hstack((means, np.repeat(means[:, -1:], horizon, axis=1)))
    origins = range(counts.shape[1] + 1)
    return tuple(np.stack([table[:, o : o + horizon].T for o in origins]) for table in (padded, expected))  # type: ignore[return-value]


def test_the_last_months_stand_beside_what_was_expected_of_them() -> None:
    """Of areas that count 1, 2, 3 ... and always expect 10: the last month, the last three and the last six."""
    counts = np.vstack((np.arange(40.0), np.full(40, 10.0)))
    one, three, six = watch(*rolled(counts, np.full(counts.shape, 10.0)))
    assert [span.months for span in (one, three, six)] == [1, 3, 6]
    assert [span.counts[0] for span in (one, three, six)] == [39, 39 + 38 + 37, 39 + 38 + 37 + 36 + 35 + 34]
    assert [span.expected[0] for span in (one, three, six)] == [10, 30, 60]
    assert one.dispersion[0] > one.dispersion[1]


def test_the_spread_is_that_of_forecasts_before_the_months_judged() -> None:
    counts, means = np.full((3, 40), 10.0), np.full((3, 40), 10.0)
    quiet = [span.dispersion for span in watch(*rolled(counts, means))]
    counts[:, -1] = 90.0
    loud = [span.dispersion for span in watch(*rolled(counts, means))]
    assert all((a == b).all() for a, b in zip(quiet, loud, strict=True))


def test_an_unknown_month_is_not_judged_and_not_nought() -> None:
    counts = np.full((2, 40), 10.0)
    counts[0, -1], counts[1, -2] = NAN, NAN
    one, three, _ = watch(*rolled(counts, np.full(counts.shape, 10.0)))
    assert np.isnan(one.counts[0])
    assert one.counts[1] == 10
    assert np.isnan(three.counts).all()


def test_nothing_is_judged_from_too_few_forecasts() -> None:
    counts = np.full((2, 6), 4.0)
    assert watch(*rolled(counts, counts)) == []
    assert [span.months for span in watch(*rolled(np.full((2, 7), 4.0), np.full((2, 7), 4.0)))] == [1]


def test_tail_and_limit_are_those_of_the_negative_binomial() -> None:
    """scipy.stats.nbinom with size 1 / k and mean mu."""
    size, mu = 1 / 0.15, 10.0
    law = stats.nbinom(size, size / (size + mu))
    assert tail(25, mu, 0.15) == pytest.approx(law.sf(24))
    most = limit(mu, 0.15, 0.001)
    assert law.sf(most) <= 0.001 < law.sf(most - 1)
    assert limit(0.01, 0.0, 0.001) == LEAST_COUNT - 1
    assert allowed(100, 0.05) == pytest.approx(0.0005)


def test_spread_of_an_area_is_drawn_to_that_of_all() -> None:
    rng = np.random.default_rng(4)
    means = np.full((60, 30), 20.0)
    k = np.where(np.arange(30) < 5, 0.5, 0.02)
    counts = rng.poisson(means * rng.gamma(1 / k, k, means.shape)).astype(float)
    own = spread_by_area(counts, means, 12)
    assert own[:5].mean() > 3 * own[5:].mean()
    alike = spread_by_area(counts, means, 1e6)
    assert np.ptp(alike) < 1e-3


@pytest.mark.parametrize("kind", ["Poisson", "overdispersed"])
def test_false_alarms_of_all_together_keep_their_promise(kind: str) -> None:
    """Twenty areas of 1 to 30 a month under forecasts that are right: 160 months at one in twelve are 13; 25 and more
    would come by chance in 1 of 800 such runs (binomial).
    """
    rng, mean = np.random.default_rng(9), np.geomspace(1, 30, 20)[:, None] * np.ones(200)
    noise = rng.gamma(1 / 0.15, 0.15, mean.shape) if kind == "overdispersed" else 1.0
    truth, means = rolled(rng.poisson(mean * noise).astype(float), mean)
    false = 0
    for row in range(40, 200):
        spans = watch(truth, means, row)
        share = allowed(20 * len(spans))
        false += any(
            count >= LEAST_COUNT and tail(count, expected, k) <= share
            for span in spans
            for count, expected, k in zip(span.counts, span.expected, span.dispersion, strict=True)
        )
    assert false < 25


def test_a_doubling_is_seen() -> None:
    rng, mean = np.random.default_rng(3), np.full((20, 60), 12.0)
    counts = rng.poisson(mean).astype(float)
    counts[0, -3:] = rng.poisson(24.0, 3)
    spans = watch(*rolled(counts, mean))
    share = allowed(60)
    assert min(tail(s.counts[0], s.expected[0], s.dispersion[0]) for s in spans) <= share
    assert all(tail(s.counts[1], s.expected[1], s.dispersion[1]) > share for s in spans)
