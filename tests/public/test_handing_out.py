"""The officer's own way to a receipt: what the card says, who may hand it out, and that it is kept who did."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Callable
from datetime import timedelta

import pypdfium2 as pdfium
import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories.education import make_session, make_station
from tests.factories.feedback import World, make_violation
from tests.public.test_paper_choice import WIDTHS, width_of
from trafficedu.accounts.models import User
from trafficedu.core.actors import SYSTEM
from trafficedu.core.audit import AuditEntry
from trafficedu.core.clock import today, utc_now
from trafficedu.core.services import services_of
from trafficedu.education.queries.tasks import task_of_violation
from trafficedu.issued.models import Document, DocumentFile
from trafficedu.issued.queries.documents import list_documents
from trafficedu.issued.rules import DocumentKind
from trafficedu.public.services import PAPERS
from trafficedu.reports import qr
from trafficedu.riders.queries.people import last_four
from trafficedu.violations.models.records import Violation
from trafficedu.violations.rules.states import IdentityState, MissingPapers, Penalty, ViolationState
from trafficedu.violations.services.reviewing import void

WAYS = ("", "/strip", *(f"/{paper}.pdf" for paper in PAPERS))
STATION = "甲村交治站"


@pytest.fixture
def violation(session: Session, world: World) -> Violation:
    station = make_station(session, world.village, address="村委会一楼")
    make_session(session, station, utc_now() + timedelta(days=2), capacity=2)
    made = make_violation(session, world.village, company=world.company)
    made.penalty, made.fine_yuan = Penalty.FINE, 20
    session.commit()
    return made


@pytest.fixture
def phone(client: Browser, make_user: Callable[..., User], world: World) -> Browser:
    """The phone of an officer of the town, in English."""
    return in_english(client, make_user("officer", area_id=world.town.id))


def in_english(client: Browser, user: User) -> Browser:
    client.sign_in(user)
    with client.session_transaction() as cookie:
        cookie["locale"] = "en"
    return client


def text_of(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def acts(session: Session, violation: Violation) -> list[tuple[str, str, int | None]]:
    """Return what was done with the receipt of a record: action, paper, who."""
    rows = select(AuditEntry).where(
        AuditEntry.action.startswith("public:receipt:"), AuditEntry.subject_id == violation.id
    )
    return [(row.action, row.detail["paper"], row.actor_id) for row in session.scalars(rows.order_by(AuditEntry.id))]


def test_the_card_after_a_record_says_kind_fine_and_seat_and_shows_the_code(
    session: Session, phone: Browser, violation: Violation
) -> None:
    page = phone.get(f"/record/{violation.number}").text
    card = page[page.index('class="answer"') :]
    for said in (violation.kind.name_en, "Fine of 20 yuan", f"Study at {STATION}"):
        assert said in text_of(card)
    address = services_of(session).address(f"/n/{violation.number}")
    assert qr.inline_svg(address) in card
    assert f'href="/violations/{violation.number}/receipt/a5.pdf"' in page
    assert f'href="/n/{violation.number}"' not in page, "the rider's page asks for four characters"
    assert acts(session, violation) == [], "the card names nobody"


def test_without_a_seat_the_card_says_by_when(session: Session, phone: Browser, world: World) -> None:
    violation = make_violation(session, world.village)
    session.commit()
    assert "Book a study session by" in text_of(phone.get(f"/record/{violation.number}").text)


def test_past_its_last_day_the_card_says_so(session: Session, phone: Browser, world: World) -> None:
    violation = make_violation(session, world.village)
    task = task_of_violation(session, violation.id)
    assert task is not None
    task.due_on = today() - timedelta(days=1)
    session.commit()
    assert "The study was due by" in text_of(phone.get(f"/record/{violation.number}").text)


def test_what_was_voided_asks_for_no_fine(session: Session, phone: Browser, violation: Violation) -> None:
    void(session, violation, "认错人了", SYSTEM, utc_now())
    session.commit()
    shown = phone.get(f"/record/{violation.number}").text
    page = text_of(shown)
    assert "has been voided" in page
    assert "认错人了" in page
    for gone in ("Fine of 20 yuan", "The violation is recorded", "Print the receipt", "Photos and signature"):
        assert gone not in page
    assert 'class="qr"' not in shown
    assert f'href="/violations/{violation.number}"' in shown


def test_what_has_no_receipt_has_no_code_and_says_why(session: Session, phone: Browser, world: World) -> None:
    def made(**values: object) -> Violation:
        violation = make_violation(session, world.village)
        for name, value in values.items():
            setattr(violation, name, value)
        session.flush()
        return violation

    review = {"state": ViolationState.PENDING, "source": "camera", "review_due_on": today()}
    wanted = {"rider_id": None, "identity": IdentityState.WANTED, "papers": MissingPapers.NOT_CARRIED}
    cases = [(made(**review), "Waiting for review until"), (made(**wanted), "The person is to be identified")]
    session.commit()
    for violation, why in cases:
        page = phone.get(f"/record/{violation.number}").text
        assert why in text_of(page)
        assert 'class="qr"' not in page
        assert f"/violations/{violation.number}/receipt" not in page
        for way in WAYS:
            answer = phone.get(f"/violations/{violation.number}/receipt{way}")
            assert answer.status_code == 404
            assert why in text_of(answer.text)
            assert "There is no receipt of this record" in answer.text
            assert "Nothing found" not in answer.text
            assert f'href="/violations/{violation.number}"' in answer.text
        assert f"/violations/{violation.number}/receipt" not in phone.get(f"/violations/{violation.number}").text
    assert list(session.scalars(select(Document))) == []


def test_an_officer_hands_the_receipt_out_without_a_key_and_that_is_kept(
    session: Session, phone: Browser, violation: Violation
) -> None:
    page = phone.get(f"/violations/{violation.number}").text
    assert f'href="/violations/{violation.number}/receipt"' in page
    for way in WAYS:
        answer = phone.get(f"/violations/{violation.number}/receipt{way}")
        assert answer.status_code == 200, way
        if way.endswith(".pdf"):
            assert width_of(answer.data) == pytest.approx(WIDTHS[way[1:-4]], abs=0.1)
    kept = acts(session, violation)
    officer = session.scalars(select(User).where(User.role == "officer")).one()
    expected = [("show", "screen"), ("print", "strip"), *(("print", paper) for paper in PAPERS)]
    assert kept == [(f"public:receipt:{act}", paper, officer.id) for act, paper in expected]
    (document,) = list_documents(session, DocumentKind.RECEIPT, violation.number)
    files = session.scalars(select(DocumentFile).where(DocumentFile.document_id == document.id)).all()
    assert {file.ending for file in files} == set(PAPERS.values())


def test_who_works_elsewhere_finds_nothing_and_who_reads_no_riders_is_refused(
    session: Session, client: Browser, make_user: Callable[..., User], world: World, violation: Violation
) -> None:
    elsewhere = make_user("officer", area_id=world.other_village.id)
    analyst = make_user("analyst")
    for user, status in ((elsewhere, 404), (analyst, 403)):
        client.sign_in(user)
        for way in WAYS:
            assert client.get(f"/violations/{violation.number}/receipt{way}").status_code == status
    assert client.get("/violations/V00000000000/receipt").status_code == 403
    assert acts(session, violation) == []
    assert list(session.scalars(select(Document))) == []


def test_every_paper_is_of_the_document_and_of_its_successor_after_a_change(
    session: Session, phone: Browser, violation: Violation
) -> None:
    path = f"/violations/{violation.number}/receipt"
    first = {way: phone.get(path + way).data for way in WAYS if way.endswith(".pdf")}
    assert {way: phone.get(path + way).data for way in first} == first, "the same bytes"
    void(session, violation, "认错人了", SYSTEM, utc_now())
    session.commit()
    for way, before in first.items():
        after = phone.get(path + way).data
        assert after != before
        assert "has been voided" in read_back(after)
    assert "has been voided" in text_of(phone.get(f"{path}/strip").text)
    assert [one.is_valid for one in list_documents(session, DocumentKind.RECEIPT, violation.number)] == [True, False]


def read_back(paper: bytes) -> str:
    with pdfium.PdfDocument(io.BytesIO(paper)) as document:
        pages = [page.get_textpage().get_text_range() for page in document]
    return " ".join(" ".join(pages).split())


def test_the_page_of_a_document_offers_each_paper(
    session: Session, client: Browser, make_user: Callable[..., User], world: World, violation: Violation
) -> None:
    desk = in_english(client, make_user("supervisor", area_id=world.town.id))
    desk.get(f"/violations/{violation.number}/receipt")
    (document,) = list_documents(session, DocumentKind.RECEIPT, violation.number)
    page = desk.get(f"/documents/{document.number}").text
    for ending in PAPERS.values():
        assert f'href="/documents/{document.number}/zh.{ending}"' in page
        answer = desk.get(f"/documents/{document.number}/zh.{ending}")
        assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
        assert answer.data == desk.get(f"/violations/{violation.number}/receipt/{paper_of(ending)}.pdf?lang=zh").data


def paper_of(ending: str) -> str:
    return next(paper for paper, file in PAPERS.items() if file == ending)


def test_the_strip_says_what_the_papers_say_and_is_as_long_as_it_is(
    session: Session, phone: Browser, violation: Violation
) -> None:
    page = phone.get(f"/violations/{violation.number}/receipt/strip").text
    address = services_of(session).address
    (document,) = list_documents(session, DocumentKind.RECEIPT, violation.number)
    for code in (f"/n/{violation.number}", f"/verify/{document.number}"):
        assert qr.inline_svg(address(code)) in page
    for said in (violation.number, document.number, STATION, "Fine of 20 yuan", violation.kind.law_en):
        assert said in text_of(page)
    length = re.search(r"/receipt/strip-(\d+)\.css", page)
    assert length is not None
    styles = phone.get(length[0])
    assert styles.text.strip() == f"@page {{ size: 80mm {length[1]}mm; margin: 0 }}"
    assert (styles.mimetype, "public" in styles.headers["Cache-Control"]) == ("text/css", True)
    assert 120 <= int(length[1]) <= 400
    assert 'class="topbar"' not in page


@pytest.mark.one_database
@pytest.mark.parametrize("length", ["0", "59", "3001", "99999999999999999999", "-80", "80mm"])
def test_a_strip_of_no_length_is_not_there(client: Browser, length: str) -> None:
    assert client.get(f"/receipt/strip-{length}.css").status_code == 404


def test_the_rider_has_the_same_choice(session: Session, client: Browser, violation: Violation) -> None:
    assert violation.rider is not None
    number = violation.number
    for way in ("/strip", *(f"/{paper}.pdf" for paper in PAPERS)):
        answer = client.get(f"/n/{number}/receipt{way}")
        assert (answer.status_code, answer.headers["Location"]) == (303, f"/n/{number}"), "the key comes first"
    client.post(f"/n/{number}", data={"last_four": last_four(session, violation.rider)})
    page = client.get(f"/n/{number}?lang=en").text
    for paper in PAPERS:
        assert f'href="/n/{number}/receipt/{paper}.pdf"' in page
        paper_itself = client.get(f"/n/{number}/receipt/{paper}.pdf")
        assert width_of(paper_itself.data) == pytest.approx(WIDTHS[paper], abs=0.1)
    assert f'href="/n/{number}/receipt/strip"' in page
    assert number in client.get(f"/n/{number}/receipt/strip").text
    assert client.get(f"/n/{number}/receipt.pdf").data == client.get(f"/n/{number}/receipt/a5.pdf").data


def test_without_a_public_address_the_card_says_so_and_offers_no_paper(
    app: Flask, session: Session, phone: Browser, violation: Violation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(services_of(session).settings), "address", None)
    page = phone.get(f"/record/{violation.number}").text
    assert "The public address of this installation is not set" in text_of(page)
    assert 'class="qr"' not in page
    assert f'href="/violations/{violation.number}/receipt' not in page
