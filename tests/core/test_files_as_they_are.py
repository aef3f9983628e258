"""Files as offices really have them: each of these was tried on the first version and answered wrongly, or nearly."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from trafficedu.accidents.imports.files import COLUMNS
from trafficedu.core import workbooks
from trafficedu.core.errors import Refusal
from trafficedu.core.reading import USUAL, Way, count_rows, read_rows
from trafficedu.riders.imports.files import COLUMNS as RIDERS

NAMES = [column.name for column in COLUMNS.exported]
CELLS: Sequence[Any] = ["K1", "2026-03-01 08:05", "330109001001", "某路", 30.1, 120.1, "slight", 0, "", 1, "true"]
AT = datetime(2026, 3, 1, 0, 5, tzinfo=UTC)
LINE = ",".join(map(str, CELLS))
HEADER = ",".join(NAMES)


def values(path: Path, way: Way = USUAL, columns: Any = COLUMNS) -> list[dict[str, Any]]:
    return [columns.read(row.values) for row in read_rows(path, columns, way)]


def refused(path: Path, way: Way = USUAL, columns: Any = COLUMNS) -> Refusal:
    with pytest.raises(Refusal) as caught:
        values(path, way, columns)
    return caught.value


def book(path: Path, fill: Callable[[Any, Worksheet], None], **options: Any) -> Path:
    with xlsxwriter.Workbook(path, options) as made:
        sheet = made.add_worksheet("五月")
        sheet.write_row(0, 0, NAMES)
        sheet.write_row(1, 0, CELLS)
        fill(made, sheet)
    return path


def is_right(read: list[dict[str, Any]]) -> bool:
    return [(row["reference"], row["occurred_at"].utc, row["place"], row["injured"]) for row in read] == [
        ("K1", AT, "某路", 1)
    ]


@pytest.mark.parametrize(
    "content",
    [
        f"{HEADER}\n{LINE}\n".replace(",", "\t").encode("utf-16"),
        f"{HEADER}\n{LINE}\n".replace(",", ";").encode(),
        f"{HEADER}\n{LINE}\n".replace(",", "\t").encode(),
        f"{HEADER}\n{LINE}\n".replace(",", "，").encode(),
        f"{HEADER}\r{LINE}\r".encode(),
        f"sep=,\n{HEADER}\n{LINE}\n".encode(),
        f"sep=;\n{HEADER}\n{LINE}\n".replace(",", ";").encode(),
        f"{HEADER}\n{LINE},,,\n,,,,,,,,,,,,,\n,,,,,,,,,,,,,,,,\n".encode(),
        f"{HEADER.removesuffix(',kinds')}\n{LINE}\n".encode(),
        f"二〇二六年事故台账,,,\n\n制表：,,,\n{HEADER.upper()}\n{LINE}\n".encode("gb18030"),
    ],
    ids=[
        "utf-16",
        "semicolons",
        "tabs",
        "wide commas",
        "returns",
        "sep",
        "sep;",
        "commas behind",
        "a column less",
        "titles",
    ],
)
def test_a_text_is_read_however_it_was_saved(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.dat"
    path.write_bytes(content)
    assert is_right(values(path))


def test_headings_are_known_in_chinese_with_their_marks(tmp_path: Path) -> None:
    headings = "编号,*发生时间,区划代码（必填）,地 点,纬度,经度,严重程度,死亡,受伤,涉电动自行车,头盔"
    path = tmp_path / "a.csv"
    path.write_text(
        f"{headings}\nK1,2026年3月1日 8时5分,330109001001,某路,30.1,120.1,轻伤,0,1,是,未佩戴\n", encoding="utf-8"
    )
    [row] = values(path)
    assert is_right([row])
    assert (row["severity"], row["ebike_involved"], row["rider_helmet"]) == ("slight", True, "no")


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (f"{HEADER},colour", "Unknown column: colour. Known columns: Case number (reference), "),
        (f"{HEADER},地点", "This column appears twice: Place."),
        (HEADER.replace("injured,", ""), "This column is missing: Injured."),
    ],
)
def test_columns_are_unknown_doubled_or_missing_by_name(tmp_path: Path, header: str, words: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"{header}\n{LINE}\n")
    assert words in str(refused(path).text)


def test_letters_inside_a_word_are_western_without_a_mark(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    for place in ("Chêne-Bougeries", "Écublens", "Müllheimer Straße"):
        path.write_text(f"{HEADER}\n{LINE}\n".replace("某路", place), "utf-8")
        assert values(path)[0]["place"] == place


def test_a_text_in_big5_is_not_taken_for_another(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    for text, encoding in (("某路", "big5"), ("臺北市中正區重慶南路一段", "big5"), ("ソウル通り交差点", "shift-jis")):
        path.write_bytes(f"{HEADER}\n{LINE}\n".replace("某路", text).encode(encoding))
        assert "cannot be told with certainty" in str(refused(path).text)
    path.write_bytes(f"{HEADER}\n{LINE}\n".encode("gb18030"))
    assert "cannot be told with certainty" in str(refused(path).text)  # these four bytes are two letters in UTF-8
    for text in ("市心路", "市心中路与建设一路交叉口", "喆垚大厦"):
        path.write_bytes(f"{HEADER}\n{LINE}\n".replace("某路", text).encode("gb18030"))
        assert values(path)[0]["place"] == text


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old workbook format"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 5000 + "EncryptedPackage".encode("utf-16-le"), "password"),
        (b"\xef\xbb\xbf <html><table><tr><td>reference</td></tr></table></html>", "web page"),
        (b"PK\x03\x04" + b"\0" * 26 + b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet", "another format"),
    ],
)
def test_other_formats_are_called_by_their_names(tmp_path: Path, content: bytes, words: str) -> None:
    for name in ("a.xls", "a.xlsx", "a.csv"):
        (tmp_path / name).write_bytes(content)
        assert words in str(refused(tmp_path / name).text)
        assert count_rows(tmp_path / name) == 0


@pytest.mark.parametrize(
    ("place", "cell", "words"),
    [
        (3, ("formula", "=NA()", "#N/A"), "This cell holds an error (#N/A)"),
        (7, ("formula", "=VLOOKUP(1,A1:B2,2,0)", ""), "has not been calculated"),
        (7, ("formula", "=1/0", "#DIV/0!"), "This cell holds an error (#DIV/0!)"),
        (3, ("string", "#REF!"), "This cell holds an error (#REF!)"),
        (7, ("boolean", True), "This cell is TRUE or FALSE. Enter a number."),
        (9, ("datetime", date(2026, 3, 1)), "This cell is a date. Format the column as a number"),
        (0, ("datetime", date(2026, 3, 1)), "This cell is a date; the spreadsheet may have made it"),
        (0, ("number", 9.90101197001058e17), "This cell is a number; the spreadsheet has rounded it"),
        (1, ("number", 0.3368055), "Write the date and time like"),
    ],
)
def test_a_cell_that_holds_something_else_is_refused_by_name(
    tmp_path: Path, place: int, cell: tuple[Any, ...], words: str
) -> None:
    def fill(made: Any, sheet: Worksheet) -> None:
        kind, *content = cell
        shown = made.add_format({"num_format": "yyyy-mm-dd"} if kind == "datetime" else {})
        if kind == "formula":
            sheet.write_formula(1, place, content[0], None, content[1])
        else:
            getattr(sheet, f"write_{kind}")(1, place, content[0], shown)

    error = refused(book(tmp_path / "a.xlsx", fill))
    assert words in str(error.text)
    assert error.field == NAMES[place]


def test_a_formula_with_an_empty_text_is_empty_and_one_with_a_number_is_that(tmp_path: Path) -> None:
    def fill(_made: Any, sheet: Worksheet) -> None:
        sheet.write_formula(1, 9, "=1+1", None, 2)

    assert values(book(tmp_path / "a.xlsx", fill))[0]["injured"] == 2


def test_an_error_in_a_text_is_an_error_too(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"{HEADER}\n{LINE.replace('某路', '#N/A')}\n")
    assert (refused(path).field, str(refused(path).text)[:24]) == ("place", "This cell holds an error")


def test_formats_far_down_are_no_rows(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", lambda made, sheet: sheet.write_blank(1_048_575, 25, None, made.add_format()))
    with xlsxwriter.Workbook(tmp_path / "b.xlsx") as made:
        sheet, bold = made.add_worksheet(), made.add_format({"bold": True})
        sheet.write_row(0, 0, NAMES)
        sheet.write_row(1, 0, CELLS)
        sheet.write_blank(1_048_575, 25, None, bold)
    assert is_right(values(path))
    assert is_right(values(tmp_path / "b.xlsx"))


def test_several_sheets_are_read_by_choice_alone(tmp_path: Path) -> None:
    def fill(made: Any, _sheet: Worksheet) -> None:
        june, hidden = made.add_worksheet("六月"), made.add_worksheet("旧")
        june.write_row(0, 0, NAMES)
        june.write_row(1, 0, ["K2", *CELLS[1:]])
        hidden.write_row(0, 0, ["别的"])
        hidden.hide()
        made.add_worksheet("空")

    path = book(tmp_path / "a.xlsx", fill)
    error = refused(path)
    assert (error.field, str(error.text)[:62]) == (
        "sheet",
        "The workbook has several sheets that hold something: 五月, 六月. C",
    )
    assert [row["reference"] for row in values(path, Way("六月"))] == ["K2"]
    assert "There are: 五月, 六月." in str(refused(path, Way("旧")).text)


def test_the_only_visible_sheet_is_read_though_another_is_first(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as made:
        hidden, notes, sheet = made.add_worksheet("旧"), made.add_worksheet("填写说明"), made.add_worksheet("数据")
        hidden.write_row(0, 0, ["reference"])
        notes.write_row(0, 0, ["列", "说明"])
        sheet.merge_range(0, 0, 0, 5, "事故台账")
        sheet.write_row(2, 1, NAMES)
        sheet.write_row(3, 1, CELLS)
        sheet.activate()
        hidden.hide()
    assert is_right(values(tmp_path / "a.xlsx"))
    assert [row.line for row in read_rows(tmp_path / "a.xlsx", COLUMNS)] == [4]


def test_hidden_rows_are_read_and_that_is_said(tmp_path: Path) -> None:
    def fill(_made: Any, sheet: Worksheet) -> None:
        sheet.write_row(2, 0, ["K2", *CELLS[1:]])
        sheet.set_row(2, None, None, {"hidden": True})

    rows = read_rows(book(tmp_path / "a.xlsx", fill), COLUMNS)
    assert [row["reference"] for row in rows] == ["K1", "K2"]
    assert [str(remark) for remark in rows.remarks] == ["Hidden rows that were read like the others: 1."]


@pytest.mark.parametrize("since_1904", [False, True])
def test_dates_of_a_spreadsheet_keep_their_calendar_and_their_minute(tmp_path: Path, since_1904: bool) -> None:
    def fill(made: Any, sheet: Worksheet) -> None:
        shown, day = made.add_format({"num_format": "yyyy-mm-dd hh:mm"}), made.add_format({"num_format": "yyyy-mm-dd"})
        serial = 46082 - (1462 if since_1904 else 0)
        sheet.write_datetime(1, 1, datetime(2026, 3, 1, 8, 5), shown)  # noqa: DTZ001 - a cell has no zone
        cells = [
            (datetime(2026, 3, 1, 0, 0), shown),  # noqa: DTZ001 - a cell has no zone
            (date(2026, 3, 1), day),
        ]
        for row, (when, look) in enumerate(cells, start=2):
            sheet.write_row(row, 0, [f"K{row}", "", *CELLS[2:]])
            sheet.write_datetime(row, 1, when, look)
        sheet.write_row(4, 0, ["K4", serial + 485 / 1440, *CELLS[2:]])
        sheet.write_row(5, 0, ["K5", serial, *CELLS[2:]])

    read = [row["occurred_at"] for row in values(book(tmp_path / "a.xlsx", fill, date_1904=since_1904))]
    midnight = datetime(2026, 2, 28, 16, tzinfo=UTC)
    assert read == [(AT, True), (midnight, True), (midnight, False), (AT, True), (midnight, False)]


def test_codes_may_be_numbers_and_numbers_text(tmp_path: Path) -> None:
    def fill(_made: Any, sheet: Worksheet) -> None:
        sheet.write_number(1, 2, 330109001001)
        sheet.write_number(1, 13, 2007)
        sheet.write_row(1, 4, ["30.1", "120.1"])
        sheet.write_row(1, 7, ["0", "", "1"])

    [row] = values(book(tmp_path / "a.xlsx", fill))
    assert (row["area_code"], row["kinds"], row["latitude"], row["injured"]) == ("330109001001", ("2007",), 30.1, 1)


def test_a_workbook_whose_cells_do_not_say_where_they_are_is_not_guessed_at() -> None:
    facts = workbooks.SheetFacts()
    with pytest.raises(Refusal, match="does not say in which cell"):
        facts.mark(b't="e"', workbooks.MIDNIGHT)


class TestDocuments:
    """Numbers of documents and phones, as spreadsheets and people spoil and mend them."""

    HEAD = "id_type,id_number,name,phone\n"

    def read(self, path: Path, number: str, phone: str = "") -> dict[str, Any]:
        path.write_text(f'{self.HEAD}身份证,"{number}",演一,"{phone}"\n', encoding="utf-8")
        return values(path, columns=RIDERS)[0]

    @pytest.mark.parametrize(
        "written",
        [
            "'990101198803043010",
            '=""990101198803043010""',
            "\t990101198803043010",
            "９９０１０１１９８８０３０４３０１０",
        ],
    )
    def test_marks_against_the_spreadsheet_are_understood(self, tmp_path: Path, written: str) -> None:
        row = self.read(tmp_path / "a.csv", written, "13800000040.0")
        assert (row["id_type"], row["id_number"], row["phone"]) == (
            "identity_card",
            "990101198803043010",
            "13800000040",
        )

    @pytest.mark.parametrize("written", ["9.90101E+17", "9.90101197001058E+17", "990101197001058000"])
    def test_a_number_that_lost_its_digits_is_refused_as_such(self, tmp_path: Path, written: str) -> None:
        with pytest.raises(Refusal, match="the spreadsheet has rounded it") as caught:
            self.read(tmp_path / "a.csv", written)
        assert caught.value.field == "id_number"
        assert caught.value.value != "990101197001058000"

    def test_a_number_that_ends_in_zeros_is_taken_among_others_that_do_not(self, tmp_path: Path) -> None:
        """One of a thousand true numbers does; a spreadsheet rounds all of a file."""
        (tmp_path / "a.csv").write_text(f"{self.HEAD}护照,990101197001058000,甲\n护照,990101198803043010,乙\n")
        assert [row["id_number"][-3:] for row in values(tmp_path / "a.csv", columns=RIDERS)] == ["000", "010"]

    def test_a_number_that_ends_in_zeros_is_taken_where_it_is_marked_as_text(self, tmp_path: Path) -> None:
        assert self.read(tmp_path / "a.csv", "'990101197001058000")["id_number"] == "990101197001058000"
        with xlsxwriter.Workbook(tmp_path / "a.xlsx") as made:
            sheet = made.add_worksheet()
            sheet.write_row(0, 0, ["id_type", "id_number", "name"])
            sheet.write_row(1, 0, ["护照", "990101197001058000", "演一"])
            sheet.write_row(2, 0, ["护照", 990101197001058000, "演二"])
        rows = iter(read_rows(tmp_path / "a.xlsx", RIDERS))
        assert RIDERS.read(next(rows).values)["id_number"] == "990101197001058000"
        with pytest.raises(Refusal, match="the spreadsheet has rounded it"):
            RIDERS.read(next(rows).values)

    @pytest.mark.parametrize(
        ("written", "kept"),
        [
            ("0571-82712345", ""),
            ("+852 91234567", ""),
            ("+86 138 0000 0041", "13800000041"),
            ("13800000041/13800000042", "13800000041"),
            ("0571-82712345；13800000042", "13800000042"),
            ("1380000", ""),
        ],
    )
    def test_a_phone_keeps_nobody_out(self, tmp_path: Path, written: str, kept: str) -> None:
        assert self.read(tmp_path / "a.csv", "990101198803043010", written)["phone"] == kept
        remarks: list[Any] = []
        RIDERS.read({"id_type": "护照", "id_number": "E12345678", "name": "演", "phone": written}, remarks)
        assert [remark.field for remark in remarks] == ([] if written.startswith("+86") else ["phone"])
