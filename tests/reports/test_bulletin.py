"""The bulletin, its annex and the scorecard: read back, in every state of the data, in both languages."""

from __future__ import annotations

import io
from dataclasses import replace
from itertools import pairwise

import pypdfium2 as pdfium
import pytest
from python_calamine import CalamineWorkbook

from tests.reports import bulletins
from tests.reports.reading import Reading
from tests.reports.reading import read as read_all
from tests.reports.test_documents import squeezed
from trafficedu.reports import bulletin, bulletin_annex, scorecard
from trafficedu.reports.axes import axis, root_axis
from trafficedu.reports.blocks import Flow
from trafficedu.reports.bulletin_data import BulletinData, MonthCount, Ranking
from trafficedu.reports.charts import Dot, Dots, draw_dots
from trafficedu.reports.layout import Sheet

STATES = {
    "full": bulletins.BULLETIN,
    "not evaluated, nothing on record": bulletins.EMPTY,
    "one town, all grey": bulletins.GREY,
}


def read(data: bytes) -> Reading:
    """Read without looking for codes: there are none, and looking costs a picture of every page."""
    return read_all(data, codes=False)


both_languages = pytest.mark.parametrize("locale", ["zh", "en"])


@both_languages
@pytest.mark.parametrize("data", STATES.values(), ids=STATES)
def test_a_bulletin_in_every_state_of_the_data(data: BulletinData, locale: str) -> None:
    pdf = bulletin.render(data, locale)
    reading = read(pdf)
    assert reading.outside == []
    assert "〔U+" not in reading.text
    assert {name.split("+")[-1] for name in reading.fonts} == {"NotoSansSC-Regular", "NotoSansSC-Bold"}
    assert all(reading.fonts.values())
    assert b"/Subtype /Image" not in pdf
    assert pdf == bulletin.render(data, locale)


def test_a_bulletin_says_its_figures_with_both_parts_and_the_interval() -> None:
    flat = squeezed(read(bulletin.render(bulletins.BULLETIN, "zh")).flat)
    for said in (
        "道路交通安全月度通报2026年10月",
        "86.7%",
        "1,204/1,388,83.7–89.7%",
        "城厢街道领先河庄街道",
        "河庄街道(一票否决)",
        "48/31.5",
        "1.44(1.10–1.85)",
        "双百日攻坚",
        "目标95%",
    ):
        assert said in flat
    assert len(read(bulletin.render(bulletins.BULLETIN, "en")).pages) > 3


@both_languages
def test_every_chart_is_a_figure_with_words_for_the_ear(locale: str) -> None:
    pdf = bulletin.render(bulletins.BULLETIN, locale)
    figures = pdf.count(b"/S /Figure")
    assert figures > 20
    assert pdf.count(b"/Alt <feff") == figures
    assert b"/S /Table" in pdf


def test_a_month_without_evaluation_says_so() -> None:
    assert "该月尚未评估" in read(bulletin.render(bulletins.EMPTY, "zh")).text


def test_many_villages_are_cut_to_those_of_note_on_paper_but_not_in_the_annex() -> None:
    reading = read(bulletin.render(bulletins.BULLETIN, "zh"))
    assert "以下列出60个中的" in squeezed(reading.flat)
    colours = CalamineWorkbook.from_filelike(
        io.BytesIO(bulletin_annex.render(bulletins.BULLETIN, "zh"))
    ).get_sheet_by_name("颜色与名次")
    rows = colours.to_python()
    assert sum(row[0] == "村社" for row in rows) == 60
    assert rows[0][:5] == ["层级", "代码", "评估对象", "颜色", "得分"]


@both_languages
@pytest.mark.parametrize("data", STATES.values(), ids=STATES)
def test_the_annex_holds_the_same_figures(data: BulletinData, locale: str) -> None:
    book = CalamineWorkbook.from_filelike(io.BytesIO(bulletin_annex.render(data, locale)))
    assert len(book.sheet_names) == 10
    headline = book.get_sheet_by_index(0).to_python()
    assert headline[1][1] == data.violations.now
    assert headline[4][2:4] == [data.completion.numerator, data.completion.denominator]


def test_a_ranking_of_nobody_says_so() -> None:
    data = replace(bulletins.BULLETIN, rankings=(Ranking("company", ()),))
    assert "此处没有参评对象" in read(bulletin.render(data, "zh")).text


@both_languages
@pytest.mark.parametrize("data", bulletins.SCORECARDS.values(), ids=bulletins.SCORECARDS)
def test_a_scorecard_is_one_page(data: scorecard.ScorecardData, locale: str) -> None:
    reading = read(scorecard.render(data, locale))
    assert len(reading.pages) == 1
    assert reading.outside == []
    assert "〔U+" not in reading.text
    assert data.name in reading.title


def test_a_scorecard_shows_word_and_score() -> None:
    flat = squeezed(read(scorecard.render(bulletins.SCORECARDS["town"], "zh")).flat)
    for said in ("黄", "76.4", "在22个同类对象中居第7至第14名。", "贡献", "18.0"):
        assert said in flat


