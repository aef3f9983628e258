"""Public numbers: what is printed on paper and typed into a page instead of an internal id.

A number is a letter for its kind, ten random characters (50 random bits) and a check character after
ISO/IEC 7064 MOD 37,36, which finds every single wrong character and every swap of neighbours.
"""

from __future__ import annotations

import secrets

from stdnum.iso7064 import mod_37_36

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
RANDOM_CHARACTERS = 10


def new_number(kind: str) -> str:
    """Make a number of the given one-letter ``kind``, such as ``V`` for a violation."""
    value = secrets.randbits(5 * RANDOM_CHARACTERS)
    body = kind + "".join(ALPHABET[value >> shift & 31] for shift in range(0, 5 * RANDOM_CHARACTERS, 5))
    return body + str(mod_37_36.calc_check_digit(body))


def normalise(text: str) -> str:
    """Return what somebody typed in the form in which numbers are stored: no blanks or dashes, upper case."""
    return "".join(text.split()).replace("-", "").upper()


def is_number(text: str, kind: str) -> bool:
    """Tell whether ``text`` is a well-formed number of ``kind``, check character included."""
    return (
        len(text) == RANDOM_CHARACTERS + 2
        and text.isascii()
        and text.isalnum()
        and text[0] == kind
        and bool(mod_37_36.is_valid(text))
    )
