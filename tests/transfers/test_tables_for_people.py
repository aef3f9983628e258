"""Templates, Chinese headings and words both ways, the standard streams, sheets, and a source's own headings."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import xlsxwriter
from click.testing import CliRunner
from sqlalchemy.orm import Session

from tests.factories.riders import make_rider
from tests.factories.violations import District
from trafficedu.accidents.imports.files import COLUMNS as ACCIDENTS
from trafficedu.accidents.models import Accident
from trafficedu.cli import commands
from trafficedu.core import blanks
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import utc_now
from trafficedu.core.columns import heading_key
from trafficedu.core.errors import Refusal, Stale
from trafficedu.core.reading import read_header, read_rows
from trafficedu.core.text import LOCALES, translate
from trafficedu.transfers.services.exporting import Export, TableOut, export_file
from trafficedu.transfers.services.importing import Choices, File, Outcome, import_file
from trafficedu.transfers.services.mappings import NewMapping, keep_mapping
from trafficedu.wiring.files import EXPORTERS, IMPORTERS

KINDS = list(IMPORTERS)


def bring(session: Session, kind: str, path: Path, mapping: str = "") -> Outcome:
    file = File(kind, IMPORTERS[kind], path, SYSTEM, utc_now())
    return import_file(session, file, Choices(mapping=mapping))


@pytest.mark.parametrize("kind", KINDS)
def test_no_two_columns_of_a_kind_answer_to_one_heading(kind: str) -> None:
    columns = IMPORTERS[kind].columns
    headings = [
        (heading_key(heading), column.name)
        for column in columns.all
        for heading in (
            column.name,
            *column.headings,
            *(translate(column.label, locale) for locale in LOCALES),
        )
    ]
    assert {key: {name for other, name in headings if other == key} for key, _ in headings} == {
        key: {name} for key, name in headings
    }
    for column in columns.all:
        assert column.title is not None, column.name


@pytest.mark.parametrize("kind", KINDS)
def test_a_template_is_read_with_its_explanations_beside_it(tmp_path: Path, kind: str) -> None:
    columns = IMPORTERS[kind].columns
    for suffix in ("xlsx", "csv"):
        path = tmp_path / f"a.{suffix}"
        assert CliRunner().invoke(commands, ["template", kind, str(path)]).exit_code == 0
        assert list(read_rows(path, columns)) == []
        header = read_header(path, columns)
        assert columns.place(header) == list(columns.names)
        assert header == [blanks.heading(column, "zh") for column in columns.all]
    parts = zipfile.ZipFile(tmp_path / "a.xlsx")
    assert 'numFmtId="49"' in parts.read("xl/styles.xml").decode()
    for column in columns.all:
        assert column.name in parts.read("xl/sharedStrings.xml").decode()
        for word in column.words:
            assert translate(word.label, "zh") in parts.read("xl/sharedStrings.xml").decode()


def test_a_template_filled_in_by_hand_imports(session: Session, district: District, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    blanks.write_file(ACCIDENTS, path, "zh")
    village = district.village.name
    with path.open("a", encoding="utf-8") as file:
        file.write(f"甲-1,2026年3月4日 下午3:05,{village},市心路,,,轻伤,0,,1,是,未佩戴,主责,闯红灯；2004\n")
    outcome = bring(session, "accidents", path)
    assert outcome.written, outcome.report.as_json("en")
    accident = session.query(Accident).one()
    assert (accident.area_id, accident.severity, accident.rider_helmet) == (district.village.id, "slight", "no")
    assert (accident.responsibility, [kind.code for kind in accident.kinds]) == ("main", ["2004", "2007"])


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_an_export_in_chinese_imports_again_unchanged(
    session: Session, district: District, tmp_path: Path, suffix: str
) -> None:
    make_rider(session, phone="13800138000")
    path = tmp_path / f"a.{suffix}"
    for kind in ("areas", "riders", "companies", "stations"):
        table = TableOut(session, EXPORTERS[kind], Export(kind, headings="zh"), SYSTEM, utc_now())
        count = export_file(table, path)
        report = bring(session, kind, path).report
        assert (report.added, report.updated, report.unchanged, report.refused) == (0, 0, count, [])
    assert read_header(path, IMPORTERS["stations"].columns)[0] == "交治站代码"


class TestMapping:
    """A source's own headings and words, kept under a name."""

    @pytest.fixture
    def keep(self, session: Session) -> Callable[..., int]:
        def kept(version: int | None = None, **headings: str) -> int:
            new = NewMapping("accidents", "交警平台", headings, {"severity": {"A类": "slight", "B类": ""}})
            return keep_mapping(session, new, ACCIDENTS, version, SYSTEM, utc_now()).version

        return kept

    def test_its_file_is_read_by_it(
        self, session: Session, district: District, tmp_path: Path, keep: Callable[..., int]
    ) -> None:
        path = tmp_path / "a.csv"
        rows = f"事件流水,发生,村社,等级别,亡,伤,备注\nX-1,2026-3-1 8:05,{district.village.code},A类,0,1,不要\n"
        path.write_text(rows, encoding="utf-8")
        assert "Unknown column: 事件流水, 发生, 等级别, 亡, 伤, 备注." in str(
            bring(session, "accidents", path).report.refused[0].reason
        )
        keep(事件流水="reference", 发生="occurred_at", 等级别="severity", 亡="killed", 伤="injured", 备注="")
        outcome = bring(session, "accidents", path, mapping="交警平台")
        assert outcome.written, outcome.report.as_json("en")
        assert session.query(Accident).one().severity == "slight"
        assert "No headings are kept" in str(bring(session, "accidents", path, mapping="别的").report.refused[0].reason)

    def test_a_change_says_which_version_it_saw_and_adds_to_it(self, keep: Callable[..., int]) -> None:
        first = keep(事件流水="reference")
        assert keep(first, 发生="occurred_at") == first + 1
        with pytest.raises(Stale):
            keep(first, 亡="killed")

    def test_two_headings_are_not_one_column(self, keep: Callable[..., int]) -> None:
        for headings, words in (
            ({"亡": "killed", "死": "killed"}, "twice: Killed."),
            ({"色": "colour"}, "column: colour."),
        ):
            with pytest.raises(Refusal) as refused:
                keep(**headings)
            assert words in str(refused.value.text)


