"""The command line as an outsider meets it: statuses, which stream, the shape of JSON, and never a traceback.

The whole program is run, from ``main`` on; statuses are told in ``trafficedu.cli``.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from sqlalchemy import create_engine, text

from tests.factories.violations import identity
from trafficedu import cli
from trafficedu.core import clock
from trafficedu.wiring.files import IMPORTERS
from trafficedu.wiring.papers import REPORTS

VILLAGE = "330109001001"


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def report(self) -> dict[str, Any]:
        """The one JSON object that ``--json`` prints."""
        found = json.loads(self.out)
        assert isinstance(found, dict)
        return found


Run = Callable[..., Ended]


@pytest.fixture
def run(data_key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the program on an instance of its own, whatever is set outside."""
    monkeypatch.setenv("TRAFFICEDU_INSTANCE", str(tmp_path / "instance"))
    monkeypatch.setenv("TRAFFICEDU_DATA_KEY", data_key)
    monkeypatch.setenv("TRAFFICEDU_LOCALE", "en")
    monkeypatch.setattr("trafficedu.core.logs.configure_logging", lambda: None)
    monkeypatch.setattr(cli, "_give_way", lambda: None)

    def command(*arguments: object, **settings: str) -> Ended:
        with monkeypatch.context() as context:
            context.setattr(sys, "argv", ["trafficedu", *map(str, arguments)])
            for name, value in settings.items():
                context.setenv(name, value)
            try:
                cli.main()
                status = 0
            except SystemExit as end:
                status = int(end.code or 0)
        seen = capsys.readouterr()
        return Ended(status, seen.out, seen.err)

    return command


