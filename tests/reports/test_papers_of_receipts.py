"""The same receipt on A5, A4 and a strip of 80 mm: what it says, how long it is, what a camera reads off it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pypdfium2 as pdfium
import pytest
import zxingcpp
from PIL import Image

from tests.factories.pictures import signature
from tests.factories.violations import NOW
from tests.reports import samples
from tests.reports.reading import read
from tests.reports.test_overflow import BEYOND, LONG_NAME, LONG_PLACE, NOTE
from trafficedu.reports import receipt, receipt_strip
from trafficedu.reports.layout import A4, A5, MM
from trafficedu.reports.proof import Proof, Stamp
from trafficedu.reports.receipt import NoticeReceiver, ReceiptData

Render = Callable[..., bytes]
STAMP = Stamp(Proof("D7K3M9QXT4WD", date(2026, 11, 23), "https://jzt.example.cn/verify/D7K3M9QXT4WD"))
CODES = {samples.RECEIPT.receipt_url, "https://jzt.example.cn/verify/D7K3M9QXT4WD"}
DOTS_A_MM = 8
"""Of a thermal printer: 203 dots an inch."""
LONGEST = replace(
    samples.RECEIPT,
    rider_name=LONG_NAME,
    place=LONG_PLACE[:40],
    law=samples.LAW * 2,
    note=NOTE,
    plate="杭州·萧山·备 A123456",
    notified=NoticeReceiver("company", "杭州萧山快送达同城即时配送服务有限责任公司闻堰分公司"),
    receipt_url="https://jiaotong-xuanjiao.xiaoshan.hangzhou.example.gov.cn:8443/trafficedu/n/V-5H2P-8RYC-3NQK",
)
IN_ENGLISH = replace(
    samples.RECEIPT_EN,
    rider_name="Muhammad Abdurrahman Ismail Al-Khwarizmi ibn Yusuf Muhammadjonov",
    place="Xiaoshan Economic and Technological Development Zone, Jianshe 2nd Rd" * 2,
    note="x" * 120,
    law=samples.LAW_EN * 2,
)


def signed(data: ReceiptData) -> ReceiptData:
    return replace(data, signature="x", signed_at=NOW)


def size_of(paper: bytes) -> tuple[float, float]:
    with pdfium.PdfDocument(paper) as document:
        width, height = document[0].get_size()
        return width, height


def as_printed(paper: bytes) -> Image.Image:
    """Return a strip as a thermal printer burns it: dots that are black or white."""
    with pdfium.PdfDocument(paper) as document:
        picture: Image.Image = document[0].render(scale=DOTS_A_MM * 25.4 / 72).to_pil().convert("L")
        return picture.point(lambda shade: 255 if shade > 127 else 0)


def alike(text: str) -> str:
    """Leave out blanks and how quotes are curled: a font and a viewer decide them."""
    for mark, plain in {" ": "", "\u00a0": "", "\n": "", "\r": "", "“": '"', "”": '"'}.items():
        text = text.replace(mark, plain)
    return text


def flat(paper: bytes) -> str:
    """Return what a paper says, without what stands at the foot of its pages."""
    lines = read(paper, codes=False).text.splitlines()
    foot = f"{samples.DISTRICT}  {samples.RECEIPT.number}"
    return alike("".join(line for line in lines if alike(foot) not in alike(line) and "Page" not in line[:4]))


@pytest.mark.parametrize(("render", "size"), [(receipt.render, A5), (receipt.render_a4, A4)])
@pytest.mark.parametrize("data", [samples.RECEIPT, samples.RECEIPT_EN], ids=["zh", "en"])
def test_a_signed_receipt_is_one_sheet(render: Render, size: tuple[float, float], data: ReceiptData) -> None:
    paper = render(signed(data), "en" if data is samples.RECEIPT_EN else "zh", STAMP, signature())
    reading = read(paper)
    assert size_of(paper) == pytest.approx(size, abs=0.1)
    assert (len(reading.pages), set(reading.codes), reading.outside) == (1, CODES, [])


@pytest.mark.parametrize("locale", ["zh", "en"])
@pytest.mark.parametrize("data", [samples.RECEIPT, LONGEST, IN_ENGLISH], ids=["usual", "longest", "english"])
@pytest.mark.parametrize("by_hand", [True, False], ids=["signed", "unsigned"])
def test_a_strip_is_one_page_as_long_as_what_it_says(data: ReceiptData, locale: str, by_hand: bool) -> None:
    given = (signed(data), locale, STAMP, signature()) if by_hand else (data, locale, STAMP)
    paper = receipt_strip.render(*given)
    width, height = size_of(paper)
    reading = read(paper, margin=3 * MM, codes=False)
    assert (len(reading.pages), reading.outside) == (1, [])
    assert width == pytest.approx(80 * MM, abs=0.1)
    assert height == pytest.approx(receipt_strip.Strip(*given).length() * MM, abs=0.1)
    ink = as_printed(paper).point(lambda shade: 255 - shade).getbbox()
    assert ink is not None
    left, top, right, bottom = (edge / DOTS_A_MM for edge in ink)
    assert left >= 3 - 0.2
    assert right <= 77 + 0.2
    assert 3 - 0.2 <= top <= 6
    assert 3 - 0.2 <= height / MM - bottom <= 9, "cut below what was written"


@pytest.mark.parametrize("data", [samples.RECEIPT, LONGEST], ids=["usual", "longest"])
def test_a_printer_at_the_belt_prints_codes_that_a_camera_reads(data: ReceiptData) -> None:
    codes = zxingcpp.read_barcodes(as_printed(receipt_strip.render(signed(data), "zh", STAMP, signature())))
    assert {code.text for code in codes} == {data.receipt_url, STAMP.proof and STAMP.proof.address}
    leading = next(code for code in codes if code.text == data.receipt_url).position
    side = (leading.top_right.x - leading.top_left.x) / DOTS_A_MM
    assert 30 <= side <= 60, f"{side} mm"


@pytest.mark.parametrize("render", [receipt.render, receipt.render_a4], ids=["a5", "a4"])
@pytest.mark.parametrize("data", [samples.RECEIPT, samples.RECEIPT_EN], ids=["zh", "en"])
def test_a_sheet_with_room_has_a_large_code(render: Render, data: ReceiptData) -> None:
    paper = as_printed(render(data, "en" if data is samples.RECEIPT_EN else "zh", STAMP))
    code = next(code for code in zxingcpp.read_barcodes(paper) if code.text == data.receipt_url).position
    assert (code.top_right.x - code.top_left.x) / DOTS_A_MM >= 29


@pytest.mark.parametrize("locale", ["zh", "en"])
def test_a_strip_is_black_alone(locale: str) -> None:
    with pdfium.PdfDocument(receipt_strip.render(samples.RECEIPT, locale, STAMP)) as document:
        picture = document[0].render(scale=2).to_pil().convert("RGB")
    for other in ("G", "B"):
        assert picture.getchannel("R").tobytes() == picture.getchannel(other).tobytes()
    assert picture.convert("L").getextrema() == (0, 255)


@pytest.mark.parametrize("locale", ["zh", "en"])
@pytest.mark.parametrize("data", [samples.RECEIPT, LONGEST, replace(samples.RECEIPT, seat=None)])
def test_every_paper_says_the_same(data: ReceiptData, locale: str) -> None:
    letter = receipt.ReceiptLetter(signed(data), locale, STAMP, signature())
    said = [*letter.next_step(), letter.signing(), letter.objecting(), receipt.KEY, data.number]
    said += [text for fact in letter.happened() if fact.value for text in (fact.label, fact.value)]
    for render in (receipt.render, receipt.render_a4, receipt_strip.render):
        written = flat(render(signed(data), locale, STAMP, signature()))
        assert [text for text in said if alike(letter.sheet.say(text)) not in written] == []


def test_what_no_font_draws_is_explained_on_the_strip_too() -> None:
    paper = receipt_strip.render(replace(samples.RECEIPT, note=BEYOND), "zh", STAMP)
    assert "〔U+30001〕" in flat(paper)
    assert "表示" in flat(paper)


def test_a_refusal_to_sign_stands_on_the_strip_as_words() -> None:
    paper = receipt_strip.render(replace(samples.RECEIPT, signed_at=NOW), "zh", STAMP)
    assert "当事人拒绝签名" in flat(paper)


def test_the_signature_is_on_the_strip() -> None:
    with_it = receipt_strip.render(signed(samples.RECEIPT), "zh", STAMP, signature())
    without = receipt_strip.render(replace(samples.RECEIPT, signed_at=NOW), "zh", STAMP)
    assert size_of(with_it)[1] > size_of(without)[1] + 15 * MM