class TestStreams:
    """``-`` is standard input and output; a workbook's sheet is named."""

    @pytest.fixture
    def run(self, fresh_url: str, data_key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
        monkeypatch.setenv("TRAFFICEDU_INSTANCE", str(tmp_path / "instance"))
        monkeypatch.setenv("TRAFFICEDU_DATABASE_URL", fresh_url)
        monkeypatch.setenv("TRAFFICEDU_DATA_KEY", data_key)
        monkeypatch.setenv("TRAFFICEDU_LOCALE", "en")

        def invoke(*arguments: str, given: bytes = b"", status: int = 0) -> str:
            result = CliRunner().invoke(commands, list(arguments), input=given)
            assert result.exit_code == status, result.stderr
            return result.stderr if status else result.stdout

        return invoke

    def test_what_goes_out_comes_in_again(self, run: Callable[..., str]) -> None:
        out = run("export", "areas", "-", "--headings", "zh")
        assert out.startswith("\ufeff辖区代码,区划名称,层级,")
        assert '"unchanged": 613' in run("import", "areas", "-", "--json", given=out.encode())

    def test_a_sheet_is_chosen_by_its_name(self, run: Callable[..., str]) -> None:
        book = io.BytesIO()
        with xlsxwriter.Workbook(book) as made:
            for name in ("五月", "六月"):
                made.add_worksheet(name).write_row(0, 0, ["code", "name", "level", "parent_code"])
        said = run("import", "areas", "-", given=book.getvalue(), status=1)
        assert "五月, 六月" in said
        assert '"added": 0' in run("import", "areas", "-", "--sheet", "六月", "--json", given=book.getvalue())
