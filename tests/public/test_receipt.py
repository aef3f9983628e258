from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import timedelta

import pypdfium2
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories.education import make_session, make_station
from tests.factories.feedback import World, make_rider, make_violation
from trafficedu.accounts.models import User
from trafficedu.core.actors import SYSTEM
from trafficedu.core.audit import AuditEntry
from trafficedu.core.clock import utc_now
from trafficedu.core.numbers import new_number
from trafficedu.core.text import translate
from trafficedu.core.times import Moment
from trafficedu.education.models.courses import StudySession
from trafficedu.education.queries.seats import live_booking
from trafficedu.education.queries.tasks import task_of_violation
from trafficedu.feedback.models import Notice
from trafficedu.feedback.rules.notices import HeldReason, NoticeState
from trafficedu.public.queries import WITHHELD
from trafficedu.public.services import PER_ADDRESS, PER_NUMBER
from trafficedu.public.views import rider as views
from trafficedu.reports import words
from trafficedu.riders.queries.people import id_number_of, last_four
from trafficedu.violations.models.decisions import Objection
from trafficedu.violations.models.records import Violation
from trafficedu.violations.rules.states import ViolationState
from trafficedu.violations.services.objections import decide_objection
from trafficedu.violations.services.reviewing import void


@pytest.fixture
def seats(session: Session, world: World) -> list[StudySession]:
    station = make_station(session, world.village, address="村委会一楼")
    return [make_session(session, station, utc_now() + timedelta(days=days), capacity=2) for days in (2, 4)]


@pytest.fixture
def violation(session: Session, world: World, seats: list[StudySession]) -> Violation:
    violation = make_violation(session, world.village, company=world.company)
    session.commit()
    return violation


def key_of(session: Session, violation: Violation) -> str:
    assert violation.rider is not None
    return last_four(session, violation.rider)


@pytest.fixture
def rider(client: Browser, session: Session, violation: Violation) -> Browser:
    answer = client.post(f"/n/{violation.number}", data={"last_four": key_of(session, violation)})
    assert answer.status_code == 303
    return client


def text_of(pdf: bytes) -> str:
    return "".join(page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(io.BytesIO(pdf)))


def without_token(page: str) -> str:
    return re.sub(r'(name="csrf-?_?token"[^>]*|value="[^"]*"|content="[^"]*")', "", page)


def test_the_receipt_says_what_why_when_where_and_what_to_do(
    rider: Browser, session: Session, world: World, violation: Violation
) -> None:
    page = rider.get(f"/n/{violation.number}?lang=en").text
    for said in (violation.kind.name_en, violation.kind.law_en, world.village.name, "村委会一楼", world.company.name):
        assert said in page
    assert "Choose another session" in page
    assert violation.rider is not None
    assert id_number_of(session, violation.rider) not in page


def test_it_opens_by_typing_number_and_key_with_blanks_and_small_letters(
    client: Browser, session: Session, violation: Violation
) -> None:
    number = f" {violation.number[:4].lower()} {violation.number[4:]} "
    answer = client.post("/receipt", data={"number": number, "last_four": key_of(session, violation).lower()})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/n/{violation.number}")
    assert client.get(f"/n/{violation.number.lower()}").headers["Location"] == f"/n/{violation.number}"


def test_without_the_key_nothing_is_shown(client: Browser, violation: Violation) -> None:
    page = client.get(f"/n/{violation.number}?lang=en").text
    assert violation.kind.name_en not in page
    for rest in ("session", "objection", "receipt.pdf", "certificate.pdf"):
        answer = client.get(f"/n/{violation.number}/{rest}")
        assert (answer.status_code, answer.headers["Location"]) == (303, f"/n/{violation.number}")


def test_the_key_of_one_receipt_opens_no_other(rider: Browser, session: Session, world: World) -> None:
    other = make_violation(session, world.village)
    session.commit()
    assert other.kind.name_zh not in rider.get(f"/n/{other.number}").text


