from __future__ import annotations

from collections import Counter
from datetime import timedelta
from random import Random
from xml.etree import ElementTree

import pytest

from tests.factories.education import NOW
from trafficedu.core.errors import Refusal
from trafficedu.quizzes.rules import marking, rows, signs
from trafficedu.quizzes.rules.drawing import Candidate, draw
from trafficedu.quizzes.rules.marking import RetryRule, Tried

POOL = [
    *(Candidate(place, place, frozenset(), 1, 4) for place in range(40)),
    *(Candidate(place, place, frozenset({"2007"}), 1, 4) for place in range(40, 48)),
    *(Candidate(place, place, frozenset({"NM-AGE"}), 1, 2, keeps_order=True) for place in range(48, 60)),
]


def test_half_are_about_the_own_kinds_and_none_is_asked_twice() -> None:
    drawn = draw(POOL, {"2007"}, (), 10, 50, Random(3))
    ids = [each.version_id for each in drawn]
    assert len(set(ids)) == 10
    assert sum(40 <= each < 48 for each in ids) >= 5
    assert all(sorted(each.order) == list(range(4 if each.version_id < 48 else 2)) for each in drawn)


def test_what_was_asked_before_comes_last() -> None:
    asked = set(range(52))
    ids = {each.version_id for each in draw(POOL, {"2007"}, asked, 10, 50, Random(3))}
    assert {52, 53, 54, 55, 56, 57, 58, 59} < ids
    assert len(ids) == 10


def test_a_weight_of_nothing_keeps_a_question_out_and_a_great_one_brings_it_up() -> None:
    pool = [Candidate(0, 0, frozenset(), 0, 4), Candidate(1, 1, frozenset(), 9, 4)]
    pool += [Candidate(place, place, frozenset(), 1, 4) for place in range(2, 12)]
    chance = Random(11)
    counts = Counter(draw(pool, (), (), 1, 50, chance)[0].version_id for _ in range(1_000))
    assert counts[0] == 0
    assert 400 < counts[1] < 550, "nine of nineteen"


def test_true_and_false_keep_their_order_and_fewer_are_drawn_where_there_are_fewer() -> None:
    drawn = draw(POOL[48:], (), (), 50, 50, Random(5))
    assert len(drawn) == 12
    assert {each.order for each in drawn} == {(0, 1)}


@pytest.mark.parametrize(
    ("chosen", "right", "counts"),
    [({0}, {0}, True), ({1}, {0}, False), ({0, 1}, {0, 1}, True), ({0}, {0, 1}, False), (set(), {0}, False)],
)
def test_an_answer_counts_where_all_of_it_is_right(chosen: set[int], right: set[int], counts: bool) -> None:
    assert marking.is_right(chosen, right) is counts


def test_nobody_passes_by_rounding() -> None:
    assert marking.score_of([True] * 15 + [False] * 4) == 78  # 78.9
    assert marking.score_of([]) == 0


def test_how_often_and_when_somebody_may_try_again() -> None:
    rule, failed = RetryRule(2, 5), Tried(70, 80, NOW)
    assert marking.why_not_again([], rule, NOW) is None
    waits = marking.why_not_again([failed], rule, NOW + timedelta(minutes=4, seconds=30))
    assert waits is not None
    assert waits.params["minutes"] == 1
    assert marking.why_not_again([failed], rule, NOW + timedelta(minutes=5)) is None
    assert marking.why_not_again([failed] * 2, rule, NOW + timedelta(days=1)) is not None
    assert marking.why_not_again([Tried(80, 80, NOW)], rule, NOW + timedelta(days=1)) is not None


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"right": ""}, "right"),
        ({"right": "7"}, "right"),
        ({"right": "eins"}, "right"),
        ({"weights": "basic"}, "weights"),
        ({"option_2_zh": "", "option_2_en": ""}, "option_1_zh"),
        ({"form": "true_false", "right": "1"}, "right"),
    ],
)
def test_a_row_that_is_not_understood_says_where(change: dict[str, str], field: str) -> None:
    row = dict.fromkeys(rows.COLUMN_NAMES, "") | {"form": "single", "right": "1", "text_zh": "问"}
    row |= {"option_1_zh": "甲", "option_2_zh": "乙", "option_3_zh": "丙"} | change
    with pytest.raises(Refusal) as refused:
        rows.read(row)
    assert refused.value.field == field


def test_every_sign_is_a_picture_that_says_what_it_shows_in_both_languages() -> None:
    for name, (drawn, said) in signs.SIGNS.items():
        ElementTree.fromstring(drawn)  # noqa: S314 - drawn by ourselves
        assert said.is_whole, name
        assert "style=" not in drawn, "the policy of pages forbids styles"
