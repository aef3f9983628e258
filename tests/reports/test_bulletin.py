"""The bulletin, its annex and the scorecard: read back, in every state of the data, in both languages."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from python_calamine import CalamineWorkbook

from tests.reports import bulletins
from tests.reports.reading import Reading
from tests.reports.reading import read as read_all
from tests.reports.test_documents import squeezed
from trafficedu.reports import bulletin, bulletin_annex, scorecard
from trafficedu.reports.axes import axis
from trafficedu.reports.bulletin_data import BulletinData, Ranking

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
