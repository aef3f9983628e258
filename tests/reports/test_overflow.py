"""What does not fit the happy case: long, many, rare, hostile."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.reports import samples
from tests.reports.reading import Reading, read
from trafficedu.reports import certificate, fonts, notice, receipt, roster
from trafficedu.reports.certificate import StudyModule
from trafficedu.reports.linebreak import NO_START

LONG_NAME = "买买提·阿卜杜热西提·吾布力卡斯木·艾尔肯江·穆罕默德·伊斯马伊力"
LONG_PLACE = (
    "萧山农业对外综合开发生活区浙江纺织采购博览城社区浙江传化物流基地社区时代大道与湘湖路交叉口东北角公交站台旁" * 2
)
NOTE = "骑行人称：“当时送餐时间将至，（平台）催促！”经教育，认识到错误；表示今后遵守信号灯。" * 5
BEYOND = "\U00030001"  # an ideograph of extension G that no free font of this kind draws


def without_footers(reading: Reading) -> str:
    return "".join(line for line in reading.text.splitlines() if samples.DISTRICT not in line)


@pytest.mark.parametrize("locale", ["zh", "en"])
def test_long_name_stays_on_the_certificate(locale: str) -> None:
    data = replace(samples.CERTIFICATE, rider_name=LONG_NAME, station=LONG_PLACE[:60], signer=LONG_NAME)
    reading = read(certificate.render(data, locale))
    assert LONG_NAME in reading.flat
    assert reading.outside == []


@pytest.mark.parametrize("count", [4, 5, 8, 9, 40])
def test_modules_that_do_not_fit_the_front_go_overleaf(count: int) -> None:
    modules = tuple(StudyModule(f"第{number}讲 电动自行车安全骑行", 10 + number) for number in range(count))
    reading = read(certificate.render(replace(samples.CERTIFICATE, modules=modules), "zh"))
    for module in modules:
        assert module.name.replace(" ", "") in reading.flat.replace(" ", "")
    assert ("学习内容见次页" in reading.text) == (len(reading.pages) > 1)
    assert (len(reading.pages) > 1) == (count > 9)
    assert reading.outside == []


def test_many_courses_go_overleaf() -> None:
    courses = tuple(f"电动自行车安全骑行与文明出行专题课程第{number}期" for number in range(12))
    reading = read(certificate.render(replace(samples.CERTIFICATE, courses=courses), "zh"))
    assert all(course in reading.flat for course in courses)
    assert reading.codes == [samples.CERTIFICATE.verify_url]
    assert reading.outside == []


@pytest.mark.parametrize("locale", ["zh", "en"])
def test_receipt_runs_on_to_a_second_page(locale: str) -> None:
    data = replace(samples.RECEIPT, place=LONG_PLACE, note=NOTE, rider_name=LONG_NAME, law=samples.LAW * 4)
    reading = read(receipt.render(data, locale))
    assert len(reading.pages) == 2
    assert NOTE in without_footers(reading)
    assert LONG_PLACE in reading.flat
    assert reading.codes == [samples.RECEIPT.receipt_url]
    assert reading.outside == []


def test_a_text_longer_than_pages_is_kept_whole() -> None:
    reading = read(receipt.render(replace(samples.RECEIPT, note=NOTE * 20), "zh"))
    assert len(reading.pages) > 3
    assert NOTE * 20 in without_footers(reading)


def test_no_line_opens_with_closing_punctuation() -> None:
    data = replace(samples.NOTICE, legal_basis=NOTE, place=NOTE, recommended=NOTE, law=samples.LAW * 3)
    lines = read(notice.render(data, "zh")).text.splitlines()
    assert [line for line in lines if line and line[0] in NO_START] == []


def test_roster_with_long_cells_grows_its_rows() -> None:
    row = replace(samples.ROW, rider_name=LONG_NAME, company=LONG_PLACE)
    reading = read(roster.render(replace(samples.ROSTER, rows=(row,) * 5), "zh"))
    assert reading.flat.count("穆罕默德") == 5
    assert reading.outside == []


def test_rare_characters_of_names_have_glyphs() -> None:
    name = "\U0002cb4e䶮喆㛃堃"
    reading = read(certificate.render(replace(samples.CERTIFICATE, rider_name=name), "zh"))
    assert name in reading.text
    assert "〔U+" not in reading.text


@pytest.mark.parametrize(
    ("locale", "explained"), [("zh", "表示打印字库中没有的字"), ("en", "missing from the printing font")]
)
def test_a_character_without_glyph_is_spelled_out_and_explained(locale: str, explained: str) -> None:
    reading = read(certificate.render(replace(samples.CERTIFICATE, rider_name=f"王{BEYOND}"), locale))
    assert "王〔U+30001〕" in reading.text
    assert explained in reading.flat
    assert reading.outside == []


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        ("A\tB", "A B"),
        ("A\u202eB\u200bC\x00", "ABC"),
        ("e\u0301", "é"),
        ("龙\ufe00", "龙"),
        ("A\u00a0B\u3000C", "A\u00a0B\u3000C"),
        ("一\r\n二", "一\n二"),
        ("🙂", "〔U+1F642〕"),
        ("\ud800", "〔U+D800〕"),
        ("ก็", "〔U+0E01〕〔U+0E47〕"),
    ],
)
def test_legible(written: str, printed: str) -> None:
    assert fonts.legible(written) == (printed, "〔" in printed)


def test_markup_is_printed_and_not_obeyed() -> None:
    place = "<b>湘湖路</b> & <a href='x'>路口</a>"
    reading = read(receipt.render(replace(samples.RECEIPT, place=place), "zh"))
    assert place.replace(" ", "") in reading.flat.replace(" ", "")


def test_curled_quotes_in_english_are_set_straight() -> None:
    data = replace(samples.RECEIPT_EN, law="the People’s Republic’s “law”", note="称：“红灯。”")
    text = read(receipt.render(data, "en")).text
    assert "the People's Republic's \"law\"" in text
    assert "称：“红灯。”" in text


def test_empty_texts_do_no_harm() -> None:
    data = replace(samples.CERTIFICATE, rider_name="", signer="", courses=(), modules=(), district="")
    assert len(read(certificate.render(data, "zh")).pages) == 1
