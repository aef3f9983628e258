"""What spreadsheets do to the text of CSV cells, and the marks against it. Knows no file, no column, no feature.

A spreadsheet runs a cell that begins with ``=``, ``+``, ``-`` or ``@`` (and, in some, with their full-width
forms, a tab or a line break), even if the text came from a stranger's form. It also keeps fifteen digits of a number
only: what ends in zeros after fifteen digits looks as if it had lost some. The rule, for whoever writes and whoever
reads:

* written: a text that would be run, or looks so, gets one apostrophe in front;
* read: an apostrophe goes if what follows it, other apostrophes and spaces aside, would be run, or looks so.

So every text comes back unchanged, one that begins with an apostrophe of its own too: ``'=1`` is written
``''=1``. Numbers are written as numbers and need no protection: ``-5`` stays ``-5``.
"""

from __future__ import annotations

import re

_RUN = frozenset("=+-@＝＋－＠\t\r\n")
_SKIPPED = "' \u00a0\u3000\u200b\ufeff"
_ZEROS = re.compile(r"\d{15}0{3,}", re.ASCII)
_POWER = re.compile(r"\d(\.\d+)?E\+\d\d+", re.ASCII | re.IGNORECASE)
_POINT = re.compile(r"(-?\d+)\.0+", re.ASCII)
_QUOTED = re.compile(r"""=?(["“])(.*)["”]""", re.DOTALL)
_APOSTROPHES = "'‘’`"
ERRORS = frozenset(
    {"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!", "#FIELD!", "#BLOCKED!"}
    | {"#CONNECT!", "#UNKNOWN!", "#GETTING_DATA", "#BUSY!", "Err:502", "Err:504", "Err:508", "Err:522"}
)
"""What a cell shows whose formula has failed."""


class TypedText(str):
    """A text that its file calls text, and no spreadsheet has counted with."""

    __slots__ = ()


def _would_run(text: str) -> bool:
    return text.lstrip(_SKIPPED)[:1] in _RUN


def _looks_rounded(text: str) -> bool:
    return text.endswith("000") and _ZEROS.fullmatch(text.lstrip(_SKIPPED)) is not None


def protect(text: str) -> str:
    """Return ``text`` as it is written into a CSV cell."""
    return f"'{text}" if _would_run(text) or _looks_rounded(text) else text


def restore(text: str) -> str:
    """Return the text that ``protect`` wrote; other text is returned as it is."""
    if not text.startswith("'"):
        return text
    if _would_run(text):
        return text[1:]
    return TypedText(text[1:]) if _looks_rounded(text) else text


def unmarked(text: str) -> str:
    """Return a code without what marks it as text, ``'0571`` or ``="0571"``, and without a number's ``.0``."""
    if text.isalnum():
        return text
    found = _QUOTED.fullmatch(text)
    bare = found[2].strip() if found else text.strip().lstrip(_APOSTROPHES).strip()
    point = _POINT.fullmatch(bare)
    return point[1] if point else bare


def destroyed(text: str, *, zeros: bool = False) -> bool:
    """Tell whether a spreadsheet has lost digits of a code: it is a power of ten or, with ``zeros``, rounded.

    A number may end in zeros by itself; a power of ten is no code.
    """
    if zeros:
        return text.endswith("000") and _ZEROS.fullmatch(text) is not None
    return "+" in text and _POWER.fullmatch(text) is not None
