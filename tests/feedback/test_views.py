from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import timedelta

import pypdfium2
import pytest
from flask import Flask, url_for
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories.feedback import World, make_notice, make_rider, make_violation
from tests.factories.people import PASSWORD
from trafficedu.accounts.models import User
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import utc_now
from trafficedu.feedback import panels
from trafficedu.feedback.models import Notice
from trafficedu.riders.queries.people import id_number_of
from trafficedu.violations.services.reviewing import void


@pytest.fixture
def notice(session: Session, world: World) -> Notice:
    notice = make_notice(session, world.village, company=world.company)
    session.commit()
    return notice


@pytest.fixture
def company(client: Browser, world: World, make_user: Callable[..., User]) -> Browser:
    return client.sign_in(make_user("company", company_id=world.company.id))


def test_a_receiver_lists_opens_and_answers(company: Browser, session: Session, notice: Notice) -> None:
    assert notice.number in company.get("/notices").text
    page = company.get(f"/notices/{notice.number}?lang=en").text
    assert "Recommended measure" in page
    session.refresh(notice)
    first = notice.opened_utc
    assert first is not None
    company.get(f"/notices/{notice.number}")
    session.refresh(notice)
    assert notice.opened_utc == first
    answer = company.post(f"/notices/{notice.number}/answer", data={"measure": "suspended", "days": "3", "text": ""})
    assert answer.status_code == 303
    session.refresh(notice)
    assert notice.feedback is not None
    assert notice.feedback.days == 3
    assert "3" in company.get(f"/notices/{notice.number}").text


def test_one_tap_on_the_first_screen_answers_and_comes_back(company: Browser, session: Session, notice: Notice) -> None:
    home = company.get("/").text
    assert f"/notices/{notice.number}/answer" in home
    data = {"measure": "criticised", "days": "", "text": "", "back": "home"}
    for _ in range(2):  # a second tap of the same key is harmless
        answer = company.post(f"/notices/{notice.number}/answer", data=data)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    session.refresh(notice)
    assert notice.feedback is not None
    assert f"/notices/{notice.number}/answer" not in company.get("/").text


def test_an_incomplete_answer_comes_back_with_what_was_typed(company: Browser, notice: Notice) -> None:
    data = {"measure": "other", "days": "", "text": ""}
    page = company.post(f"/notices/{notice.number}/answer?lang=en", data=data)
    assert page.status_code == 422
    assert "Say what was done." in page.text
    data = {"measure": "suspended", "days": "999", "text": "写下的话"}
    page = company.post(f"/notices/{notice.number}/answer", data=data)
    assert page.status_code == 422
    assert "写下的话" in page.text
    assert 'value="999"' in page.text
    assert company.post(f"/notices/{notice.number}/answer", data={}).status_code == 422


def test_a_second_answer_is_told_who_was_first(
    client: Browser, world: World, notice: Notice, make_user: Callable[..., User]
) -> None:
    first = make_user("company", company_id=world.company.id)
    client.sign_in(first).post(f"/notices/{notice.number}/answer", data={"measure": "criticised"})
    client.sign_in(make_user("company", company_id=world.company.id))
    page = client.post(f"/notices/{notice.number}/answer", data={"measure": "dismissed"})
    assert page.status_code == 422
    assert first.display_name in page.text


SUSPENDED = {"measure": "suspended", "days": "3", "text": "三天后复训"}
TYPED = {
    "zh": {"采取的措施": "停单", "停单天数": "3", "简要说明": "三天后复训"},
    "en": {"Measure taken": "Suspended", "Days of suspension": "3", "In a few words": "三天后复训"},
}


