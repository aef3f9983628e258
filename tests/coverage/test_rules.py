"""When silence is a zero: by hand, and in whatever the counts may be."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from datetime import date

import pytest

from trafficedu.core.month import Month
from trafficedu.coverage.rules import (
    Observed,
    State,
    begins,
    closes_on,
    is_open,
    judge,
    silence_chance,
    silences,
    told,
    told_open,
)

REPORTED, NONE, OPEN, MISSING = State
Marks = Mapping[tuple[int, int], State]


def observed(*counts: Sequence[int], marks: Marks | None = None, closed: int | None = None) -> Observed:
    months = len(counts[0])
    there = [[True] * months for _ in counts]
    return Observed(counts, there, marks or {}, (), months if closed is None else closed)


def words(states: Sequence[Sequence[State | None]]) -> list[str]:
    """Return states as one letter each: Reported, None, Open, Missing, and a dash where the unit is not there."""
    return ["".join("-" if state is None else state.value[0] for state in row) for row in states]


def judged(*counts: Sequence[int], **given: object) -> list[str]:
    return words(judge(observed(*counts, **given)))  # type: ignore[arg-type]


def test_chance_of_silence_by_hand() -> None:
    # Poisson: exp(-mean * months); three records in four months, two months
    assert silence_chance([1, 1, 0, 1], 2) == pytest.approx(math.exp(-1.5))
    # months 2 and 10 in turn: mean 6, variance of eight values 4 * 4 * 8 / 7 = 128 / 7, spread 64 / 21,
    # (64 / 21) ** -(6 / (43 / 21)) = exp(-1.11437 * 2.93023) = 0.0382; a Poisson distribution would say 0.0025
    assert silence_chance([2, 10] * 4, 1) == pytest.approx(0.0382, abs=0.0001)
    # silent months among the known ones widen nothing: 5 at every other month is spread like a Poisson distribution
    assert silence_chance([10, 0] * 8, 1) == pytest.approx(math.exp(-5))


def test_months_before_the_first_record_are_not_reported() -> None:
    assert judged([0, 0, 3, 4], [0, 0, 0, 1]) == ["mmrr", "mmrr"]


def test_a_source_that_stopped_is_not_reported_from_the_month_after_its_last_record() -> None:
    three_years = [8, 11, 14, 9, 12, 10, 13, 8, 9, 14, 11, 10] * 3
    assert judged([*three_years, *[0] * 22]) == ["r" * 36 + "m" * 22]


def test_silence_of_a_quiet_unit_is_a_zero() -> None:
    busy = [12] * 24
    quiet = [1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0]
    assert judged(busy, quiet) == ["r" * 24, "r" * 24]


def test_a_busy_unit_silent_at_the_end_is_not_reported_while_others_go_on() -> None:
    # a mean of 5: one month of silence has exp(-5) = 0.67 %, asked once; of 4.5 it has 1.11 %
    assert judged([9] * 20, [5] * 19 + [0])[1] == "r" * 19 + "m"
    assert judged([9] * 21, [4, 5] * 10 + [0])[1] == "r" * 21


def test_silence_between_records_is_asked_of_every_month_it_might_have_begun_in() -> None:
    # exp(-6) = 0.25 % at the end; among 20 months one such run is nothing rare: 20 * 0.25 % = 5 %
    assert judged([9] * 20, [6] * 10 + [0] + [6] * 9)[1] == "r" * 20
    # exp(-8) * 20 = 0.67 %
    assert judged([9] * 20, [8] * 10 + [0] + [8] * 9)[1] == "r" * 10 + "m" + "r" * 9


def test_a_month_without_any_record_of_all_units_is_judged_by_all_of_them() -> None:
    # each brings one a month: exp(-1) by itself; ten together exp(-10)
    ones = [1] * 8 + [0] + [1] * 8
    assert judged(*[ones] * 10) == ["r" * 8 + "m" + "r" * 8] * 10
    assert judged(ones) == ["r" * 17], "alone it is plausible"


def test_rows_of_a_file_tell_that_its_source_was_alive() -> None:
    ones = [1] * 8 + [0]
    units = observed(*[ones] * 10)
    alive = Observed(units.counts, units.there, {}, {8}, 9)
    assert words(judge(alive)) == ["r" * 9] * 10, "each by itself is plausible"


def test_of_whom_nothing_was_ever_heard_the_quietest_other_unit_tells_what_to_expect() -> None:
    # the quietest brings 1 in 4 months; nothing in 24 of them has exp(-6) = 0.25 %, nothing in 12 exp(-3) = 5 %
    assert judged([3] * 24, [1, 0, 0, 0] * 6, [0] * 24)[2] == "m" * 24
    assert judged([3] * 12, [1, 0, 0, 0] * 3, [0] * 12)[2] == "r" * 12


def test_what_somebody_said_stands_first() -> None:
    marks = {(0, 0): NONE, (0, 2): OPEN, (0, 4): REPORTED, (0, 5): NONE, (0, 6): REPORTED}
    assert judged([0, 9, 9, 9, 0, 0, 0, 0], marks=marks, closed=6) == ["nrorrnro"]


def test_a_nil_report_that_records_contradict_no_longer_counts() -> None:
    seen = observed([4, 4, 2, 0], marks={(0, 2): NONE, (0, 3): NONE})
    assert list(seen.contradicted()) == [(0, 2)]
    assert words(judge(seen)) == ["rrrn"]


def test_a_nil_report_keeps_a_source_alive() -> None:
    # three months of silence after 2 a month: exp(-6); after a nil report of the second only one is left
    assert judged([9] * 12, [2] * 9 + [0] * 3)[1] == "r" * 9 + "mmm"
    assert judged([9] * 12, [2] * 9 + [0] * 3, marks={(1, 10): NONE})[1] == "r" * 10 + "nr"


def test_months_in_which_a_unit_does_not_exist_are_left_out() -> None:
    counts = [[5, 5, 5, 0, 0, 0], [0, 0, 0, 6, 6, 6]]
    there = [[True] * 3 + [False] * 3, [False] * 3 + [True] * 3]
    assert words(judge(Observed(counts, there, {}, (), 6))) == ["rrr---", "---rrr"]


def test_nothing_on_record_is_nothing_known() -> None:
    assert judged([0, 0, 0], closed=2) == ["mmo"]
    assert begins(observed([0, 0, 0])) is None


def test_the_month_closes_on_its_closing_day() -> None:
    november = Month(2026, 11)
    assert closes_on(november, 0) == date(2026, 11, 30)
    assert is_open(november, date(2026, 11, 30), 0)
    assert not is_open(november, date(2026, 12, 1), 0)
    assert is_open(november, date(2026, 12, 5), 5)
    assert not is_open(november, date(2026, 12, 6), 5)


def test_words() -> None:
    assert str(told(21, 22)) == "21 of 22 towns reported"
    assert str(told(22, 22)) == "all 22 towns reported"
    assert str(told(1, 1)) == "reported"
    assert str(told_open(3, 22)) == "month not closed: 3 of 22 towns so far"


def test_order_of_units_never_matters_and_records_never_make_a_month_unknown() -> None:
    chance = random.Random(7)
    for _ in range(60):
        months = chance.randrange(3, 40)
        counts = [[int(chance.expovariate(1 / mean)) for _ in range(months)] for mean in (0.3, 2, 8, 20)]
        for _ in range(3):
            row, first = chance.choice(counts), chance.randrange(months)
            row[first : first + chance.randrange(1, 6)] = [0] * len(row[first : first + 5])
            del row[months:]
            row += [0] * (months - len(row))
        straight = judged(*counts)
        assert judged(*counts[::-1])[::-1] == straight
        for row, said in zip(counts, straight, strict=True):
            assert all(letter == "r" for n, letter in zip(row, said, strict=True) if n)


def test_a_source_as_it_should_be_is_hardly_ever_found_silent() -> None:
    """Of 300 units of two a month over five years, in how many is any month of real zeros taken for not reported?"""
    chance = random.Random(11)
    units = [[sum(chance.random() < 0.02 for _ in range(100)) for _ in range(60)] for _ in range(300)]
    found = sum(bool(silences(dict(enumerate(row)), {m for m, n in enumerate(row) if n})) for row in units)
    assert found <= 6, found
