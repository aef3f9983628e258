"""What people type, paste or export, in the one form in which it is stored and looked for. Standard library only.

Text fields, look-ups, searches and imports all go through here, so that what looks alike is alike: letters and digits
are of half width (NFKC), what cannot be seen is gone (bidirectional marks, zero-width blanks, variation selectors,
controls, halves of a pair), and every middle dot is the one of GB/T 28039 (U+00B7). Punctuation keeps its width: a
Chinese sentence ends with "。" and has "（ ）".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

DOTS = "•‧∙⋅・･ㆍᐧ⸱·"
"""What phones and input methods write between the parts of a name; U+00B7 among them."""
_ORDINARY = re.compile("[\r\n -~\u3001-\u3002\u300a-\u300b\u4e00-\u9fff\uff01\uff08\uff09\uff0c\uff1a\uff1b\uff1f]*")
_OF_ITS_FORM = re.compile("[0-9A-Za-z\u4e00-\u9fff]*")
"""A text that every function here returns as it is, but :func:`compact`, which returns its capital letters."""
_TO_ONE_DOT = str.maketrans(dict.fromkeys(DOTS, "·"))
_UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
"""Letters and marks that print as nothing, beside those that a category tells."""
_AROUND_DOT = re.compile(" *· *")
_SEPARATORS = re.compile(r"[\s\-‐-―−_.·．。]+")
_FOLDED = frozenset({"Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Nd", "Zs"})
"""Categories of what NFKC may write in another way within a sentence; the rest are punctuation and signs."""


def _is_unseen(char: str) -> bool:
    code, category = ord(char), unicodedata.category(char)
    return (
        category in {"Cf", "Cs"}
        or (category == "Cc" and char not in "\t\n\r\v\f\x85")
        or char in _UNSEEN
        or 0xFE00 <= code <= 0xFE0F
        or 0xE0100 <= code <= 0xE01EF
        or code & 0xFFFE == 0xFFFE
        or 0xFDD0 <= code <= 0xFDEF
    )


def _folded(char: str) -> str:
    is_radical = "\u2e80" <= char <= "\u2fdf"
    return unicodedata.normalize("NFKC", char) if is_radical or unicodedata.category(char) in _FOLDED else char


def clean(text: str) -> str:
    """Return ``text`` with letters and digits of half width, one kind of middle dot, and nothing unseen."""
    if _ORDINARY.fullmatch(text):
        return text
    seen = "".join(char for char in text if not _is_unseen(char))
    folded = "".join(map(_folded, unicodedata.normalize("NFC", seen)))
    return _settled(clean, text, unicodedata.normalize("NFC", folded).translate(_TO_ONE_DOT))


def is_settled(text: str) -> bool:
    """Tell, in no time, of most texts whether they are written already as :func:`line` and :func:`name` write them."""
    return _OF_ITS_FORM.fullmatch(text) is not None


def line(text: str) -> str:
    """Return one line of text: clean, with single blanks and none at its ends."""
    return text if is_settled(text) else " ".join(clean(text).split())


def lines(text: str) -> str:
    """Return a text of several lines: clean, without blanks at their ends and empty lines at its own."""
    kept = [each.rstrip() for each in clean(text).splitlines()]
    return "\n".join(kept).strip()


def name(text: str) -> str:
    """Return a name: one line, brackets and the like of half width too, no blanks around the middle dot."""
    if is_settled(text):
        return text
    parts = unicodedata.normalize("NFKC", clean(text)).translate(_TO_ONE_DOT).split()
    return _settled(name, text, _AROUND_DOT.sub("·", " ".join(parts)))


def compact(text: str) -> str:
    """Return a number or a plate: half width, capital letters, without blanks, dashes and dots."""
    if is_settled(text):
        return text.upper()
    folded = unicodedata.normalize("NFKC", clean(text)).translate(_TO_ONE_DOT)
    return _settled(compact, text, _SEPARATORS.sub("", folded).upper())


def _settled(form: Callable[[str], str], text: str, once: str) -> str:
    """Return the form of ``text`` that is its own form: a mark may combine with what was not beside it before."""
    return once if once == text or once.isascii() else form(once)
