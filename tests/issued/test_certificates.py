from __future__ import annotations

import io
import json
import re
from datetime import timedelta

import pypdfium2
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories import people
from tests.factories.education import (
    District,
    assign,
    make_district,
    make_rider,
    make_session,
    make_violation,
    sign_off_by_exception,
)
from trafficedu.accounts.models import User
from trafficedu.accounts.queries import actor_of
from trafficedu.core.actors import SYSTEM
from trafficedu.core.canonical import digest
from trafficedu.core.clock import local_date, utc_now
from trafficedu.core.errors import Refusal
from trafficedu.core.services import services_of
from trafficedu.education.models.tasks import Booking, Certificate
from trafficedu.education.queries.seats import live_booking
from trafficedu.education.services import door, signing
from trafficedu.education.services import study as study_services
from trafficedu.education.services.certifying import carry_over_certificates, render_certificate
from trafficedu.issued.models import Document, DocumentFile
from trafficedu.issued.queries.documents import facts_of, find_document
from trafficedu.issued.rules import DocumentState


@pytest.fixture
def district(session: Session) -> District:
    return make_district(session)


@pytest.fixture
def booking(session: Session, district: District) -> Booking:
    now = utc_now()
    make_session(session, district.at_a, now + timedelta(hours=3))
    task = assign(session, make_violation(session, make_rider(session, district.a), district.a), SYSTEM, now)
    assert task is not None
    booking = live_booking(session, task.id)
    assert booking is not None
    return booking


@pytest.fixture
def supervisor(session: Session, district: District) -> User:
    return people.make_user(session, "supervisor", area_id=district.root.id)


def certified(session: Session, booking: Booking, reason: str = "") -> Certificate:
    staff = actor_of(people.make_user(session, "station", station_id=booking.session.station_id))
    now = utc_now()
    booking.session.starts_utc, booking.session.starts_on = now, local_date(now)
    door.check_in(session, booking, staff, booking.session.starts_utc)
    if not reason:
        for module in booking.session.plan.modules:
            study_services.start_module(session, booking, module.id, staff, now)
            now += timedelta(minutes=module.minimum_minutes)
            study_services.end_module(session, booking, module.id, staff, now)
        study_services.record_quiz(session, booking, 90, staff, now)
    made = (
        sign_off_by_exception(session, booking, staff, now, reason)
        if reason
        else signing.sign_off(session, booking, staff, now)
    )
    session.commit()
    return made


@pytest.fixture
def certificate(session: Session, booking: Booking) -> Certificate:
    return certified(session, booking)


def text_of(pdf: bytes) -> str:
    return "".join(page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(io.BytesIO(pdf)))


def document_of(session: Session, certificate: Certificate) -> Document:
    document = find_document(session, certificate.number)
    assert document is not None
    return document


def test_what_was_signed_stays_whatever_becomes_of_the_records(
    client: Browser, session: Session, certificate: Certificate, supervisor: User
) -> None:
    now, study, name = utc_now(), certificate.task.bookings[0].session, certificate.task.rider.name
    printed = render_certificate(session, certificate.number, "zh", now)
    module, day = study.plan.modules[0], study.starts_on
    was = module.name_zh, module.name_en
    study.starts_utc, study.starts_on = study.starts_utc + timedelta(days=25), study.starts_on + timedelta(days=25)
    certificate.task.rider.name, module.name_zh, module.name_en = "后来的名字", "新法规宣讲", "New rules"
    session.commit()
    assert render_certificate(session, certificate.number, "zh", now) == printed
    english = text_of(render_certificate(session, certificate.number, "en", now))  # first drawn after the changes
    assert name in english
    assert was[1] in english
    assert "New rules" not in english
    assert str(study.starts_on.year) in english
    client.sign_in(supervisor)
    page = client.get(f"/documents/{certificate.number}?lang=zh").text
    assert "与已签发内容不一致" in page
    assert "后来的名字" in page
    assert f"{day.month}月{day.day}日" in page
    answer = client.post(f"/documents/{certificate.number}/correct")
    new = answer.headers["Location"].rpartition("/")[2]
    assert new.startswith("C")
    assert new != certificate.number
    public = client.get(f"/verify/{certificate.number}?lang=en").text
    assert "This document was replaced" in public
    assert new in public
    corrected = text_of(render_certificate(session, certificate.number, "zh", now))
    assert "后来的名字" in corrected
    assert new in corrected
    assert certificate.number in corrected
    assert "与已签发内容不一致" not in client.get(f"/documents/{new}?lang=zh").text
    again = client.post(f"/documents/{certificate.number}/correct")
    assert again.status_code in {404, 409}, "what holds no longer is not replaced twice"