def test_an_unknown_number_and_a_wrong_key_get_the_same_answer(
    client: Browser, session: Session, world: World, violation: Violation
) -> None:
    on_a_plate = make_violation(session, world.village)
    on_a_plate.rider_id, on_a_plate.plate = None, "浙A12345"
    unreviewed = make_violation(session, world.village)
    unreviewed.state = ViolationState.PENDING
    key = key_of(session, unreviewed)
    session.commit()
    tries = [(violation.number, "0000"), (new_number("V"), "0000"), (on_a_plate.number, "0000")]
    tries += [(unreviewed.number, key), (new_number("V"), "----"), (on_a_plate.number, "----")]
    answers = {}
    for number, last in tries:
        answer = client.post(f"/n/{number}", data={"last_four": last})
        answers[number, last] = (answer.status_code, without_token(answer.text).replace(number, "NUMBER"))
    assert len(set(answers.values())) == 1
    assert next(iter(answers.values()))[0] == 422


@pytest.mark.parametrize("exists", [True, False])
def test_guessing_is_stopped_after_five_tries_right_or_wrong(
    client: Browser, session: Session, violation: Violation, exists: bool
) -> None:
    number = violation.number if exists else new_number("V")
    for _ in range(PER_NUMBER.failures):
        assert client.post(f"/n/{number}", data={"last_four": "0000"}).status_code == 422
    answer = client.post(f"/n/{number}", data={"last_four": key_of(session, violation)})
    assert answer.status_code == 429
    failed = select(AuditEntry).where(AuditEntry.action == "public:receipt:open", AuditEntry.result == "failed")
    assert len(session.scalars(failed).all()) == PER_NUMBER.failures


def ticket_in(page: str) -> str:
    found = re.search(r'name="ticket"[^>]* value="([^"]+)"', page)
    assert found is not None
    return found[1]


