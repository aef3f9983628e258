"""Catalogues merge into one, or say who contradicts whom."""

from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.support import Translations

from assets import words

ROOT = Path(__file__).parent.parent.parent
HEAD = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'


def write(folder: Path, name: str, *entries: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(HEAD + "\n\n".join(entries) + "\n", encoding="utf-8")


def entry(sentence: str, translated: str) -> str:
    return f'msgid "{sentence}"\nmsgstr "{translated}"'


def test_catalogues_are_merged_and_may_agree(tmp_path: Path) -> None:
    zh = tmp_path / "zh"
    write(zh, "riders.po", entry("Rider", "骑手"), entry("Plate", "车牌"))
    write(zh, "violations.po", entry("Plate", "车牌"), entry("Fine", "罚款"))
    assert words.compile_all(tmp_path)
    loaded = Translations.load(str(tmp_path), ["zh"])
    assert [loaded.gettext(text) for text in ("Rider", "Plate", "Fine")] == ["骑手", "车牌", "罚款"]


def test_two_translations_of_one_sentence_name_both_catalogues(tmp_path: Path) -> None:
    zh = tmp_path / "zh"
    write(zh, "riders.po", entry("Plate", "车牌"))
    write(zh, "violations.po", entry("Plate", "号牌"))
    with pytest.raises(words.WordsError, match=r"“Plate” is “车牌” in riders.po and “号牌” in violations.po"):
        words.merge(zh)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('#, fuzzy\nmsgid "Rider"\nmsgstr "骑手"', "is fuzzy"),
        (entry("Rider", ""), "has no translation"),
        (entry("%(count)s riders", "%(number)s 名骑手"), "has placeholders"),
        (entry("%(count)s riders", "几名骑手"), "has placeholders"),
    ],
)
def test_an_unfinished_entry_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    write(tmp_path / "zh", "riders.po", text)
    with pytest.raises(words.WordsError, match=f"riders.po: .*{complaint}"):
        words.merge(tmp_path / "zh")


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    write(tmp_path / "zh", "a.po", entry("One", ""), entry("Two", ""))
    with pytest.raises(words.WordsError) as refused:
        words.merge(tmp_path / "zh")
    assert len(str(refused.value).splitlines()) == 2


def test_a_refused_catalogue_leaves_the_compiled_one_alone(tmp_path: Path) -> None:
    zh = tmp_path / "zh"
    write(zh, "a.po", entry("One", "一"))
    words.compile_all(tmp_path)
    write(zh, "b.po", entry("One", "壹"))
    with pytest.raises(words.WordsError):
        words.compile_all(tmp_path)
    assert Translations.load(str(tmp_path), ["zh"]).gettext("One") == "一"


def test_compiling_again_does_nothing_until_a_catalogue_changes(tmp_path: Path) -> None:
    zh = tmp_path / "zh"
    write(zh, "a.po", entry("One", "一"))
    assert words.compile_all(tmp_path)
    assert not words.compile_all(tmp_path)
    write(zh, "b.po", entry("Two", "二"))
    assert words.compile_all(tmp_path)


def shipped() -> Catalog:
    return words.merge(ROOT / "trafficedu" / "locale" / "zh")


def test_the_shipped_catalogues_agree() -> None:
    assert len(shipped()) > 40


@pytest.mark.parametrize("part", ["base.html", "_macros/*.html", "errors/*.html", "**/*.html"])
def test_every_sentence_on_a_page_is_translated(part: str) -> None:
    found = extract_from_dir(
        str(ROOT / "templates"),
        method_map=[(part, "jinja2")],
        options_map={part: {"trimmed": "true"}},
        keywords={"_": None, "gettext": None, "ngettext": (1, 2)},
        directory_filter=lambda _: True,  # by default a folder with a leading underscore is passed over
    )
    sentences = {text[0] if isinstance(text, tuple) else text for _, _, text, _, _ in found}
    catalogue = shipped()
    assert sentences
    assert not [text for text in sentences if text not in catalogue]
