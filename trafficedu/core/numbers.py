"""Public numbers: what is printed on paper and typed into a page instead of an internal id.

A number is a letter for its kind, ten random characters (50 random bits) and a check character after
ISO/IEC 7064 MOD 37,36, which finds every single wrong character and every swap of neighbours.
"""

from __future__ import annotations

import secrets

from stdnum.iso7064 import mod_37_36

from trafficedu.core.typed import compact

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
RANDOM_CHARACTERS = 10


LENGTH = RANDOM_CHARACTERS + 2
LIKE_DIGITS = str.maketrans("OIL", "011")
"""Letters that are read and typed as digits; the random characters have none of them."""
LIKE_KINDS = str.maketrans("01I", "OLL")
"""Digits and the letter that are typed where the letter of the kind stands."""
MISREAD = "ILOU"


def new_number(kind: str) -> str:
    """Make a number of the one-letter ``kind``, such as ``V`` for a violation, without a letter that is misread."""
    while True:
        value = secrets.randbits(5 * RANDOM_CHARACTERS)
        body = kind + "".join(ALPHABET[value >> shift & 31] for shift in range(0, 5 * RANDOM_CHARACTERS, 5))
        check = str(mod_37_36.calc_check_digit(body))
        if check not in MISREAD:
            return body + check


def normalise(text: str) -> str:
    """Return what somebody typed in the form in which numbers are stored: capital letters, without blanks or dashes.

    In what has the length of a number an O counts as the 0 and an I or L as the 1 that they were read for: the random
    characters have no such letters, and of the check character the body says which one is meant.
    """
    typed = compact(text)
    if len(typed) != LENGTH or not typed.isascii() or not typed.isalnum():
        return typed
    body = typed[0].translate(LIKE_KINDS) + typed[1:-1].translate(LIKE_DIGITS)
    check = str(mod_37_36.calc_check_digit(body))
    return body + (check if check.translate(LIKE_DIGITS) == typed[-1].translate(LIKE_DIGITS) else typed[-1])


def is_number(text: str, kind: str) -> bool:
    """Tell whether ``text`` is a well-formed number of ``kind``, check character included."""
    return (
        len(text) == LENGTH and text.isascii() and text.isalnum() and text[0] == kind and bool(mod_37_36.is_valid(text))
    )
