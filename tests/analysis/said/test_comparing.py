"""What two periods allow to be said: against hand work, and never against months that nobody recorded."""

from __future__ import annotations

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trafficedu.analysis.said import series
from trafficedu.analysis.said.comparing import compare, compare_all, compare_shares
from trafficedu.analysis.said.observed import WHOLE, Observed, Units
from trafficedu.analysis.said.result import Direction, Said, Verdict
from trafficedu.analysis.said.series import Series
from trafficedu.analysis.said.spans import Pair, pair
from trafficedu.core.month import Month, Period
from trafficedu.core.text import translate

LONG_AGO = Month(2021, 12)
OCTOBER = Period(Month(2026, 10), Month(2026, 10))
UNTIL = date(2026, 11, 28)
MONTH = pair(OCTOBER.year_before, OCTOBER, UNTIL)


def said(
    before: int,
    after: int,
    of: Series = series.CASUALTY,
    between: Pair = MONTH,
    begun: Month | None = LONG_AGO,
    among: int = 1,
    units: Units = WHOLE,
) -> Said:
    earlier = Observed(before, between.before, begun, units)
    return compare(of, between, earlier, Observed(after, between.after, begun, units), among)


def test_a_fall_of_a_third_may_be_chance() -> None:
    """31 to 21: conditional exact test, two-sided p = 0.21 (R: poisson.test); 99 to 67: p = 0.016."""
    small, large = said(31, 21), said(99, 67)
    assert (small.verdict, small.change, small.p, small.direction) == (
        Verdict.CHANCE,
        "-32.3 %",
        "= 0.21",
        Direction.NEITHER,
    )
    assert (large.verdict, large.change, large.p) == (Verdict.PROVEN, "-32.3 %", "= 0.016")
    assert large.direction is Direction.GOOD
    assert str(small.sentence) == (
        "Casualty accidents: 21 (the same month a year earlier: 31); -32.3 %, could be chance (p = 0.21)"
    )


def test_this_year_against_last_counts_the_days_that_are_over() -> None:
    """529 in 2025 and 459 up to 28 November 2026 were called -13.2 %, p = 0.028; of like days it is -4.3 %, p = 0.50.

    480 = 459 / (1 - 0.0435): the count of the like days of 2025.
    """
    year = Period(Month(2026, 1), Month(2026, 12))
    found = said(480, 459, between=pair(year.year_before, year, UNTIL))
    assert (found.change, found.verdict) == ("-4.4 %", Verdict.CHANCE)
    assert float(found.p.removeprefix("= ")) == pytest.approx(0.5, abs=0.03)
    assert "up to 2026-11-28" in str(found.sentence)


def test_the_wholly_future_is_not_compared() -> None:
    coming = Period(Month(2027, 1), Month(2027, 12))
    found = said(512, 0, between=pair(Period(Month(2025, 1), Month(2025, 12)), coming, UNTIL))
    assert (found.verdict, found.p, found.change) == (Verdict.NOT_COMPARABLE, "", "")


@pytest.mark.parametrize("begun", [Month(2025, 11), Month(2026, 10), None])
def test_months_before_the_records_are_not_nought(begun: Month | None) -> None:
    found = said(0, 703, series.VIOLATIONS, begun=begun)
    assert found.verdict is Verdict.NOT_COMPARABLE
    assert found.shown_before is None
    assert found.p == found.change == found.low == ""
    for sentence in (found.sentence, found.beside, found.conclusion):
        for locale in ("zh", "en"):
            text = translate(sentence, locale)
            assert not re.search(r"上年同月为?\s*0|不大可能是偶然|unlikely|p [<=]", text), text


@given(st.integers(0, 9_000), st.integers(0, 9_000), st.integers(-30, 30), st.integers(1, 30))
def test_nothing_is_ever_claimed_against_months_without_records(before: int, after: int, step: int, among: int) -> None:
    begun = OCTOBER.first + step
    found = said(before, after, begun=begun, among=among)
    known = begun <= OCTOBER.first - 12
    assert found.comparable is known
    if not known:
        assert not found.proven
        assert "%" not in str(found.conclusion)


def test_areas_that_did_not_report_stop_the_comparison_and_are_named() -> None:
    found = said(40, 20, units=Units(19, 22, ("河上镇", "楼塔镇", "进化镇")))
    assert found.verdict is Verdict.NOT_COMPARABLE
    assert "3 of 22 areas have not reported (河上镇, 楼塔镇, 进化镇)" in str(found.sentence)
    assert "22个辖区中有3个未报送" in translate(found.sentence, "zh")


