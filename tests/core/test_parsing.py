from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from trafficedu.core import parsing
from trafficedu.core.columns import Column, Columns
from trafficedu.core.errors import Refusal
from trafficedu.core.month import Month


def read(reader: parsing.Read[Any], text: str) -> Any:
    return Columns(Column("cell", reader)).read({"cell": text})["cell"]


@pytest.mark.parametrize(
    ("parse", "text", "expected"),
    [
        (parsing.day, "2026-11-03", date(2026, 11, 3)),
        (parsing.day, "2026/11/3", date(2026, 11, 3)),
        (parsing.day, "2026-11-03T00:00:00", date(2026, 11, 3)),
        (parsing.if_given(parsing.day), "", None),
        (parsing.month, "2026-11", Month(2026, 11)),
        (parsing.month, "2026-11-30", Month(2026, 11)),
        (parsing.whole(), "12", 12),
        (parsing.flag, "是", True),
        (parsing.flag, "FALSE", False),
        (parsing.if_given(parsing.flag), "", None),
    ],
)
def test_cells_become_values(parse: parsing.Read[Any], text: str, expected: object) -> None:
    assert read(parse, text) == expected


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        (parsing.day, "03.11.2026"),
        (parsing.day, "2026-02-30"),
        (parsing.month, ""),
        (parsing.month, "2026-13"),
        (parsing.whole(), ""),
        (parsing.whole(), "1.5"),
        (parsing.whole(), "-1"),
        (parsing.whole(), "²"),
        (parsing.whole(), "9" * 400),
        (parsing.flag, "maybe"),
    ],
)
def test_what_cannot_be_read_names_its_column(parse: parsing.Read[Any], text: str) -> None:
    with pytest.raises(Refusal) as refused:
        read(parse, text)
    assert refused.value.field == "cell"


def test_texts_keep_to_their_length() -> None:
    assert read(parsing.text(3), "") == ""
    assert read(parsing.needed(3), "abc") == "abc"
    refused: list[tuple[parsing.Read[Any], str]] = [
        (parsing.needed(3), ""),
        (parsing.text(3), "abcd"),
        (parsing.day, ""),
        (parsing.one_of(parsing.Answer), "c"),
    ]
    for reader, text in refused:
        with pytest.raises(Refusal):
            read(reader, text)


@pytest.mark.parametrize(
    ("parse", "cell", "expected"),
    [
        (parsing.as_text, 330109001.0, "330109001"),
        (parsing.as_text, None, ""),
        (parsing.as_text, True, "true"),
        (parsing.as_text, timedelta(hours=30), "1 day, 6:00:00"),
        (parsing.day, date(2026, 11, 3), date(2026, 11, 3)),
        (parsing.day, datetime.fromisoformat("2026-11-03"), date(2026, 11, 3)),
        (parsing.month, date(2026, 11, 30), Month(2026, 11)),
        (parsing.exact_moment, datetime.fromisoformat("2026-11-03T08:00"), datetime(2026, 11, 3, 0, tzinfo=UTC)),
        (parsing.whole(), 12.0, 12),
        (parsing.degrees, 30.5, 30.5),
        (parsing.flag, 1.0, True),
        (parsing.flag, False, False),
        (parsing.if_given(parsing.whole(), 7), None, 7),
        (parsing.if_given(parsing.whole(), 7), 0.0, 0),
    ],
)
def test_a_cell_keeps_its_type_until_it_is_read(parse: parsing.Read[Any], cell: parsing.Cell, expected: object) -> None:
    assert parse(cell) == expected
