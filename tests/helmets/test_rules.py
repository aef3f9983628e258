from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trafficedu.analysis.proportions import wilson
from trafficedu.helmets.rules import RateInterval, Tap, add_up, allot, difference, draw, order_by_lot


def test_the_lot_is_what_anybody_can_compute_with_sha_256() -> None:
    codes = ["S1", "S2", "S3", "S4"]
    by_hand = sorted(codes, key=lambda code: hashlib.sha256(f"2026-03:{code}".encode()).hexdigest())
    assert order_by_lot("2026-03", reversed(codes)) == by_hand
    assert order_by_lot("another", codes) != by_hand or order_by_lot("third", codes) != by_hand


def test_shares_are_proportional_and_every_stratum_gets_one() -> None:
    assert allot({"arterial": 60, "branch": 30, "rural": 10}, 10) == {"arterial": 6, "branch": 3, "rural": 1}
    assert allot({"arterial": 97, "branch": 2, "rural": 1}, 10) == {"arterial": 8, "branch": 1, "rural": 1}
    assert allot({"arterial": 5, "branch": 3, "rural": 1}, 2) == {"arterial": 1, "branch": 1, "rural": 0}
    assert allot({"arterial": 2, "empty": 0}, 9) == {"arterial": 2}
    assert allot({}, 3) == {}


@given(st.dictionaries(st.text("abcdef", min_size=1), st.integers(0, 40), max_size=6), st.integers(1, 90))
def test_shares_add_up_and_none_exceeds_its_stratum(sizes: dict[str, int], sites: int) -> None:
    shares = allot(sizes, sites)
    assert sum(shares.values()) == min(sites, sum(sizes.values()))
    assert all(0 <= shares[name] <= sizes[name] for name in shares)


def test_a_draw_comes_out_the_same_and_every_site_has_the_same_chance() -> None:
    frame = {"a": [f"A{n}" for n in range(6)], "b": [f"B{n}" for n in range(4)]}
    assert draw(frame, 5, "seed") == draw({"b": frame["b"][::-1], "a": frame["a"]}, 5, "seed")
    times = dict.fromkeys([*frame["a"], *frame["b"]], 0)
    for seed in range(2000):
        for drawn in draw(frame, 5, str(seed)).values():
            for code in drawn:
                times[code] += 1
    assert all(900 < count < 1100 for count in times.values()), times


def test_taps_taken_back_leave_nothing() -> None:
    taps = [
        Tap(1, "other", "rider", "", "bare", 1),
        Tap(2, "other", "rider", "", "helmeted", 1),
        Tap(3, "other", "rider", "", "helmeted", -1),
        Tap(4, "delivery", "rider", "MT", "helmeted", 1),
    ]
    assert add_up(taps) == {
        ("other", "rider", ""): {"bare": 1, "helmeted": 0},
        ("delivery", "rider", "MT"): {"helmeted": 1},
    }


def test_difference_of_newcombe_1998_table_ii() -> None:
    """Newcombe, Stat. Med. 1998;17:873, table II, method 10: cases (a) 56/70 - 48/80 and (b) 9/10 - 3/10."""
    first = difference(RateInterval(56 / 70, *wilson(56, 70)), RateInterval(48 / 80, *wilson(48, 80)))
    assert (first.rate, first.low, first.high) == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)
    second = difference(RateInterval(9 / 10, *wilson(9, 10)), RateInterval(3 / 10, *wilson(3, 10)))
    assert (second.rate, second.low, second.high) == pytest.approx((0.6, 0.1705, 0.8090), abs=5e-5)
