"""Kaplan-Meier curves and the log-rank test against published tables, another library, and known truth."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from tests.analysis.survival.remission import DRUG, ON_PLACEBO, RELAPSED, WEEKS
from trafficedu.analysis.survival.curves import kaplan_meier, log_rank

DRUG_WEEKS, DRUG_RELAPSED = [row[0] for row in DRUG], [row[1] for row in DRUG]


def test_curve_of_the_drug_as_published() -> None:
    """Kalbfleisch and Prentice (2002), table 1.2; limits of lifelines 0.30.3 (log-log)."""
    curve = kaplan_meier(DRUG_WEEKS, DRUG_RELAPSED)
    assert curve.times.tolist() == [6, 7, 10, 13, 16, 22, 23]
    assert curve.survival == pytest.approx([0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448], abs=5e-4)
    assert curve.at_risk.tolist() == [21, 17, 15, 12, 11, 7, 6]
    assert (curve.low[0], curve.high[0]) == pytest.approx((0.619718, 0.951552), abs=1e-6)
    assert (curve.low[-1], curve.high[-1]) == pytest.approx((0.188052, 0.680143), abs=1e-6)


def test_a_curve_is_known_as_long_as_anybody_is_watched() -> None:
    curve = kaplan_meier(DRUG_WEEKS, DRUG_RELAPSED)
    first = curve.at(5)
    assert first is not None
    assert (first.share, first.low, first.high, first.at_risk) == (1.0, 1.0, 1.0, 21)
    later = curve.at(12)
    assert later is not None
    assert later.share == pytest.approx(0.7529, abs=1e-4)
    assert later.at_risk == 12
    assert curve.at(35) is not None
    assert curve.at(36) is None


def test_a_curve_that_ends_at_nought_has_no_limits_there() -> None:
    curve = kaplan_meier([1, 2, 3], [1, 1, 1])
    assert curve.survival.tolist() == pytest.approx([2 / 3, 1 / 3, 0])
    assert (curve.low[-1], curve.high[-1]) == (0.0, 1.0)
    assert np.isfinite(curve.low).all()
    never = kaplan_meier([5.0, 6.0], [0, 0]).at(5)
    assert never is not None
    assert never.share == 1.0


@given(st.lists(st.tuples(st.integers(1, 20), st.booleans()), min_size=1, max_size=60))
def test_the_same_as_scipy(rows: list[tuple[int, bool]]) -> None:
    time, event = np.array([row[0] for row in rows], dtype=float), np.array([row[1] for row in rows])
    curve = kaplan_meier(time, event)
    theirs = stats.ecdf(stats.CensoredData.right_censored(time, ~event)).sf
    assert [curve.at(t).share for t in np.unique(time)] == pytest.approx(theirs.evaluate(np.unique(time)).tolist())  # type: ignore[union-attr]


def test_log_rank_as_published() -> None:
    """16.79 (Kleinbaum and Klein, 3rd ed., 2012, p. 70), 9 and 21 observed, 19.25 and 10.75 expected."""
    tested = log_rank(WEEKS, RELAPSED, ON_PLACEBO)
    assert tested.statistic == pytest.approx(16.79, abs=5e-3)
    assert tested.observed == (9.0, 21.0)
    assert tested.expected == pytest.approx((19.25, 10.75), abs=5e-3)
    assert tested.p_value == pytest.approx(4.17e-5, rel=1e-2)
    theirs = stats.logrank(
        *(stats.CensoredData.right_censored(WEEKS[own], ~RELAPSED[own]) for own in (ON_PLACEBO == 0, ON_PLACEBO == 1))
    )
    assert tested.p_value == pytest.approx(theirs.pvalue)


def test_log_rank_of_three_groups_does_not_depend_on_their_order() -> None:
    chance = np.random.default_rng(4)
    time, event, group = chance.integers(1, 30, 90), chance.random(90) < 0.6, chance.integers(0, 3, 90)
    first, second = log_rank(time, event, group), log_rank(time, event, (group + 1) % 3)
    assert first.degrees == 2
    assert first.statistic == pytest.approx(second.statistic)
    assert sum(first.observed) == pytest.approx(sum(first.expected))


def test_limits_hold_the_truth_as_often_as_they_say() -> None:
    """400 samples of 120, exponential with a third censored: 95 of 100 limits hold the share at day 90."""
    chance, held = np.random.default_rng(11), 0
    truth = np.exp(-90 / 200)
    for _ in range(400):
        fails, lost = chance.exponential(200, 120), chance.uniform(0, 360, 120)
        curve = kaplan_meier(np.minimum(fails, lost), fails <= lost)
        point = curve.at(90)
        held += point is not None and point.low <= truth <= point.high
    assert 0.92 <= held / 400 <= 0.98


@pytest.mark.parametrize(
    ("time", "event"), [([], []), ([1, 2], [1]), ([0, 1], [1, 1]), ([np.nan], [1]), ([[1]], [[1]])]
)
def test_what_is_no_time_is_refused(time: list[float], event: list[int]) -> None:
    with pytest.raises(ValueError, match=r"time|event"):
        kaplan_meier(time, event)


def test_one_group_is_not_compared() -> None:
    with pytest.raises(ValueError, match="two groups"):
        log_rank([1, 2], [1, 1], [0, 0])
