from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
import xlsxwriter

from trafficedu.core import tabular
from trafficedu.core.errors import DomainError
from trafficedu.core.tabular import Columns, count_rows, read_rows

COLUMNS = Columns(("code", "name", "note"), frozenset({"note"}))
TEXT = 'code,name,note\n1,萧山区,好\n\n2,"逗号,引号""",\'=1+1\n'


def cells(path: Path) -> list[tuple[int, dict[str, str]]]:
    return [(row.line, row.cells) for row in read_rows(path, COLUMNS)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_csv_is_read_in_the_encodings_spreadsheets_in_china_save(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(TEXT.encode(encoding))
    assert cells(path) == [
        (2, {"code": "1", "name": "萧山区", "note": "好"}),
        (4, {"code": "2", "name": '逗号,引号"', "note": "=1+1"}),
    ]


def test_gb18030_is_told_from_utf8_deep_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"code,name\n" + b"1,x\n" * 600_000 + "2,萧山\n".encode("gb18030"))
    *_, last = read_rows(path, COLUMNS)
    assert last.cells == {"code": "2", "name": "萧山"}


@pytest.mark.parametrize(
    ("header", "field", "words"),
    [
        ("code,name,colour", "colour", "Unknown column: colour"),
        ("code,name,name", "name", "twice: name"),
        ("code", "name", "missing: name"),
        ("", None, "empty"),
    ],
)
def test_the_header_is_checked_before_the_first_row(tmp_path: Path, header: str, field: str | None, words: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(header + "\n1,2,3\n" if header else "")
    with pytest.raises(DomainError, match=r".") as refused:
        next(read_rows(path, COLUMNS))
    assert refused.value.field == field
    assert words in str(refused.value.text)


@pytest.mark.parametrize(
    "content",
    [b"code,name\n1,2,3,4\n", b'code,name\n1,"' + b"x" * 200_000 + b'"\n', b"code\0,name\n", b"\xff\xfe\x81"],
)
def test_a_broken_csv_is_refused_in_words(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(DomainError):
        list(read_rows(path, COLUMNS))


def test_an_xlsx_is_read_with_numbers_as_whole_text_and_dates_in_iso(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["code", "name", "note"])
        sheet.write_row(1, 0, [330109001, "萧山", True])
        sheet.write_number(3, 0, 45992, book.add_format({"num_format": "yyyy-mm-dd"}))
    assert cells(path) == [
        (2, {"code": "330109001", "name": "萧山", "note": "true"}),
        (4, {"code": "2025-12-01", "name": "", "note": ""}),
    ]
    assert count_rows(path) in {2, 3}


def test_a_broken_or_inflated_workbook_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.xlsx"
    for content in (b"", b"PK\x03\x04 no archive", b"code,name\n1,2\n"):
        path.write_bytes(content)
        with pytest.raises(DomainError, match="not a readable XLSX"):
            list(read_rows(path, COLUMNS))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("nothing.xml", "<a/>")
    with pytest.raises(DomainError, match="not a readable XLSX"):
        list(read_rows(path, COLUMNS))
    monkeypatch.setattr(tabular, "XLSX_BYTES", 3)
    with pytest.raises(DomainError, match="too large"):
        list(read_rows(path, COLUMNS))
