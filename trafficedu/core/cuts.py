"""How texts are cut to be found by a part of them (docs/adr/0022-parts-of-names.md). Standard library only."""

from __future__ import annotations

_CAPITALS = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


def small(text: str) -> str:
    """Return a text in small letters as both databases write it: the Latin ones of ASCII."""
    return text.translate(_CAPITALS)


def ways(text: str) -> set[str]:
    """Return how the databases may write a text in small letters: SQLite knows those of ASCII only."""
    return {small(text), text.lower()}


def cuts(text: str) -> list[str]:
    """Return by what a part of a text is found: each two characters that stand together, or the only one.

    A Chinese name has two or three characters, so longer pieces would find nothing, and a dictionary knows no names.
    """
    text = small(text)
    return list(dict.fromkeys(text[at : at + 2] for at in range(max(1, len(text) - 1)))) if text else []
