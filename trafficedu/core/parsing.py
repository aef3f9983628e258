"""Values from the cells of a file. Must not know any feature, nor where a cell stands.

A cell keeps the type it has in the file (a CSV knows text only) until the column's reader judges it. A reader takes
the cell and returns the value; what is wrong is a :class:`Refusal`, to which :class:`core.columns.Columns` adds
the column. Readers that need a limit are made by a function: ``text(60)`` is the reader of a text of 60 characters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, TypeVar

from trafficedu.core import typed
from trafficedu.core.cells import TypedText, destroyed, unmarked
from trafficedu.core.errors import Refusal
from trafficedu.core.month import Month
from trafficedu.core.personal import hide_personal
from trafficedu.core.states import Word
from trafficedu.core.text import LOCALES, Message, listed, message, translate
from trafficedu.core.times import NO_MOMENT, Moment, read_day, read_moment, read_month


@dataclass(frozen=True, slots=True)
class Fault:
    """A cell that shows something and holds nothing: an error, or a formula that nobody has calculated."""

    text: str
    reason: Message


Cell = str | int | float | bool | date | datetime | time | timedelta | Fault | None
Value = TypeVar("Value")
Read = Callable[[Cell], Value]

MASK = "*"
CODE, TELEPHONE = re.compile("[A-Za-z0-9-]+"), re.compile("[0-9+() -]+")
GROUPED = re.compile(r"-?\d{1,3}(,\d{3})+", re.ASCII)
WORDS_MET = 200
"""Ways to write the words of one list that are remembered."""
EXACT = 10**15
"""From this number on a spreadsheet no longer keeps every digit."""

ROUNDED = message(
    "This cell is a number; the spreadsheet has rounded it: format the column as text and enter it again."
)
IS_DATE = message(
    "This cell is a date; the spreadsheet may have made it: format the column as text and enter it again."
)
DATE_FOR_NUMBER = message("This cell is a date. Format the column as a number and enter it again.")
FLAG_FOR_NUMBER = message("This cell is TRUE or FALSE. Enter a number.")
FLAG_FOR_TEXT = message("This cell is TRUE or FALSE: format the column as text and enter it again.")


class Answer(Word):
    """Yes or no, as files write them."""

    YES = "true", message("yes")
    NO = "false", message("no")


class Remark(Refusal):
    """What is wrong with a cell that keeps nothing else of its row out: ``taken`` is what is taken of it."""

    def __init__(self, text: Message, taken: Any, value: str | None = None) -> None:
        super().__init__(text, value=value)
        self.taken = taken


NOTHING = frozenset({"none", "无"})


def as_text(cell: Cell) -> str:
    """Write a cell as the text a CSV would hold: whole numbers without a point, times in ISO form."""
    if isinstance(cell, str):
        return cell
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell)) if abs(cell) < EXACT else f"{cell:.6G}"
    if isinstance(cell, Fault):
        return cell.text
    return cell.isoformat() if isinstance(cell, date | time) else str(cell)


def plain(cell: Cell) -> str:
    """Return the text of a cell; raise Refusal where it holds none, or the spreadsheet has spoiled it."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, Fault):
        raise Refusal(cell.reason)
    if isinstance(cell, bool):
        raise Refusal(FLAG_FOR_TEXT)
    if isinstance(cell, int | float) and abs(cell) >= EXACT:
        raise Refusal(ROUNDED)
    return as_text(cell)


def is_masked(value: str) -> bool:
    """Tell whether a cell holds a masked value, which means "unchanged" when it is imported again."""
    return MASK in value


def is_none(cell: Cell) -> bool:
    """Tell whether a cell says ``none``: that there is none, where an empty one says nothing."""
    return as_text(cell).strip().casefold() in NOTHING


def if_given(read: Read[Value], default: Any = None) -> Read[Any]:
    """Return the reader of a cell that may be empty: it stands for ``default`` then."""

    def given(cell: Cell) -> Any:
        return default if cell == "" or cell is None else read(cell)

    return given


