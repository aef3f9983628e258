"""Values from the cells of a file. Must not know any feature, nor where a cell stands.

A cell keeps the type it has in the file (a CSV knows text only) until the column's reader judges it. A reader takes
the cell and returns the value; what is wrong is a :class:`Refusal`, to which :class:`core.columns.Columns` adds
the column. Readers that need a limit are made by a function: ``text(60)`` is the reader of a text of 60 characters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeVar

from trafficedu.core.clock import from_local
from trafficedu.core.errors import Refusal
from trafficedu.core.month import Month
from trafficedu.core.text import message

Cell = str | int | float | bool | date | datetime | time | timedelta | None
Value = TypeVar("Value")
Read = Callable[[Cell], Value]

YES, NO = frozenset({"true", "yes", "1", "是"}), frozenset({"false", "no", "0", "否"})
SLASHED = ("%Y/%m/%d %H:%M", "%Y/%m/%d %H:%M:%S")
MASK = "*"
CODE, TELEPHONE = re.compile("[A-Za-z0-9-]+"), re.compile("[0-9+() -]+")


def as_text(cell: Cell) -> str:
    """Write a cell as the text a CSV would hold: whole numbers without a point, times in ISO form."""
    if isinstance(cell, str):
        return cell
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return cell.isoformat() if isinstance(cell, date | time) else str(cell)


def is_masked(value: str) -> bool:
    """Tell whether a cell holds a masked value, which means "unchanged" when it is imported again."""
    return MASK in value


def if_given(read: Read[Value], default: Any = None) -> Read[Any]:
    """Return the reader of a cell that may be empty: it stands for ``default`` then."""

    def given(cell: Cell) -> Any:
        return default if cell == "" or cell is None else read(cell)

    return given


def unless_masked(normalise: Callable[[str], str]) -> Read[str]:
    """Return the reader of personal data that ``normalise`` checks; what is masked, or not there, stays as it is."""

    def unmasked(cell: Cell) -> str:
        written = cell if isinstance(cell, str) else as_text(cell)
        return written if not written or MASK in written else normalise(written)

    return unmasked


def text(longest: int) -> Read[str]:
    """Return the reader of a text, empty or not, no longer than its place in the database."""

    def short(cell: Cell) -> str:
        written = cell if isinstance(cell, str) else as_text(cell)
        if len(written) > longest:
            raise Refusal(message("At most %(max)d characters.", max=longest))
        return written

    return short


def needed(longest: int) -> Read[str]:
    """Return the reader of a text that must not be empty."""
    short = text(longest)

    def there(cell: Cell) -> str:
        written = short(cell)
        if not written:
            raise Refusal(message("This cell must not be empty."))
        return written

    return there


def code(cell: Cell) -> str:
    """Return a code that is chosen once, as ``fields.code_field`` takes it: in capitals."""
    written = needed(20)(cell)
    if not CODE.fullmatch(written):
        raise Refusal(message("Use only letters (A to Z), numbers and hyphens."))
    return written.upper()


def telephone(cell: Cell) -> str:
    """Return a business number, as ``fields.telephone_field`` takes it."""
    written = text(30)(cell)
    if not TELEPHONE.fullmatch(written):
        raise Refusal(message("Use only numbers, spaces, hyphens and brackets."))
    return written


def one_of(values: Iterable[str]) -> Read[str]:
    """Return the reader of a text that must be one of ``values``."""
    known = list(values)

    def chosen(cell: Cell) -> str:
        written = as_text(cell)
        if written not in known:
            raise Refusal(message("Write one of: %(values)s.", values=", ".join(known)))
        return written

    return chosen


def day(cell: Cell) -> date:
    """Return a date written ``2026-11-03`` (or ``2026/11/3``, as spreadsheets in China show it)."""
    written = as_text(cell).replace("/", "-")
    for pattern in ("%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"):  # the latter: a spreadsheet's date is a moment
        try:
            return datetime.strptime(written, pattern).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    raise Refusal(message("Write the date like 2026-11-03."))


def month(cell: Cell) -> Month:
    """Return a month written ``2026-11`` (or as any of its days)."""
    written = as_text(cell).replace("/", "-")
    try:
        return Month.parse(written) if written.count("-") == 1 else Month.of(day(written))
    except (ValueError, Refusal) as error:
        raise Refusal(message("Write the month like 2026-11.")) from error


def moment(cell: Cell) -> datetime:
    """Return a moment in UTC: RFC 3339, or the district's clock without an offset, with dashes or slashes."""
    written = as_text(cell)
    try:
        value = datetime.fromisoformat(written)
        return value.astimezone(UTC) if value.tzinfo else from_local(value)
    except (ValueError, OverflowError):  # the latter: a day at the very edge of the calendar
        pass
    for pattern in SLASHED:
        try:
            return from_local(datetime.strptime(written, pattern))  # noqa: DTZ007 - the district's clock, see from_local
        except ValueError:
            continue
    raise Refusal(message("Write the date and time like 2026-11-23 21:05."))


def whole(least: int = 0, most: int = 2_000_000_000) -> Read[int]:
    """Return the reader of a whole number between ``least`` and ``most``."""

    def number(cell: Cell) -> int:
        written = as_text(cell)
        value = int(written) if written.removeprefix("-").isdecimal() and len(written) < 15 else None
        if value is None or not least <= value <= most:
            raise Refusal(message("Write a whole number between %(least)d and %(most)d.", least=least, most=most))
        return value

    return number


def degrees(cell: Cell) -> float:
    """Return a latitude or longitude."""
    try:
        return float(as_text(cell))
    except ValueError as error:
        raise Refusal(message("Write degrees as a number, such as 30.1785.")) from error


def flag(cell: Cell) -> bool:
    """Return yes or no, written ``true`` or ``false``."""
    written = as_text(cell).lower()
    if written not in YES | NO:
        raise Refusal(message("Write true or false."))
    return written in YES
