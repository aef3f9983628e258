from __future__ import annotations

import csv
import io
import re
import tracemalloc
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from trafficedu.core import spreadsheet
from trafficedu.core.cells import restore
from trafficedu.core.errors import Refusal
from trafficedu.core.spreadsheet import Column, Row, write_csv, write_file, write_xlsx
from trafficedu.core.text import message, translate

COLUMNS = (
    Column("reference"),
    Column("occurred_at", width=20),
    Column("note", title=message("Note")),
    Column("fine_yuan"),
)
SEEN = datetime(2026, 11, 23, 13, 4, tzinfo=UTC)
ROWS: list[Row] = [
    ("V-1", SEEN, '=HYPERLINK("http://example.cn","点这里")', 20),
    ("V-2", SEEN, "两行\n“引号”，逗号,分号;", -5),
    ("'=3", SEEN, "\U0002cb4e", None),
    ("007", SEEN, "330109001001", Decimal("20.50")),
]


def as_csv(rows: list[Row], locale: str | None = None) -> bytes:
    out = io.BytesIO()
    assert write_csv(COLUMNS, rows, out, locale=locale) == len(rows)
    return out.getvalue()


def as_xlsx(rows: list[Row], locale: str | None = None) -> bytes:
    out = io.BytesIO()
    assert write_xlsx(COLUMNS, rows, out, locale=locale) == len(rows)
    return out.getvalue()


def read_xlsx(data: bytes) -> list[list[object]]:
    return [list(row) for row in CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python()]


def test_csv_is_what_spreadsheets_in_china_read() -> None:
    data = as_csv(ROWS)
    assert data.startswith(b"\xef\xbb\xbfreference,occurred_at,note,fine_yuan\r\n")
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    assert rows[1] == ["V-1", "2026-11-23T21:04:00+08:00", '\'=HYPERLINK("http://example.cn","点这里")', "20"]
    assert rows[2][3] == "-5"
    assert rows[3][3] == ""


def test_csv_texts_come_back_unchanged() -> None:
    rows = list(csv.reader(io.StringIO(as_csv(ROWS).decode("utf-8-sig"), newline="")))[1:]
    assert [[restore(row[0]), restore(row[2])] for row in rows] == [[row[0], row[2]] for row in ROWS]


def test_no_csv_cell_is_run() -> None:
    texts = ["=1", "+1", "-1", "@a", "\t=1", "\r=1", "＝1", " =1", "''=1"]
    rows = list(csv.reader(io.StringIO(as_csv([(t, None, t, 1) for t in texts]).decode("utf-8-sig"), newline="")))
    assert {row[0][0] for row in rows[1:]} == {"'"}


def test_xlsx_holds_texts_numbers_and_dates() -> None:
    rows = read_xlsx(as_xlsx(ROWS))
    assert rows[0] == ["reference", "occurred_at", "note", "fine_yuan"]
    assert rows[1] == ["V-1", datetime(2026, 11, 23, 21, 4), '=HYPERLINK("http://example.cn","点这里")', 20.0]  # noqa: DTZ001 - a worksheet has no zone
    assert rows[4][0] == "007"
    assert rows[4][2] == "330109001001"
    assert [row[2] for row in rows[1:]] == [row[2] for row in ROWS]


def test_an_identity_number_typed_over_another_stays_text() -> None:
    with zipfile.ZipFile(io.BytesIO(as_xlsx(ROWS))) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        formats = re.findall(r'<xf numFmtId="(\d+)"', book.read("xl/styles.xml").decode().split("<cellXfs")[1])
    text_cell, empty_cell = (
        re.search(r'<c r="C5" s="(\d+)"', sheet),
        re.search(r'<col [^>]*max="4" [^>]*style="(\d+)"', sheet),
    )
    assert text_cell
    assert empty_cell
    assert [formats[int(found[1])] for found in (text_cell, empty_cell)] == ["49", "49"]  # "@"


def test_dates_and_truth_values() -> None:
    columns = (Column("day"), Column("evaluated"))
    csv_out, xlsx_out = io.BytesIO(), io.BytesIO()
    write_csv(columns, [(date(2026, 11, 3), True)], csv_out)
    write_xlsx(columns, [(date(2026, 11, 3), False)], xlsx_out)
    assert csv_out.getvalue().endswith(b"2026-11-03,true\r\n")
    assert read_xlsx(xlsx_out.getvalue())[1] == [date(2026, 11, 3), "false"]


def test_a_reader_gets_titles() -> None:
    assert "reference,occurred_at,备注,fine_yuan" in as_csv([], "zh").decode("utf-8-sig")
    assert read_xlsx(as_xlsx([], "zh"))[0][2] == "备注"


@pytest.mark.parametrize("write", [as_csv, as_xlsx])
def test_same_rows_same_bytes(write: object) -> None:
    assert callable(write)
    assert write(ROWS) == write(ROWS)


@pytest.mark.parametrize("write", [write_csv, write_xlsx])
@pytest.mark.parametrize("row", [("V-1", None, "too short"), ("V-1", None, "", float("nan"))])
def test_a_broken_row_is_refused(write: object, row: Row) -> None:
    assert callable(write)
    with pytest.raises(ValueError, match="row 1"):
        write(COLUMNS, [row], io.BytesIO())


def test_xlsx_refuses_what_a_worksheet_cannot_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreadsheet, "SHEET_ROWS", 3)
    assert len(read_xlsx(as_xlsx(ROWS[:2]))) == 3
    with pytest.raises(Refusal, match="1,048,575"):
        as_xlsx(ROWS)
    with pytest.raises(Refusal, match="32,767"):
        as_xlsx([("V-1", None, "长" * 32_768, None)])


def many(count: int) -> Iterator[Row]:
    for number in range(count):
        yield f"V-{number}", SEEN, "备注", number


@pytest.mark.parametrize("write", [write_csv, write_xlsx])
def test_memory_does_not_grow_with_the_rows(write: object) -> None:
    assert callable(write)
    with open("/dev/null", "wb") as sink:  # the file itself is not to be counted
        peaks = []
        for count in (500, 10_000):
            tracemalloc.start()
            write(COLUMNS, many(count), sink if write is write_csv else io.BytesIO())
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
    assert peaks[1] < peaks[0] + 1_500_000


@pytest.mark.parametrize("name", ["out.csv", "out.XLSX"])
def test_file_is_written_whole_and_private(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    assert write_file(COLUMNS, ROWS, path) == 4
    assert path.stat().st_mode & 0o077 == 0
    assert [child.name for child in tmp_path.iterdir()] == [name]


def test_a_refused_file_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("old")
    with pytest.raises(ValueError, match="row 2"):
        write_file(COLUMNS, [ROWS[0], ("short",)], path)
    assert path.read_text() == "old"
    assert [child.name for child in tmp_path.iterdir()] == ["out.csv"]


def test_another_suffix_is_named(tmp_path: Path) -> None:
    with pytest.raises(Refusal) as refusal:
        write_file(COLUMNS, ROWS, tmp_path / "out.ods")
    assert translate(refusal.value.text, "zh") == "out.ods：文件名须以.csv或.xlsx结尾"