def unless_masked(normalise: Callable[[str], str], read: Read[str] = plain) -> Read[str]:
    """Return the reader of personal data that ``normalise`` checks; what is masked, or not there, stays as it is."""

    def unmasked(cell: Cell) -> str:
        written = read(cell)
        return written if not written or MASK in written else normalise(written)

    return unmasked


def text(longest: int) -> Read[str]:
    """Return the reader of a text, empty or not, no longer than its place in the database."""

    def short(cell: Cell) -> str:
        written = cell if isinstance(cell, str) else plain(cell)
        if not (written.isascii() and written.isprintable()):  # most cells are, and need no more than that
            written = typed.clean(written).strip()
        if len(written) > longest:
            raise Refusal(message("At most %(max)d characters.", max=longest))
        return written

    return short


def prose(longest: int) -> Read[str]:
    """Return the reader of free text: who wrote it cannot know who reads it, so numbers of people are masked."""
    short = text(longest)

    def masked(cell: Cell) -> str:
        return short(hide_personal(plain(cell)))

    return masked


def needed(longest: int) -> Read[str]:
    """Return the reader of a text that must not be empty, and that no spreadsheet has made a date of."""
    short = text(longest)

    def there(cell: Cell) -> str:
        if (
            isinstance(cell, str)
            and 0 < len(cell) <= longest
            and cell.isascii()
            and cell.isprintable()
            and "+" not in cell
        ):
            return cell  # most are so, and need no more than that
        if isinstance(cell, date | time | timedelta):
            raise Refusal(IS_DATE)
        written = short(cell)
        if not written:
            raise Refusal(message("This cell must not be empty."))
        if destroyed(written):
            raise Refusal(ROUNDED)
        return written

    return there


def identifier(cell: Cell) -> str:
    """Return a code, a number or a name by which something is known, or "".

    The marks with which people keep a spreadsheet from counting with it are taken off: ``'0571``, ``="0571"``; so is
    the ``.0`` that a program adds to a number.
    """
    if isinstance(cell, str) and (cell.isascii() and cell.isalnum() or typed.is_settled(cell)):  # most are
        return cell
    if isinstance(cell, date | time | timedelta):
        raise Refusal(IS_DATE)
    written = unmarked(cell if isinstance(cell, str) else plain(cell))
    if not written.isascii():
        written = typed.line(written)
    if destroyed(written):
        raise Refusal(ROUNDED)
    return written


def digits(cell: Cell) -> str:
    """Return an :func:`identifier` that is a long number: of a document, or a telephone.

    A spreadsheet keeps fifteen digits; what ends in zeros after them in a CSV has passed through one, unless it is
    marked as text.
    """
    if isinstance(cell, str) and cell.isalnum() and cell.isascii() and not cell.endswith("000"):
        return cell
    written = identifier(cell)
    if isinstance(cell, str) and not isinstance(cell, TypedText) and written == cell and destroyed(written, zeros=True):
        raise Refusal(ROUNDED, value=f"{written[:6]}…{written[15:]}")
    return written


def code(cell: Cell) -> str:
    """Return a code that is chosen once, as ``fields.code_field`` takes it: in capitals."""
    written = needed(20)(identifier(cell))
    if not CODE.fullmatch(written):
        raise Refusal(message("Use only letters (A to Z), numbers and hyphens."))
    return written.upper()


def telephone(cell: Cell) -> str:
    """Return a business number, as ``fields.telephone_field`` takes it."""
    written = text(30)(digits(cell))
    if not TELEPHONE.fullmatch(written):
        raise Refusal(message("Use only numbers, spaces, hyphens and brackets."))
    return written


