"""What is expected of a target: never from its own count, whatever the order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trafficedu.analysis.colours.first.pools import pool
from trafficedu.analysis.colours.first.yearly import years_ahead
from trafficedu.analysis.trend.panel import Panel


def test_three_towns_by_hand() -> None:
    # 60 violations, 6,000 e-bikes. Of A (10 of 1,000): the others have 50 of 5,000 -> 10.
    # Of B (20 of 2,000): 40 of 4,000 x 2,000 -> 20. Of C (30 of 3,000): 30 of 3,000 -> 30.
    found = pool({"A": 10, "B": 20, "C": 30}, {"A": 1000, "B": 2000, "C": 3000})
    assert [found[name].expected for name in "ABC"] == [10, 20, 30]
    # exactly as expected: no spread beyond chance, the shape at its bound 1 / 0.001
    assert {one.shape for one in found.values()} == {1000.0}


def test_who_has_no_exposure_is_not_in_the_pool() -> None:
    found = pool({"A": 10, "B": 20, "C": 500}, {"A": 1000, "B": 1000, "C": 0})
    assert set(found) == {"A", "B"}
    assert (found["A"].expected, found["B"].expected) == (20, 10)
    assert pool({"A": 10}, {"A": 1000, "B": 0}) == {}


@given(
    st.dictionaries(
        st.text("abcdef", min_size=1, max_size=3), st.tuples(st.integers(0, 500), st.integers(1, 9000)), min_size=3
    ),
    st.integers(1, 400),
)
def test_the_order_never_matters_and_nobody_is_judged_by_the_own_count(
    rows: dict[str, tuple[int, int]], more: int
) -> None:
    counts = {name: float(count) for name, (count, _) in rows.items()}
    bases = {name: float(base) for name, (_, base) in rows.items()}
    turned = pool(dict(reversed(counts.items())), dict(reversed(bases.items())))
    assert turned == pool(counts, bases)
    first = next(iter(rows))
    changed = pool({**counts, first: counts[first] + more}, bases)
    assert changed[first].expected == turned[first].expected


def test_an_origin_knows_nothing_of_the_months_after_it() -> None:
    rng = np.random.default_rng(5)
    counts = rng.poisson(3.0, (6, 44)).astype(float)
    counts[:3, 34:] *= 4
    names = tuple("abcdef")
    whole = {year.origin: year for year in years_ahead(Panel(names, 24_000, counts))}
    assert min(whole) == 24
    for origin in (24, 30, 36):
        alone = years_ahead(Panel(names, 24_000, counts[:, :origin]))[-1]
        assert (alone.method, alone.shape) == (whole[origin].method, whole[origin].shape)
        assert alone.expected == pytest.approx(whole[origin].expected, abs=1e-9)
    assert years_ahead(Panel(names, 24_000, counts[:, :23])) == []
