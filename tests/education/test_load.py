"""A full station over HTTP: the production server, several devices, everything sent twice.

On both databases, with the protections of forms on, as browsers and the pages' own scripts send it.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.education.crowd import CLERKS, Seat, assert_counted, seat_of
from tests.factories.education import District, make_session
from tests.loading import Device, at_once, hidden_of
from trafficedu.core.audit import AuditEntry, AuditResult
from trafficedu.core.clock import utc_now
from trafficedu.core.database import database
from trafficedu.core.transactions import WRITES
from trafficedu.education.models.door import DoorTap
from trafficedu.education.models.tasks import Attendance, Booking, StudyTask

SESSIONS, EACH = 10, 30
OFFLINE_FOR = timedelta(minutes=2)


def fill(session: Session, district: District, starts: datetime) -> list[Seat]:
    """Add full sessions that begin at a moment, each some seconds after the other."""
    seats = []
    for number in range(SESSIONS):
        study = make_session(session, district.at_a, starts + timedelta(seconds=number), EACH, seats_taken=EACH)
        seats += [seat_of(session, district, study) for _ in range(EACH)]
    session.commit()
    return seats


@dataclass(frozen=True)
class Sent:
    """One tap as a device sends it: on whose account, by which way, under which name."""

    device: Device
    seat: Seat
    nonce: str
    way: str
    words: str = ""


def arrive(sent: Sent) -> str:
    """Send a tap; return what came of it."""
    fields = {"words": sent.words or sent.seat.task, "nonce": sent.nonce}
    answer = sent.device.post(f"/sessions/{sent.seat.session}/arrivals", fields, short=True)
    assert answer.status_code in {200, 422}, (answer.status_code, answer.text[:300])
    told = answer.json()
    assert told["message"]
    return str(told["outcome"])


def tap_row(sent: Sent) -> str:
    """Tap a rider's key in the list, as the page shows it."""
    answer = sent.device.post(
        f"/sessions/{sent.seat.session}/riders/{sent.seat.task}/check-in", FORMS[sent], short=True
    )
    assert answer.status_code == 200, (answer.status_code, answer.text[:300])
    assert sent.seat.task in answer.json()["html"]
    return "done"


FORMS: dict[Sent, dict[str, str]] = {}
"""What the list said of a rider when a device drew it."""


def read_form(sent: Sent) -> None:
    page = sent.device.get(f"/sessions/{sent.seat.session}/check-in")
    row = re.search(rf'<tr id="{sent.seat.task}".*?</tr>', page, re.DOTALL)
    assert row is not None
    FORMS[sent] = {**hidden_of(row[0].split("</form>")[0]), "nonce": sent.nonce}


def send_late(sent: Sent) -> str:
    """Send what a tablet kept while it had no network."""
    facts = json.loads(sent.device.get("/door/facts"))
    now = datetime.now(UTC)
    fields = {
        "csrf_token": facts["token"],
        "account": facts["account"],
        "session": sent.seat.session,
        "text": sent.seat.task,
        "client_reference": sent.nonce,
        "recorded_at": (now - OFFLINE_FOR).isoformat(),
        "device_at": now.isoformat(),
    }
    answer = sent.device.post("/door/queued", fields, short=True)
    assert answer.status_code == 200, (answer.status_code, answer.text[:300])
    assert answer.json()["number"] == sent.seat.task
    return "done"


WAYS: dict[str, Callable[[Sent], str]] = {"scan": arrive, "row": tap_row, "late": send_late}


def send(sent: Sent) -> str:
    return WAYS[sent.way](sent)


def test_three_hundred_riders_are_checked_in_once_each_however_often_it_is_sent(
    fresh_app: Flask, crowded: District, clerks: list[str], address: str
) -> None:
    with fresh_app.app_context(), database().sessionmaker(info=WRITES) as session:
        seats = fill(session, crowded, utc_now() + timedelta(minutes=10))
    devices = [Device(address).sign_in(name) for name in clerks]
    taps, rivals = [], []
    for number, seat in enumerate(seats):
        device, other = devices[number % CLERKS], devices[(number + 1) % CLERKS]
        way = ("scan", "scan", "scan", "row", "late")[number // CLERKS % 5]
        nonce, words = str(uuid.uuid4()), seat.receipt if number % 2 else seat.task
        tap = Sent(device, seat, nonce, way, words)
        if way == "scan" and number % 3 == 0:
            rivals += [tap, Sent(other, seat, str(uuid.uuid4()), way, seat.task)]
        else:
            taps += [tap, tap]
    at_once(read_form, [tap for tap in taps[::2] if tap.way == "row"])
    outcomes = at_once(send, taps)
    met = at_once(send, rivals)

    assert set(outcomes) == {"done"}
    assert [sorted(met[at : at + 2]) for at in range(0, len(met), 2)] == [["done", "here"]] * (len(met) // 2)
    assert_exact(fresh_app, seats, {tap.nonce for tap in (*taps, *rivals)})
    for held in {seat.session for seat in seats}:
        page = devices[0].get(f"/sessions/{held}/check-in")
        assert page.count('data-state="studying"') == EACH


def assert_exact(app: Flask, seats: list[Seat], nonces: set[str]) -> None:
    """Hold what is stored against what was sent: one attendance a rider, one line for each tap, counters as rows."""
    with app.app_context(), database().sessionmaker() as session:
        count = select(func.count())
        attendances = session.execute(
            select(StudyTask.number, func.count(Attendance.id))
            .join(Booking, Booking.task_id == StudyTask.id)
            .join(Attendance, Attendance.booking_id == Booking.id)
            .group_by(StudyTask.number)
        )
        assert dict(attendances.tuples().all()) == {seat.task: 1 for seat in seats}
        assert set(session.scalars(select(StudyTask.state))) == {"in_progress"}
        assert set(session.scalars(select(DoorTap.nonce))) == nonces
        noted = count.where(AuditEntry.action == "education:session:check_in", AuditEntry.result == AuditResult.DONE)
        assert session.scalar(noted) == len(seats)
        assert_counted(session)
