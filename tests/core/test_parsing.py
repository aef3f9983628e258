from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from trafficedu.core import parsing
from trafficedu.core.errors import Refusal
from trafficedu.core.tabular import Row


def row(text: str) -> Row:
    return Row(2, {"cell": text})


@pytest.mark.parametrize(
    ("parse", "text", "expected"),
    [
        (parsing.day, "2026-11-03", date(2026, 11, 3)),
        (parsing.day, "2026/11/3", date(2026, 11, 3)),
        (parsing.day, "2026-11-03T00:00:00", date(2026, 11, 3)),
        (parsing.day, "", None),
        (parsing.month, "2026-11", date(2026, 11, 1)),
        (parsing.month, "2026-11-30", date(2026, 11, 1)),
        (parsing.whole, "12", 12),
        (parsing.flag, "是", True),
        (parsing.flag, "FALSE", False),
        (parsing.flag, "", None),
    ],
)
def test_cells_become_values(parse: Callable[[Row, str], Any], text: str, expected: object) -> None:
    assert parse(row(text), "cell") == expected


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        (parsing.day, "03.11.2026"),
        (parsing.day, "2026-02-30"),
        (parsing.month, ""),
        (parsing.month, "2026-13"),
        (parsing.whole, ""),
        (parsing.whole, "1.5"),
        (parsing.whole, "-1"),
        (parsing.whole, "²"),
        (parsing.whole, "9" * 400),
        (parsing.flag, "maybe"),
    ],
)
def test_what_cannot_be_read_names_its_column(parse: Callable[[Row, str], Any], text: str) -> None:
    with pytest.raises(Refusal) as refused:
        parse(row(text), "cell")
    assert refused.value.field == "cell"


def test_texts_keep_to_their_length() -> None:
    assert parsing.short_text(row(""), "cell", 3) == ""
    assert parsing.needed_text(row("abc"), "cell", 3) == "abc"
    for call in (
        lambda: parsing.needed_text(row(""), "cell", 3),
        lambda: parsing.short_text(row("abcd"), "cell", 3),
        lambda: parsing.day(row(""), "cell", needed=True),
        lambda: parsing.one_of(row("c"), "cell", ("a", "b")),
    ):
        with pytest.raises(Refusal):
            call()
