from __future__ import annotations

import io
import re
from datetime import timedelta

import pypdfium2
import pytest
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories import people
from tests.factories.feedback import World, make_notice, make_world
from tests.factories.hazards import make_fixed, make_planned
from tests.issued.test_certificates import booking, certificate, district
from trafficedu.accounts.queries import actor_of
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import local_date, utc_now
from trafficedu.core.errors import Refusal
from trafficedu.core.settings import Settings
from trafficedu.education.models.tasks import Certificate
from trafficedu.education.services.certifying import render_certificate
from trafficedu.feedback.models import Notice
from trafficedu.hazards.services import deciding, planning
from trafficedu.hazards.services.planning import RemedyPlan
from trafficedu.issued.queries.documents import list_documents, valid_document
from trafficedu.issued.rules import DocumentKind, DocumentState
from trafficedu.violations.services.reviewing import void

__all__ = ["booking", "certificate", "district"]


def text_of(pdf: bytes) -> str:
    pages = pypdfium2.PdfDocument(io.BytesIO(pdf))
    return "".join(page.get_textpage().get_text_bounded() for page in pages).replace("\r\n", "")


def states(session: Session, kind: DocumentKind, subject: str) -> list[DocumentState]:
    return [document.state for document in list_documents(session, kind, subject)]


@pytest.fixture
def world(session: Session) -> World:
    return make_world(session)


@pytest.fixture
def notice(session: Session, world: World) -> Notice:
    made = make_notice(session, world.village, company=world.company)
    session.commit()
    return made


def test_a_notice_is_what_its_receiver_opened(client: Browser, session: Session, world: World, notice: Notice) -> None:
    assert states(session, DocumentKind.NOTICE, notice.number) == []
    client.sign_in(people.make_user(session, "company", company_id=world.company.id))
    client.get(f"/notices/{notice.number}")
    document = valid_document(session, DocumentKind.NOTICE, notice.number)
    assert document is not None
    name, notice.rider.name = notice.rider.name, "后来的名字"
    session.commit()
    first = client.get(f"/notices/{notice.number}.pdf?lang=zh").data
    assert client.get(f"/notices/{notice.number}.pdf?lang=zh").data == first
    assert name in text_of(first)
    assert document.number in text_of(first)
    public = client.get(f"/verify/{document.number}?lang=zh").text
    assert "文书有效" in public
    assert name not in public
    void(session, notice.violation, "认错人", SYSTEM, utc_now())
    session.commit()
    assert "已撤销" in client.get(f"/verify/{document.number}?lang=zh").text
    withdrawn = text_of(client.get(f"/notices/{notice.number}.pdf?lang=zh").data)
    assert "已撤销" in withdrawn
    assert name not in withdrawn, "whoever was told wrongly is not told again"


def test_who_may_not_read_the_rider_gets_an_excerpt(
    client: Browser, session: Session, world: World, notice: Notice
) -> None:
    client.sign_in(people.make_user(session, "leader", area_id=world.town.id))
    paper = client.get(f"/notices/{notice.number}.pdf?lang=zh")
    if paper.status_code == 200:
        assert notice.rider.name not in text_of(paper.data)
        assert "节录" in text_of(paper.data)


def test_the_plan_of_a_hazard_is_issued_with_each_agreement(client: Browser, session: Session, world: World) -> None:
    supervisor = people.make_user(session, "supervisor", area_id=world.district.id)
    hazard = make_planned(session, world.village)
    session.commit()
    client.sign_in(supervisor)
    [first] = list_documents(session, DocumentKind.HAZARD, hazard.number)
    sheet = client.get(f"/hazards/{hazard.number}/plan.pdf?lang=zh").data
    assert first.number in text_of(sheet)
    assert client.get(f"/hazards/{hazard.number}/plan.pdf?lang=zh").data == sheet
    leader = actor_of(people.make_user(session, "leader", area_id=world.town.id))
    plan = RemedyPlan("目标二", "措施二", "责任二", local_date(utc_now()) + timedelta(days=9))
    planning.revise(session, hazard, plan, "改期", hazard.version, leader, utc_now())
    planning.begin(session, hazard, hazard.version, leader, utc_now())
    session.commit()
    assert states(session, DocumentKind.HAZARD, hazard.number) == [DocumentState.VALID, DocumentState.REPLACED]
    assert "草稿" in text_of(client.get(f"/hazards/{hazard.number}/plan.pdf?lang=zh").data), "work has begun since"
    deciding.void(session, hazard, "重复上报", hazard.version, actor_of(supervisor), utc_now())
    session.commit()
    assert states(session, DocumentKind.HAZARD, hazard.number)[0] == DocumentState.REVOKED
    assert (
        "重复上报"
        in client.get(f"/documents/{first.number}").text
        + client.get(f"/documents/{list_documents(session, DocumentKind.HAZARD, hazard.number)[0].number}").text
    )


def test_a_verified_hazard_has_its_whole_course_on_the_sheet(session: Session, world: World) -> None:
    hazard = make_fixed(session, world.village, actor_of(people.make_user(session, "leader", area_id=world.town.id)))
    officer = actor_of(people.make_user(session, "officer", area_id=world.village.id))
    before = states(session, DocumentKind.HAZARD, hazard.number)
    deciding.verify(session, hazard, deciding.FixDecision(True, "", ()), hazard.version, officer, utc_now())
    assert states(session, DocumentKind.HAZARD, hazard.number) == [DocumentState.VALID, DocumentState.REPLACED]
    assert before == [DocumentState.VALID]


def test_the_roster_is_issued_once_nobody_is_open(client: Browser, session: Session, certificate: Certificate) -> None:
    study = certificate.task.bookings[0].session
    client.sign_in(people.make_user(session, "station", station_id=study.station_id))
    sheet = client.get(f"/sessions/{study.number}/roster.pdf?lang=zh").data
    assert not re.search(r"D[0-9A-Z]{11}", text_of(sheet)), "the sheet to sign at the door is no document"
    page = client.get(f"/sessions/{study.number}?lang=zh").text
    assert "签发签到册" in page
    client.post(f"/sessions/{study.number}/roster")
    document = valid_document(session, DocumentKind.ROSTER, study.number)
    assert document is not None
    signed = client.get(f"/sessions/{study.number}/roster.pdf?lang=zh").data
    assert document.number in text_of(signed)
    name, certificate.task.rider.name = certificate.task.rider.name, "后来的名字"
    session.commit()
    assert client.get(f"/sessions/{study.number}/roster.pdf?lang=zh").data == signed
    assert name in text_of(client.get(f"/sessions/{study.number}/roster.pdf?lang=en").data)
    client.post(f"/sessions/{study.number}/roster")
    assert len(states(session, DocumentKind.ROSTER, study.number)) == 1


def test_without_a_public_address_nothing_is_drawn_but_the_work_goes_on(
    session: Session, certificate: Certificate, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Settings, "address", None)
    assert states(session, DocumentKind.HAZARD, make_planned(session, world.village).number) == [DocumentState.VALID]
    with pytest.raises(Refusal, match="TRAFFICEDU_PUBLIC_URL"):
        render_certificate(session, certificate.number, "zh", utc_now())
