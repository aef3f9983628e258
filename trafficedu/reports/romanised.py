"""Names of places for readers of English: the Chinese name as on a sign, with its pinyin behind it.

Readings come from pypinyin, which knows characters with several readings by the words they stand in. What a name says
of itself in general (street, town, community) is left out of the pinyin: 城厢街道 Chengxiang.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from functools import cache
from typing import Any, TypeVar, cast

from trafficedu.core.text import Message

Value = TypeVar("Value")
HAN = re.compile(r"[\u3400-\u9FFF]")
ENDINGS = (
    "经济技术开发区",
    "村村委会",
    "村委会",
    "居委会",
    "开发区",
    "街道",
    "社区",
    "镇",
    "乡",
    "村",
    "区",
    "县",
    "市",
    "省",
)
"""What is said of a place in general, the longer first."""
FAMILIES = dict(单="shan", 曾="zeng", 解="xie", 仇="qiu", 查="zha", 任="ren", 华="hua", 缪="miao", 盖="ge", 朴="piao")
"""FAMILY -> how its name is read, unlike the word: many villages are called after the family at home there (曾家桥)."""
APOSTROPHE = ("a", "o", "e")


@cache
def pinyin(name: str) -> str:
    """Return the pinyin of a place's own part, in one word as on maps; "" for a name without Chinese characters."""
    if not HAN.search(name):
        return ""
    from pypinyin import lazy_pinyin  # noqa: PLC0415 - its tables load only where an English paper is made

    own = next((name[: -len(end)] for end in ENDINGS if name.endswith(end) and len(name) - len(end) > 1), name)
    syllables = lazy_pinyin(own)
    if own[1:2] == "家" and own[0] in FAMILIES:
        syllables[0] = FAMILIES[own[0]]
    word = syllables[0] + "".join(f"'{one}" if one.startswith(APOSTROPHE) else one for one in syllables[1:])
    return word[:1].upper() + word[1:]


def romanised(name: str) -> str:
    """Return a place's name with its pinyin, 城厢街道 Chengxiang; one without Chinese characters as it is."""
    letters = pinyin(name)
    return f"{name} {letters}" if letters else name


def with_pinyin(facts: Value, places: Iterable[str]) -> Value:
    """Return the facts of a paper with the pinyin behind every name of a place, in sentences too.

    ``facts`` is a dataclass as the papers are drawn from; a string that is the name of a place, and the names among the
    parameters of sentences, are of a place.
    """
    names = {name: romanised(name) for name in set(places) if pinyin(name)}
    if not names:
        return facts
    longest_first = sorted(names, key=len, reverse=True)
    pattern = re.compile("|".join(re.escape(name) for name in longest_first))
    return cast(Value, _with(facts, names, pattern))


def _with(value: Any, names: Mapping[str, str], pattern: re.Pattern[str]) -> Any:
    if isinstance(value, str):
        return names.get(value, value)
    if isinstance(value, Message):
        return Message(value.msgid, {key: _within(one, names, pattern) for key, one in value.params.items()})
    if is_dataclass(value) and not isinstance(value, type):
        own = {field.name: getattr(value, field.name) for field in fields(value) if field.init}
        changed = {name: _with(one, names, pattern) for name, one in own.items()}
        new = {name: one for name, one in changed.items() if one is not own[name]}
        return replace(value, **new) if new else value
    if isinstance(value, Mapping):
        return {key: _with(one, names, pattern) for key, one in value.items()}
    if isinstance(value, Sequence):
        parts = [_with(one, names, pattern) for one in value]
        return parts if any(new is not old for new, old in zip(parts, value, strict=True)) else value
    return value


def _within(value: Any, names: Mapping[str, str], pattern: re.Pattern[str]) -> Any:
    if isinstance(value, str):
        return pattern.sub(lambda found: names[found[0]], value)
    return _with(value, names, pattern)
