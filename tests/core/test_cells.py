from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trafficedu.core.cells import protect, restore


@given(st.text(st.characters(exclude_categories=["Cs"])) | st.text(alphabet="'=+-@＝＋－＠\t\r\n\u3000 a1"))
def test_every_text_comes_back(text: str) -> None:
    assert restore(protect(text)) == text


@given(st.text(alphabet="'=+-@＝＋－＠\t\r\n\u3000 a1", min_size=1))
def test_nothing_written_is_run(text: str) -> None:
    assert protect(text).lstrip(" \u3000\ufeff")[:1] not in set("=+-@＝＋－＠\t\r\n")


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ('=HYPERLINK("http://example.cn")', '\'=HYPERLINK("http://example.cn")'),
        ("+86 571", "'+86 571"),
        ("-5", "'-5"),
        ("@sum", "'@sum"),
        ("'=1", "''=1"),
        (" =1", "' =1"),
        ("'t Hooft", "'t Hooft"),
        ("990109********0015", "990109********0015"),
        ("", ""),
        ("A=1", "A=1"),
    ],
)
def test_protect(text: str, written: str) -> None:
    assert protect(text) == written
