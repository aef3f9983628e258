"""What goes into a fit, and what is said of a rate."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from sqlalchemy.orm import Session

from tests.factories import evaluation as made
from tests.factories import places
from trafficedu.analysis.said.titles import Jump, Step, level_change_of, slope_of
from trafficedu.analysis.trend.panel import Panel
from trafficedu.areas.models import Area
from trafficedu.core.month import Month
from trafficedu.core.text import message, translate
from trafficedu.coverage.models import CoverageMark
from trafficedu.evaluation.queries.series import Loaded, load_series
from trafficedu.evaluation.rules.calendar import night_of
from trafficedu.evaluation.rules.measures import CASUALTY, HELMETS
from trafficedu.evaluation.services.trends import compute_trend, packed, unpacked


def test_a_month_without_an_accident_is_zero_and_a_town_sums_its_villages(session: Session) -> None:
    village, next_village = places.area(session, places.VILLAGE), places.area(session, places.NEXT_VILLAGE)
    made.add_accidents(session, {village: [2, 0, 1], next_village: [1, 0, 0]}, Month(2026, 8))
    root = places.area(session, places.DISTRICT)
    loaded = load_series(session, CASUALTY, root, made.LAST, made.NOW)
    assert loaded is not None
    row = [part.code for part in loaded.parts].index(places.TOWN)
    assert loaded.panel.month_name(0) == "2026-08"
    assert loaded.panel.counts[row].tolist() == [3, 0, 1]
    assert loaded.panel.counts.sum() == 4


def test_three_years_and_then_nothing_is_no_falling_trend(session: Session) -> None:
    """Nobody reported the 22 months after the last record: they are left out, not counted as zero."""
    village, root = places.area(session, places.VILLAGE), places.area(session, places.DISTRICT)
    flat = [8, 11, 14, 9, 12, 10, 13, 8, 9, 14, 11, 10] * 3
    made.add_accidents(session, {village: flat}, Month(2022, 1))
    loaded = load_series(session, CASUALTY, root, made.LAST, made.NOW)
    assert loaded is not None
    row = [part.code for part in loaded.parts].index(places.TOWN)
    known = ~np.isnan(loaded.panel.counts)
    assert loaded.panel.months == 58
    assert known[row].tolist() == [True] * 36 + [False] * 22
    assert not known[[place for place in range(len(loaded.parts)) if place != row]].any(), "nobody else ever reported"
    assert loaded.panel.counts[row, :36].tolist() == flat
    payload = compute_trend(CASUALTY, loaded)
    for told in (payload["total"], payload["rows"][places.TOWN]):
        assert (told["events"], told["known"]) == (sum(flat), 36)
        assert told["expected"][0] is None
        assert told["ended"] == "2024-12"
        assert told["counts"][36:] == [None] * 22
        assert "falling" not in translate(unpacked(told["trend"]), "en").split(";")[0]
    of_town = load_series(session, CASUALTY, places.area(session), made.LAST, made.NOW)
    assert of_town is not None
    assert np.isnan(of_town.panel.counts[:, 36:]).all(), "a village is known as its town is"
    assert not np.isnan(of_town.panel.counts[:, :36]).any()


def test_a_town_that_is_late_is_left_out_and_the_others_are_not(session: Session) -> None:
    town, other, root = (places.area(session, code) for code in (places.TOWN, places.OTHER_TOWN, places.DISTRICT))
    made.add_accidents(session, {town: [9, 7, 8, 9, 7, 8], other: [9, 8, 7, 9, 8]}, Month(2026, 5))
    loaded = load_series(session, CASUALTY, root, made.LAST, made.NOW)
    assert loaded is not None
    codes = [part.code for part in loaded.parts]
    assert loaded.panel.counts[codes.index(places.TOWN)].tolist() == [9, 7, 8, 9, 7, 8]
    assert loaded.panel.counts[codes.index(places.OTHER_TOWN), :5].tolist() == [9, 8, 7, 9, 8]
    assert np.isnan(loaded.panel.counts[codes.index(places.OTHER_TOWN), 5])
    session.add(CoverageMark(figure="accidents", area_id=other.id, month=made.LAST, state="none"))
    session.flush()
    again = load_series(session, CASUALTY, root, made.LAST, made.NOW)
    assert again is not None
    assert again.panel.counts[codes.index(places.OTHER_TOWN), 5] == 0
    assert again.fingerprint != loaded.fingerprint


def test_a_town_is_known_in_the_months_of_the_one_it_followed(session: Session) -> None:
    root, heir = places.area(session, places.DISTRICT), places.area(session, places.TOWN)
    old = Area(code="330109999", name="旧镇", level="town", parent_id=root.id, path=f"{root.path}330109999/")
    old.valid_from, old.valid_to, old.successor_id = date(2021, 1, 1), date(2026, 7, 31), heir.id
    heir.valid_from = date(2026, 8, 1)
    session.add(old)
    session.flush()
    made.add_accidents(session, {old: [4, 5, 4]}, Month(2026, 5))
    made.add_accidents(session, {heir: [5, 4, 5]}, Month(2026, 8))
    loaded = load_series(session, CASUALTY, root, made.LAST, made.NOW)
    assert loaded is not None
    row = [part.code for part in loaded.parts].index(places.TOWN)
    assert loaded.panel.counts[row].tolist() == [4, 5, 4, 5, 4, 5]


def test_what_belongs_to_no_part_is_kept_in_a_row_of_its_own(session: Session) -> None:
    root = places.area(session, places.DISTRICT)
    made.add_accidents(session, {root: [2], places.area(session): [1]}, made.LAST)
    loaded = load_series(session, CASUALTY, root, made.LAST, made.NOW)
    assert loaded is not None
    assert loaded.panel.counts.shape[0] == len(loaded.parts) + 1
    assert loaded.panel.counts[-1].tolist() == [2]


def test_damage_only_is_no_casualty_and_changes_the_fingerprint_of_all_accidents(session: Session) -> None:
    root, town = places.area(session, places.DISTRICT), places.area(session)
    made.add_accidents(session, {town: [1, 1]}, Month(2026, 9))
    before = {key: load_series(session, key, root, made.LAST, made.NOW) for key in (CASUALTY, "accidents")}
    made.add_accidents(session, {town: [1]}, made.LAST, "damage")
    after = {key: load_series(session, key, root, made.LAST, made.NOW) for key in (CASUALTY, "accidents")}
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


def test_a_share_whose_level_changed_keeps_the_step(session: Session) -> None:
    """One bare head in five until half-way, then one in ten: the failures halve, and helmet wearing rose once."""
    rng = np.random.default_rng(2)
    seen = np.full((2, 36), 2_000.0)
    bare = rng.binomial(2_000, np.where(np.arange(36) < 18, 0.2, 0.1), seen.shape).astype(float)
    parts = [places.area(session, places.TOWN), places.area(session, places.OTHER_TOWN)]
    payload = compute_trend(HELMETS, Loaded(parts, Panel(("a", "b"), 12 * 2023, bare, seen), ""))
    step = level_change_of(payload["total"], payload["whole"])
    assert isinstance(step, Step)
    assert step.since == "2024-07"
    assert step.change == pytest.approx(-0.5, abs=0.05)
    assert step.low < step.change < step.high < 0
    assert slope_of(payload["total"]["slope"]) is None


def test_a_jump_in_the_last_month_is_kept(session: Session) -> None:
    rng = np.random.default_rng(3)
    counts = rng.poisson(np.where(np.arange(36) < 35, 60.0, 36.0), (2, 36)).astype(float)
    parts = [places.area(session, places.TOWN), places.area(session, places.OTHER_TOWN)]
    payload = compute_trend(CASUALTY, Loaded(parts, Panel(("a", "b"), 12 * 2023, counts), ""))
    for row, about in ((payload["total"], payload["whole"]), (payload["rows"][places.TOWN], payload["parts"])):
        jump = level_change_of(row, about)
        assert isinstance(jump, Jump)
        assert (jump.month, jump.lasting) == ("2025-12", False)
        assert jump.size == pytest.approx(0.6, abs=0.1)


def test_sentences_survive_being_kept() -> None:
    nested = message("%(a)s and %(b)s", a=message("inner %(n)s", n=3), b="x")
    assert translate(unpacked(packed([nested])[0]), "en") == "inner 3 and x"


def test_the_calendar_of_fits() -> None:
    assert Month.of(date(2026, 1, 5)) - 1 == Month(2025, 12)
    assert Month(2026, 11) + 2 == Month(2027, 1)
    assert night_of(made.NOW) is None  # noon
    assert night_of(made.NOW.replace(hour=18)) is not None  # 02:00 the next day in Shanghai
