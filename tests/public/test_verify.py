from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories.education import make_session, make_station, make_task
from tests.factories.feedback import make_rider, make_world
from tests.factories.people import make_user
from tests.public.test_receipt import ticket_in
from trafficedu.core.clock import local_date, utc_now
from trafficedu.core.numbers import new_number
from trafficedu.education.models.tasks import Attendance, Booking, Certificate
from trafficedu.public.views import rider as views
from trafficedu.riders.queries.people import id_number_of


@pytest.fixture
def certificate(session: Session) -> Certificate:
    world, now = make_world(session), utc_now()
    study = make_session(session, make_station(session, world.village), now)
    rider = make_rider(session, name="欧阳测试")
    task = make_task(session, rider, world.village, state="completed", completed_utc=now, completed_on=local_date(now))
    booking = Booking(task_id=task.id, session_id=study.id, state="attended", booked_utc=now)
    session.add(booking)
    session.flush()
    signer = make_user(session, "station", station_id=study.station_id)
    attendance = Attendance(
        booking_id=booking.id,
        state="signed",
        checked_in_utc=now,
        open_since_utc=now,
        quiz_score=90,
        signed_off_utc=now,
        signed_off_by_id=signer.id,
    )
    session.add(attendance)
    session.flush()
    made = Certificate(number=new_number("C"), task_id=task.id, attendance_id=attendance.id, issued_utc=now)
    session.add(made)
    session.commit()
    return made


def test_a_true_certificate_is_valid_and_names_nobody_in_full(
    client: Browser, session: Session, certificate: Certificate
) -> None:
    page = client.get(f"/verify/{certificate.number}?lang=en")
    assert page.status_code == 200
    assert "This document is valid" in page.text
    assert "甲村交治站" in page.text
    assert "测试区" in page.text
    assert certificate.task.rider.name not in page.text
    assert id_number_of(session, certificate.task.rider)[-4:] not in page.text.replace(certificate.number, "")


def test_typing_the_number_leads_to_the_same_page(client: Browser, certificate: Certificate) -> None:
    typed = f"{certificate.number[:6].lower()} {certificate.number[6:]}"
    answer = client.post("/verify", data={"number": typed})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/verify/{certificate.number}")
    assert client.post("/verify", data={"number": "C1"}).status_code == 422
    assert client.post("/verify", data={}).status_code == 422


def test_an_unknown_and_a_misspelt_number_are_told_apart(client: Browser, certificate: Certificate) -> None:
    unknown = client.get(f"/verify/{new_number('C')}?lang=en")
    assert unknown.status_code == 404
    assert "was not issued here" in unknown.text
    swapped = certificate.number[:-1] + ("A" if certificate.number[-1] != "A" else "B")
    misspelt = client.get(f"/verify/{swapped}?lang=en")
    assert misspelt.status_code == 404
    assert "a character is missing or wrong" in misspelt.text
    assert client.get("/verify/<script>").status_code == 404


def test_trying_numbers_is_slow_and_misspelling_is_not_counted(
    client: Browser, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(40):
        assert client.get("/verify/C1").status_code == 404
    codes = [client.get(f"/verify/{new_number('C')}").status_code for _ in range(31)]
    assert codes == [404] * 30 + [429]
    waits = client.get(f"/verify/{certificate.number}")
    assert waits.status_code == 429
    begun = utc_now()
    monkeypatch.setattr(views, "utc_now", lambda: begun + timedelta(seconds=31))
    asked = f"/verify/{certificate.number}?ticket={ticket_in(waits.text)}"
    assert [client.get(asked).status_code for _ in range(2)] == [200, 429]
    elsewhere = {"REMOTE_ADDR": "203.0.113.9"}
    assert client.get(f"/verify/{certificate.number}", environ_base=elsewhere).status_code == 200
