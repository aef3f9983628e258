"""A seat whose session is over: no card, receipt or paper sends a rider there, they say that a new one is chosen."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Callable
from datetime import datetime, timedelta

import flask_login
import pypdfium2
import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories.education import make_session, make_station
from tests.factories.feedback import World, make_violation
from trafficedu.accounts.models import User
from trafficedu.accounts.queries import actor_of
from trafficedu.core.access import SignedIn
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import utc_now
from trafficedu.education import panels as study_panels
from trafficedu.education.models.courses import StudySession
from trafficedu.education.queries.hours import list_over
from trafficedu.education.queries.seats import live_booking
from trafficedu.education.queries.tasks import task_of_violation
from trafficedu.education.services.door import check_in
from trafficedu.public import panels
from trafficedu.public.services import PAPERS
from trafficedu.public.views import papers
from trafficedu.public.views import rider as riders
from trafficedu.riders.queries.people import last_four
from trafficedu.violations.models.records import Violation


def over(text: str) -> bool:
    """Tell whether it is said of a session that it is over: of an overdue study it is always said what follows."""
    return re.search(r"[Tt]he session of .{1,200} is over", text, re.DOTALL) is not None


@pytest.fixture
def study(session: Session, world: World) -> StudySession:
    station = make_station(session, world.village, address="村委会一楼")
    return make_session(session, station, utc_now() + timedelta(days=2), capacity=2)


@pytest.fixture
def violation(session: Session, world: World, study: StudySession) -> Violation:
    violation = make_violation(session, world.village)
    session.commit()
    return violation


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    """Stop the clock of every page that says where a rider studies."""

    def stop(now: datetime) -> None:
        for module in (panels, papers, riders, study_panels):
            monkeypatch.setattr(module, "utc_now", lambda: now)

    return stop


@pytest.fixture
def said(
    client: Browser, app: Flask, session: Session, violation: Violation, make_user: Callable[..., User], world: World
) -> Callable[[], dict[str, str]]:
    """Return what each page and paper says of the study, by where it is said, in English."""
    officer = make_user("officer", area_id=world.town.id)
    client.sign_in(officer)
    assert violation.rider is not None
    client.post(f"/n/{violation.number}", data={"last_four": last_four(session, violation.rider)})

    def read() -> dict[str, str]:
        assert violation.rider is not None
        shown = {
            "card": client.get(f"/record/{violation.number}?lang=en").text,
            "receipt": client.get(f"/n/{violation.number}?lang=en").text,
            "record": client.get(f"/violations/{violation.number}?lang=en").text,
            "handed out": client.get(f"/violations/{violation.number}/receipt?lang=en").text,
            "strip": client.get(f"/violations/{violation.number}/receipt/strip?lang=en").text,
        }
        for paper in PAPERS:
            file = client.get(f"/violations/{violation.number}/receipt/{paper}.pdf?lang=en").data
            shown[paper] = "".join(
                page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(io.BytesIO(file))
            )
        with app.test_request_context("/?lang=en"):
            flask_login.login_user(SignedIn("", actor_of(officer)))
            shown["look-up"] = study_panels.open_task(rider_number=violation.rider.number)
        return {where: " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split()) for where, text in shown.items()}

    return read


@pytest.mark.parametrize("minutes", [-60, 0, 20], ids=["before", "as it begins", "during"])
def test_until_its_session_ends_a_seat_is_where_to_go(
    study: StudySession, at: Callable[[datetime], None], said: Callable[[], dict[str, str]], minutes: int
) -> None:
    at(study.starts_utc + timedelta(minutes=minutes))
    for where, text in said().items():
        assert study.station.name in text, where
        assert not over(text), where


def test_once_it_has_ended_everything_says_that_a_new_one_is_chosen(
    study: StudySession, at: Callable[[datetime], None], said: Callable[[], dict[str, str]]
) -> None:
    at(study.starts_utc)
    before = said()
    at(study.ends_utc)
    for where, text in said().items():
        assert over(text), where
        assert re.search("[Cc]hoose a new", text), where
        assert f"Study at {study.station.name}" not in text, where
        assert "Study: " not in text or "Study: choose a new session" in text, where
        assert text != before[where]


def test_who_is_studying_or_was_noted_as_absent_has_no_seat_behind(
    session: Session, violation: Violation, study: StudySession
) -> None:
    task = task_of_violation(session, violation.id)
    assert task is not None
    booking = live_booking(session, task.id)
    assert booking is not None
    assert (list_over(session, [task.id], study.starts_utc), booking.is_over(study.starts_utc)) == (set(), False)
    assert (list_over(session, [task.id], study.ends_utc), booking.is_over(study.ends_utc)) == ({task.id}, True)
    check_in(session, booking, SYSTEM, study.starts_utc)
    assert (list_over(session, [task.id], study.ends_utc), booking.is_over(study.ends_utc)) == (set(), False)


def test_who_missed_a_seat_chooses_another(
    client: Browser, session: Session, violation: Violation, study: StudySession, world: World
) -> None:
    later = make_session(session, study.station, utc_now() + timedelta(days=3))
    study.starts_utc, study.ends_utc = utc_now() - timedelta(hours=3), utc_now() - timedelta(hours=2)
    session.commit()
    assert violation.rider is not None
    client.post(f"/n/{violation.number}", data={"last_four": last_four(session, violation.rider)})
    address = f"/n/{violation.number}/session"
    assert over(client.get(f"{address}?lang=en").text)
    assert client.post(address, data={"session": later.number}).status_code == 303
    page = client.get(f"/n/{violation.number}?lang=en").text
    assert not over(page)
    assert study.station.name in page