def _facts(page: str) -> dict[str, str]:
    return dict(re.findall(r"<dt>(.*?)</dt>\s*<dd>(.*?)</dd>", page))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_an_answer_that_comes_too_late_is_shown_by_its_labels_and_in_words(
    app: Flask, company: Browser, notice: Notice, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    address = f"/notices/{notice.number}/answer"
    page = company.get(f"/notices/{notice.number}").text
    marks = {name: re.findall(rf'name="{name}" value="([^"]*)"', page)[0] for name in ("seen", "opened")}
    company.post(address, data={"measure": "criticised"})
    monkeypatch.setitem(app.config, "SEEN_REQUIRED", True)
    late = company.post(f"{address}?lang={language}", data=marks | SUSPENDED | {"back": "home"})
    assert late.status_code == 409
    assert _facts(late.text) == TYPED[language]


def test_an_answer_kept_through_a_sign_in_is_shown_by_its_labels_and_in_words(
    client: Browser, world: World, notice: Notice, make_user: Callable[..., User]
) -> None:
    receiver = make_user("company", company_id=world.company.id)
    page = client.sign_in(receiver).get(f"/notices/{notice.number}").text
    marks = {name: re.findall(rf'name="{name}" value="([^"]*)"', page)[0] for name in ("seen", "opened")}
    with client.session_transaction() as cookie:
        cookie.clear()
    asked = client.post(f"/notices/{notice.number}/answer", data=marks | SUSPENDED).text
    sealed = re.findall(r'name="kept"[^>]* value="([^"]*)"', asked)[0]
    back = client.post("/sign-in", data={"username": receiver.username, "password": PASSWORD, "kept": sealed})
    assert _facts(back.text) == TYPED["zh"]


@pytest.mark.parametrize(
    ("role", "post"),
    [("company", "other_company"), ("grid", "village"), ("grid", "other_village"), ("officer", "other_village")],
)
def test_somebody_elses_notice_does_not_exist(
    client: Browser, world: World, notice: Notice, make_user: Callable[..., User], role: str, post: str
) -> None:
    place = getattr(world, post)
    client.sign_in(make_user(role, **{"company_id" if role == "company" else "area_id": place.id}))
    assert client.get(f"/notices/{notice.number}").status_code == 404
    assert client.get(f"/notices/{notice.number}.pdf").status_code == 404
    assert notice.number not in client.get("/notices").text
    answer = client.post(f"/notices/{notice.number}/answer", data={"measure": "criticised"})
    assert answer.status_code == (403 if role == "officer" else 404)


def test_pages_and_papers_never_show_an_identity_number(
    company: Browser, session: Session, app: Flask, notice: Notice
) -> None:
    number = id_number_of(session, notice.rider)
    for address in ("/", "/notices", f"/notices/{notice.number}"):
        assert number not in company.get(address).text
    paper = company.get(f"/notices/{notice.number}.pdf")
    assert paper.mimetype == "application/pdf"
    document = pypdfium2.PdfDocument(io.BytesIO(paper.data))
    text = "".join(page.get_textpage().get_text_bounded() for page in document)
    assert notice.number in text
    assert notice.rider.name in text
    assert number not in text
    assert f"/notices/{notice.number}" in text


def test_a_held_notice_has_no_paper_and_says_why(
    client: Browser, session: Session, world: World, make_user: Callable[..., User]
) -> None:
    held = make_notice(session, world.village, company=world.company, basis=None)
    client.sign_in(make_user("supervisor", area_id=world.town.id))
    assert client.get(f"/notices/{held.number}.pdf").status_code == 404
    assert "no legal basis" in client.get(f"/notices/{held.number}?lang=en").text
    session.refresh(held)
    assert held.opened_utc is None


def test_a_reader_who_is_no_receiver_leaves_no_stamp_and_gets_no_form(
    client: Browser, session: Session, world: World, notice: Notice, make_user: Callable[..., User]
) -> None:
    client.sign_in(make_user("officer", area_id=world.village.id))
    page = client.get(f"/notices/{notice.number}").text
    assert 'id="answer-form"' not in page
    session.refresh(notice)
    assert notice.opened_utc is None


def test_late_answers_show_as_late(company: Browser, session: Session, notice: Notice) -> None:
    notice.sent_utc, notice.due_utc = utc_now() - timedelta(days=4), utc_now() - timedelta(days=1)
    session.commit()
    assert "shown as late" in company.get(f"/notices/{notice.number}?lang=en").text
    company.post(f"/notices/{notice.number}/answer", data={"measure": "criticised"})
    assert "answered late" in company.get("/notices?state=late&lang=en").text


def test_filters_narrow_and_a_broken_one_does_not_break(company: Browser, notice: Notice) -> None:
    assert notice.number in company.get("/notices?state=unanswered").text
    assert notice.number not in company.get("/notices?state=answered").text
    assert company.get("/notices?state=nonsense&since=yesterday&page=x").status_code == 200


def test_the_record_page_says_who_was_told_or_why_nobody(
    app: Flask, client: Browser, session: Session, world: World, make_user: Callable[..., User]
) -> None:
    told = make_violation(session, world.village, company=world.company)
    held = make_violation(session, world.village)
    voided = make_violation(session, world.village, rider=make_rider(session, world.village))
    void(session, voided, "记错了", SYSTEM, utc_now())
    session.commit()
    client.sign_in(make_user("officer", area_id=world.village.id))
    with client:
        client.get("/?lang=en")
        assert world.company.name in panels.of_violation(told.id)
        assert "no home village" in panels.of_violation(held.id)
        assert "withdrawn" in panels.of_violation(voided.id)
        assert world.company.name not in panels.of_violation(held.id)
        assert "(0 / 1)" in panels.of_company(world.company.id)
        assert told.rider_id is not None
        assert url_for("feedback.notices") in panels.of_rider(told.rider_id)
        assert panels.unanswered() == ""
