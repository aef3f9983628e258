"""The proportional-hazards model against published fits, another library (lifelines 0.30.3), and known truth."""

import numpy as np
import pytest

from tests.analysis.survival.remission import CELLS, ON_PLACEBO, RELAPSED, WEEKS
from trafficedu.analysis.survival.cox import NoFitError, fit_cox, proportionality

BOTH = np.column_stack([CELLS, ON_PLACEBO])


def test_the_drug_as_published() -> None:
    """Efron's 1.57, standard error 0.412, log likelihood -85.008 (Kalbfleisch and Prentice; R's coxph the same)."""
    fit = fit_cox(WEEKS, RELAPSED, ON_PLACEBO[:, None])
    assert fit.coefficients[0] == pytest.approx(1.572125, abs=1e-6)
    assert fit.errors[0] == pytest.approx(0.412397, abs=1e-6)
    assert fit.log_likelihood == pytest.approx(-85.008425, abs=1e-6)
    effect = fit.effects()[0]
    assert effect.ratio == pytest.approx(4.816873, abs=1e-5)
    assert (effect.low, effect.high) == pytest.approx((2.146508, 10.809307), abs=1e-4)
    assert effect.p_value == pytest.approx(0.000138, abs=1e-6)
    assert (fit.number, fit.events) == (42, 30)


def test_two_columns_as_another_library_has_them() -> None:
    """lifelines 0.30.3, CoxPHFitter; Kleinbaum and Klein (2012), p. 113, round the same."""
    fit = fit_cox(WEEKS, RELAPSED, BOTH)
    assert fit.coefficients == pytest.approx([1.690890, 1.386076], abs=1e-5)
    assert fit.errors == pytest.approx([0.3358976, 0.424798], abs=1e-5)
    assert fit.log_likelihood == pytest.approx(-69.828101, abs=1e-5)
    gain, degrees, p_value = fit.likelihood_ratio
    assert gain == pytest.approx(46.712338, abs=1e-5)
    assert degrees == 2
    assert p_value == pytest.approx(7.187e-11, rel=1e-3)


def test_proportionality_as_another_library_has_it() -> None:
    """lifelines 0.30.3, proportional_hazard_test with ranks, of the same children with no two at one time."""
    fit = fit_cox(WEEKS + np.arange(42) * 1e-3, RELAPSED, BOTH)
    tested = proportionality(fit)
    assert fit.coefficients == pytest.approx([1.727778, 1.336993], abs=1e-5)
    assert tested.statistics == pytest.approx([0.017036, 0.024310], abs=1e-5)
    assert tested.p_values == pytest.approx([0.896155, 0.876100], abs=1e-5)


def test_counts_are_so_many_rows_of_a_kind() -> None:
    rows, counts = np.unique(np.column_stack([WEEKS, RELAPSED, ON_PLACEBO]), axis=0, return_counts=True)
    one, other = fit_cox(WEEKS, RELAPSED, ON_PLACEBO[:, None]), fit_cox(rows[:, 0], rows[:, 1], rows[:, 2:], counts)
    assert other.coefficients == pytest.approx(one.coefficients)
    assert other.covariance == pytest.approx(one.covariance)
    assert other.hazard == pytest.approx(one.hazard)
    assert other.residuals.shape == one.residuals.shape
    assert np.sort(other.residuals[:, 0]) == pytest.approx(np.sort(one.residuals[:, 0]))


def test_the_baseline_of_tied_events_by_hand() -> None:
    """Two of four at time 1: 1/4 + 1/3 (each counts half of the second); then one of two: 1/2."""
    fit = fit_cox([1, 1, 2, 3], [1, 1, 1, 0], np.zeros((4, 0)))
    assert fit.hazard == pytest.approx([1 / 4 + 1 / 3, 1 / 4 + 1 / 3 + 1 / 2])
    assert fit.hazard_at(0.5) == 0.0
    assert fit.survival(2.5, np.zeros((1, 0)))[0] == pytest.approx(np.exp(-(1 / 4 + 1 / 3 + 1 / 2)))
    assert fit.expected([1, 1, 2, 3], np.zeros((4, 0))).sum() == pytest.approx(2 * 7 / 12 + 2 * 13 / 12)


def test_expected_events_add_up_to_the_observed_ones() -> None:
    """At the estimate they do so with Breslow's ties exactly, with Efron's nearly; here no two fall together."""
    weeks = WEEKS + np.arange(42) * 1e-3
    fit = fit_cox(weeks, RELAPSED, BOTH)
    assert fit.expected(weeks, BOTH).sum() == pytest.approx(30.0)
    assert (BOTH * (RELAPSED - fit.expected(weeks, BOTH))[:, None]).sum(axis=0) == pytest.approx([0, 0], abs=1e-6)


def test_the_unit_of_a_column_changes_nothing_but_itself() -> None:
    one, other = fit_cox(WEEKS, RELAPSED, BOTH), fit_cox(WEEKS, RELAPSED, BOTH * [1000.0, 1.0] + [5.0, 0.0])
    assert other.coefficients * [1000.0, 1.0] == pytest.approx(one.coefficients)
    assert other.log_likelihood == pytest.approx(one.log_likelihood)


def simulated(chance: np.random.Generator, size: int, slope: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Days until the event, rounded up so that many share one, censored at 180."""
    x = chance.integers(0, 2, size).astype(float)
    other = chance.integers(0, 3, size).astype(float)
    days = np.ceil(chance.exponential(400 / np.exp(slope * x + 0.3 * other)))
    return np.minimum(days, 180), days <= 180, np.column_stack([x, other])


def test_limits_hold_the_true_ratio_as_often_as_they_say() -> None:
    chance, held, found = np.random.default_rng(5), 0, []
    for _ in range(300):
        effect = fit_cox(*simulated(chance, 250, -0.5)).effects()[0]
        held += effect.low <= np.exp(-0.5) <= effect.high
        found.append(np.log(effect.ratio))
    assert 0.92 <= held / 300 <= 0.98
    assert np.mean(found) == pytest.approx(-0.5, abs=0.03)


def test_a_ratio_that_does_not_hold_over_time_is_seen_and_one_that_does_is_not() -> None:
    chance = np.random.default_rng(9)
    x = np.repeat([0.0, 1.0], 600)
    early = np.where(x == 1, chance.weibull(2.5, 1200), chance.weibull(0.8, 1200)) * 100
    fit = fit_cox(np.ceil(early), np.ones(1200), x[:, None])
    assert proportionality(fit).p_value < 1e-6
    alarms = sum(proportionality(fit_cox(*simulated(chance, 250, -0.5))).p_value < 0.05 for _ in range(200))
    assert alarms / 200 <= 0.1


@pytest.mark.parametrize(
    ("time", "event", "design", "why"),
    [
        ([1, 2, 3], [0, 0, 0], [[0], [1], [0]], "nobody"),
        ([1, 2, 3, 4], [1, 1, 1, 1], [[0, 0], [1, 2], [0, 0], [1, 2]], "twice"),
        ([1, 2, 3, 4, 5, 6], [1, 1, 1, 0, 0, 0], [[1], [1], [1], [0], [0], [0]], "infinity"),
        ([1, 2, 3], [1, 1, 1], [[1], [1], [1]], "twice"),
    ],
)
def test_what_has_no_estimate_is_refused(
    time: list[float], event: list[int], design: list[list[float]], why: str
) -> None:
    with pytest.raises(NoFitError, match=why):
        fit_cox(time, event, design)


def test_shapes_have_to_fit() -> None:
    with pytest.raises(ValueError, match="row of the design"):
        fit_cox([1, 2], [1, 1], [[1]])
