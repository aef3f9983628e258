from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime

import pypdfium2
import pytest
import time_machine
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import Browser, run_jobs
from tests.factories import colours as made
from tests.factories import education
from tests.factories import places as known
from tests.factories.colours import towns
from tests.factories.education import make_rider, make_violation
from tests.factories.evaluation import NOW, noon
from trafficedu.accounts.models import User
from trafficedu.accounts.rules import Role
from trafficedu.areas.models import Area
from trafficedu.core.actors import SYSTEM
from trafficedu.evaluation.models import EvaluationRun
from trafficedu.evaluation.queries.runs import results_said
from trafficedu.evaluation.services import runs
from trafficedu.issued.queries.documents import find_document, valid_document
from trafficedu.issued.rules import DocumentKind
from trafficedu.messages.models import Push

__all__ = ["towns"]
MONTH = made.MONTH
AFTER_MONTH = noon(MONTH.next.last)
Makes = Callable[..., User]


def text_of(pdf: bytes) -> str:
    pages = pypdfium2.PdfDocument(io.BytesIO(pdf))
    return "".join(page.get_textpage().get_text_bounded() for page in pages).replace("\r\n", "")


@pytest.fixture
def top(towns: dict[str, Area]) -> Area:
    assert towns["A"].parent is not None
    return towns["A"].parent


@pytest.fixture
def analyst(client: Browser, top: Area, make_user: Makes) -> Browser:
    return client.sign_in(make_user("analyst", area_id=top.id))


def publish(session: Session) -> EvaluationRun:
    run = runs.evaluate(session, MONTH, NOW)
    runs.publish_run(session, run, SYSTEM, NOW)
    session.commit()
    return run


def issue_bulletin(app: Flask, analyst: Browser, session: Session, top: Area) -> str:
    analyst.post(f"/bulletin/{MONTH}/{top.code}/issue")
    run_jobs(app)
    document = valid_document(session, DocumentKind.BULLETIN, f"{MONTH}/{top.code}")
    assert document is not None
    return document.number


def number_in(location: str) -> str:
    return location.rpartition("/")[2]


def test_a_bulletin_is_a_document_once_it_is_issued(app: Flask, analyst: Browser, session: Session, top: Area) -> None:
    runs.evaluate(session, MONTH, NOW)
    session.commit()
    address = f"/bulletin/{MONTH}/{top.code}"
    with analyst.fetch(f"{address}.pdf?in=zh", "GET") as draft:
        assert "草稿" in text_of(draft.get_data())
    refused = analyst.post(f"{address}/issue", follow_redirects=True)
    assert "请先发布" in refused.get_data(as_text=True)
    publish(session)
    first = issue_bulletin(app, analyst, session, top)
    body = analyst.get(f"{address}.pdf?in=zh").data
    assert first in text_of(body)
    assert "草稿" not in text_of(body)
    assert analyst.get(f"{address}.pdf?in=zh").data == body
    assert analyst.get(f"{address}.xlsx?in=en").data == analyst.get(f"{address}.xlsx?in=en").data
    assert str(MONTH) in analyst.get(f"/verify/{first}?lang=en").text


def test_a_newer_evaluation_marks_what_rests_on_the_older_one(
    app: Flask, analyst: Browser, session: Session, towns: dict[str, Area], top: Area
) -> None:
    publish(session)
    first = issue_bulletin(app, analyst, session, top)
    card = number_in(analyst.post(f"/indicators/{MONTH}/issue").headers["Location"])
    assert "published since" not in analyst.get(f"/verify/{first}?lang=en").text
    make_violation(session, make_rider(session), towns["A"], datetime(2026, 10, 12, 3, tzinfo=UTC))
    session.commit()
    newer = publish(session)
    assert newer.number == 2
    for number in (first, card):
        assert "version 2 has been published since" in analyst.get(f"/verify/{number}?lang=en").text
    page = analyst.get(f"/documents/{first}?compare&lang=en").text
    assert "Differs from what was issued" in page
    assert re.search(r"Violations · (this month|Violations)", page)
    chinese = analyst.get(f"/documents/{first}?compare&lang=zh").text
    assert "名次 · 镇街" in chinese
    assert not re.search(r"· (town|village|company)\b", chinese)
    second = number_in(analyst.post(f"/documents/{first}/correct").headers["Location"])
    document = find_document(session, second)
    assert document is not None
    assert (document.evaluation_version, document.newer_version) == (2, None)
    assert second in analyst.get(f"/verify/{first}?lang=en").text
    assert second in text_of(analyst.get(f"/bulletin/{MONTH}/{top.code}.pdf?in=zh").data)