def test_guessing_many_numbers_from_one_address_is_slow_and_a_right_answer_gets_through(
    client: Browser, session: Session, violation: Violation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A dormitory or a telephone company shares the address: its riders wait half a minute, and are never refused."""
    most = PER_ADDRESS.failures
    codes = [client.post(f"/n/{new_number('V')}", data={"last_four": "0000"}).status_code for _ in range(most + 1)]
    assert codes == [422] * most + [429]
    data, address = {"last_four": key_of(session, violation)}, f"/n/{violation.number}"
    assert client.post(address, data=data, environ_base={"REMOTE_ADDR": "203.0.113.9"}).status_code == 303
    told = client.post(f"{address}?lang=en", data=data)
    assert (told.status_code, told.headers["Retry-After"]) == (429, "30")
    assert "Wait 30 seconds" in told.text
    begun, ticket = utc_now(), ticket_in(told.text)

    def after(seconds: int) -> None:
        monkeypatch.setattr(views, "utc_now", lambda: begun + timedelta(seconds=seconds))

    after(10)
    assert client.post(address, data=data | {"ticket": ticket}).status_code == 429
    after(31)
    assert client.post(f"/n/{new_number('V')}", data=data | {"ticket": ticket}).status_code == 429
    assert client.post(address, data=data | {"ticket": ticket + "x"}).status_code == 429
    assert client.post(address, data=data | {"ticket": ticket}).status_code == 303
    assert client.post(address, data=data | {"ticket": ticket}).status_code == 429


def test_a_guess_that_was_waited_for_is_answered_like_any_other(
    client: Browser, violation: Violation, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(PER_ADDRESS.failures):
        client.post(f"/n/{new_number('V')}", data={"last_four": "0000"})
    ticket = ticket_in(client.post(f"/n/{violation.number}", data={"last_four": "0000"}).text)
    begun = utc_now()
    monkeypatch.setattr(views, "utc_now", lambda: begun + timedelta(seconds=31))
    assert client.post(f"/n/{violation.number}", data={"last_four": "0000", "ticket": ticket}).status_code == 422


def test_a_visitor_reads_the_language_of_the_phone(rider: Browser, violation: Violation) -> None:
    def title(languages: str) -> bool:
        page = rider.get(f"/n/{violation.number}", headers={"Accept-Language": languages}).text
        return "What you have to do" in page

    assert title("en-GB,en;q=0.9,zh;q=0.1")
    assert not title("zh-CN,zh;q=0.9,en;q=0.5")
    assert not title("fr-FR,fr;q=0.9")
    assert not title("")


def test_a_misspelt_number_is_told_at_once(client: Browser) -> None:
    page = client.post("/receipt?lang=en", data={"number": "V123", "last_four": "1234"})
    assert page.status_code == 422
    assert "This number is not valid" in page.text


def test_a_forged_cookie_opens_nothing(client: Browser, violation: Violation) -> None:
    client.set_cookie("trafficedu_receipt", violation.number, path=f"/n/{violation.number}")
    assert "last_four" in client.get(f"/n/{violation.number}").text


def test_closing_asks_for_the_key_again(rider: Browser, violation: Violation) -> None:
    rider.post(f"/n/{violation.number}/close")
    assert "last_four" in rider.get(f"/n/{violation.number}").text


def test_the_rider_moves_the_seat_and_can_cancel_nothing(
    rider: Browser, session: Session, violation: Violation, seats: list[StudySession]
) -> None:
    task = task_of_violation(session, violation.id)
    assert task is not None
    page = rider.get(f"/n/{violation.number}/session").text
    assert seats[1].number in page
    assert seats[0].number not in page
    answer = rider.post(f"/n/{violation.number}/session", data={"session": seats[1].number})
    assert answer.status_code == 303
    session.expire_all()
    booking = live_booking(session, task.id)
    assert booking is not None
    assert booking.session_id == seats[1].id
    assert [one.seats_taken for one in seats] == [0, 1]
    assert rider.post(f"/n/{violation.number}/session", data={}).status_code == 422
    assert rider.post(f"/n/{violation.number}/session", data={"session": "S000"}).status_code == 422


def test_a_full_session_is_not_offered(
    rider: Browser, session: Session, violation: Violation, seats: list[StudySession]
) -> None:
    seats[1].seats_taken = seats[1].capacity
    session.commit()
    assert seats[1].number not in rider.get(f"/n/{violation.number}/session").text
    assert rider.post(f"/n/{violation.number}/session", data={"session": seats[1].number}).status_code == 422


def test_one_objection_at_a_time_and_its_decision_is_shown(
    rider: Browser, session: Session, violation: Violation
) -> None:
    address = f"/n/{violation.number}/objection"
    assert rider.post(address, data={"statement": "", "contact": ""}).status_code == 422
    assert rider.post(address, data={"statement": "不是我", "contact": "13800000000"}).status_code == 303
    objection = session.scalars(select(Objection).where(Objection.violation_id == violation.id)).one()
    page = rider.get(f"/n/{violation.number}?lang=en").text
    assert f"{objection.due_on}" in page
    assert "Raise an objection" not in page
    assert rider.post(address, data={"statement": "不是我"}).status_code == 303, "the same, sent twice"
    another = rider.post(address, data={"statement": "再说一次"})
    assert another.status_code == 409
    assert "再说一次" in another.text, "what was typed is not lost"
    assert len(session.scalars(select(Objection)).all()) == 1
    decide_objection(session, objection, False, "视频清楚", SYSTEM, utc_now())
    session.commit()
    page = rider.get(f"/n/{violation.number}?lang=en").text
    assert "视频清楚" in page
    assert "Raise an objection" in page


def test_a_voided_record_says_so_and_asks_nothing(rider: Browser, session: Session, violation: Violation) -> None:
    void(session, violation, "车牌认错", SYSTEM, utc_now())
    session.commit()
    page = rider.get(f"/n/{violation.number}?lang=en").text
    assert "found to be wrong and has been voided" in page
    assert "Choose another session" not in page
    assert "Raise an objection" not in page
    for rest in ("session", "objection"):
        assert rider.get(f"/n/{violation.number}/{rest}").status_code == 303
    assert "作废" in text_of(rider.get(f"/n/{violation.number}/receipt.pdf?lang=zh").data)


def test_the_paper_says_the_same(rider: Browser, session: Session, violation: Violation) -> None:
    paper = rider.get(f"/n/{violation.number}/receipt.pdf?lang=zh")
    assert paper.mimetype == "application/pdf"
    text = text_of(paper.data)
    assert violation.rider is not None
    for said in (violation.number, violation.kind.name_zh, violation.rider.name, "村委会一楼"):
        assert said in text
    assert id_number_of(session, violation.rider) not in text
    unfinished = rider.get(f"/n/{violation.number}/certificate.pdf?lang=zh")
    assert unfinished.status_code == 404
    assert "相应的学习还没有完成" in unfinished.text


@pytest.mark.parametrize("reason", [reason for reason in HeldReason if reason])
def test_page_and_paper_say_why_nobody_was_told(
    rider: Browser, session: Session, violation: Violation, reason: HeldReason
) -> None:
    notice = session.scalars(select(Notice).where(Notice.violation_id == violation.id)).one()
    notice.state, notice.held_reason, notice.sent_utc, notice.due_utc = NoticeState.HELD, reason, None, None
    session.commit()
    assert rider.get(f"/n/{violation.number}").status_code == 200
    paper = text_of(rider.get(f"/n/{violation.number}/receipt.pdf?lang=zh").data)
    assert translate(WITHHELD[reason], "zh") in "".join(paper.split())


def test_a_receipt_of_a_day_says_that_the_time_is_not_known(
    client: Browser, session: Session, world: World, violation: Violation
) -> None:
    day = Moment.of_day(violation.occurred_on)
    violation.occurred_utc, violation.hour_known = day.utc, False
    session.commit()
    client.post(f"/n/{violation.number}", data={"last_four": key_of(session, violation)})
    page = client.get(f"/n/{violation.number}?lang=zh").text
    assert f"{day.day} 时间不详" in page
    assert f"{day.day} 00:00" not in page
    paper = text_of(client.get(f"/n/{violation.number}/receipt.pdf?lang=zh").data)
    assert f"{words.day(day.day, 'zh')} 时间不详" in paper
    again = text_of(client.get(f"/n/{violation.number}/receipt.pdf?lang=zh").data)
    assert again == paper, "drawn from what was kept"
    english = text_of(client.get(f"/n/{violation.number}/receipt.pdf?lang=en").data)
    assert "time not known" in english
    assert world.village.name in page


def test_a_receipt_is_a_document_and_a_new_one_once_something_changes(
    rider: Browser, session: Session, violation: Violation, seats: list[StudySession]
) -> None:
    def handed_out() -> tuple[str, bytes]:
        paper = rider.get(f"/n/{violation.number}/receipt.pdf?lang=zh")
        return re.findall(r"D[0-9A-Z]{11}", paper.headers["Content-Disposition"])[0], paper.data

    first = handed_out()
    assert handed_out() == first, "the same bytes"
    assert first[0] in text_of(first[1])
    page = rider.get(f"/verify/{first[0]}?lang=en").text
    assert "This document is valid" in page
    assert violation.rider is not None
    assert violation.rider.name not in page
    rider.post(f"/n/{violation.number}/session", data={"session": seats[1].number})
    moved = handed_out()
    assert moved[0] != first[0]
    assert first[0] in text_of(moved[1]), "it says what it replaces"
    assert moved[0] in rider.get(f"/verify/{first[0]}?lang=en").text
    void(session, violation, "车牌认错", SYSTEM, utc_now())
    session.commit()
    assert "was replaced" in rider.get(f"/verify/{moved[0]}?lang=en").text, "without anybody asking for the new one"
    voided = handed_out()
    assert "voided" in rider.get(f"/verify/{voided[0]}?lang=en").text


def test_a_task_without_a_seat_waits(client: Browser, session: Session, world: World) -> None:
    waiting = make_violation(session, world.other_village, rider=make_rider(session, world.other_village))
    session.commit()
    client.post(f"/n/{waiting.number}", data={"last_four": key_of(session, waiting)})
    assert "waiting for a seat" in client.get(f"/n/{waiting.number}?lang=en").text


def test_signed_in_users_get_no_short_cut(
    client: Browser, violation: Violation, world: World, make_user: Callable[..., User]
) -> None:
    client.sign_in(make_user("officer", area_id=world.village.id))
    assert "last_four" in client.get(f"/n/{violation.number}").text
