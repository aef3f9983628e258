from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trafficedu.reports.linebreak import NO_END, NO_START, may_break, pieces, wrap

TEXT = "骑行人闯红灯，被民警（当场）查获：“下次不敢了！”罚款20元。See https://jzt.example.cn/n/V-1 for details, please."
MIXED = st.text(alphabet=TEXT + "—…、；《》〔〕 \n", max_size=120)


def measure(text: str) -> float:
    return sum(1.0 if ord(char) > 0x2000 else 0.5 for char in text)


@given(MIXED, st.integers(2, 40))
def test_no_line_is_too_wide_and_nothing_is_lost(text: str, width: int) -> None:
    lines = wrap(text, width, measure)
    assert all(measure(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "").replace("\n", "")


@given(st.text(alphabet="骑行人闯红灯查获路口村民警", min_size=1), st.integers(4, 30))
def test_plain_chinese_fills_its_lines(text: str, width: int) -> None:
    lines = wrap(text, width, measure)
    assert all(measure(line) >= width - 1 for line in lines[:-1])


PARTS = ["骑行", "人", "，", "闯红灯", "。", "（当场）", "“好！”", "……"]


@given(st.lists(st.sampled_from(PARTS), max_size=60), st.integers(6, 30))
def test_punctuation_keeps_its_place_on_every_line(parts: list[str], width: int) -> None:
    text = "骑" + "".join(parts)
    if any(measure(piece) > width for piece in pieces(text)):
        return  # a run of marks longer than the line has to be cut somewhere
    for line in wrap(text, width, measure)[1:]:
        assert line[0] not in NO_START
        assert line[-1] not in NO_END


@pytest.mark.parametrize("mark", "，。、；：！？）》")
@pytest.mark.parametrize("width", range(5, 20))
def test_no_line_opens_with(mark: str, width: int) -> None:
    lines = wrap(f"骑行人{mark}" * 30, width, measure)
    assert [line for line in lines if line[0] == mark] == []


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("共90分钟。", ["共", "90分钟。"]),
        ("2026年11月3日", ["2026年", "11月", "3日"]),
        ("于——是", ["于——", "是"]),
        (
            "见《道路交通安全法》第八十九条",
            ["见", "《道", "路", "交", "通", "安", "全", "法》", "第", "八", "十", "九", "条"],
        ),
        ("Road safety, please", ["Road ", "safety, ", "please"]),
        ("Café Ürümqi", ["Café ", "Ürümqi"]),
        ("在Wenyan站", ["在", "Wenyan", "站"]),
    ],
)
def test_pieces(text: str, whole: list[str]) -> None:
    assert list(pieces(text)) == whole


def test_a_paragraph_does_not_end_in_one_character() -> None:
    assert wrap("一二三四五六七", 6, measure) == ["一二三四五", "六七"]


def test_a_long_address_is_cut_where_the_line_ends() -> None:
    assert wrap("https://jzt.example.cn/verify/C-7K3M", 6, measure)[0] == "https://jzt."


def test_chinese_names_stay_whole_in_english() -> None:
    text = "studied at 闻堰街道交治站 on Friday"
    assert wrap(text, 10, measure, in_english=True) == ["studied at", "闻堰街道交治站 on", "Friday"]
    assert wrap("闻" * 25, 10, measure, in_english=True) == ["闻" * 10, "闻" * 10, "闻" * 5]


def test_space_hangs_at_the_end() -> None:
    assert not may_break("a", " ")
    assert wrap("aaaa bbbb", 2, measure) == ["aaaa", "bbbb"]


def test_empty_text_is_one_empty_line() -> None:
    assert wrap("", 10, measure) == [""]
    assert wrap("一\n\n二", 10, measure) == ["一", "", "二"]
