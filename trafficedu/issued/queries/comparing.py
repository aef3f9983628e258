"""What is different between a document and what would be issued now, field by field, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from trafficedu.core.canonical import packed, restored
from trafficedu.core.month import Month
from trafficedu.core.text import Message, message, translate
from trafficedu.issued.models import Document
from trafficedu.issued.queries.documents import what_it_says
from trafficedu.issued.queries.drawing import DRAWINGS
from trafficedu.issued.queries.labels import LABELS
from trafficedu.reports import words

BETWEEN = " · "
NOTHING = "—"
NAMED_BY = ("code", "name", "number", "what", "kind", "key")
"""What tells one of several things from another: the first of these fields that it has."""
KINDS: Mapping[str, Message] = {
    "district": message("district"),
    "town": message("town"),
    "village": message("village"),
    "company": message("company"),
}
"""Whom a list of the bulletin is about, where that tells the lists apart."""


@dataclass(frozen=True)
class Difference:
    """A field that says something else now; "—" where one of the two says nothing."""

    label: str
    was: str
    now: str


def differences(session: Session, document: Document, paper: Any, locale: str) -> list[Difference]:
    """Return in which fields ``paper``, what would be issued now, says something else than a document."""
    drawing = DRAWINGS[document.kind]
    said = what_it_says(session, document)
    was = dict(_flat(said.data(locale), locale, drawing.passing))
    now = dict(_flat(restored(drawing.data, packed(paper)), locale, drawing.passing))
    return [
        Difference(label, was.get(label, NOTHING), now.get(label, NOTHING))
        for label in dict.fromkeys([*was, *now])
        if was.get(label, NOTHING) != now.get(label, NOTHING)
    ]


def _flat(value: Any, locale: str, passing: frozenset[str] = frozenset(), label: str = "") -> Iterator[tuple[str, str]]:
    """Yield every single thing that is said, with the names of the fields that lead to it."""
    if is_dataclass(value) and not isinstance(value, type | Message | Month):
        for field in fields(value):
            if field.name not in passing:
                below = _under(label, translate(LABELS[field.name], locale))
                yield from _flat(getattr(value, field.name), locale, label=below)
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield from _flat(one, locale, label=_under(label, translate(LABELS[key], locale) if key in LABELS else key))
    elif isinstance(value, Sequence) and not isinstance(value, str):
        yield from _several(value, locale, label)
    else:
        yield label, in_words(value, locale)


def _several(values: Sequence[Any], locale: str, label: str) -> Iterator[tuple[str, str]]:
    if not any(is_dataclass(one) and not isinstance(one, Message | Month) for one in values):
        yield label, words.listed(tuple(in_words(one, locale) for one in values), locale) or NOTHING
        return
    for place, one in enumerate(values, start=1):
        yield from _flat(one, locale, label=_under(label, _name(one, locale) or str(place)))


def _name(one: Any, locale: str) -> str:
    named = next((getattr(one, name) for name in NAMED_BY if getattr(one, name, "")), "")
    shown = getattr(one, "name", "") or named
    if not shown:
        return ""
    kind = KINDS.get(shown) if isinstance(shown, str) else None
    return translate(kind, locale) if kind is not None else in_words(shown, locale)


def _under(label: str, below: str) -> str:
    return f"{label}{BETWEEN}{below}" if label else below


def in_words(value: Any, locale: str) -> str:
    """Write one thing that a document says."""
    if value is None or value == "":
        return NOTHING
    if isinstance(value, bool):
        return translate(message("yes") if value else message("no"), locale)
    if isinstance(value, Message):
        return translate(value, locale)
    if isinstance(value, datetime):
        return words.moment(value, locale)
    if isinstance(value, date):
        return words.day(value, locale)
    return f"{value:.4g}" if isinstance(value, float) else str(value)
