"""Typed values from the cells of an imported table. Must not know any feature.

Each function takes the row and the column's name, so that what is wrong names its place: a
:class:`Refusal` whose ``field`` is the column. An empty cell is None unless ``needed``.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Literal, overload

from trafficedu.core.clock import from_local
from trafficedu.core.errors import Refusal
from trafficedu.core.tabular import Row
from trafficedu.core.text import message

YES, NO = frozenset({"true", "yes", "1", "是"}), frozenset({"false", "no", "0", "否"})
MIDNIGHT = "T00:00:00"
SLASHED = ("%Y/%m/%d %H:%M", "%Y/%m/%d %H:%M:%S")


def needed_text(row: Row, column: str, longest: int) -> str:
    """Return the cell, which must not be empty nor longer than its place in the database."""
    text = row[column]
    if not text:
        raise Refusal(message("This cell must not be empty."), field=column)
    return short_text(row, column, longest)


def short_text(row: Row, column: str, longest: int) -> str:
    """Return the cell, empty or not, but not longer than its place in the database."""
    if len(row[column]) > longest:
        raise Refusal(message("At most %(max)d characters.", max=longest), field=column)
    return row[column]


def one_of(row: Row, column: str, values: Iterable[str]) -> str:
    """Return the cell, which must be one of ``values``."""
    if row[column] not in list(values):
        raise Refusal(message("Write one of: %(values)s.", values=", ".join(values)), field=column)
    return row[column]


@overload
def day(row: Row, column: str, *, needed: Literal[True]) -> date: ...
@overload
def day(row: Row, column: str, *, needed: bool = False) -> date | None: ...
def day(row: Row, column: str, *, needed: bool = False) -> date | None:
    """Return a date written ``2026-11-03`` (or ``2026/11/3``, as spreadsheets in China show it)."""
    text = row[column].removesuffix(MIDNIGHT)
    if not text and not needed:
        return None
    try:
        return datetime.strptime(text.replace("/", "-"), "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no zone
    except ValueError as error:
        raise Refusal(message("Write the date like 2026-11-03."), field=column) from error


def month(row: Row, column: str) -> date:
    """Return the first day of a month written ``2026-11`` (or as any of its days)."""
    text = row[column].removesuffix(MIDNIGHT).replace("/", "-")
    for pattern in ("%Y-%m", "%Y-%m-%d"):
        try:
            return datetime.strptime(text, pattern).date().replace(day=1)  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    raise Refusal(message("Write the month like 2026-11."), field=column)


def moment(row: Row, column: str) -> datetime:
    """Return a moment in UTC: RFC 3339, or the district's clock without an offset, with dashes or slashes."""
    text = row[column]
    try:
        found = datetime.fromisoformat(text)
        return found.astimezone(UTC) if found.tzinfo else from_local(found)
    except (ValueError, OverflowError):  # the latter: a day at the very edge of the calendar
        pass
    for pattern in SLASHED:
        try:
            return from_local(datetime.strptime(text, pattern))  # noqa: DTZ007 - the district's clock, see from_local
        except ValueError:
            continue
    raise Refusal(message("Write the date and time like 2026-11-23 21:05."), field=column)


def whole(row: Row, column: str, least: int = 0, most: int = 2_000_000_000) -> int:
    """Return a whole number between ``least`` and ``most``."""
    text = row[column]
    number = int(text) if text.removeprefix("-").isdecimal() and len(text) < 15 else None
    if number is None or not least <= number <= most:
        raise Refusal(
            message("Write a whole number between %(least)d and %(most)d.", least=least, most=most), field=column
        )
    return number


def flag(row: Row, column: str) -> bool | None:
    """Return yes or no, written ``true`` or ``false``; None for an empty cell."""
    text = row[column].lower()
    if not text:
        return None
    if text not in YES | NO:
        raise Refusal(message("Write true or false."), field=column)
    return text in YES
