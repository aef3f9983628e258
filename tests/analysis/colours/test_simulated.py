"""Rule set 2 in districts whose true figures are known; more seeds and levels in ``tests/benchmarks/colours.py``."""

from __future__ import annotations

from tests.analysis.colours.second import RULES
from tests.analysis.colours.simulated import ALIKE, DIFFERENT, LEVELS, study
from trafficedu.analysis.colours.backtest import firm_again, rank_correlation
from trafficedu.analysis.colours.rule_set import VILLAGE

BAD = ("red", "orange_or_worse")


def test_villages_that_differ_are_told_apart_and_again() -> None:
    found = study(LEVELS[VILLAGE], DIFFERENT, 2, RULES)
    ranks = rank_correlation(found.results(12), 12)
    assert ranks is not None
    assert ranks.value >= 0.6
    again = firm_again(found.results(12), 12)
    assert again is not None
    assert again.cases >= 20
    assert again.share >= 0.7
    assert 0.85 <= found.covered <= 0.95


def test_where_villages_are_alike_hardly_one_is_named() -> None:
    found = study(LEVELS[VILLAGE], ALIKE, 1, RULES)
    assert found.firm(*BAD) <= 0.005 * len(found.second)
    assert len(found.truth) > 400
