"""A list declared once: which sorts it takes, and how its cells stand in a file."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import column, literal, select

from trafficedu.core.actors import SYSTEM
from trafficedu.core.listing import Column, Listing, plain
from trafficedu.core.states import Word
from trafficedu.core.text import message

MOMENT = datetime(2026, 11, 3, 4, 5, tzinfo=UTC)
LISTING: Listing[Any, None] = Listing(
    lambda _by, _chosen: select(literal(1)),
    [
        Column("number", value=lambda row: row, in_file_only=True),
        Column("day", value=lambda row: row, sort=column("day")),
        Column("place", value=lambda row: row),
    ],
    sort="-day",
    order=[column("id").desc()],
)


class Light(Word):
    """A word of the test."""

    GREEN = "g", message("green"), "done"


@pytest.mark.parametrize(
    ("key", "sort"),
    [("day", "day"), ("-day", "-day"), ("place", "-day"), ("nothing", "-day"), ("", "-day"), (None, "-day")],
)
def test_a_list_is_sorted_by_what_sorts_or_as_it_begins(key: str | None, sort: str) -> None:
    assert LISTING.sort_of(key) == sort


def test_rows_that_sort_alike_have_an_order_that_turns_with_the_sort() -> None:
    assert str(LISTING.ordered(SYSTEM, None, "day")).endswith("ORDER BY day ASC, id ASC")
    assert str(LISTING.ordered(SYSTEM, None, "-day")).endswith("ORDER BY day DESC, id DESC")


def test_a_page_leaves_out_what_is_for_the_file() -> None:
    assert [column.key for column in LISTING.shown] == ["day", "place"]


@pytest.mark.parametrize(
    ("cell", "english", "chinese"),
    [
        (Light.GREEN, "green", "绿"),
        (message("green"), "green", "绿"),
        ((Light.GREEN, "x"), "green, x", "绿、x"),
        ((), "", ""),
        (lambda locale: locale, "en", "zh"),
        ("=1", "=1", "=1"),
        (None, None, None),
        (5, 5, 5),
        (date(2026, 11, 3), date(2026, 11, 3), date(2026, 11, 3)),
        (MOMENT, MOMENT, MOMENT),
    ],
)
def test_a_cell_stands_in_a_file_as_a_reader_of_the_language_reads_it(cell: Any, english: Any, chinese: Any) -> None:
    assert plain(cell, "en") == english
    assert plain(cell, "zh") == chinese
