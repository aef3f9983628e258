"""Merges the catalogues of the features into one compiled catalogue. Must not know the application.

Every feature keeps its own ``trafficedu/locale/<locale>/<feature>.po``; readers load one ``messages.mo``.
Two catalogues may say the same sentence, but not translate it differently; nothing fuzzy, empty or with
other placeholders than the English sentence gets through.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po

PLACEHOLDER = re.compile(r"%\((\w+)\)")


class WordsError(Exception):
    """A catalogue is wrong; every line names the file and the sentence."""


def _strings(value: object) -> list[str]:
    return [str(part) for part in value] if isinstance(value, list | tuple) else [str(value or "")]


def faults(entry: Message) -> Iterator[str]:
    """Say what is wrong with one entry taken alone."""
    sentence, translated = _strings(entry.id), _strings(entry.string)
    if entry.fuzzy:
        yield "is fuzzy: check the translation and remove the flag"
    if not all(translated):
        yield "has no translation"
        return
    wanted = {name for text in sentence for name in PLACEHOLDER.findall(text)}
    found = {name for text in translated for name in PLACEHOLDER.findall(text)}
    if found - wanted or (wanted - found and len(sentence) == 1):
        yield f"has placeholders {sorted(found)} for {sorted(wanted)}"


def merge(folder: Path) -> Catalog:
    """Merge every ``*.po`` of ``folder``, named after its locale, or raise with all faults at once."""
    merged = Catalog(locale=folder.name, charset="utf-8")
    origin: dict[tuple[str, str | None], Path] = {}
    wrong: list[str] = []
    for path in sorted(folder.glob("*.po")):
        try:
            with path.open("rb") as stream:
                catalogue = read_po(stream, locale=folder.name, abort_invalid=True)
        except PoFileError as error:
            wrong.append(f"{path.name}: {error}")
            continue
        for entry in catalogue:
            if not entry.id:
                continue
            key = (_strings(entry.id)[0], entry.context)
            wrong.extend(f"{path.name}: “{key[0]}” {fault}" for fault in faults(entry))
            earlier = merged.get(key[0], context=entry.context)
            if earlier is not None and _strings(earlier.string) != _strings(entry.string):
                wrong.append(
                    f"“{key[0]}” is “{_strings(earlier.string)[0]}” in {origin[key].name} "
                    f"and “{_strings(entry.string)[0]}” in {path.name}"
                )
                continue
            origin.setdefault(key, path)
            merged.add(entry.id, entry.string, context=entry.context)
    if wrong:
        raise WordsError("\n".join(wrong))
    return merged


def compile_locale(folder: Path) -> bool:
    """Write ``LC_MESSAGES/messages.mo`` of one locale when its content changed; tell whether it did."""
    target = folder / "LC_MESSAGES" / "messages.mo"
    newest = max((path.stat().st_mtime_ns for path in [folder, *folder.glob("*.po")]), default=0)
    if target.is_file() and target.stat().st_mtime_ns > newest:
        return False
    merged = merge(folder)
    target.parent.mkdir(exist_ok=True)
    draft = target.with_suffix(".tmp")
    with draft.open("wb") as stream:
        write_mo(stream, merged)
    draft.replace(target)
    return True


def compile_all(locales: Path) -> bool:
    """Compile every locale folder; tell whether any was out of date."""
    folders = [path for path in sorted(locales.iterdir()) if path.is_dir() and any(path.glob("*.po"))]
    return any([compile_locale(folder) for folder in folders])
