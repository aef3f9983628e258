"""The font files and the step that cuts them."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from types import ModuleType

import pytest

from trafficedu.reports import fonts


@pytest.fixture(scope="module")
def recipe() -> ModuleType:
    path = Path(__file__).parents[2] / "assets" / "fonts.py"
    specification = importlib.util.spec_from_file_location("font_recipe", path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_both_weights_hold_every_character_of_gb2312() -> None:
    characters = [
        bytes((lead, trail)).decode("gb2312", "ignore") for lead in range(0xB0, 0xF8) for trail in range(0xA1, 0xFF)
    ]
    assert [char for char in characters if char and not fonts.has_glyph(char)] == []
    assert fonts.font(fonts.BOLD).face.charToGlyph.keys() == fonts.font(fonts.REGULAR).face.charToGlyph.keys()


def test_figures_are_as_wide_as_each_other() -> None:
    for name in (fonts.REGULAR, fonts.BOLD):
        assert len({fonts.width(figure, name, 10) for figure in "0123456789"}) == 1


def test_squeezed_punctuation_is_half_as_wide() -> None:
    assert fonts.width("法》；《条", fonts.REGULAR, 10) == 40
    assert fonts.segments("法》；《条", fonts.REGULAR) == [("法》", 0.0), ("；", 1.5), ("《条", 2.0)]
    assert fonts.segments("plain", fonts.REGULAR) == [("plain", 0.0)]


def test_missing_fonts_say_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(fonts, "FOLDER", tmp_path)
    fonts.font.cache_clear()
    with pytest.raises(fonts.MissingFontError, match="make setup"):
        fonts.font(fonts.REGULAR)


def test_recipe_wants_gbk_latin_and_rare_names(recipe: ModuleType) -> None:
    wanted = recipe.code_points()
    assert {ord(char) for char in "Aé、。《〇喆堃䶮\U0002cb4e●■▲◆○"} <= wanted
    assert len([point for point in wanted if 0x4E00 <= point < 0xA000]) == 0x5200


def test_recipe_skips_what_is_fresh(recipe: ModuleType, tmp_path: Path) -> None:
    source, target = tmp_path / "source.ttf", tmp_path / "target.ttf"
    source.touch()
    assert not recipe.is_fresh(target, source)
    target.touch()
    later = target.stat().st_mtime + 60
    os.utime(target, (later, later))
    assert recipe.is_fresh(target, source)
    os.utime(source, (later + 60, later + 60))
    assert not recipe.is_fresh(target, source)


def test_recipe_without_its_package_fails(recipe: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        recipe.build(tmp_path / "fonts", tmp_path / "node_modules")
