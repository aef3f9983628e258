from __future__ import annotations

import tracemalloc
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import xlsxwriter

from trafficedu.core import workbooks
from trafficedu.core.columns import Column, Columns
from trafficedu.core.errors import Refusal
from trafficedu.core.reading import count_rows, read_rows

COLUMNS = Columns(Column("code"), Column("name"), Column("note", optional=True))
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
    with pytest.raises(Refusal, match=r".") as refused:
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
    with pytest.raises(Refusal):
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
    path.write_bytes(b"PK\x03\x04 no archive")
    with pytest.raises(Refusal, match="not a readable XLSX"):
        list(read_rows(path, COLUMNS))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("nothing.xml", "<a/>")
    with pytest.raises(Refusal, match="not a readable XLSX"):
        list(read_rows(path, COLUMNS))
    monkeypatch.setattr(workbooks, "XLSX_BYTES", 3)
    with pytest.raises(Refusal, match="too large"):
        list(read_rows(_workbook(tmp_path / "b.xlsx", b"<worksheet/>"), COLUMNS))


def _workbook(path: Path, *sheet: bytes) -> Path:
    """Write a workbook whose one worksheet is ``sheet``, given in pieces, as an attacker would: by hand."""
    types = "http://schemas.openxmlformats.org/package/2006/content-types"
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    relations = "http://schemas.openxmlformats.org/package/2006/relationships"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", f'<Types xmlns="{types}"/>')
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{relations}"><Relationship Id="r1" Type="{office}/officeDocument"'
            ' Target="xl/workbook.xml"/></Relationships>',
        )
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets><sheet name="s" sheetId="1" r:id="r1"/></sheets>'
            "</workbook>",
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{relations}"><Relationship Id="r1" Type="{office}/worksheet"'
            ' Target="worksheets/sheet1.xml"/></Relationships>',
        )
        with archive.open("xl/worksheets/sheet1.xml", "w") as part:
            for piece in sheet:
                part.write(piece)
    return path


def _cells(*cells: str) -> bytes:
    rows = "".join(f'<row r="{cell.lstrip("ABCDEFX")}"><c r="{cell}" t="str"><v>name</v></c></row>' for cell in cells)
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return f'<worksheet xmlns="{main}"><sheetData>{rows}</sheetData></worksheet>'.encode()


def test_a_workbook_made_by_hand_is_read(tmp_path: Path) -> None:
    path = _workbook(tmp_path / "small.xlsx", _cells("A1", "A2"))
    assert [row["name"] for row in read_rows(path, Columns(Column("name")))] == ["name"]


def test_one_cell_far_out_does_not_fill_the_memory(tmp_path: Path) -> None:
    path = _workbook(tmp_path / "far.xlsx", _cells("A1", "XFD1048576"))
    with pytest.raises(Refusal, match="too large"):
        list(read_rows(path, Columns(Column("name"))))
    assert count_rows(path) == 0


def _lying(path: Path, size: int, checksum: int | None = None) -> Path:
    """Let the worksheet of a workbook state another size, and the checksum that belongs to it."""
    data = bytearray(path.read_bytes())
    for header, stated in ((_find(data, b"PK\x03\x04"), 14), (_find(data, b"PK\x01\x02"), 16)):
        at = header + stated
        if checksum is not None:
            data[at : at + 4] = checksum.to_bytes(4, "little")
        data[at + 8 : at + 12] = size.to_bytes(4, "little")
    path.write_bytes(data)
    assert sum(part.file_size for part in zipfile.ZipFile(path).infolist()) < 10_000
    return path


def test_a_workbook_that_lies_about_its_size_is_unpacked_to_be_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbooks, "XLSX_BYTES", 4 << 20)
    path = _lying(_workbook(tmp_path / "liar.xlsx", b" " * (6 << 20)), 100)
    with pytest.raises(Refusal, match="too large"):
        list(read_rows(path, Columns(Column("name"))))


def test_a_workbook_whose_checksum_is_of_less_than_it_holds_is_not_readable(tmp_path: Path) -> None:
    sheet = _cells("A1", "A2")
    path = _lying(_workbook(tmp_path / "liar.xlsx", sheet), 50, zlib.crc32(sheet[:50]))
    assert len(zipfile.ZipFile(path).read("xl/worksheets/sheet1.xml")) == 50
    with pytest.raises(Refusal, match="not a readable XLSX"):
        list(read_rows(path, Columns(Column("name"))))


def test_one_cell_of_300_megabytes_is_refused_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, after = _cells("A1").split(b"name")
    path = _workbook(tmp_path / "cell.xlsx", before, *[b"a" * (1 << 20)] * 300, after)
    assert path.stat().st_size < 310_000
    unpacked = 0

    def counted(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> Iterator[bytes]:
        nonlocal unpacked
        for piece in pieces(archive, part):
            unpacked += len(piece)
            yield piece

    pieces = workbooks.pieces
    monkeypatch.setattr(workbooks, "pieces", counted)
    tracemalloc.start()
    try:
        with pytest.raises(Refusal, match="too large"):
            list(read_rows(path, Columns(Column("name"))))
        assert tracemalloc.get_traced_memory()[1] < 32 << 20
    finally:
        tracemalloc.stop()
    assert unpacked < 40 << 20


def _find(data: bytearray, mark: bytes) -> int:
    """Return where the last header of a kind begins: that of the worksheet."""
    return data.rindex(mark)
