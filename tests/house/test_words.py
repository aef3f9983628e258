"""Every sentence a user can meet has its Chinese."""

from __future__ import annotations

from pathlib import Path

from babel.messages.extract import extract_from_dir

from assets import words
from trafficedu.core.text import LOCALE_FOLDER

ROOT = Path(__file__).parents[2]
KEYWORDS = {"_": None, "_l": None, "gettext": None, "ngettext": (1, 2), "lazy_gettext": None, "message": None}


def sentences() -> dict[str, str]:
    """Return every sentence in code and templates with the first file that says it."""
    found: dict[str, str] = {}
    for folder, method_map in (
        (ROOT / "trafficedu", [("**.py", "python")]),
        (ROOT / "templates", [("**.html", "jinja2")]),
    ):
        for name, _line, sentence, _comments, _context in extract_from_dir(
            folder, method_map, keywords=KEYWORDS, directory_filter=lambda _folder: True
        ):
            for part in sentence if isinstance(sentence, tuple) else (sentence,):
                if part:
                    found.setdefault(part, name)
    return found


def translated() -> set[str]:
    """Return every sentence that has a Chinese translation, singular and plural forms alike."""
    found: set[str] = set()
    for entry in words.merge(LOCALE_FOLDER / "zh"):
        found.update([entry.id] if isinstance(entry.id, str) else entry.id)
    return found - {""}


def test_every_sentence_is_translated() -> None:
    known = translated()
    assert {sentence: where for sentence, where in sentences().items() if sentence not in known} == {}


def test_no_translation_is_left_over() -> None:
    assert translated() - set(sentences()) == set()
