"""A notice says whether the rider signed or refused to, in words: how somebody signs is not the receiver's to see."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories.feedback import World, make_violation
from tests.factories.pictures import signature
from tests.reports.reading import read
from trafficedu.accounts.models import User
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import utc_now
from trafficedu.core.events import publish
from trafficedu.core.services import services_of
from trafficedu.evidence.models import Signature
from trafficedu.feedback.models import Notice
from trafficedu.feedback.queries.notices import notice_of_violation
from trafficedu.issued.queries.documents import list_documents, what_it_says
from trafficedu.issued.rules import DocumentKind
from trafficedu.violations.events import ViolationSigned
from trafficedu.violations.models.records import Violation

WORDS = {False: ("已签名", "signed"), True: ("拒绝签名", "refused to sign")}


@pytest.fixture
def violation(session: Session, world: World) -> Violation:
    made = make_violation(session, world.village, company=world.company)
    session.commit()
    return made


@pytest.fixture
def notice(session: Session, violation: Violation) -> Notice:
    found = notice_of_violation(session, violation.id)
    assert found is not None
    return found


def signed(session: Session, violation: Violation, refused: bool) -> str | None:
    """Have the rider sign, or refuse to; returns the key of the picture."""
    now, key = utc_now(), None if refused else services_of(session).evidence.save(signature())
    about = {"subject_kind": "violation", "subject_id": violation.id, "once_key": "k" * 20, "sent_sha256": key or ""}
    session.add(Signature(**about, file_key=key, received_utc=now))
    session.flush()
    publish(session, ViolationSigned(now, SYSTEM, violation.id))
    session.commit()
    return key


@pytest.mark.parametrize("refused", [False, True])
def test_page_and_paper_say_it_in_words_and_show_no_signature(
    session: Session,
    client: Browser,
    make_user: Callable[..., User],
    world: World,
    violation: Violation,
    notice: Notice,
    refused: bool,
) -> None:
    key = signed(session, violation, refused)
    company = client.sign_in(make_user("company", company_id=world.company.id))
    in_chinese, in_english = WORDS[refused]
    page = company.get(f"/notices/{notice.number}?lang=zh").text
    assert f"<dd>{in_chinese}</dd>" in page
    assert "/signature" not in page
    assert in_chinese in read(company.get(f"/notices/{notice.number}.pdf?lang=zh").data, codes=False).flat
    paper = company.get(f"/notices/{notice.number}.pdf?lang=en").data
    assert in_english in read(paper, codes=False).flat
    assert b"/Subtype /Image" not in paper
    assert company.get(f"/violations/{violation.number}/signature").status_code == 403
    (document,) = list_documents(session, DocumentKind.NOTICE, notice.number)
    assert not key or key not in str(what_it_says(session, document).kept)


def test_where_nobody_was_asked_nothing_is_said(
    client: Browser, make_user: Callable[..., User], world: World, notice: Notice
) -> None:
    company = client.sign_in(make_user("company", company_id=world.company.id))
    assert "签名" not in company.get(f"/notices/{notice.number}?lang=zh").text
    assert "签名" not in read(company.get(f"/notices/{notice.number}.pdf?lang=zh").data, codes=False).flat


def test_a_notice_that_left_before_is_replaced_by_one_that_says_it(
    session: Session,
    client: Browser,
    make_user: Callable[..., User],
    world: World,
    violation: Violation,
    notice: Notice,
) -> None:
    company = client.sign_in(make_user("company", company_id=world.company.id))
    company.get(f"/notices/{notice.number}.pdf")
    signed(session, violation, refused=True)
    last, first = list_documents(session, DocumentKind.NOTICE, notice.number)
    assert (last.is_valid, last.replaces_id, first.is_replaced) == (True, first.id, True)
    assert "拒绝签名" in read(company.get(f"/notices/{notice.number}.pdf?lang=zh").data, codes=False).flat
