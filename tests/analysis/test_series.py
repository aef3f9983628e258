"""Every ill series gets a clear answer: an error with a line, or a result with a note."""

import ast
import json
from pathlib import Path

import numpy as np
import pytest
from babel.messages.pofile import read_po

from trafficedu.analysis import trend_words
from trafficedu.analysis.series import read_series
from trafficedu.analysis.trend_report import TrendReport, run
from trafficedu.analysis.trend_words import as_text
from trafficedu.core.errors import Refusal
from trafficedu.core.month import Month

HEADER = "area,month,accidents\n"
MONTHS = [f"{2020 + i // 12}-{i % 12 + 1:02d}" for i in range(48)]
SOURCES = Path(trend_words.__file__).parent
CATALOGUE = SOURCES.parent / "locale" / "zh" / "analysis.po"


def rows(months: int = 48, areas: str = "abc", skip: str = "") -> str:
    return HEADER + "".join(
        f"{a},{m},{(i * 5 + ord(a) + i * i) % 4}\n"
        for a in areas
        for i, m in enumerate(MONTHS[:months])
        if not (a in skip and i >= 20)
    )


@pytest.fixture
def answer(tmp_path: Path):  # type: ignore[no-untyped-def]
    def run_on(text: str, encoding: str = "utf-8", **options: object) -> TrendReport:
        path = tmp_path / "series.csv"
        path.write_bytes(text.encode(encoding))
        return run(path, **options)  # type: ignore[arg-type]

    return run_on


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "The file is empty. Its first row must name the columns."),
        ("\n \n", "The file is empty. Its first row must name the columns."),
        (HEADER, "the file has a header but no rows"),
        ("area,month\na,2024-01\n", "This column is missing: Accidents."),
        ("area,month,accidents,accidents\n", "This column appears twice: Accidents."),
        (
            "area,month,accidents,,rain\na,2024-01,1,7,2\n",
            "Line 2 holds something in column 4, which has no heading. Name it or empty it.",
        ),
        (HEADER + "a,Jan 2024,1\n", "line 2: Jan 2024 is not a month such as 2024-05"),
        (HEADER + "a,2024-01-15,1\n", "line 2: 2024-01-15 is not a month such as 2024-05"),
        (HEADER + "a,2024-W01,1\n", "line 2: 2024-W01 is not a month such as 2024-05"),
        (HEADER + "a,2024-13,1\n", "line 2: 2024-13 is not a month such as 2024-05"),
        (HEADER + "a,2024-01,-1\n", "line 2: the count -1 is negative"),
        (HEADER + "a,2024-01,1\na,2024-02,1.5\n", "line 3: the count 1.5 is not a whole number"),
        (HEADER + "a,2024-01,many\n", "line 2: many in column accidents is not a number"),
        (HEADER + "a,2024-01,inf\n", "line 2: inf in column accidents is not a number"),
        (HEADER + "a,2024-01,1\nb,2024-01,1\na,2024/1,1\n", "lines 2 and 4 are both for a in 2024/1"),
        (HEADER + ",2024-01,1\n", "line 2: the area is blank"),
        (HEADER + "a,2024-01,1,9\n", "Line 2 has more cells than there are columns. Check its commas and quotes."),
        (HEADER + 'a,2024-01,"1"2\n', "Line 2 cannot be read as CSV. Check its quotes."),
        (HEADER + "a,2024-01,\n", "no counts are known"),
        (HEADER + "a,1924-01,1\na,2024-01,1\n", "the months span 100 years: is a year mistyped?"),
        ("area,month,accidents,exposure\na,2024-01,1,-5\n", "line 2: the exposure -5 is negative"),
        (HEADER + "a,2024-01,1e18\n", "line 2: 1e18 in column accidents is too large to be meant"),
        (
            "area,month,accidents,rain\na,2024-01,1,1e300\n",
            "line 2: 1e300 in column rain is too large to be meant",
        ),
        ("area,month,accidents,rain\na,2024-01,1,wet\n", "line 2: wet in column rain is not a number"),
    ],
)
def test_bad_files_are_refused_with_the_line(answer, text: str, says: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(Refusal) as refused:
        answer(text)
    assert str(refused.value.text) == says


def test_a_month_far_ahead_is_a_mistyped_year(tmp_path: Path) -> None:
    path = tmp_path / "series.csv"
    path.write_text(HEADER + "a,2026-11,1\na,2039-12,1\n", "utf-8")
    with pytest.raises(Refusal) as refused:
        read_series(path, running=Month(2026, 11))
    assert str(refused.value.text) == "line 3: 2039-12 lies over a year ahead of 2026-11: is the year mistyped?"
    assert read_series(path).months == 158


def test_missing_file_and_foreign_bytes(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="cannot be read"):
        read_series(tmp_path / "none.csv")
    path = tmp_path / "bytes.csv"
    path.write_bytes(b"area,month,accidents\n\xff\xff,2024-01,1\n")
    with pytest.raises(Refusal, match="not text in UTF-8 or GB18030"):
        read_series(path)


def test_horizon_out_of_range(answer) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(Refusal, match="horizon"):
        answer(rows(), horizon=0)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_encodings_and_ways_to_write_a_month(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "series.csv"
    text = HEADER + "城厢街道,2024年1月,1\n城厢街道,202402,2\n城厢街道,2024/3,3\n城厢街道,2024-04-01,4.0\n"
    path.write_bytes(text.encode(encoding))
    panel = read_series(path)
    assert panel.areas == ("城厢街道",)
    assert panel.counts.tolist() == [[1, 2, 3, 4]]
    assert panel.month_name(0) == "2024-01"


def test_headings_are_chinese_too_and_a_name_may_have_a_comma(tmp_path: Path) -> None:
    path = tmp_path / "series.csv"
    path.write_text('区域,月份,事故\n"城厢,街道",2022/01,3\n"城厢,街道",2022/02,0\n', "utf-8")
    panel = read_series(path)
    assert (panel.areas, panel.counts.tolist()) == (("城厢,街道",), [[3, 0]])


def test_the_unit_of_a_covariate_changes_nothing(answer) -> None:  # type: ignore[no-untyped-def]
    def of(unit: int) -> TrendReport:
        lines = (f"a,{m},{(i * 5 + i * i) % 4},{(1 + i * 7 % 11) * unit}\n" for i, m in enumerate(MONTHS))
        report: TrendReport = answer("area,month,accidents,gdp\n" + "".join(lines))
        return report

    plain, large = of(1), of(10**9)
    np.testing.assert_allclose(large.forecast.areas.expected, plain.forecast.areas.expected, rtol=1e-6)


def test_an_area_without_accidents_beside_large_ones(answer) -> None:  # type: ignore[no-untyped-def]
    lines = "".join(f"a,{m},{40_000 + i * 997 % 20_000}\nb,{m},0\n" for i, m in enumerate(MONTHS))
    expected = answer(HEADER + lines).forecast.areas.expected
    assert (expected[0] > 30_000).all()
    assert ((expected[1] > 0) & (expected[1] < 1)).all()


def test_some_empty_months_do_not_pull_the_forecast_down(answer) -> None:  # type: ignore[no-untyped-def]
    lines = "".join(f"a,{m},{0 if 2 <= i < 6 else 6 + i * 3 % 5}\n" for i, m in enumerate(MONTHS))
    expected = answer(HEADER + lines).forecast.areas.expected[0]
    assert abs(float(np.mean(expected)) - 8) < 1.5, "the mean of the other months is 8"


def test_an_exposure_of_zero_for_a_year_is_said_and_not_used(answer) -> None:  # type: ignore[no-untyped-def]
    lines = "".join(f"a,{m},{1 + i % 4},{0 if i < 13 else 1000}\n" for i, m in enumerate(MONTHS))
    report = answer("area,month,accidents,exposure\n" + lines)
    assert not report.forecast.exposed
    assert "zero for over 12 months somewhere, so it is not used in the fit" in as_text(report, "en")


def test_a_month_that_is_not_over_is_said(answer) -> None:  # type: ignore[no-untyped-def]
    report = answer(rows(23, areas="a"))
    said = "2021-11 is not over yet: a month that is not over reads like a fall"
    assert said in as_text(report, "en", Month(2021, 11))
    assert "not over" not in as_text(report, "en", Month(2021, 12))


COVARIATE_HOLES = "area,month,accidents,helmet,fixed\n" + "".join(
    f"{a},{m},{(i * 5 + ord(a)) % 4},{'' if i % 3 else i % 11},1\n" for a in "abc" for i, m in enumerate(MONTHS)
)
EXPOSURE_GAP = "area,month,accidents,exposure\n" + "".join(
    f"a,{m},{i % 4},{1000 if i < 20 else ''}\n" for i, m in enumerate(MONTHS)
)
EXPOSURE_ZERO = "area,month,accidents,exposure\n" + "".join(
    f"{a},{m},{i % 4},{0 if (a, i) == ('a', 30) else 1000}\n" for a in "ab" for i, m in enumerate(MONTHS)
)


def test_one_exposure_of_zero_is_a_gap_of_that_cell(answer) -> None:  # type: ignore[no-untyped-def]
    report = answer(EXPOSURE_ZERO)
    assert report.forecast.exposed
    whole = answer(EXPOSURE_ZERO.replace(",0\n", ",1000\n"))
    assert np.array_equal(report.forecast.areas.expected, whole.forecast.areas.expected)


@pytest.mark.parametrize(
    ("text", "method", "says"),
    [
        (HEADER + "a,2024-01,3\nb,2024-01,0\n", "shrunken_mean", "months with a count: 1; at least 24"),
        (rows(23), "shrunken_mean", "months with a count: 23; at least 24"),
        (HEADER + "a,2020-01,3\na,2023-12,1\n", "shrunken_mean", "46 area-months are unknown"),
        (rows(areas="a"), None, "1 areas, 48 months"),
        (HEADER + "".join(f"{a},{m},0\n" for a in "ab" for m in MONTHS), "stack", "small but not zero"),
        ("".join(rows().splitlines(keepends=True)[:70:2]), None, "left out, not counted as zero"),
        (rows(skip="b"), None, "so no forecast: b."),
        (rows(areas="b", skip="b"), "shrunken_mean", "20 months from 2020-01 to 2021-08"),
        (COVARIATE_HOLES, None, "The covariate helmet has gaps"),
        (COVARIATE_HOLES, None, "fixed: cannot be estimated"),
        (EXPOSURE_GAP, None, "it is not used in the fit"),
        (EXPOSURE_ZERO, None, "In 1 area-months the exposure is zero or unknown"),
        (
            HEADER + "".join(f"{a},{m},{i % 4}\n" for a in ("z0", "Z0") for i, m in enumerate(MONTHS)),
            None,
            "z0, Z0 differ",
        ),
        (HEADER + "".join(f"a,{m},{10**9 + i}\n" for i, m in enumerate(MONTHS)), None, "All areas together"),
    ],
)
def test_odd_series_get_a_result_and_a_note(answer, text: str, method: str | None, says: str) -> None:  # type: ignore[no-untyped-def]
    report = answer(text, backtest=True)
    assert says in as_text(report, "en")
    assert method is None or report.forecast.method == method
    expected = report.forecast.areas.expected[report.forecast.active]
    assert (expected > 0).all()
    json.dumps(report.as_json(), allow_nan=False)


def test_backtest_json_is_as_agreed(answer) -> None:  # type: ignore[no-untyped-def]
    got = answer(rows(), backtest=True).as_json()
    assert list(got) == ["areas", "months", "chosen", "fit_seconds", "scores"]
    assert (got["areas"], got["months"]) == (3, 48)
    methods = ["model", "seasonal_naive", "mean_12", "mean_12_season", "mean_36_season", "chosen"]
    assert list(got["scores"]) == methods
    for by_horizon in got["scores"].values():
        assert list(by_horizon) == ["1-3", "1-12"]
        for scores in by_horizon.values():
            assert list(scores) == ["mase", "deviance", "crps", "coverage_80", "coverage_95"]


def test_under_36_months_no_backtest_and_said(answer) -> None:  # type: ignore[no-untyped-def]
    report = answer(rows(35), backtest=True)
    assert report.as_json()["scores"] == {}
    assert "36" in report.as_json()["note"]
    assert "No backtest: 35 months on record, 36 needed." in as_text(report, "en")


def test_forecast_json(answer) -> None:  # type: ignore[no-untyped-def]
    got = answer(rows(skip="b"), horizon=5).as_json()
    assert got["forecast_months"] == ["2024-01", "2024-02", "2024-03", "2024-04", "2024-05"]
    assert [one["area"] for one in got["by_area"]] == ["a", "b", "c"]
    assert got["by_area"][1]["forecast"] is None
    assert got["by_area"][1]["last_month"] == "2021-08"
    assert len(got["total"]["forecast"]["high_95"]) == 5


@pytest.mark.parametrize(("share", "words"), [(0.999, ">99"), (0.93, "93"), (0.5, "50"), (0.001, "<1")])
def test_no_probability_is_certain(share: float, words: str) -> None:
    assert trend_words.percent(share) == words


def test_every_sentence_has_its_chinese() -> None:
    with CATALOGUE.open("rb") as file:
        known = {str(entry.id): str(entry.string) for entry in read_po(file) if entry.id}
    used = {
        node.args[0].value
        for path in SOURCES.rglob("*.py")
        if SOURCES / "said" not in path.parents  # has a catalogue of its own
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", "") == "message"
        and isinstance(node.args[0], ast.Constant)
    }
    assert used == set(known)
    for source, chinese in known.items():
        names = {part.split(")s")[0] for part in source.split("%(")[1:]}
        assert chinese % dict.fromkeys(names, "x") if names else chinese
        assert {part.split(")s")[0] for part in chinese.split("%(")[1:]} == names
