"""Every sentence of the documents has its Chinese, with the same parameters, and none is left over."""

from __future__ import annotations

import re
from pathlib import Path

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from tests.house.test_words import translated as everything_translated
from tests.reports.conftest import CATALOGUE
from trafficedu import reports
from trafficedu.core.text import LOCALES

FOLDER = Path(reports.__file__).parent
PARAMETER = re.compile(r"%\((\w+)\)s")


def said() -> set[str]:
    found = extract_from_dir(str(FOLDER), method_map=[("**.py", "python")], keywords={"message": None})
    return {text for _, _, text, *_ in found if isinstance(text, str)}


def translated() -> dict[str, str]:
    with CATALOGUE.open("rb") as source:
        return {str(entry.id): str(entry.string) for entry in read_po(source) if entry.id}


def test_catalogue_is_complete() -> None:
    assert "zh" in LOCALES
    assert said() - everything_translated() == set()
    assert [text for text, chinese in translated().items() if not chinese.strip()] == []


def test_no_sentence_hides_in_an_f_string() -> None:
    """The extractor does not look into f-strings before Python 3.12: such a sentence would stay English."""
    hidden = re.compile(r"\{[^}]*\bmessage\(")
    assert [path.name for path in FOLDER.glob("*.py") if hidden.search(path.read_text("utf-8"))] == []


def test_parameters_agree() -> None:
    for text, chinese in translated().items():
        assert set(PARAMETER.findall(text)) == set(PARAMETER.findall(chinese))


def test_chinese_uses_chinese_punctuation() -> None:
    wrong = re.compile(r"[\u4e00-\u9fff)][,;:?!]|[,;:?!(][\u4e00-\u9fff]")
    assert [chinese for chinese in translated().values() if wrong.search(chinese)] == []