def test_scorecards_are_issued_together_and_indicators_say_what_they_are(
    app: Flask, analyst: Browser, session: Session, towns: dict[str, Area], top: Area, make_user: Makes
) -> None:
    own, other = known.add_company(session), known.add_company(session)
    publish(session)
    analyst.post(f"/scorecards/{MONTH}/issue")
    run_jobs(app)
    cards = {
        code: valid_document(session, DocumentKind.SCORECARD, f"{MONTH}/{code}") for code in (own.code, other.code)
    }
    assert all(cards.values())
    analyst.post(f"/indicators/{MONTH}/issue")
    handed_on = json.loads(analyst.get(f"/indicators/{MONTH}.json").data)
    assert handed_on["draft"] is False
    assert handed_on["evaluation"] == f"{MONTH} v1"
    assert handed_on["document"]["number"].startswith("D")
    analyst.sign_in(make_user("company", company_id=own.id))
    paper = analyst.get(f"/scorecards/{MONTH}/{own.code}.pdf?in=zh")
    assert own.name in text_of(paper.data)
    assert "草稿" not in text_of(paper.data)
    assert analyst.get(f"/scorecards/{MONTH}/{other.code}.pdf").status_code == 404
    assert analyst.get(f"/scorecards/{MONTH}/{towns['A'].code}.pdf").status_code == 404
    assert analyst.post(f"/scorecards/{MONTH}/issue").status_code == 403


def test_a_colour_that_is_another_in_a_newer_version_is_told(
    session: Session, towns: dict[str, Area], make_user: Makes
) -> None:
    leader = make_user("leader", area_id=towns["A"].id)
    first = {(row.kind, row.code): row.colour for row in results_said(session, publish(session))}
    for _ in range(40):
        education.make_violation(session, None, towns["A"], noon(made.DAY))
    session.commit()
    second = {(row.kind, row.code): row.colour for row in results_said(session, publish(session))}
    key = ("town", towns["A"].code)
    assert first[key] != second[key]
    told = session.scalars(select(Push.key).where(Push.user_id == leader.id, Push.key.contains("version 2"))).all()
    assert f"colour:{MONTH}:version 2:town:{towns['A'].code}" in told


def test_the_brief_is_issued_with_the_bulletin_of_the_same_figures_and_says_what_the_screen_says(
    app: Flask, analyst: Browser, session: Session, top: Area
) -> None:
    address = f"/screen/brief/{MONTH}/{top.code}.pdf?in=en"
    with analyst.fetch(address, "GET") as draft:
        assert "DRAFT" in text_of(draft.get_data())
    publish(session)
    bulletin = find_document(session, issue_bulletin(app, analyst, session, top))
    brief = valid_document(session, DocumentKind.BRIEF, f"{MONTH}/{top.code}")
    assert bulletin is not None
    assert brief is not None
    assert brief.number != bulletin.number
    assert brief.evaluation_version == bulletin.evaluation_version == 1
    body = analyst.get(address).data
    assert brief.number in text_of(body)
    assert analyst.get(address).data == body
    assert str(MONTH) in analyst.get(f"/verify/{brief.number}?lang=en").text
    assert brief.number in analyst.get(f"/bulletin?month={MONTH}&area={top.code}").text
    compared = analyst.get(f"/documents/{brief.number}?compare&lang=en").text
    assert "agrees with the records" in compared
    with time_machine.travel(AFTER_MONTH):  # the alarms of a screen are those of the last month that is over
        analyst.sign_in(session.scalars(select(User).where(User.role == Role.ANALYST)).one())
        analyst.get(f"/screen?month={MONTH}")
        run_jobs(app)  # they are computed when somebody first looks
        screen = analyst.get(f"/screen?month={MONTH}&lang=en").text
    paper = " ".join(text_of(body).split())
    spoken = r"<span data-said>(Not judged: [^<]+|[^<]*could not be judged[^<]*)</span>"
    said = [find.group(1) for find in re.finditer(spoken, screen)]
    assert said
    for sentence in said:
        assert sentence.strip() in paper
