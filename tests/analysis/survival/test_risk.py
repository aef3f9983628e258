"""Standardised differences of risk against known truth, and numbers needed to treat against Altman's examples."""

import numpy as np
import pytest

from tests.analysis.survival.remission import CELLS, ON_PLACEBO, RELAPSED, WEEKS
from trafficedu.analysis.survival.cox import NoFitError, fit_cox
from trafficedu.analysis.survival.risk import number_needed, risk_difference


def test_a_difference_by_hand() -> None:
    """The means of the two survival curves that the model gives every child."""
    found = risk_difference(WEEKS, RELAPSED, ON_PLACEBO, CELLS[:, None], 10, resamples=60)
    fit = fit_cox(WEEKS, RELAPSED, np.column_stack([ON_PLACEBO, CELLS]))
    with_it = 1 - fit.survival(10, np.column_stack([np.ones(42), CELLS])).mean()
    without = 1 - fit.survival(10, np.column_stack([np.zeros(42), CELLS])).mean()
    assert (found.treated, found.untreated) == pytest.approx((with_it, without))
    assert found.difference == pytest.approx(with_it - without)
    assert found.low < found.difference < found.high
    assert found.settled
    assert found == risk_difference(WEEKS, RELAPSED, ON_PLACEBO, CELLS[:, None], 10, resamples=60)


def test_without_anything_else_it_is_the_difference_of_two_curves() -> None:
    chance = np.random.default_rng(3)
    treated = np.repeat([0.0, 1.0], 2000)
    days = np.ceil(chance.exponential(np.where(treated == 1, 600, 300)))
    found = risk_difference(np.minimum(days, 180), days <= 180, treated, np.zeros((4000, 0)), 180, resamples=40)
    shares = [float((days[treated == value] <= 180).mean()) for value in (1, 0)]
    assert (found.treated, found.untreated) == pytest.approx(shares, abs=0.015)


def confounded(chance: np.random.Generator, size: int) -> tuple[np.ndarray, ...]:
    """Repeat offenders are given the long course more often, and offend again more often; the course helps."""
    former = chance.integers(0, 3, size)
    treated = (chance.random(size) < np.array([0.15, 0.5, 0.85])[former]).astype(float)
    hazard = np.exp(-0.4 * treated + 0.7 * former) / 500
    days = np.ceil(chance.exponential(1 / hazard))
    return np.minimum(days, 180), days <= 180, treated, (former[:, None] == [1, 2]).astype(float), former


def _risk(former: int, slope: float) -> float:
    return 1 - float(np.exp(-180 * np.exp(0.7 * former + slope) / 500))


TRUTH = float(np.mean([_risk(former, -0.4) - _risk(former, 0.0) for former in range(3)]))


def test_the_adjusted_difference_finds_the_truth_where_the_plain_one_has_the_wrong_sign() -> None:
    time, event, treated, design, _ = confounded(np.random.default_rng(1), 12000)
    found = risk_difference(time, event, treated, design, 180, resamples=60)
    plain = event[treated == 1].mean() - event[treated == 0].mean()
    assert plain > 0.05
    assert found.difference == pytest.approx(TRUTH, abs=0.03)
    assert found.high < 0


def test_limits_hold_the_true_difference_as_often_as_they_say() -> None:
    chance, held = np.random.default_rng(8), 0
    for seed in range(70):
        time, event, treated, design, _ = confounded(chance, 300)
        found = risk_difference(time, event, treated, design, 180, resamples=100, seed=seed)
        held += found.low <= TRUTH <= found.high
    assert held / 70 >= 0.88


def test_a_treatment_nobody_had_has_no_difference() -> None:
    with pytest.raises(NoFitError):
        risk_difference(WEEKS, RELAPSED, np.zeros(42), CELLS[:, None], 10, resamples=10)


def test_number_needed_as_published() -> None:
    """Altman (BMJ 1998;317:1309): 10 % fewer, limits -5 % and 25 %: 10, from 4 through infinity to 20 harmed."""
    found = number_needed(-0.10, -0.25, 0.05)
    assert found.value == pytest.approx(10)
    assert [found.benefit, found.harm] == pytest.approx([4, 20])
    assert not found.settled
    clear = number_needed(-0.10, -0.20, -0.05)
    assert [clear.least, clear.most] == pytest.approx([5, 20])
    assert clear.settled


def test_number_needed_at_its_ends() -> None:
    nothing = number_needed(0.0, 0.0, 0.1)
    assert (nothing.value, nothing.benefit) == (None, None)
    assert nothing.harm == pytest.approx(10)
    worse = number_needed(0.05, 0.02, 0.08)
    assert worse.value == pytest.approx(-20)
    assert [worse.least, worse.most] == pytest.approx([12.5, 50])
    with pytest.raises(ValueError, match="within its limits"):
        number_needed(0.2, -0.1, 0.1)