def test_facts_are_ciphertext_and_hashed_and_the_file_is_kept(session: Session, certificate: Certificate) -> None:
    document = document_of(session, certificate)
    assert certificate.task.rider.name not in document.facts
    facts = facts_of(session, document)
    assert digest(facts) == document.facts_sha256
    assert json.loads(facts)["paper"]["both"]["rider_name"] == certificate.task.rider.name
    assert json.dumps(json.loads(facts), sort_keys=True, ensure_ascii=False, separators=(",", ":")) == facts
    body = render_certificate(session, certificate.number, "zh", utc_now())
    file = session.scalars(select(DocumentFile).where(DocumentFile.document_id == document.id)).one()
    assert (file.language, file.ending) == ("zh", "pdf")
    assert services_of(session).evidence.read(file.sha256) == body


def test_a_sign_off_by_exception_is_marked(client: Browser, session: Session, booking: Booking) -> None:
    certificate = certified(session, booking, "设备故障，已当面补学全部内容")
    assert "经例外签发" in text_of(render_certificate(session, certificate.number, "zh", utc_now())).replace("\r\n", "")
    assert "经例外签发" in client.get(f"/verify/{certificate.number}?lang=zh").text
    assert "补学" not in client.get(f"/verify/{certificate.number}?lang=zh").text, "the reason is nobody's business"


def test_a_revoked_certificate_says_so_and_is_not_handed_out(
    client: Browser, session: Session, certificate: Certificate, supervisor: User
) -> None:
    client.sign_in(supervisor)
    handed_over = client.get(f"/documents/{certificate.number}/revoke")
    assert handed_over.status_code == 303
    take_back = handed_over.headers["Location"]
    assert client.post(f"/documents/{certificate.number}/revoke", data={"reason": "x" * 20}).location == take_back
    assert client.get(take_back).status_code == 200
    assert client.post(take_back, data={"reason": "错了"}).status_code == 422
    assert client.post(take_back, data={"reason": "签发给了冒名顶替的人，予以撤销"}).status_code == 303
    session.refresh(certificate)
    assert (certificate.state, certificate.revoked_by_id) == ("revoked", supervisor.id), "row and document say the same"
    session.refresh(certificate.task)
    assert certificate.task.state == "in_progress", "the study is open again"
    page = client.get(f"/verify/{certificate.number}?lang=zh").text
    assert "文书已撤销" in page
    assert "冒名顶替" in page
    assert "文书有效" not in page
    with pytest.raises(Refusal, match="was revoked"):
        render_certificate(session, certificate.number, "zh", utc_now())
    assert client.get(f"/certificates/{certificate.number}.pdf").status_code == 400
    shown = client.get(f"/documents/{certificate.number}/zh.pdf")
    assert "已撤销" in text_of(shown.data)
    assert session.scalar(select(DocumentFile.sha256)) is None, "nothing that was revoked is kept as handed out"
    opened = client.get(f"/certificates/{certificate.number}.pdf?lang=en")
    assert opened.status_code == 400
    assert "This cannot be opened" in opened.text
    assert "was revoked" in opened.text
    late = client.post(f"/documents/{certificate.number}/revoke", data={"reason": "再撤销一次试试看，不应成功"})
    assert late.status_code == 409


def test_documents_are_of_ones_own_post(
    client: Browser, session: Session, certificate: Certificate, district: District
) -> None:
    for role, post, status in (
        ("station", {"station_id": district.at_a.id}, 200),
        ("station", {"station_id": district.at_b.id}, 404),
        ("officer", {"area_id": district.a.id}, 200),
        ("officer", {"area_id": district.b.id}, 404),
        ("analyst", {"area_id": district.root.id}, 404),
        ("administrator", {}, 403),
    ):
        client.sign_in(people.make_user(session, role, **post))
        for path in (f"/documents/{certificate.number}", f"/documents/{certificate.number}/en.pdf"):
            assert client.get(path).status_code == status, (role, path)
        revoked = client.post(f"/documents/{certificate.number}/revoke", data={"reason": "不应当能够撤销的证书"})
        assert revoked.status_code in {403, 404}
    assert document_of(session, certificate).state == DocumentState.VALID


def test_certificates_of_earlier_days_are_carried_over_once(
    client: Browser, session: Session, certificate: Certificate
) -> None:
    session.delete(document_of(session, certificate))
    certificate.documented_utc = None
    session.commit()
    assert [carry_over_certificates(session, utc_now(), 50) for _ in range(2)] == [1, 0]
    session.commit()
    document = document_of(session, certificate)
    assert document.carried_over
    assert document.issued_utc == certificate.issued_utc
    page = client.get(f"/verify/{certificate.number}?lang=en").text
    assert "This document is valid" in page
    assert not re.search(certificate.task.rider.name, page)
