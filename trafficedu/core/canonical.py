"""Facts as text that is always the same, and back: what a document was drawn from can be kept and drawn once more.

Canonical JSON: keys sorted, no blanks, days and moments in ISO 8601 (moments in UTC), numbers with a point to nine
digits, so that the same facts give the same text and its SHA-256 tells whether they are. Must not know any document.
"""

from __future__ import annotations

import hashlib
import json
import types
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import cache
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from trafficedu.core.month import Month
from trafficedu.core.text import Message

Value = TypeVar("Value")
_SAID, _WITH = "say", "with"
"""The keys of a sentence among facts."""


def packed(value: object) -> Any:
    """Return ``value`` as JSON takes it: a dataclass by its fields, a sentence as itself and its parameters.

    Raises
    ------
    TypeError
        There is something in it that does not stay what it is (bytes, a record of the database).
    """
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, StrEnum | Month):
        return str(value)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, float):
        return float(f"{value:.9g}")
    if isinstance(value, datetime):
        return (value.astimezone(UTC) if value.tzinfo else value).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return _packed_parts(value)


def _packed_parts(value: object) -> Any:
    if isinstance(value, Message):
        return {_SAID: value.msgid, _WITH: packed(value.params)}
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: packed(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): packed(one) for key, one in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return [packed(one) for one in value]
    raise TypeError(f"{type(value).__name__} is no fact that can be kept")


def canonical(facts: Any) -> str:
    """Return what :func:`packed` gave as text."""
    return json.dumps(facts, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def digest(text: str) -> str:
    """Return the SHA-256 of a text in UTF-8, 64 hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def sentence(kept: Mapping[str, Any]) -> Message:
    """Return the sentence that :func:`packed` made."""
    params = {
        name: sentence(value) if isinstance(value, dict) else value for name, value in kept.get(_WITH, {}).items()
    }
    return Message(kept[_SAID], types.MappingProxyType(params))


@cache
def _hints(kind: type[Any]) -> dict[str, Any]:
    return get_type_hints(kind)


def restored(kind: type[Value], kept: Any) -> Value:
    """Return what :func:`packed` packed, as a ``kind``.

    A field of the dataclass that was not there when it was packed has its default.
    """
    return cast(Value, _restored(kind, kept))


def _restored(kind: Any, kept: Any) -> Any:
    origin = get_origin(kind)
    if kept is None or kind is Any or origin is Literal:
        return kept
    if origin in {Union, types.UnionType}:
        return _one_of(get_args(kind), kept)
    if kind is Message:
        return sentence(kept)
    if isinstance(kind, type) and is_dataclass(kind) and kind is not Month:
        hints = _hints(kind)
        return kind(**{name: _restored(hints[name], value) for name, value in kept.items() if name in hints})
    if isinstance(kept, dict):
        return {key: _restored(get_args(kind)[1], value) for key, value in kept.items()}
    if isinstance(kept, list):
        return _several(kind, kept)
    return _plain(kind, kept)


def _several(kind: Any, kept: list[Any]) -> tuple[Any, ...]:
    inside = get_args(kind)
    if get_origin(kind) is tuple and (len(inside) != 2 or inside[1] is not Ellipsis):
        return tuple(_restored(one, value) for one, value in zip(inside, kept, strict=True))
    return tuple(_restored(inside[0], value) for value in kept)


def _one_of(kinds: Sequence[Any], kept: Any) -> Any:
    """Return what is kept as that of several kinds which it can be."""
    if isinstance(kept, dict) and _SAID in kept and Message in kinds:
        return sentence(kept)
    if {date, datetime}.issubset(kinds):  # a moment, or the day of one whose hour is not known
        return (date if len(kept) == len("2026-03-01") else datetime).fromisoformat(kept)
    fitting = [kind for kind in kinds if kind not in {Message, type(None)}]
    return _restored(fitting[0], kept)


def _plain(kind: Any, kept: Any) -> Any:
    if kind is Month:
        return Month.parse(kept)
    if kind in {date, datetime}:
        return kind.fromisoformat(kept)
    return float(kept) if kind is float else kept