def test_none_in_either_is_no_change() -> None:
    found = said(0, 0)
    assert (found.verdict, found.shown_before, found.proven) == (Verdict.NOT_JUDGED, 0, False)


def test_from_none_has_no_percentage() -> None:
    """0 to 3: p = 2 * 0.5^3 = 0.25; 0 to 7: p = 2 * 0.5^7 = 0.016."""
    few, many = said(0, 3), said(0, 7)
    assert (few.verdict, few.p, few.change) == (Verdict.CHANCE, "= 0.25", "")
    assert (many.verdict, many.p, many.direction) == (Verdict.PROVEN, "= 0.016", Direction.BAD)
    assert "上年同月为0" not in translate(many.sentence, "zh")


def test_more_violations_are_neither_good_nor_bad() -> None:
    found = said(500, 800, series.VIOLATIONS)
    assert (found.proven, found.rises, found.direction) == (True, True, Direction.NEITHER)
    assert any("patrols" in str(one) for one in found.cautions)


def test_several_statements_at_once_are_each_held_to_a_stricter_limit() -> None:
    """99 to 67 has p = 0.016: more than chance alone, not among four (0.05 / 4 = 0.0125)."""
    assert (said(99, 67).proven, said(99, 67, among=4).proven) == (True, False)
    assert said(99, 67, among=4).level == pytest.approx(98.75)
    rows = [(Observed(99, MONTH.before, LONG_AGO), Observed(67, MONTH.after, LONG_AGO))] * 4
    assert [one.among for one in compare_all(series.CASUALTY, MONTH, rows)] == [4] * 4


def test_among_many_without_a_difference_hardly_any_is_called_one() -> None:
    """Of 27 equal areas at most 5 of 100 months may bring a false claim; one at a time it were 1 - .95^27 = 75 %."""
    import numpy as np  # noqa: PLC0415 - only here

    draw = np.random.default_rng(7).poisson(20.0, (400, 27, 2))
    claims = 0
    for month in draw:
        rows = [(Observed(int(a), MONTH.before, LONG_AGO), Observed(int(b), MONTH.after, LONG_AGO)) for a, b in month]
        claims += any(one.proven for one in compare_all(series.CASUALTY, MONTH, rows))
    assert claims / 400 <= 0.07


def share(count: int, of: int, between: Pair = MONTH, interval: tuple[float, float] | None = None) -> Observed:
    return Observed(count, between.after, LONG_AGO, denominator=of, interval=interval)


def test_shares_have_newcombes_interval() -> None:
    """56/70 against 48/80: difference .2, 95 % from .0524 to .3339 (Newcombe 1998, table II, method 10)."""
    found = compare_shares(series.COMPLETED, MONTH, share(48, 80), share(56, 70))
    assert (found.change, found.low, found.high) == ("+20.0", "+5.2", "+33.4")
    assert (found.proven, found.direction) == (True, Direction.GOOD)
    back = compare_shares(series.COMPLETED, MONTH, share(56, 70), share(48, 80))
    assert (back.change, back.direction) == ("-20.0", Direction.BAD)


def test_observations_in_clusters_bring_their_own_interval() -> None:
    """The same shares, but of a few sites: what they tell is far less."""
    wide = compare_shares(
        series.HELMETS, MONTH, share(48, 80, interval=(0.3, 0.85)), share(56, 70, interval=(0.5, 0.95))
    )
    assert wide.verdict is Verdict.CHANCE


def test_a_handful_is_not_judged() -> None:
    assert compare_shares(series.COMPLETED, MONTH, share(1, 3), share(9, 90)).verdict is Verdict.NOT_JUDGED


def test_both_languages_say_the_same_figures() -> None:
    text = translate(said(603, 540, series.VIOLATIONS).sentence, "zh")
    assert text == "违法540起（上年同月为603起），-10.4 %，可能只是偶然波动（p = 0.067）"


def test_refuses_nonsense() -> None:
    with pytest.raises(ValueError, match="one statement"):
        said(1, 1, among=0)
    with pytest.raises(ValueError, match="denominator"):
        compare_shares(
            series.COMPLETED,
            MONTH,
            Observed(1, MONTH.before, LONG_AGO),
            Observed(1, MONTH.after, LONG_AGO),
        )
