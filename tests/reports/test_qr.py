from __future__ import annotations

import pypdfium2 as pdfium
import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st

from trafficedu.reports import qr
from trafficedu.reports.layout import A5, Page, Sheet

PAGE = Page(A5, margin=32, top=32, bottom=40)


@given(st.text(alphabet="0123456789ABCDEFGHJKMNPQRSTVWXYZ", min_size=12, max_size=14))
@settings(max_examples=25, deadline=None)
def test_every_address_is_read_back(number: str) -> None:
    address = f"https://jzt.example.cn/verify/C-{number}"
    sheet = Sheet(PAGE, "zh", title="T", author="A")
    sheet.code(address, 60, 60, 70, alternative="code")
    with pdfium.PdfDocument(sheet.to_pdf()) as document:
        picture = document[0].render(scale=2).to_pil()
    assert [code.text for code in zxingcpp.read_barcodes(picture)] == [address]


def test_bars_cover_the_dark_modules_once() -> None:
    size, dark = qr.bars("https://jzt.example.cn")
    cells = [(row, column + step) for row, column, length in dark for step in range(length)]
    assert len(cells) == len(set(cells))
    assert {0, size - 1} <= {row for row, _ in cells}
    assert all(column < size for _, column in cells)


@pytest.mark.parametrize("address", ["https://例子.中国/verify/C-1", "https://jzt.example.cn/" + "x" * 200])
def test_other_addresses(address: str) -> None:
    sheet = Sheet(PAGE, "zh", title="T", author="A")
    sheet.code(address, 60, 60, 140, alternative="code")
    with pdfium.PdfDocument(sheet.to_pdf()) as document:
        picture = document[0].render(scale=3).to_pil()
    assert [code.text for code in zxingcpp.read_barcodes(picture)] == [address]
