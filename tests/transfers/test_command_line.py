from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import create_engine, text

from tests.factories import places
from trafficedu.cli import commands

Run = Callable[..., Result]
COLUMNS = ("code", "name", "level", "parent_code")
GOOD = {"code": "330109900", "name": "新镇", "level": "town", "parent_code": "330109"}
BAD = {"code": "330109901", "name": "无根", "level": "town", "parent_code": "9"}


@pytest.fixture
def run(fresh_url: str, data_key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("TRAFFICEDU_INSTANCE", str(tmp_path / "instance"))
    monkeypatch.setenv("TRAFFICEDU_DATABASE_URL", fresh_url)
    monkeypatch.setenv("TRAFFICEDU_DATA_KEY", data_key)
    monkeypatch.setenv("TRAFFICEDU_LOCALE", "en")

    def invoke(*arguments: str | Path) -> Result:
        return CliRunner().invoke(commands, [str(argument) for argument in arguments])

    return invoke


def stored(url: str) -> tuple[int, int]:
    """Return how many areas and how many runs there are."""
    engine = create_engine(url)
    with engine.connect() as connection:
        found = connection.execute(text("SELECT (SELECT count(*) FROM area), (SELECT count(*) FROM run)")).one()
    engine.dispose()
    return found[0], found[1]


def test_an_import_prints_its_counts_as_json_and_run_twice_adds_nothing(run: Run, tmp_path: Path) -> None:
    path = places.write_csv(tmp_path / "a.csv", COLUMNS, [GOOD])
    for added, unchanged in ((1, 0), (0, 1)):
        result = run("import", "areas", path, "--json")
        assert result.exit_code == 0
        assert json.loads(result.stdout) == {"added": added, "updated": 0, "unchanged": unchanged, "refused": []}
        assert result.stderr == ""


def test_a_trial_says_old_and_new_row_by_row(run: Run, tmp_path: Path, fresh_url: str) -> None:
    assert run("import", "areas", places.write_csv(tmp_path / "a.csv", COLUMNS, [GOOD])).exit_code == 0
    other = GOOD | {"code": "330109902", "name": "又一镇"}
    path = places.write_csv(tmp_path / "b.csv", COLUMNS, [GOOD | {"name": "改名镇"}, other])
    result = run("import", "areas", path, "--dry-run", "-o", tmp_path / "rows.csv")
    assert result.exit_code == 0
    assert "2\tchanged\t330109900\tName: 新镇 → 改名镇" in result.stdout
    with (tmp_path / "rows.csv").open(encoding="utf-8-sig", newline="") as file:
        written = list(csv.DictReader(file))
    assert [(row["Line"], row["On record"], row["In the file"]) for row in written][0] == ("2", "新镇", "改名镇")
    assert stored(fresh_url)[0] == 613 + 1, "nothing is written"
    as_json = run("import", "areas", path, "--dry-run", "--json")
    assert json.loads(as_json.stdout)["updated"] == 1, "and nothing else on standard output"
    for wrong in (["-o", tmp_path / "x.csv"], ["--dry-run", "-o", tmp_path / "x.txt"]):
        assert run("import", "areas", path, *wrong).exit_code == 2


def test_refused_rows_end_with_status_1_and_write_nothing_but_the_run(run: Run, tmp_path: Path, fresh_url: str) -> None:
    path = places.write_csv(tmp_path / "a.csv", COLUMNS, [GOOD, BAD])
    result = run("import", "areas", path)
    assert result.exit_code == 1
    assert "Line 3, parent_code, “9”" in result.stderr
    assert "refused 1" in result.stdout
    assert stored(fresh_url) == (613, 1)
    result = run("import", "areas", path, "--json", "--skip-errors")
    assert result.exit_code == 0
    (refused,) = json.loads(result.stdout)["refused"]
    assert (refused["line"], refused["column"], refused["value"]) == (3, "parent_code", "9")
    assert stored(fresh_url) == (614, 2)


def test_a_dry_run_writes_nothing(run: Run, tmp_path: Path, fresh_url: str) -> None:
    path = places.write_csv(tmp_path / "a.csv", COLUMNS, [GOOD])
    result = run("import", "areas", path, "--dry-run", "--json")
    assert (result.exit_code, json.loads(result.stdout)["added"]) == (0, 1)
    assert stored(fresh_url) == (613, 0)


@pytest.mark.parametrize("name", ["a.xlsx", "a.csv"])
def test_a_broken_file_is_status_1_with_a_reason(run: Run, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"PK\x03\x04")
    result = run("import", "areas", tmp_path / name, "--json", "--skip-errors")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["refused"][0]["reason"]


def test_an_export_imports_again_unchanged(run: Run, tmp_path: Path) -> None:
    for suffix in ("csv", "xlsx"):
        path = tmp_path / f"areas.{suffix}"
        assert run("export", "areas", path).stdout == "613 rows.\n"
        assert json.loads(run("import", "areas", path, "--json").stdout)["unchanged"] == 613


def test_wrong_use_is_status_2(run: Run, tmp_path: Path) -> None:
    path = places.write_csv(tmp_path / "a.csv", COLUMNS, [GOOD])
    for arguments in (
        ("import", "nothing", path),
        ("import", "areas", tmp_path / "absent.csv"),
        ("import", "areas"),
        ("export", "areas", tmp_path / "a.ods"),
        ("export", "areas", tmp_path / "absent" / "a.csv"),
        ("export", "ebikes", path, "--month", "2026-13"),
        ("export", "nothing", path),
    ):
        assert run(*arguments).exit_code == 2, arguments
