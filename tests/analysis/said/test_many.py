"""Statements about many at once, and titles in the direction in which people think."""

from __future__ import annotations

from tests.analysis.said.test_comparing import said
from trafficedu.analysis.said import series
from trafficedu.analysis.said.figures import share
from trafficedu.analysis.said.many import changes_title, funnel_statement
from trafficedu.analysis.said.result import Direction
from trafficedu.analysis.said.titles import (
    Jump,
    Slope,
    Step,
    direction_of_trend,
    level_change_of,
    slope_of,
    title_of_trend,
)
from trafficedu.core.text import Message, message, translate

AREAS = message("Area")


def test_a_list_of_changes_says_how_many_are_more_than_chance() -> None:
    calm, loud = [said(20, 24), said(8, 5)], [said(20, 24), said(99, 30)]
    assert str(changes_title(AREAS, calm)) == "Area: largest changes; each of them could be chance"
    assert str(changes_title(AREAS, loud)) == "Area: 1 of 2 changed by more than chance explains"
    assert "not comparable" in str(changes_title(AREAS, [said(0, 9, begun=None)]))
    assert "nothing is on record" in str(changes_title(AREAS, []))


def test_a_funnel_names_whoever_chance_puts_there_once_in_a_thousand() -> None:
    """27 areas: 27 * .025 = .7 above the upper 95 % limit by chance."""
    assert "one of 27" not in str(funnel_statement([], 1, 27))
    assert "1 of 27 areas lie above the 95 % limit, where chance alone puts 0.7" in str(funnel_statement([], 1, 27))
    assert str(funnel_statement(["A", "B"], 3, 27)).endswith("(99.8 % limit): A, B")
    assert "No area" in str(funnel_statement([], 0, 27))


class TestTitles:
    def title(self, slope: Slope | None, of: series.Series = series.HELMETS) -> Message:
        return title_of_trend(of, "萧山区", slope, message("the words of the fit"))

    def test_fewer_bare_heads_are_more_helmets(self) -> None:
        """82 to 94.6 % in three years: bare heads fall by 14.9 % a year, and wearing rises."""
        slope = Slope(-0.149, -0.17, -0.12, 36)
        assert "rising" in str(self.title(slope))
        assert "falling" not in str(self.title(slope))
        assert "头盔佩戴：36个月来上升" in translate(self.title(slope), "zh")
        assert direction_of_trend(series.HELMETS, slope) is Direction.GOOD
        assert direction_of_trend(series.CASUALTY, slope) is Direction.GOOD
        assert direction_of_trend(series.VIOLATIONS, slope) is Direction.NEITHER

    def test_more_bare_heads_are_fewer_helmets(self) -> None:
        slope = Slope(0.149, 0.12, 0.17, 36)
        assert "falling" in str(self.title(slope))
        assert "rising" not in str(self.title(slope))
        assert direction_of_trend(series.HELMETS, slope) is Direction.BAD

    def test_what_is_not_proven_has_no_direction(self) -> None:
        slope = Slope(-0.05, -0.2, 0.1, 36)
        assert "no trend is proven" in str(self.title(slope))
        assert direction_of_trend(series.HELMETS, slope) is Direction.NEITHER
        assert "no trend can be stated" in str(self.title(None))

    def test_a_count_keeps_the_words_of_its_fit(self) -> None:
        assert str(self.title(Slope(-0.2, -0.3, -0.1, 36), series.CASUALTY)).endswith("the words of the fit")

    def changed(self, change: Step | Jump, of: series.Series, slope: Slope | None = None) -> tuple[str, str]:
        title = title_of_trend(of, "萧山区", slope, message("the words of the fit"), change)
        return str(title), translate(title, "zh")

    def test_a_share_whose_level_changed_says_so(self) -> None:
        """A fifth fewer bare heads is a rise of helmet wearing."""
        english, chinese = self.changed(Step("2025-03", -0.2, -0.25, -0.15, 36), series.HELMETS)
        assert "Level changed: it rose once in 36 months; people without a helmet: -20.0 % since 2025-03" in english
        assert "between -25.0 and -15.0 %. So no change a year is stated." in english
        assert "头盔佩戴：水平已变化：36个月内上升过一次；自2025-03起" in chinese
        fell, _ = self.changed(Step("2025-03", 0.2, 0.15, 0.25, 36), series.HELMETS)
        assert "it fell once" in fell
        either, unsure = self.changed(Step("2025-03", 0.2, -0.05, 0.5, 36), series.HELMETS)
        assert "rose" not in either
        assert "fell" not in either
        assert "Level changed once" in either
        assert "变化过一次" in unsure
        assert "no trend can be stated" not in fell + either + english

    def test_a_jump_of_all_areas_heads_the_drawing_and_no_change_a_year_does(self) -> None:
        falling = Slope(-0.2, -0.3, -0.1, 36)
        for of in (series.CASUALTY, series.HELMETS):
            english, chinese = self.changed(Jump("2026-05", 0.7, lasting=False), of, falling)
            assert f"Level changed: in 2026-05 all areas together had 30 % fewer {of.what} than expected" in english
            assert "does not show whether it lasts" in english
            assert "falling" not in english
            assert "水平已变化：2026-05各辖区合计" in chinese
            assert "比预期少 30 %" in chinese
        later, _ = self.changed(Jump("2026-05", 1.25, lasting=True), series.CASUALTY, falling)
        assert "since 2026-05 all areas together have had 25 % more casualty accidents than was expected" in later
        assert direction_of_trend(series.CASUALTY, falling, Jump("2026-05", 0.7, lasting=True)) is Direction.NEITHER

    def test_the_latest_change_of_level_is_told(self) -> None:
        step = {"since": "2025-03", "change": -0.2, "low": -0.25, "high": -0.15}
        jumps = [{"month": month, "size": 0.7, "lasting": True} for month in ("2025-12", "2026-05", "2026-02")]
        row: dict[str, dict[str, object]] = {"slope": {"months": 36, "step": step}}
        assert level_change_of(row, {"jumps": []}) == Step("2025-03", -0.2, -0.25, -0.15, 36)
        assert level_change_of(row, {"jumps": jumps}) == Jump("2026-05", 0.7, lasting=True)
        row["slope"]["step"] = step | {"since": "2026-05"}
        assert isinstance(level_change_of(row, {"jumps": jumps}), Step)
        assert level_change_of({"slope": {"months": 36, "step": None}, "ended": "2026-04"}, {"jumps": jumps}) is None
        assert level_change_of({"slope": {"months": 36, "step": None}}, {}) is None

    def test_what_was_kept_comes_back(self) -> None:
        assert slope_of({"per_year": -0.1, "low": -0.2, "high": 0.0, "months": 36}) == Slope(-0.1, -0.2, 0.0, 36)
        assert slope_of({"per_year": None, "low": None, "high": None, "months": 36}) is None
        assert slope_of(None) is None


def test_a_share_shows_its_interval_where_one_belongs() -> None:
    assert share(90, 100).low is not None
    assert share(9_000, 10_000).low is None
    assert share(9_904, 10_472, (0.939, 0.952)).low == 0.939
    assert (share(0, 0).low, share(0, 0, (0.0, 1.0)).low) == (None, None)
