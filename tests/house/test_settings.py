"""The table of settings in the documentation says what the code reads."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

from trafficedu.core.settings import Settings, load_settings

OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"


def test_the_documented_settings_are_the_settings() -> None:
    documented = set(re.findall(r"^\| `TRAFFICEDU_([A-Z_]+)`", OPERATIONS.read_text("utf-8"), re.MULTILINE))
    assert documented == {field.name.upper() for field in dataclasses.fields(Settings)}


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "settings.cfg").write_text("TRAFFICEDU_LOCALE = en\nTRAFFICEDU_MAX_UPLOAD_MB = 7\n", "utf-8")
    settings = load_settings({"TRAFFICEDU_INSTANCE": str(tmp_path), "TRAFFICEDU_LOCALE": "zh"})
    assert (settings.locale, settings.max_upload_mb) == ("zh", 7)


def test_generated_keys_are_private_and_kept(tmp_path: Path) -> None:
    first = load_settings({"TRAFFICEDU_INSTANCE": str(tmp_path)})
    second = load_settings({"TRAFFICEDU_INSTANCE": str(tmp_path)})
    assert (first.secret_key, first.data_key) == (second.secret_key, second.data_key)
    assert (tmp_path / "data_key").stat().st_mode & 0o777 == 0o600
