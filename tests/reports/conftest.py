"""Compiles the Chinese words of the documents beside the tests, whatever the checkout has compiled."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from trafficedu.core import text

CATALOGUE = Path(text.__file__).parent.parent / "locale" / "zh" / "reports.po"


@pytest.fixture(scope="package", autouse=True)
def chinese(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    folder = tmp_path_factory.mktemp("locale")
    target = folder / "zh" / "LC_MESSAGES" / "messages.mo"
    target.parent.mkdir(parents=True)
    with CATALOGUE.open("rb") as source, target.open("wb") as compiled:
        write_mo(compiled, read_po(source))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text, "LOCALE_FOLDER", folder)
        text.translations.cache_clear()
        yield
    text.translations.cache_clear()
