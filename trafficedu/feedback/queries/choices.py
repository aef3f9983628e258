"""The policies that come with the program: other cities' and the default, each with its source and what was assumed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from trafficedu.core.catalogue import REFERENCE
from trafficedu.core.errors import Missing
from trafficedu.core.text import message
from trafficedu.feedback.rules.policy import PolicyLine

CODES = ("default", "qingdao", "yangzhou", "guangzhou", "ningbo", "wenling")
"""In the order of the page; each is ``reference/escalation_<code>.json``."""


@dataclass(frozen=True)
class Choice:
    """A policy that can be put in force as it is, or copied into a draft.

    ``stated`` is what its source says, ``assumed`` what the source leaves open and was decided here, each in both
    languages. ``company_rules`` is what it asks of companies (``escalation.rules``).
    """

    code: str
    names: Mapping[str, str]
    places: Mapping[str, str]
    sources: Mapping[str, str]
    url: str
    published: date
    stated: Sequence[Mapping[str, str]]
    assumed: Sequence[Mapping[str, str]]
    lines: Sequence[PolicyLine]
    company_rules: Sequence[Mapping[str, Any]]

    @property
    def about(self) -> dict[str, Any]:
        """What a policy keeps of it once it is in force."""
        return {
            "source": dict(self.sources),
            "url": self.url,
            "published": self.published.isoformat(),
            "stated": [dict(text) for text in self.stated],
            "assumed": [dict(text) for text in self.assumed],
            "company_rules": [dict(rule) for rule in self.company_rules],
        }


@cache
def list_choices() -> Sequence[Choice]:
    """Return the policies that come with the program."""
    return [_read(code) for code in CODES]


def find_choice(code: str) -> Choice:
    """Return one of them; raise :class:`Missing`."""
    for choice in list_choices():
        if choice.code == code:
            return choice
    raise Missing(message("No policy of this name comes with the program."))


def _read(code: str) -> Choice:
    file = json.loads((REFERENCE / f"escalation_{code}.json").read_text(encoding="utf-8"))

    def both(name: str) -> dict[str, str]:
        return {locale: file[f"{name}_{locale}"] for locale in ("zh", "en")}

    return Choice(
        code,
        both("name"),
        both("place"),
        both("source"),
        file["source_url"],
        date.fromisoformat(file["published"]),
        file["stated"],
        file["assumed"],
        [PolicyLine.unpacked(line) for line in file["lines"]],
        file["company_rules"],
    )