def one_of(words: Iterable[Word], also: Mapping[str, Word] | None = None) -> Read[Any]:
    """Return the reader of a word of a closed list: its value, its name in either language, or a part of one name.

    ``also`` are further names, as people write them.
    """
    known = tuple(words)
    names: dict[str, Word] = {}
    met: dict[Cell, Word] = {}

    def find(written: str) -> Word | None:
        if not names:  # when it is first asked: the catalogues are there then
            for word in known:
                names.update({_small(translate(word.label, locale)): word for locale in LOCALES})
            names.update({_small(name): word for name, word in (also or {}).items()})
            names.update({word.value: word for word in known})
        found = names.get(_small(written))
        if found is not None or len(written) < 2 or written.isascii():
            return found
        parts = {word for name, word in names.items() if written in name}
        return parts.pop() if len(parts) == 1 else None

    def chosen(cell: Cell) -> Word:
        if (said := met.get(cell)) is not None:
            return said
        word = find(typed.line(plain(cell)))
        if word is None:
            raise Refusal(message("Write one of: %(values)s.", values=listed(word.label for word in known)))
        if isinstance(cell, str) and len(met) < WORDS_MET:
            met[cell] = word
        return word

    return chosen


def _small(text: str) -> str:
    return text.casefold().replace(" ", "")


YES = frozenset({"true", "yes", "y", "1", "是", "有", "√", "✓", "对"})
NO = frozenset({"false", "no", "n", "0", "否", "无", "没有", "×", "✗", "不是"})


def flag(cell: Cell) -> bool:
    """Return yes or no."""
    if isinstance(cell, bool):
        return cell
    written = _small(typed.line(as_text(cell) if isinstance(cell, float) else plain(cell)))
    if written not in YES and written not in NO:
        raise Refusal(message("Write yes or no."))
    return written in YES


def day(cell: Cell) -> date:
    """Return a date; see :mod:`core.times`."""
    return read_day(_judged(cell))


def month(cell: Cell) -> Month:
    """Return a month, written as such or as any of its days."""
    return read_month(_judged(cell))


def moment(cell: Cell) -> Moment:
    """Return a moment, or a day of which the hour is not known."""
    return read_moment(cell if isinstance(cell, str) else _judged(cell))


def exact_moment(cell: Cell) -> datetime:
    """Return a moment in UTC, of which the hour must be known."""
    when = moment(cell)
    if not when.hour_known:
        raise Refusal(NO_MOMENT)
    return when.utc


def _judged(cell: Cell) -> Cell:
    if isinstance(cell, Fault):
        raise Refusal(cell.reason)
    return cell


def whole(least: int = 0, most: int = 2_000_000_000) -> Read[int]:
    """Return the reader of a whole number between ``least`` and ``most``; an empty cell is no number, and not 0."""

    def number(cell: Cell) -> int:
        written = cell if isinstance(cell, str) else _number(cell)
        if not written.isdecimal():
            written = _bare(written)
        value = int(written) if written.removeprefix("-").isdecimal() and len(written) < 15 else None
        if value is None or not least <= value <= most:
            raise Refusal(message("Write a whole number between %(least)d and %(most)d.", least=least, most=most))
        return value

    return number


def _bare(written: str) -> str:
    """Return a number without the marks of thousands and the ``.0`` that programs add."""
    bare = unmarked(written)
    return bare.replace(",", "") if GROUPED.fullmatch(bare) else bare


def _number(cell: Cell) -> str:
    if isinstance(cell, Fault):
        raise Refusal(cell.reason)
    if isinstance(cell, bool):
        raise Refusal(FLAG_FOR_NUMBER)
    if isinstance(cell, date | time | timedelta):
        raise Refusal(DATE_FOR_NUMBER)
    return as_text(cell)


def degrees(cell: Cell) -> float:
    """Return a latitude or longitude."""
    try:
        return float(cell if isinstance(cell, str) else _number(cell))
    except ValueError as error:
        raise Refusal(message("Write degrees as a number, such as 30.1785.")) from error
