"""Sentences that are said later, in a language not yet known. Must not know the web.

Services, rules and imports speak in :class:`Message` objects: an English sentence (the catalogue's key)
with named parameters. Whoever faces a reader, a page, a command or a PDF, turns it into words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from babel.support import NullTranslations, Translations

LOCALES = ("zh", "en")
DEFAULT_LOCALE = "zh"
LOCALE_FOLDER = Path(__file__).parent.parent / "locale"


@dataclass(frozen=True)
class Message:
    """A translatable sentence with its parameters.

    ``msgid`` uses named percent placeholders, ``"unknown village %(code)s"``. A parameter that is itself
    a :class:`Message` is translated too.
    """

    msgid: str
    params: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))

    def filled(self, **params: object) -> Message:
        """Return the sentence with these parameters."""
        return Message(self.msgid, MappingProxyType(params))

    def __str__(self) -> str:
        return translate(self, "en")

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel from one process to another; what holds the parameters does not by itself."""
        return _travelled, (self.msgid, dict(self.params))


def _travelled(msgid: str, params: dict[str, object]) -> Message:
    return Message(msgid, MappingProxyType(params))


def message(msgid: str, **params: object) -> Message:
    """Make a :class:`Message`; the name is what the catalogue extractor looks for."""
    return Message(msgid, MappingProxyType(params))


def listed(parts: Iterable[Message | str]) -> Message:
    """Return several names, one after another, as one sentence."""
    *before, last = parts
    text = last if isinstance(last, Message) else message("%(name)s", name=last)
    for part in reversed(before):
        text = message("%(one)s, %(more)s", one=part, more=text)
    return text


@lru_cache(maxsize=len(LOCALES))
def translations(locale: str) -> NullTranslations:
    """Return the compiled catalogue of ``locale``; English needs none, its sentences are the keys."""
    return Translations.load(str(LOCALE_FOLDER), [locale])


def translate(text: Message, locale: str) -> str:
    """Put ``text`` into words in ``locale`` (``zh`` or ``en``)."""
    sentence = translations(locale).ugettext(text.msgid)
    if not text.params:
        return sentence
    return sentence % {
        name: translate(value, locale) if isinstance(value, Message) else value for name, value in text.params.items()
    }


def packed(text: Message) -> dict[str, Any]:
    """Return a sentence as JSON, its parameters too, so that it can be kept and said in any language later."""
    return {"msgid": text.msgid, "params": {name: _packed_value(value) for name, value in text.params.items()}}


def _packed_value(value: object) -> Any:
    if isinstance(value, Message):
        return packed(value)
    return value.isoformat() if isinstance(value, date) else value if isinstance(value, int | float) else str(value)


def unpacked(kept: Mapping[str, Any]) -> Message:
    """Return the sentence that :func:`packed` made."""
    params = {
        name: unpacked(value) if isinstance(value, dict) else value for name, value in kept.get("params", {}).items()
    }
    return Message(kept["msgid"], params)
