"""What goes into a fit, and what is said of a rate."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from sqlalchemy.orm import Session

from tests.factories import evaluation as made
from tests.factories import places
from trafficedu.analysis.trend.panel import Panel
from trafficedu.core.month import Month
from trafficedu.core.text import message, translate
from trafficedu.evaluation.queries.series import Loaded, load_series
from trafficedu.evaluation.rules.calendar import night_of
from trafficedu.evaluation.rules.comparisons import PeriodComparison
from trafficedu.evaluation.rules.measures import CASUALTY, HELMETS
from trafficedu.evaluation.services.trends import compute_trend, packed, unpacked


def test_a_month_without_an_accident_is_zero_and_a_town_sums_its_villages(session: Session) -> None:
    village, next_village = places.area(session, places.VILLAGE), places.area(session, places.NEXT_VILLAGE)
    made.add_accidents(session, {village: [2, 0, 1], next_village: [1, 0, 0]}, Month(2026, 8))
    root = places.area(session, places.DISTRICT)
    loaded = load_series(session, CASUALTY, root, made.LAST)
    assert loaded is not None
    row = [part.code for part in loaded.parts].index(places.TOWN)
    assert loaded.panel.month_name(0) == "2026-08"
    assert loaded.panel.counts[row].tolist() == [3, 0, 1]
    assert loaded.panel.counts.sum() == 4


def test_what_belongs_to_no_part_is_kept_in_a_row_of_its_own(session: Session) -> None:
    root = places.area(session, places.DISTRICT)
    made.add_accidents(session, {root: [2], places.area(session): [1]}, made.LAST)
    loaded = load_series(session, CASUALTY, root, made.LAST)
    assert loaded is not None
    assert loaded.panel.counts.shape[0] == len(loaded.parts) + 1
    assert loaded.panel.counts[-1].tolist() == [2]


def test_damage_only_is_no_casualty_and_changes_the_fingerprint_of_all_accidents(session: Session) -> None:
    root, town = places.area(session, places.DISTRICT), places.area(session)
    made.add_accidents(session, {town: [1, 1]}, Month(2026, 9))
    before = {key: load_series(session, key, root, made.LAST) for key in (CASUALTY, "accidents")}
    made.add_accidents(session, {town: [3]}, made.LAST, "damage")
    after = {key: load_series(session, key, root, made.LAST) for key in (CASUALTY, "accidents")}
    prints = {key: (before[key], after[key]) for key in before}
    for key, same in ((CASUALTY, True), ("accidents", False)):
        one, other = prints[key]
        assert one is not None
        assert other is not None
        assert (one.fingerprint == other.fingerprint) is same


def test_a_rate_is_shown_as_successes_with_its_limits_the_right_way_round(session: Session) -> None:
    rng = np.random.default_rng(1)
    seen = np.full((2, 36), 200.0)
    bare = rng.binomial(200, 0.1, seen.shape).astype(float)
    bare[1, 5] = seen[1, 5] = np.nan
    panel = Panel(("a", "b"), 12 * 2023, bare, seen)
    parts = [places.area(session, places.TOWN), places.area(session, places.OTHER_TOWN)]
    payload = compute_trend(HELMETS, Loaded(parts, panel, ""))
    total = payload["total"]
    assert total["expected"][0] == pytest.approx(90, abs=3)
    for step in range(12):
        assert total["low_95"][step] <= total["low_80"][step] < total["expected"][step]
        assert total["expected"][step] < total["high_80"][step] <= total["high_95"][step] <= 100
    assert payload["rows"][places.OTHER_TOWN]["shown"][5] is None
    assert payload["rows"][places.OTHER_TOWN]["known"] == 35
    assert total["shown"][5] is not None


def test_sentences_survive_being_kept() -> None:
    nested = message("%(a)s and %(b)s", a=message("inner %(n)s", n=3), b="x")
    assert translate(unpacked(packed([nested])[0]), "en") == "inner 3 and x"


def test_the_calendar_of_fits() -> None:
    assert Month.of(date(2026, 1, 5)) - 1 == Month(2025, 12)
    assert Month(2026, 11) + 2 == Month(2027, 1)
    assert night_of(made.NOW) is None  # noon
    assert night_of(made.NOW.replace(hour=18)) is not None  # 02:00 the next day in Shanghai


def test_a_claim_says_what_the_test_says() -> None:
    assert "could be chance" in str(PeriodComparison(31, 21, -32.3, -60.0, 20.0, 0.21, False).sentence)
    assert "unlikely to be chance" in str(PeriodComparison(99, 67, -32.3, -50.0, -7.0, 0.016, True).sentence)
    assert "no change in % can be given" in str(PeriodComparison(0, 5, None, None, None, 0.06, False).sentence)
