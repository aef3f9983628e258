from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from typing import Any, get_args, get_type_hints

import pytest

from tests.reports import bulletins, samples
from trafficedu.core.canonical import canonical, digest, packed, restored
from trafficedu.core.month import Month
from trafficedu.core.text import Message, message, translate
from trafficedu.issued.queries.drawing import DRAWINGS
from trafficedu.issued.queries.labels import LABELS
from trafficedu.reports import bulletin, certificate, notice, receipt, roster, scorecard

PAPERS: list[tuple[Any, Any]] = [
    (samples.CERTIFICATE, certificate.render),
    (samples.RECEIPT, receipt.render),
    (samples.NOTICE, notice.render),
    (samples.ROSTER, roster.render),
    (bulletins.BULLETIN, bulletin.render),
    (bulletins.SCORECARD, scorecard.render),
]


@pytest.mark.parametrize(("data", "render"), PAPERS, ids=lambda one: type(one).__name__)
@pytest.mark.parametrize("locale", ["zh", "en"])
def test_a_paper_is_the_same_drawn_from_what_was_kept(data: Any, render: Any, locale: str) -> None:
    kept = canonical(packed(data))
    again = restored(type(data), json.loads(kept))
    assert canonical(packed(again)) == kept
    assert render(again, locale) == render(data, locale)


def test_the_same_facts_give_the_same_text() -> None:
    one = packed(
        {"b": 1 / 3, "a": datetime(2026, 11, 28, 20, 0, tzinfo=UTC), "m": Month(2026, 10), "d": date(2026, 1, 2)}
    )
    text = canonical(one)
    assert text == '{"a":"2026-11-28T20:00:00+00:00","b":0.333333333,"d":"2026-01-02","m":"2026-10"}'
    assert len(digest(text)) == 64
    said = message("%(count)s days, %(what)s", count=3, what=message("Minutes"))
    assert translate(restored(Message, packed(said)), "zh") == translate(said, "zh")
    for fleeting in (b"bytes", object(), float("nan")):
        with pytest.raises((TypeError, ValueError)):
            canonical(packed(fleeting))


def _names(kind: Any, seen: set[Any]) -> set[str]:
    """Return the names of all fields of a dataclass and of those inside it."""
    if kind in seen:
        return set()
    seen.add(kind)
    found: set[str] = set()
    if isinstance(kind, type) and is_dataclass(kind) and kind not in {Month, Message}:
        hints = get_type_hints(kind)
        for field in fields(kind):
            found |= {field.name} | _names(hints[field.name], seen)
    for inside in get_args(kind):
        found |= _names(inside, seen)
    return found


def test_every_field_that_can_differ_has_a_name() -> None:
    needed = set().union(*(_names(drawing.data, set()) for drawing in DRAWINGS.values()))
    assert needed == set(LABELS)
