"""Receipts and notices are kept soon after they were told, as of then, whoever opens them when."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories import people
from tests.factories.feedback import World, make_rider, make_violation, make_world
from trafficedu.core.actors import SYSTEM
from trafficedu.core.canonical import canonical
from trafficedu.core.clock import utc_now
from trafficedu.core.services import services_of
from trafficedu.feedback.queries.notices import notice_of_violation
from trafficedu.feedback.services.papers import keep_sent
from trafficedu.issued.models import Document
from trafficedu.issued.queries.documents import FACTS, facts_of, list_documents, valid_document
from trafficedu.issued.rules import DocumentKind, DocumentState
from trafficedu.public.services import keep_due, receipt_of
from trafficedu.riders.queries.people import last_four
from trafficedu.violations.models.records import Violation
from trafficedu.violations.services.recording import NewViolation, record
from trafficedu.violations.services.reviewing import confirm, void


@pytest.fixture
def world(session: Session) -> World:
    return make_world(session)


def recorded(session: Session, world: World, **changes: object) -> Violation:
    """Record a violation through the one door, of a rider who lives in the village."""
    rider, told = make_rider(session, world.village), make_violation(session, world.village)
    new = NewViolation(
        told.kind.code,
        utc_now() - timedelta(minutes=20),
        world.village.code,
        rider_number=rider.number,
        **changes,  # type: ignore[arg-type]
    )
    violation = record(session, new, SYSTEM, utc_now() - timedelta(minutes=9))
    session.commit()
    return violation


def kept(session: Session, kind: DocumentKind, subject: str) -> Document:
    document = valid_document(session, kind, subject)
    assert document is not None
    return document


def test_what_was_told_is_kept_as_of_then(session: Session, world: World) -> None:
    violation = recorded(session, world)
    notice, now = notice_of_violation(session, violation.id), utc_now()
    assert notice is not None
    assert (keep_due(session, now, 50), keep_sent(session, now, 50)) == (1, 1)
    session.commit()
    receipt = kept(session, DocumentKind.RECEIPT, violation.number)
    paper = kept(session, DocumentKind.NOTICE, notice.number)
    assert (receipt.issued_utc, paper.issued_utc) == (violation.recorded_utc, notice.sent_utc)
    assert (receipt.carried_over, paper.carried_over) == (False, False)
    assert violation.rider is not None
    name, violation.rider.name = violation.rider.name, "后来的名字"
    session.commit()
    assert name in facts_of(session, paper)
    assert (keep_due(session, now, 50), keep_sent(session, now, 50)) == (0, 0), "once"
    assert [one.id for one in list_documents(session, DocumentKind.NOTICE, notice.number)] == [paper.id]


def test_the_receipt_of_a_camera_record_waits_for_its_review(session: Session, world: World) -> None:
    violation, now = recorded(session, world, source="camera"), utc_now()
    assert keep_due(session, now, 50) == 0
    confirm(session, violation, SYSTEM, now)
    session.commit()
    assert keep_due(session, now, 50) == 1
    assert kept(session, DocumentKind.RECEIPT, violation.number).issued_utc == violation.reviewed_utc


def test_nothing_is_kept_of_what_was_voided_before(session: Session, world: World) -> None:
    violation, now = recorded(session, world), utc_now()
    void(session, violation, "认错人", SYSTEM, now)
    session.commit()
    assert (keep_due(session, now, 50), keep_sent(session, now, 50)) == (0, 0)
    assert valid_document(session, DocumentKind.RECEIPT, violation.number) is None


def test_whoever_opens_the_receipt_first_has_it_issued(client: Browser, session: Session, world: World) -> None:
    violation = recorded(session, world)
    assert violation.rider is not None
    answer = client.post(f"/n/{violation.number}", data={"last_four": last_four(session, violation.rider)})
    assert answer.status_code == 303
    first = kept(session, DocumentKind.RECEIPT, violation.number)
    assert keep_due(session, utc_now(), 50) == 1, "the worker has nothing to add, and asks no more"
    session.commit()
    assert kept(session, DocumentKind.RECEIPT, violation.number).id == first.id
    assert keep_due(session, utc_now(), 50) == 0


def test_a_notice_printed_before_the_worker_came_is_the_one(client: Browser, session: Session, world: World) -> None:
    violation = recorded(session, world)
    notice = notice_of_violation(session, violation.id)
    assert notice is not None
    client.sign_in(people.make_user(session, "grid", area_id=world.village.id))
    client.get(f"/notices/{notice.number}.pdf")
    first = kept(session, DocumentKind.NOTICE, notice.number)
    keep_sent(session, utc_now(), 50)
    session.commit()
    held = list_documents(session, DocumentKind.NOTICE, notice.number)
    assert [(one.id, one.state) for one in held] == [(first.id, DocumentState.VALID)]


def test_what_was_not_asked_when_a_document_was_kept_makes_it_no_other(session: Session, world: World) -> None:
    violation, now = recorded(session, world), utc_now()
    first = receipt_of(session, violation.number, SYSTEM, now)
    facts = json.loads(facts_of(session, first))
    for name in ("signature", "signed_at", "plate"):
        del facts["paper"]["both"][name]
    first.facts = services_of(session).keyring.encrypt(canonical(facts), FACTS)
    session.commit()
    assert receipt_of(session, violation.number, SYSTEM, now).id == first.id
    facts["paper"]["both"]["plate"] = "演示A00001"
    first.facts = services_of(session).keyring.encrypt(canonical(facts), FACTS)
    session.commit()
    assert receipt_of(session, violation.number, SYSTEM, now).replaces_id == first.id