@pytest.fixture
def installed(run: Run, fresh_url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The program on a database with its schema and reference data."""
    monkeypatch.setenv("TRAFFICEDU_DATABASE_URL", fresh_url)
    return run


def counted(url: str, *tables: str) -> list[int]:
    engine = create_engine(url)
    with engine.connect() as connection:
        found = [int(connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0) for table in tables]  # noqa: S608
    engine.dispose()
    return found


def violation(reference: str, days_ago: int = 400, **changes: str) -> dict[str, str]:
    """A row of a file of violations."""
    moment = clock.local(clock.utc_now()) - timedelta(days=days_ago, hours=1)
    return dict.fromkeys(IMPORTERS["violations"].columns.names, "") | {
        "reference": reference,
        "occurred_at": moment.strftime("%Y-%m-%d %H:%M"),
        "area_code": VILLAGE,
        "kind": "2007",
        "id_type": "identity_card",
        "id_number": identity(),
        "name": "测试骑手",
        "penalty": "warning",
        **changes,
    }


def written(path: Path, rows: Sequence[Mapping[str, str]], encoding: str = "utf-8", end: str = "\r\n") -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        table = csv.DictWriter(file, list(rows[0]), lineterminator=end)
        table.writeheader()
        table.writerows(rows)
    return path


def test_every_verb_explains_itself(run: Run) -> None:
    assert run("--help").status == 0
    for verb in ("init", "demo", "serve", "worker", "import", "export", "trend", "report", "user", ("user", "add")):
        ended = run(*(verb if isinstance(verb, tuple) else (verb,)), "--help")
        assert (ended.status, ended.err) == (0, "")
        assert ended.out.startswith("Usage: ")
    assert run("nonsense").status == 2


def test_without_a_database_each_verb_says_what_to_do_first(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "areas.csv"
    file.write_text("code,name,level,parent_code\n")
    for arguments in (
        ("serve",),
        ("worker", "--once"),
        ("import", "areas", file),
        ("export", "areas", file),
        ("report", "certificate", "C1", "-o", tmp_path / "c.pdf"),
        ("user", "add", "somebody", "--role", "administrator"),
    ):
        ended = run(*arguments)
        assert ended == Ended(1, "", "The database is not ready. Run first: trafficedu init\n"), arguments


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("MAX_UPLOAD_MB", "many", "TRAFFICEDU_MAX_UPLOAD_MB='many' is not a whole number"),
        ("DATA_KEY", "short", "Part 1 of TRAFFICEDU_DATA_KEY is no data key"),
        ("DATABASE_URL", "nonsense", "A setting is wrong"),
        ("DATABASE_URL", "postgresql+psycopg://nobody@127.0.0.1:1/none", "The database is not responding"),
    ],
)
def test_a_wrong_setting_is_a_sentence(run: Run, setting: str, value: str, said: str) -> None:
    ended = run("init", **{f"TRAFFICEDU_{setting}": value})
    assert (ended.status, ended.out) == (1, "")
    assert said in ended.err
    assert ended.err.count("\n") == 1


def test_set_up_twice_and_an_administrator_whose_password_is_shown_once(run: Run, tmp_path: Path) -> None:
    for _ in range(2):
        assert run("init") == Ended(0, "", "The installation is ready.\n")
    assert (tmp_path / "instance" / "data_key").exists() is False  # given by the environment here
    assert oct((tmp_path / "instance" / "secret_key").stat().st_mode)[-3:] == "600"
    first = run("user", "add", "chief", "--role", "administrator")
    assert (first.status, first.err, len(first.out.split())) == (0, "", 1)
    again = run("user", "add", "chief", "--role", "administrator")
    assert (again.status, again.out) == (1, "")
    assert run("user", "add", "chief", "--role", "king").status == 2
    assert run("worker", "--once") == Ended(0, "", "")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_history_counts_and_recent_rows_open_a_task_and_a_notice(
    installed: Run, fresh_url: str, tmp_path: Path, encoding: str
) -> None:
    rows = [violation("OLD", 400), violation("EDGE", 31), violation("NEW", 1)]
    file = written(tmp_path / "v.csv", rows, encoding)
    tables = ("violation", "study_task", "notice")
    tried = installed("import", "violations", file, "--dry-run", "--json")
    assert (tried.status, tried.err) == (0, "")
    assert tried.report == {"added": 3, "updated": 0, "unchanged": 0, "refused": []}
    assert counted(fresh_url, *tables) == [0, 0, 0]
    assert installed("import", "violations", file, "--json").report["added"] == 3
    assert counted(fresh_url, *tables) == [3, 1, 1]
    assert installed("import", "violations", file, "--json").report["unchanged"] == 3
    assert counted(fresh_url, *tables) == [3, 1, 1]


def test_each_refused_row_has_its_line_column_value_and_reason(installed: Run, fresh_url: str, tmp_path: Path) -> None:
    child = identity(clock.today().replace(day=1) - timedelta(days=3650))
    wrong = {
        "occurred_at": "2999-01-01 10:00",
        "area_code": "1",
        "kind": "9",
        "id_number": "99000019900101001X",
        "plate": "!",
        "penalty": "prison",
        "name": "",
        "company_code": "nobody",
        "latitude": "north",
        "source": "hearsay",
        "reference": "",
        "offender": "dog",
        "note": "x" * 501,
    }
    rows = [violation(f"W{n}") | {name: cell} for n, (name, cell) in enumerate(wrong.items())]
    rows.append(violation("FINE", penalty="fine", fine_yuan="500"))
    rows.append(violation("CHILD", penalty="fine", fine_yuan="20", id_number=child))
    rows.append(violation("LAST", occurred_at="9999-12-31T23:00:00-08:00"))
    rows.append(violation("GOOD"))
    ended = installed("import", "violations", written(tmp_path / "v.csv", rows), "--json")
    assert ended.status == 1
    report = ended.report
    assert (report["added"], report["updated"], report["unchanged"]) == (0, 0, 0)
    assert [row["column"] for row in report["refused"]] == [*wrong, "fine_yuan", "penalty", "occurred_at"]
    assert [row["line"] for row in report["refused"]] == list(range(2, len(rows) + 1))
    assert all(set(row) == {"line", "column", "value", "reason"} and row["reason"] for row in report["refused"])
    assert "99000019900101001X" not in ended.out
    assert counted(fresh_url, "violation", "rider", "study_task") == [0, 0, 0]
    told = installed("import", "violations", tmp_path / "v.csv")
    assert "Line 4, kind, “9”: " in told.err
    assert told.out == f"Added 0, updated 0, unchanged 0, refused {len(rows) - 1}.\n"
    kept = installed("import", "violations", tmp_path / "v.csv", "--json", "--skip-errors")
    assert (kept.status, kept.report["added"], counted(fresh_url, "violation")) == (0, 1, [1])


def test_one_reference_in_every_line_is_refused_after_the_first(installed: Run, fresh_url: str, tmp_path: Path) -> None:
    rows = [violation("SAME") | {"note": note} for note in ("a", "b", "a")] * 1000
    report = installed("import", "violations", written(tmp_path / "v.csv", rows), "--json", "--skip-errors").report
    assert (report["added"], report["updated"], len(report["refused"])) == (1, 0, 2999)
    assert (report["refused"][-1]["line"], "2 " in report["refused"][-1]["reason"]) == (3001, True)
    assert counted(fresh_url, "violation") == [1]


def test_a_workbook_with_typed_cells(installed: Run, tmp_path: Path) -> None:
    row: dict[str, Any] = violation("1001") | {"id_number": identity(), "fine_yuan": 20, "penalty": "fine"}
    row |= {"occurred_at": datetime(2025, 5, 6, 7, 8), "kind": 2007, "area_code": int(VILLAGE), "latitude": 30.17}  # noqa: DTZ001 - a cell has no zone
    row |= {"longitude": 120.26, "reference": 1001}
    book = xlsxwriter.Workbook(tmp_path / "v.xlsx", {"default_date_format": "yyyy-mm-dd hh:mm"})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, row.keys())
    sheet.write_row(1, 0, row.values())
    book.close()
    for added in (1, 0):
        assert installed("import", "violations", tmp_path / "v.xlsx", "--json").report["added"] == added


def test_what_was_exported_comes_back_unchanged_and_runs_no_formula(installed: Run, tmp_path: Path) -> None:
    risky = violation("=1+1", place="@SUM(A1)", note='-2\n"第二行", 逗号', officer="+8")
    installed("import", "violations", written(tmp_path / "v.csv", [risky, violation("A")]))
    for suffix in ("csv", "xlsx"):
        file = tmp_path / f"out.{suffix}"
        assert installed("export", "violations", file) == Ended(0, "2 rows.\n", "")
        assert installed("import", "violations", file, "--json").report["unchanged"] == 2
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as lines:
        cells = [cell for row in csv.reader(lines) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
    month = clock.local(clock.utc_now() - timedelta(days=800)).strftime("%Y-%m")
    assert installed("export", "violations", tmp_path / "none.csv", "--month", month).out == "0 rows.\n"


@pytest.mark.parametrize(
    ("content", "column"),
    [
        (b"", ""),
        (b"code,name,level\n", "parent_code"),
        (b"code,name,level,parent_code,code\n", "code"),
        (b"code,name,level,parent_code,colour\n", "colour"),
        (b'code,name,level,parent_code\n1,"never closed,town,330109\n', ""),
        ("code,name,level,parent_code\n".encode("utf-16-le"), ""),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_whole(
    installed: Run, fresh_url: str, tmp_path: Path, content: bytes, column: str
) -> None:
    (tmp_path / "areas.csv").write_bytes(content)
    before = counted(fresh_url, "area")
    ended = installed("import", "areas", tmp_path / "areas.csv", "--json", "--skip-errors")
    assert ended.status == 1
    (refused,) = ended.report["refused"]
    assert refused["column"] == column
    assert counted(fresh_url, "area") == before
    told = installed("import", "areas", tmp_path / "areas.csv")
    assert "Nothing was written. Correct the file and try again." in told.err


def test_a_report_nobody_knows_is_a_sentence_and_no_file(installed: Run, tmp_path: Path) -> None:
    for kind in REPORTS:
        ended = installed("report", kind, "V0000000000X", "-o", tmp_path / "none.pdf")
        assert (ended.status, ended.out, ended.err.count("\n")) == (1, "", 1)
    assert installed("report", "poem", "V1", "-o", tmp_path / "none.pdf").status == 2
    assert not (tmp_path / "none.pdf").exists()


def test_demo_accounts_are_for_this_machine_only(installed: Run, tmp_path: Path) -> None:
    assert installed("demo", "--violations", "20", "--months", "2").status == 0
    again = installed("demo", "--violations", "20", "--months", "2")
    assert (again.status, "nothing was changed" in again.err) == (0, True)
    for host in ("0.0.0.0", "192.0.2.1", "::", "example.org"):  # noqa: S104 - it is refused
        ended = installed("serve", "--host", host)
        assert (ended.status, ended.out) == (2, "")
        assert "only serve this machine" in ended.err


@pytest.mark.one_database
def test_a_command_gives_way_to_pages(fresh_url: str, data_key: str, tmp_path: Path) -> None:
    settings = {"TRAFFICEDU_INSTANCE": str(tmp_path), "TRAFFICEDU_DATA_KEY": data_key}
    settings["TRAFFICEDU_DATABASE_URL"] = fresh_url
    program = (
        "import os, sys; from trafficedu.cli import main; before = os.nice(0); sys.argv[1:] = ['init']; main(); "
        "print(os.nice(0) - before)"
    )
    given = {**os.environ, **settings}
    ended = subprocess.run([sys.executable, "-c", program], env=given, capture_output=True, text=True, check=True)
    assert ended.stdout.split()[-1] == str(min(10, 19 - os.nice(0)))