@pytest.mark.parametrize(
    ("low", "high", "top", "ticks"),
    [
        (0, 7, None, (0, 2, 4, 6, 8)),
        (0, 0, None, (0, 0.2, 0.4, 0.6, 0.8, 1)),
        (86.2, 99, 100, (85, 90, 95, 100)),
        (0, 1300, None, (0, 500, 1000, 1500)),
    ],
)
def test_an_axis_has_round_ends(low: float, high: float, top: float | None, ticks: tuple[float, ...]) -> None:
    scale = axis(low, high, 0, 100, top=top)
    assert scale.ticks == ticks
    assert scale.at(ticks[0]) == 0
    assert scale.at(ticks[-1]) == 100
    assert scale.at(ticks[-1] + 50) == 100


def test_a_rank_range_and_a_name_stay_in_one_line_however_long_they_are() -> None:
    """A range "559–576" used to be broken into "559–57" and "6", which reads as other ranks."""
    name = "越王村与枉庄陈村联合村委会"
    one = replace(bulletins.standing(7, name), best=1559, worst=2576, veto="")
    data = replace(bulletins.BULLETIN, rankings=(Ranking("village", [one]),))
    for locale in ("zh", "en"):
        text = read(bulletin.render(data, locale)).text
        assert "1559–2576" in text
        assert name in text


def test_a_bullet_stands_alone_before_all_the_lines_of_its_sentence() -> None:
    sheet = Sheet(bulletin.PAGE, "zh", title="t", author="a")
    flow = Flow(sheet, 100, lambda: 56)
    flow.bullets(["一句很长的话" * 30, "短"])
    lefts = lines_of(sheet.to_pdf())
    dots = {left for char, left in lefts if char == "•"}
    others = {left for char, left in lefts if char != "•"}
    assert len(lefts) >= 6
    assert len(dots) == 1
    assert max(others) - min(others) < 2, "every line begins at the same place"
    assert min(others) - max(dots) > 5


def lines_of(pdf: bytes) -> list[tuple[str, float]]:
    """Return the first character of each piece of text with its left edge, of the first page but its foot."""
    with pdfium.PdfDocument(pdf) as document:
        text_page = document[0].get_textpage()
        boxes = [
            (text_page.get_text_range(place, 1), *text_page.get_charbox(place))
            for place in range(text_page.count_chars())
        ]
        text_page.close()
    found: list[tuple[str, float]] = []
    last = None
    for char, left, bottom, _right, _top in boxes:
        if char.strip() and (last is None or abs(bottom - last) > 6 or (found and found[-1][0] == "•")):
            found.append((char, round(left, 1)))
        last = bottom if char.strip() else last
    return found


def test_the_scale_of_the_funnel_reaches_what_is_drawn_on_it() -> None:
    """Bands of areas with few e-bikes were cut at 300 and their dots stood on the edge."""
    scale = root_axis(1805.0, 0.0, 270.0)
    assert scale.high == 2000.0
    assert scale.at(100.0) == pytest.approx(270 * (100 / 2000) ** 0.5)
    assert scale.at(1805.0) < 270.0
    assert root_axis(80.0, 0.0, 100.0).high == 200.0
    assert root_axis(4200.0, 0.0, 100.0).high == 5000.0
    ticks = [scale.at(tick) for tick in scale.ticks]
    assert min(later - earlier for earlier, later in pairwise(ticks)) >= 22


def test_a_month_without_records_has_no_chart_of_nothing() -> None:
    months = [MonthCount(f"2026-{number:02}", 0, 0) for number in range(1, 11)]
    reading = read(bulletin.render(replace(bulletins.EMPTY, months=months), "zh"))
    assert "这10个月没有违法记录" in squeezed(reading.flat)
    assert "2026-07" not in reading.text


def test_a_picture_of_dots_goes_on_over_pages_and_leaves_no_row_alone() -> None:
    sheet = Sheet(bulletin.PAGE, "zh", title="t", author="a")
    flow = Flow(sheet, sheet.page.floor - 200, lambda: 56)
    dots = [Dot(f"第{place}处", 50.0, 40.0, 60.0, "50") for place in range(14)]
    draw_dots(flow, Dots("标题", dots, "%"))
    pages = read(sheet.to_pdf()).pages
    counts = [sum(f"第{place}处" in page for place in range(14)) for page in pages]
    assert len(counts) == 2
    assert sum(counts) == 14
    assert min(counts) >= 6


def test_a_grey_month_has_no_place_on_the_scale_of_scores() -> None:
    flat = squeezed(read(scorecard.render(bulletins.SCORECARDS["town"], "zh")).flat)
    assert "无得分" in flat
    assert "2026-07" not in flat, "the chart begins with the first month that was evaluated"
    assert "2个月的得分：在76.4至82.1之间" in flat
