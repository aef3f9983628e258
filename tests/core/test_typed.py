from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trafficedu.core import typed


@pytest.mark.parametrize(
    ("written", "one"),
    [
        ("王\u200b小\ufeff虎", "王小虎"),  # what WeChat and phone books leave between characters
        ("\u202d13812345678\u202c", "13812345678"),
        ("Ａ１２３　东门路", "A123 东门路"),
        ("阿卜杜拉•库尔班", "阿卜杜拉·库尔班"),
        ("阿卜杜拉・库尔班", "阿卜杜拉·库尔班"),
        ("葛\U000e0100曾䮌", "葛曾䮌"),  # a variation selector: another shape of the same character
        ("\uf900\u2f25", "豈女"),  # compatibility characters, as copied out of a PDF
        ("a\0b\x07c\ud800d\uffffe", "abcde"),
        ("  two   words \t here\n", "two words here"),
        ("ㅤ張\u3164三\u2800", "張三"),  # fillers that print as nothing
    ],
)
def test_what_looks_alike_is_alike(written: str, one: str) -> None:
    assert typed.line(written) == one


def test_a_chinese_sentence_keeps_its_punctuation() -> None:
    sentence = "该车逆行（已制止），驾驶人说：“赶时间……”；罚款５０元！"
    assert typed.line(sentence) == sentence.replace("５０", "50")
    assert typed.lines("一、\u2028二、  \r\n\r\n  三、\r\n\r\n") == "一、\n二、\n\n  三、"
    assert typed.name("欧阳（ 小 ） • 明") == "欧阳( 小 )·明"


def test_numbers_and_plates_have_no_separators() -> None:
    assert typed.compact(" 杭州・ａ—１２３４５\u200b ") == "杭州A12345"
    assert typed.compact("990101\u00a0199003\u201107721x") == "99010119900307721X"


@given(st.text(st.characters(), max_size=60))
def test_the_form_is_reached_at_once_and_can_be_stored(text: str) -> None:
    for form in (typed.clean, typed.line, typed.lines, typed.name, typed.compact):
        once = form(text)
        assert form(once) == once
        assert "\0" not in once
        once.encode()
        assert not any(unicodedata.category(char) in {"Cf", "Cs"} for char in once)
