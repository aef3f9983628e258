"""Whether colours mean anything: windows that do not overlap, targets and not months."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from trafficedu.analysis.colours.backtest import (
    After,
    Judged,
    aftermath,
    apart,
    contrast,
    firm_again,
    rank_correlation,
    reoffence,
)


def test_only_windows_that_do_not_overlap_are_compared() -> None:
    assert apart(range(1, 25), 6) == [6, 12, 18, 24]
    assert apart([24, 23, 20, 12, 11], 12) == [12, 24]
    assert apart([], 6) == []


def results(*rows: list[float | None]) -> list[Judged]:
    """Return results of months 6, 7, ... with one score a target; every month lies in the list."""
    return [
        Judged(f"v{place}", 6 + month, "red" if score is not None and score < 60 else "yellow", None, score)
        for month, row in enumerate(rows)
        for place, score in enumerate(row)
    ]


def test_rank_correlation_of_two_windows() -> None:
    first: list[float | None] = [50, 60, 70, 80, 90, 100]
    between: list[float | None] = [1, 1, 1, 1, 1, 1]
    last: list[float | None] = [60, 50, 70, 80, 100, 90]
    found = rank_correlation(results(first, *[between] * 5, last), 6)
    assert found is not None
    # the months between are left out: months 6 and 12; 1 - 6 * 4 / (6 * 35) = .8857
    assert found.value == pytest.approx(0.8857, abs=0.0001)
    assert (found.targets, found.windows) == (6, 2)
    assert found.low < found.value < found.high
    assert found.value == pytest.approx(
        stats.spearmanr([50, 60, 70, 80, 90, 100], [60, 50, 70, 80, 100, 90])[0], abs=1e-4
    )


def test_grey_ones_and_too_few_have_no_rank() -> None:
    grey: list[float | None] = [50, None, 70, 80, None]
    assert rank_correlation(results(grey, *[grey] * 5, grey), 6) is None
    assert rank_correlation([], 6) is None
    same: list[float | None] = [70.0] * 6
    assert rank_correlation(results(*[same] * 7), 6) is None


def test_the_interval_of_a_rank_correlation_covers_the_true_one() -> None:
    chance, covered = np.random.default_rng(8), 0
    true = 6 / np.pi * np.arcsin(0.6 / 2)  # Spearman's of a normal pair with correlation .6
    for _ in range(40):
        pair = chance.multivariate_normal([0, 0], [[1, 0.6], [0.6, 1]], 60)
        rows = [
            Judged(f"v{place}", 6 * (1 + time), "blue", None, pair[place, time])
            for place in range(60)
            for time in (0, 1)
        ]
        found = rank_correlation(rows, 6)
        assert found is not None
        covered += found.low <= true <= found.high
    assert covered >= 34


def test_firm_ones_again_are_counted_by_targets() -> None:
    def said(code: str, month: int, colour: str, firm: str | None = None, score: float | None = 55.0) -> Judged:
        return Judged(code, month, colour, firm, score)

    rows = [
        *[said("a", month, "red", "red") for month in (6, 12, 18)],  # again twice: one target, two cases
        said("b", 12, "orange", "orange_or_worse"),
        said("b", 18, "blue"),
        said("c", 12, "red", "red"),
        said("c", 18, "grey", None, None),  # not seen again
        said("d", 12, "red"),  # not firm
        said("d", 18, "red"),
        said("e", 12, "green", "good"),
        said("e", 18, "red"),
        said("f", 13, "red", "red"),  # not a month at the end of a window that is compared
        said("f", 18, "blue"),
    ]
    found = firm_again(rows, 6)
    assert found is not None
    assert (found.number, found.cases, found.targets) == (2, 3, 2)
    assert found.share == pytest.approx(0.6667, abs=0.0001)
    assert found.low < found.share < found.high
    assert firm_again([said("a", 6, "red", "red")], 6) is None


def test_what_came_after_a_colour_by_hand() -> None:
    rows = [
        *[After(f"r{place}", "red", 2.0, 1.0) for place in range(10)],
        After("g0", "green", 0.0, 4.0),
        After("x", "grey", 1.0, 0.0),
    ]
    (red,) = [one for one in aftermath(rows) if one.colour == "red"]
    # 20 of 10: Garwood 12.217 to 30.888 (chi-square of 40 and 42 degrees), no more spread than Poisson
    assert [red.ratio, red.low, red.high] == pytest.approx([2.0, 1.2217, 3.0888], abs=1e-3)
    assert red.differs
    assert red.targets == 10
    (green,) = [one for one in aftermath(rows) if one.colour == "green"]
    # none of 4: 3.689 / 4
    assert [green.ratio, green.low, green.high] == pytest.approx([0.0, 0.0, 0.9222], abs=1e-3)
    assert [one.colour for one in aftermath(rows)] == ["green", "red"]  # grey had nothing to expect


def test_targets_that_differ_among_themselves_widen_what_is_said() -> None:
    even = aftermath([After(f"a{place}", "red", 4.0, 2.0) for place in range(10)])[0]
    uneven = aftermath([After(f"a{place}", "red", 40.0 * (place == 0), 2.0) for place in range(10)])[0]
    assert even.ratio == uneven.ratio == 2.0
    assert even.differs
    assert not uneven.differs
    # one target seen five times is one target, not five
    often = aftermath([After("a0", "red", 4.0, 2.0) for _ in range(5)])[0]
    assert often.targets == 1


def test_a_colour_that_predicts_nothing_is_called_so() -> None:
    rows = [After(f"t{place}", ("red", "blue")[place % 2], 2.0 + place % 3, 3.0) for place in range(60)]
    found = contrast(rows)
    assert found is not None
    assert not found.predicts
    worse = [
        *[After(f"r{place}", "orange", 4.0, 2.0) for place in range(20)],
        *[After(f"b{place}", "blue", 1.0, 2.0) for place in range(20)],
    ]
    clear = contrast(worse)
    assert clear is not None
    # (80.5 / 40.5) / (20.5 / 40.5) = 3.927; 1.96 sqrt(1 / 80.5 + 1 / 20.5) = .4849
    assert clear.ratio == pytest.approx(3.9268, abs=0.001)
    assert [clear.low, clear.high] == pytest.approx([2.418, 6.377], abs=0.003)
    assert clear.predicts
    assert contrast([After("a", "red", 1.0, 1.0)]) is None


def test_riders_who_offended_again() -> None:
    rows = [("a", "red", True), ("a", "red", False), ("b", "red", True), ("c", "green", False)]
    found = reoffence(rows)
    assert list(found) == ["green", "red"]
    assert (found["red"].share, found["red"].cases, found["red"].targets) == (0.6667, 3, 2)
