"""What an officer holds out to a rider: seen whole at first sight, read by a camera, printed on one strip."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import timedelta

import pypdfium2 as pdfium
import pytest
import zxingcpp
from flask import Flask
from PIL import Image
from playwright.sync_api import Browser, Page
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.browser.conftest import Visitor, new_page
from tests.factories.education import make_session, make_station
from tests.factories.feedback import make_rider, make_violation, make_world
from tests.factories.people import PASSWORD, make_user
from tests.factories.pictures import signature
from trafficedu.core.clock import utc_now
from trafficedu.core.services import services_of
from trafficedu.core.transactions import WRITES
from trafficedu.evidence.models import Signature
from trafficedu.issued.models import Document
from trafficedu.reports.layout import MM
from trafficedu.violations.rules.states import Penalty

pytestmark = [pytest.mark.browser, pytest.mark.one_database]
SIZES = {"small": (360, 780), "usual": (390, 844), "large": (430, 932)}
LONG_PLACE = "市心中路与金城路交叉口东北角公交站台旁非机动车道内由南向北方向第二根灯杆前三十米处"[:40]
LONG_NAME = "买买提·阿卜杜热西提·吾布力卡斯木·艾尔肯江·穆罕默德·伊斯马伊力"
DOTS_A_MM = 8


@dataclass(frozen=True)
class Told:
    """A record as the browser meets it: its number, where its receipt is, and who opens it."""

    number: str
    address: str
    officer: str


@pytest.fixture
def told(live_app: Flask) -> Told:
    """A record of somebody with a long name at a long place, signed, whose study has a seat."""
    with live_app.app_context(), live_app.extensions["sqlalchemy"].sessionmaker(info=WRITES) as session:
        return recorded(session)


def recorded(session: Session) -> Told:
    now, world = utc_now(), make_world(session)
    station = make_station(session, world.village, address="杭州市萧山区闻堰街道湘湖路100号二楼训教室")
    make_session(session, station, now + timedelta(days=2), capacity=2)
    officer = make_user(session, "officer", area_id=world.town.id)
    violation = make_violation(session, world.village, make_rider(session, world.village, LONG_NAME), world.company)
    violation.place, violation.plate = LONG_PLACE, "杭州A12345"
    violation.penalty, violation.fine_yuan, violation.officer_id = Penalty.FINE, 20, officer.id
    key = services_of(session).evidence.save(signature())
    about = {"subject_kind": "violation", "subject_id": violation.id, "once_key": "k" * 20, "sent_sha256": key}
    session.add(Signature(**about, file_key=key, received_utc=now, received_by_id=officer.id))
    session.commit()
    return Told(violation.number, services_of(session).address(f"/n/{violation.number}"), officer.username)


def opened(browser: Browser, address: str, told: Told, locale: str, size: tuple[int, int]) -> Visitor:
    visitor = Visitor(new_page(browser, address, locale, size), address, "answer", set())
    visitor.sign_in(told.officer, PASSWORD)
    return visitor


def codes_on(picture: bytes) -> list[str]:
    with Image.open(io.BytesIO(picture)) as shown:
        return [code.text for code in zxingcpp.read_barcodes(shown.convert("L"))]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES.values(), ids=list(SIZES))
@pytest.mark.parametrize("locale", ["zh", "en"])
def test_the_first_screenful_says_it_all_and_a_camera_reads_the_code(
    chromium: Browser, address: str, told: Told, locale: str, size: tuple[int, int], scheme: str
) -> None:
    visitor = opened(chromium, address, told, locale, size)
    page = visitor.page
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type] # one of two words
    visitor.open(f"/record/{told.number}")
    page.wait_for_load_state("networkidle")
    floor = page.locator(".bottom-bar").bounding_box()
    assert floor is not None
    for part in (*page.locator(".answer-line").all(), page.locator(".answer .qr")):
        box = part.bounding_box()
        assert box is not None
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= floor["y"]
    code = page.locator(".answer .qr").bounding_box()
    assert code is not None
    assert code["width"] >= size[0] - 2 * 16 - 4, "as wide as the card"
    assert codes_on(page.screenshot()) == [told.address]
    ground = page.locator(".answer .qr").evaluate("one => getComputedStyle(one).backgroundColor")
    assert ground == "rgb(255, 255, 255)"
    visitor.check("record")
    page.context.close()


@pytest.mark.parametrize("locale", ["zh", "en"])
def test_the_strip_prints_on_one_page_with_scripts_and_without(
    live_app: Flask, chromium: Browser, address: str, told: Told, locale: str
) -> None:
    visitor = opened(chromium, address, told, locale, SIZES["usual"])
    visitor.open(f"/violations/{told.number}/receipt")
    visitor.check("receipt")
    assert visitor.page.locator("#says img.signature").evaluate("one => one.complete && one.naturalWidth > 0")
    visitor.page.locator(f"a[href$='/receipt/strip?lang={locale}']").click()
    visitor.page.wait_for_selector("html[data-strip=measured]")
    assert visitor.page.locator("[data-print]").is_visible()
    visitor.page.evaluate("() => { window.printed = 0; window.print = () => { window.printed += 1; }; }")
    visitor.page.locator("[data-print]").click()
    assert visitor.page.evaluate("window.printed") == 1
    visitor.check("strip")
    lengths = [printed_length(live_app, visitor.page, told)]
    signed_in = visitor.page.context.storage_state()
    plain = chromium.new_context(java_script_enabled=False, storage_state=signed_in)
    page = plain.new_page()
    page.goto(f"{address}/violations/{told.number}/receipt/strip")
    assert not page.locator("[data-print]").is_visible()
    assert page.locator("noscript").inner_text() != ""
    lengths.append(printed_length(live_app, page, told))
    assert lengths[0] <= lengths[1] <= lengths[0] * 1.35 + 15, "what the server expects leaves room for any font"
    visitor.page.context.close()
    plain.close()


def printed_length(app: Flask, page: Page, told: Told) -> float:
    """Print the strip as a browser does, and return how long it is; all of it has to be on one page, and readable."""
    paper = page.pdf(prefer_css_page_size=True)
    with app.app_context(), app.extensions["sqlalchemy"].sessionmaker() as session:
        document = session.scalars(select(Document)).one()
        verify = services_of(session).address(f"/verify/{document.number}")
    with pdfium.PdfDocument(paper) as strip:
        assert len(strip) == 1
        width, height = strip[0].get_size()
        assert width == pytest.approx(80 * MM, abs=1.5)
        picture: Image.Image = strip[0].render(scale=DOTS_A_MM * 25.4 / 72).to_pil().convert("L")
        words = "".join(strip[0].get_textpage().get_text_range().split())
    for said in (told.number, document.number, LONG_NAME, LONG_PLACE[-20:]):
        assert said in words
    burnt = picture.point(lambda shade: 255 if shade > 127 else 0)
    assert {code.text for code in zxingcpp.read_barcodes(burnt)} == {told.address, verify}
    ink = burnt.point(lambda shade: 255 - shade).getbbox()
    assert ink is not None
    assert ink[0] >= (3 - 0.3) * DOTS_A_MM
    assert ink[2] <= (77 + 0.3) * DOTS_A_MM
    assert ink[3] <= (height / MM - 2) * DOTS_A_MM, "nothing is cut off at the end"
    return float(height / MM)
