"""Invented names, documents, phones and plates, put together at random: any likeness is chance, none is anybody's.

What they are put together from stands in ``invented.json``, with the sentences and sizes of the rest of the demo.
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

from stdnum.iso7064 import mod_11_2

INVENTED: dict[str, Any] = json.loads(Path(__file__).with_name("invented.json").read_text("utf-8"))

REGION = 990_000
"""No province's number begins with 99, so that no identity card can carry it."""
PHONE = 15_400_000_000
"""Numbers from 154 on: the national plan gives 154 to no operator, as far as we know."""
PLATE_PLACE = "演示"
"""\"Demonstration\", which is no place."""
PLATE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"


def phrase(chance: Random, kind: str) -> str:
    """Draw one of the words or sentences of a kind."""
    return str(chance.choice(INVENTED[kind]))


def person(chance: Random, gender: str | None = None) -> str:
    """Return an invented Chinese name of two to four characters."""
    given = INVENTED["given"][gender or ("m" if chance.random() < 0.7 else "f")]
    surname = phrase(chance, "surnames") if chance.random() > 0.004 else phrase(chance, "double_surnames")
    length = 1 if chance.random() < 0.22 else 2
    return "".join([surname, *chance.sample(given, length)])


def road(chance: Random) -> str:
    """Return an invented road."""
    return f"{phrase(chance, 'road_stems')}{phrase(chance, 'road_ends')}"


def spot(chance: Random, village: str) -> str:
    """Return an invented spot, as an officer would write it: a crossing, a stretch of road or a landmark."""
    kind = chance.random()
    first = road(chance)
    if kind < 0.55:
        second = road(chance)
        while second == first:
            second = road(chance)
        return f"{first}与{second}交叉口"
    short = short_village(village)
    if kind < 0.75:
        return f"{first}{short}段"
    return f"{first}{phrase(chance, 'landmarks')}"


def short_village(name: str) -> str:
    """Return a village's name without what kind of place it is, as people say it."""
    for ending in ("虚拟社区", "虚拟", "委会", "社区", "居", "村"):
        name = name.removesuffix(ending)
    return name


class Papers:
    """Hands out documents, phones and plates, each once."""

    def __init__(self) -> None:
        self._born: Counter[date] = Counter()
        self._phones = 0
        self._plates = 0

    def identity(self, born: date, gender: str) -> str:
        """Return an identity number with a valid check digit; its sequence is odd for men, even for women."""
        count = self._born[born]
        self._born[born] += 1
        sequence = 2 * (count % 499) + (1 if gender == "m" else 2)
        body = f"{REGION + count // 499}{born:%Y%m%d}{sequence:03d}"
        return body + str(mod_11_2.calc_check_digit(body))

    def phone(self) -> str:
        """Return the next phone number."""
        self._phones += 1
        return str(PHONE + self._phones * 97 % 100_000_000)

    def plate(self) -> str:
        """Return the next plate."""
        self._plates += 1
        letter, digits = divmod(self._plates * 7 % (len(PLATE_LETTERS) * 100_000), 100_000)
        return f"{PLATE_PLACE}{PLATE_LETTERS[letter]}{digits:05d}"
