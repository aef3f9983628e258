"""Who stands on the red-yellow-black list, by colours and scores."""

from __future__ import annotations

from itertools import permutations

from trafficedu.overview.rules import ListRule, Shade, VillageResults, read_list

RULE = ListRule(most_red=2, black_months=2)


def standing(code: str, *colours: str, score: float | None = None) -> VillageResults:
    return VillageResults(int(code), code, colours, score)


def shades(*results: VillageResults, rule: ListRule = RULE) -> dict[str, tuple[str, str]]:
    return {one.result.code: (one.shade, one.why) for one in read_list(results, rule)}


def test_red_is_blamed_at_once_and_orange_when_it_stays() -> None:
    assert shades(standing("1", "red", "green"))["1"] == (Shade.BLACK, "red")
    assert shades(standing("1", "orange", "orange"))["1"] == (Shade.BLACK, "orange_again")
    assert shades(standing("1", "orange", "red"))["1"] == (Shade.BLACK, "orange_again")
    assert shades(standing("1", "orange", "yellow"))["1"] == (Shade.YELLOW, "orange")
    assert shades(standing("1", "orange", "grey"))["1"] == (Shade.YELLOW, "orange")


def test_how_many_months_of_orange_are_blamed_is_the_districts_choice() -> None:
    three = ListRule(most_red=2, black_months=3)
    assert shades(standing("1", "orange", "orange", "yellow"), rule=three)["1"] == (Shade.YELLOW, "orange")
    assert shades(standing("1", "orange", "orange", "orange"), rule=three)["1"] == (Shade.BLACK, "orange_again")
    assert shades(standing("1", "orange", "orange"), rule=three)["1"] == (Shade.YELLOW, "orange")


def test_a_fall_by_two_colours_is_warned_of_and_by_one_is_not() -> None:
    assert shades(standing("1", "yellow", "green"))["1"] == (Shade.YELLOW, "fell")
    assert shades(standing("1", "yellow", "blue")) == {}
    assert shades(standing("1", "yellow", "")) == {}
    assert shades(standing("1", "yellow", "grey")) == {}


def test_the_best_green_villages_are_praised_and_no_more_than_the_rule_says() -> None:
    found = read_list(
        [
            standing("1", "green", score=91.0),
            standing("2", "green", score=99.0),
            standing("3", "green", score=95.0),
            standing("4", "blue", score=89.9),
        ],
        RULE,
    )
    assert [(one.result.code, one.shade) for one in found] == [("2", Shade.RED), ("3", Shade.RED)]


def test_grey_is_no_result_and_is_never_listed() -> None:
    assert shades(standing("1", "grey", "red"), standing("2", ""), standing("3")) == {}


def test_black_comes_first_the_worst_score_on_top_whatever_the_order_of_rows() -> None:
    rows = [
        standing("1", "red", score=40.0),
        standing("2", "red", score=30.0),
        standing("3", "orange", score=62.0),
        standing("4", "green", score=93.0),
    ]
    for order in permutations(rows):
        assert [one.result.code for one in read_list(order, RULE)] == ["2", "1", "3", "4"]


def known(code: str, colour: str, firm: str, before: str = "", *, veto: str = "", score: float = 50) -> VillageResults:
    return VillageResults(int(code), code, (colour, before), score, firm, veto)


def test_under_rule_set_2_only_what_is_firm_is_blamed_and_the_rest_is_to_watch() -> None:
    assert shades(known("1", "red", "red"))["1"] == (Shade.BLACK, "firmly_red")
    assert shades(known("1", "red", "orange_or_worse"))["1"] == (Shade.BLACK, "firmly_bad")
    assert shades(known("1", "orange", "orange_or_worse"))["1"] == (Shade.BLACK, "firmly_bad")
    assert shades(known("1", "red", ""))["1"] == (Shade.YELLOW, "not_firm")
    assert shades(known("1", "orange", "", "orange"))["1"] == (Shade.YELLOW, "not_firm")
    assert shades(known("1", "yellow", "", "green"))["1"] == (Shade.YELLOW, "fell")
    assert shades(known("1", "yellow", "", "blue")) == {}


def test_a_rule_may_ask_for_firmly_red_and_a_veto_is_a_fact() -> None:
    red = ListRule(most_red=2, black_months=2, only_red=True)
    assert shades(known("1", "red", "red"), rule=red)["1"] == (Shade.BLACK, "firmly_red")
    assert shades(known("1", "orange", "orange_or_worse"), rule=red)["1"] == (Shade.YELLOW, "not_firm")
    veto = known("1", "orange", "orange_or_worse", veto="orange")
    assert shades(veto)["1"] == (Shade.BLACK, "veto")
    assert shades(veto, rule=red)["1"] == (Shade.YELLOW, "veto")
    assert shades(known("1", "red", "red", veto="red"), rule=red)["1"] == (Shade.BLACK, "veto")


def test_only_green_that_is_firmly_good_is_praised() -> None:
    found = shades(known("1", "green", "", score=99), known("2", "green", "good", score=91), known("3", "blue", "good"))
    assert found == {"2": (Shade.RED, "firmly_good")}
