"""The end of a session: one gesture for all, two clerks at once, all certificates in one file, what waits for it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pypdfium2
import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.education.test_concurrency import in_threads
from tests.education.test_study import STARTS, seat, studied
from tests.factories import people
from tests.factories.education import District, make_district, make_rider, make_session
from trafficedu.accounts.models import User
from trafficedu.accounts.queries import actor_of
from trafficedu.core import clock
from trafficedu.core.actors import Actor
from trafficedu.core.database import database
from trafficedu.core.errors import Denied, Refusal
from trafficedu.core.transactions import WRITES
from trafficedu.education.models.courses import StudySession
from trafficedu.education.models.tasks import Booking, Certificate, StudyTask
from trafficedu.education.queries.closing import list_to_close
from trafficedu.education.services import closing, door
from trafficedu.education.services.absence import note_absent
from trafficedu.education.services.closing import Choice, Closed, close_session, render_certificates, standing_of
from trafficedu.education.views import closing as closing_views
from trafficedu.issued.models import Document
from trafficedu.issued.rules import DocumentKind
from trafficedu.reaching.models import RiderMessage

OVER = STARTS + timedelta(hours=3)
NAMES = ("丁一", "白二", "艾三", "陈四")


@pytest.fixture
def study(session: Session, district: District) -> StudySession:
    return make_session(session, district.at_a, STARTS)


@pytest.fixture
def seats(session: Session, district: District, study: StudySession, staff: Actor) -> dict[str, Booking]:
    """Four riders: the first two studied all of it, the third came and did nothing, the fourth never came."""
    made = {name: seat(session, make_rider(session, district.a, name), district) for name in NAMES}
    for name in NAMES[:2]:
        studied(session, made[name], staff)
    door.check_in(session, made[NAMES[2]], staff, STARTS)
    session.commit()
    return made


def numbers(seats: dict[str, Booking], *places: int) -> frozenset[str]:
    return frozenset(seats[NAMES[place]].task.number for place in places)


def test_a_session_is_closed_in_one_gesture(
    session: Session, study: StudySession, seats: dict[str, Booking], staff: Actor
) -> None:
    standing = standing_of(session, study, "zh")
    assert [booking.task.rider.name for booking in standing.ready] == list(NAMES[:2])
    assert [booking.task.rider.name for booking, gaps in standing.missing if gaps] == [NAMES[2]]
    assert [booking.task.rider.name for booking in standing.unmarked] == [NAMES[3]]
    chosen = Choice(absent=numbers(seats, 3), signed=numbers(seats, 0, 1), left=numbers(seats, 2))
    assert close_session(session, study, chosen, staff, OVER) == Closed(absent=1, signed=2, left=1, open=0)
    states = [(seat.state, seat.attendance.state if seat.attendance else None) for seat in seats.values()]
    assert states == [("attended", "signed"), ("attended", "signed"), ("attended", "left"), ("absent", None)]
    roster = session.scalars(select(Document).where(Document.kind == DocumentKind.ROSTER)).one()
    assert (roster.subject, roster.issued_by_id) == (study.number, staff.user_id)
    assert list_to_close(session, study.station_id, OVER) == []


def test_the_second_clerk_changes_nothing_the_first_one_said(
    session: Session, study: StudySession, seats: dict[str, Booking], staff: Actor
) -> None:
    first = Choice(signed=numbers(seats, 0), left=numbers(seats, 2))
    assert close_session(session, study, first, staff, OVER) == Closed(0, 1, 1, 2)
    second = Choice(absent=numbers(seats, 3, 0), signed=numbers(seats, 0, 1, 2), left=numbers(seats, 0, 2))
    assert close_session(session, study, second, staff, OVER) == Closed(absent=1, signed=1, left=0, open=0)
    assert len(session.scalars(select(Certificate)).all()) == 2
    left = seats[NAMES[2]].attendance
    assert left is not None
    assert left.has_left


def test_nobody_is_signed_off_with_something_missing(
    session: Session, study: StudySession, seats: dict[str, Booking], staff: Actor
) -> None:
    assert close_session(session, study, Choice(signed=numbers(seats, 2, 3)), staff, OVER) == Closed(0, 0, 0, 4)
    assert session.scalars(select(Certificate)).all() == []


def test_a_session_to_come_cannot_be_closed_nor_without_permission(
    session: Session, study: StudySession, seats: dict[str, Booking], staff: Actor
) -> None:
    with pytest.raises(Refusal):
        close_session(session, study, Choice(), staff, STARTS - timedelta(minutes=1))
    with pytest.raises(Denied):
        close_session(session, study, Choice(), replace(staff, permissions=frozenset()), OVER)


def test_all_certificates_are_in_one_file_each_page_as_issued(
    session: Session, study: StudySession, seats: dict[str, Booking], staff: Actor
) -> None:
    with pytest.raises(Refusal):
        render_certificates(session, study, "zh", OVER)
    close_session(session, study, Choice(signed=numbers(seats, 0, 1)), staff, OVER)
    printed = render_certificates(session, study, "zh", OVER)
    pages = [page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(printed.body)]
    assert printed.pages == len(pages) == 2
    for certificate, name, text in zip(closing.certificates_of(session, study), NAMES, pages, strict=False):
        assert certificate.number in text
        assert name in text
    again = render_certificates(session, study, "zh", OVER + timedelta(days=3))
    assert again.body == printed.body, "the same papers are the same bytes"


def test_what_is_over_and_open_waits_to_be_closed_until_it_closes_itself(
    session: Session, district: District, study: StudySession, seats: dict[str, Booking]
) -> None:
    assert list_to_close(session, study.station_id, STARTS + timedelta(minutes=10)) == []
    (one,) = list_to_close(session, study.station_id, OVER)
    assert (one.study.id, one.unmarked, one.unsigned) == (study.id, 1, 3)
    assert one.closes_utc == study.ends_utc + timedelta(hours=24)
    assert list_to_close(session, district.at_b.id, OVER) == []
    note_absent(session, one.closes_utc + timedelta(minutes=1), 50)
    (left,) = list_to_close(session, study.station_id, one.closes_utc + timedelta(minutes=1))
    assert (left.unmarked, left.unsigned) == (0, 3)


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    """Let pages be opened at another moment."""

    def stand(moment: datetime) -> None:
        monkeypatch.setattr(clock, "utc_now", lambda: moment)
        monkeypatch.setattr(closing_views, "utc_now", lambda: moment)

    return stand


def test_the_page_ticks_what_is_likely_and_a_second_page_is_told(
    session: Session,
    study: StudySession,
    seats: dict[str, Booking],
    district: District,
    make_user: Callable[..., User],
    client: Browser,
    at: Callable[[datetime], None],
) -> None:
    at(OVER)
    client.sign_in(make_user("station", station_id=district.at_a.id))
    page = client.get(f"/sessions/{study.number}/close").text
    ticked = set(re.findall(r'name="(\w+)" id="\w+-(T\w+)" value="T\w+" checked', page))
    assert ticked == {
        *(("signed", number) for number in numbers(seats, 0, 1)),
        *(("absent", number) for number in numbers(seats, 3)),
    }
    assert f'id="left-{seats[NAMES[2]].task.number}"' in page
    seen = re.findall(r'name="seen" value="(\w+)"', page)[0]
    posted = {"seen": seen, "signed": list(numbers(seats, 0, 1)), "absent": list(numbers(seats, 3))}
    assert client.post(f"/sessions/{study.number}/close", data=posted).status_code == 303
    after = client.get(f"/sessions/{study.number}/close").text
    assert "缺席 1 人，审核结业 2 人，中途离开 0 人。" in after
    assert "还有 1 人未办结。" in after
    assert client.post(f"/sessions/{study.number}/close", data=posted).status_code == 409
    printed = client.get(f"/sessions/{study.number}/certificates.pdf")
    assert (printed.mimetype, printed.headers["X-Pages"]) == ("application/pdf", "2")


def test_a_session_of_another_station_is_not_there(
    session: Session,
    study: StudySession,
    district: District,
    make_user: Callable[..., User],
    client: Browser,
) -> None:
    session.commit()
    client.sign_in(make_user("station", station_id=district.at_b.id))
    for path in ("close", "certificates.pdf"):
        assert client.get(f"/sessions/{study.number}/{path}").status_code == 404


def test_six_clerks_at_once_close_a_session_once(fresh_app: Flask) -> None:
    with fresh_app.app_context(), database().sessionmaker(info=WRITES) as session:
        district = make_district(session)
        clerk = actor_of(people.make_user(session, "station", station_id=district.at_a.id))
        study = make_session(session, district.at_a, STARTS)
        make_session(session, district.at_a, STARTS + timedelta(days=400))
        made = [seat(session, make_rider(session, district.a, name), district) for name in NAMES]
        for one in made[:2]:
            studied(session, one, clerk)
        door.check_in(session, made[2], clerk, STARTS)
        numbers = [one.task.number for one in made]
        study_id = study.id
        session.commit()
    chosen = Choice(absent={numbers[3]}, signed=set(numbers[:2]), left={numbers[2]})

    def close(session: Session, _number: int) -> None:
        close_session(session, session.get_one(StudySession, study_id), chosen, clerk, OVER)

    in_threads(fresh_app, close, 6)
    with fresh_app.app_context(), database().sessionmaker(info=WRITES) as session:
        assert len(session.scalars(select(Certificate)).all()) == 2
        assert len(session.scalars(select(Document).where(Document.kind == DocumentKind.ROSTER)).all()) == 1
        missed = session.scalars(select(StudyTask.absences).order_by(StudyTask.id)).all()
        assert missed == [0, 0, 0, 1]
        kinds = session.scalars(select(RiderMessage.kind).order_by(RiderMessage.kind)).all()
        assert [kinds.count(kind) for kind in ("certificate", "missed")] == [2, 1]
