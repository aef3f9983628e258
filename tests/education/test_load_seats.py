"""More riders than seats, over HTTP and all at once: on own pages and at the door. No seat too many, none left over."""

from __future__ import annotations

import html
import re
import uuid
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

from flask import Flask
from sqlalchemy import select

from tests.education.crowd import Seat, assert_counted, seat_of
from tests.factories.education import District, make_session
from tests.loading import Device, at_once, hidden_of
from trafficedu.core.clock import utc_now
from trafficedu.core.database import database
from trafficedu.core.transactions import WRITES
from trafficedu.education.models.courses import StudySession
from trafficedu.education.models.tasks import Booking, StudyTask

RIDERS, WALK_INS = 20, 16
WRONG = re.compile(r'<div class="error-summary".*?<a[^>]*>(.+?)</a>', re.DOTALL)
FORM = re.compile(r"<form.*?</form>", re.DOTALL)


@dataclass
class Rider:
    """A rider on the own phone, who opened the receipt and looks at the sessions to choose from."""

    phone: Device
    seat: Seat
    form: dict[str, str]

    def choose(self, number: str) -> str:
        """Choose a session; return "chosen", or why not in the words of the page."""
        answer = self.phone.post(f"/n/{self.seat.receipt}/session", {**self.form, "session": number})
        if answer.status_code == 303:
            return "chosen"
        assert answer.status_code == 422, answer.status_code
        said = WRONG.search(answer.text)
        assert said is not None, "refused without a word"
        return html.unescape(said[1])


def opened(address: str, seat: Seat) -> Rider:
    """Open a receipt as its rider does, up to the choice of a session."""
    phone, path = Device(address), f"/n/{seat.receipt}"
    phone.get(path)
    answer = phone.post(path, {"last_four": seat.last_four})
    assert answer.status_code == 303, answer.status_code
    page = phone.get(f"{path}/session")
    [form] = [form for form in FORM.findall(page) if 'name="session"' in form]
    return Rider(phone, seat, hidden_of(form))


def test_riders_and_walk_ins_who_want_the_last_seats_fill_them_exactly(
    fresh_app: Flask, crowded: District, clerks: list[str], address: str
) -> None:
    with fresh_app.app_context(), database().sessionmaker(info=WRITES) as session:
        far = make_session(session, crowded.at_a, utc_now() + timedelta(days=2), capacity=7).number
        near = make_session(session, crowded.at_a, utc_now() + timedelta(minutes=10), capacity=11).number
        waiting = [seat_of(session, crowded) for _ in range(2 * RIDERS)]
        walk_ins = [seat_of(session, crowded) for _ in range(WALK_INS)]
        session.commit()
    riders = at_once(lambda seat: opened(address, seat), waiting)
    devices = [Device(address).sign_in(name) for name in clerks]

    def stand(number: int) -> str:
        seat = walk_ins[number // 2]
        fields = {"words": seat.receipt, "nonce": str(uuid.UUID(int=number + 1))}
        answer = devices[number % len(devices)].post(f"/sessions/{near}/arrivals", fields, short=True)
        assert answer.status_code in {200, 422}, answer.status_code
        assert answer.json()["message"]
        return str(answer.json()["outcome"])

    def want(number: int) -> str:
        return stand(number // 2) if number % 2 else riders[RIDERS + number // 2].choose(near)

    chosen = Counter(at_once(lambda rider: rider.choose(far), riders[:RIDERS]))
    both = Counter(at_once(want, range(2 * RIDERS)))
    rest = Counter(at_once(stand, range(RIDERS, 2 * WALK_INS)))

    assert chosen["chosen"] == 7
    at_door = Counter({outcome: both[outcome] + rest[outcome] for outcome in ("seated", "here", "full", "session")})
    with fresh_app.app_context(), database().sessionmaker() as session:
        assert_counted(session)
        taken = dict(session.execute(select(StudySession.number, StudySession.seats_taken)).tuples().all())
        assert taken == {far: 7, near: 11}
        states = Counter(str(state) for state in session.scalars(select(StudyTask.state)))
        present = set(session.scalars(select(StudyTask.number).join(Booking.task).where(Booking.state == "attended")))
    assert present <= {seat.task for seat in walk_ins}
    assert states["in_progress"] == len(present)
    assert states["in_progress"] + states["booked"] == 7 + 11
    assert at_door["full"] + at_door["seated"] + at_door["here"] == 2 * WALK_INS
