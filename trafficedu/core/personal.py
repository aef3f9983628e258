"""Identity numbers and mobile phones in free text: found however they are written, refused or hidden. Pure.

Such text is read by roles that see no identities, travels in notices and files, and is not encrypted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from trafficedu.core.text import message
from trafficedu.core.typed import clean

_GROUP = re.compile(r"[0-9]+[Xx]?")
_BETWEEN = frozenset(" -‐‑–—_.·,，、/")
"""What stands between the parts of one number, one of them at a time."""
_MAY_HOLD = re.compile(r"(?:[0-9][^0-9]?){10}[0-9]")
"""What every text with such a number has: eleven digits with one sign at most between two of them."""
LEAST_GROUP = 3
"""Digits a part of a number has: days and hours have two, and "2026-11-28 13:05" is no number."""
LONGEST = 18
NEARLY_ALL = 15
"""Digits after which the rest of an identity number may be shorter: four groups of four, then two."""
_MOBILE = re.compile(r"(?:0086|86)?(1[3-9][0-9]{9})[Xx]?")
BIRTHS = range(1900, 2100)
_ELDEST = 1930
"""The earliest birth taken for one in numbers of 15 digits, which nobody got after 1999 and nothing checks."""
HINT = message("Leave out identity and phone numbers: this text is shown to people who may not see them.")


def mask_identity(number: str) -> str:
    """Hide a number but for a third of it: at most the first three and the last two characters.

    Enough to tell two documents on a desk apart. Not the last four, although that is the custom: with them and
    the number of a violation the rider's own receipt opens (see docs/adr/0007-who-sees-a-rider.md).
    """
    shown = min(5, len(number) // 3)
    tail = min(2, shown)
    head = shown - tail
    return number[:head] + "*" * (len(number) - shown) + number[len(number) - tail :]


def mask_phone(number: str) -> str:
    """Hide the four middle digits of a mobile number, ``138****1234``; anything else like a document."""
    if len(number) == 11 and number.isdigit():
        return f"{number[:3]}****{number[7:]}"
    return mask_identity(number)


def holds_personal(text: str) -> bool:
    """Tell whether a text holds an identity number or a mobile phone."""
    return next(_found(clean(text)), None) is not None


def hide_personal(text: str) -> str:
    """Return a text, as ``core.typed`` writes it, with such numbers masked: for what comes from outside."""
    text = clean(text)
    if not _MAY_HOLD.search(text):
        return text
    hidden, after = [], 0
    for first, last, masked in _found(text):
        hidden += [text[after:first], masked]
        after = last
    return "".join(hidden) + text[after:]


def _found(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield where such numbers stand and what may be shown of each."""
    groups, after = list(_GROUP.finditer(text)), 0
    for at, group in enumerate(groups):
        if group.start() < after:
            continue
        for last, number in _joined(text, groups[at:]):
            if masked := _masked(number):
                yield group.start(), last, masked
                after = last
                break


def _joined(text: str, groups: list[re.Match[str]]) -> Iterator[tuple[int, str]]:
    """Yield the first group, then with it those that follow behind one separator each, and where they end."""
    number, end = "", groups[0].start()
    for group in groups:
        gap = text[end : group.start()]
        short = len(group[0]) < LEAST_GROUP and group[0] != "86" and len(number) < NEARLY_ALL
        if number and (gap not in _BETWEEN or short or len(number) < 2 or not number.isdecimal()):
            return
        number, end = number + group[0], group.end()
        if len(number) > LONGEST:
            return
        yield end, number
        if short:
            return


def _masked(number: str) -> str:
    """Return what may be shown of a number, "" where it is neither a phone nor of an identity card."""
    if mobile := _MOBILE.fullmatch(number):
        return mask_phone(mobile[1])
    digits = number.rstrip("Xx")
    if len(number) == 18 and len(digits) >= 17 and _is_birth(number[6:14]):
        return mask_identity(number)  # a mistyped one, too: its check character is not asked
    born = _date(f"19{digits[6:12]}") if len(digits) == 15 else None
    return mask_identity(digits) if born and born.year >= _ELDEST else ""


def _is_birth(digits: str) -> bool:
    born = _date(digits)
    return born is not None and born.year in BIRTHS


def _date(digits: str) -> date | None:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None
