"""The end of a session over HTTP: every answer of the quiz sent twice, every session closed by two clerks at once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain

from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.education.crowd import Seat, assert_counted, seat_of
from tests.factories.education import District, make_session
from tests.loading import Device, at_once, hidden_of
from trafficedu.accounts.models import User
from trafficedu.accounts.queries import actor_of
from trafficedu.core.actors import Actor
from trafficedu.core.clock import utc_now
from trafficedu.core.database import database
from trafficedu.core.transactions import WRITES
from trafficedu.education.models.tasks import Attendance, Booking, Certificate, StudyTask
from trafficedu.education.services import door, study
from trafficedu.issued.models import Document
from trafficedu.issued.rules import DocumentKind
from trafficedu.quizzes.models import Attempt, AttemptItem, QuestionTally

SESSIONS, EACH, AWAY, FAILING = 3, 4, 2, 1
LASTED = timedelta(minutes=90)


@dataclass
class Examinee:
    """A rider before the quiz, on the own phone; ``right`` says which answers to give: the right ones, or none."""

    seat: Seat
    phone: Device
    key: str
    passes: bool
    right: dict[str, list[str]] = field(default_factory=dict)

    def post_twice(self, path: str, fields: Mapping[str, str | list[str]]) -> list[int]:
        """Send a form twice at once; return both statuses."""
        sent = [{**fields, "csrf_token": self.phone.token}] * 2
        return at_once(lambda one: self.phone.post(path, one).status_code, sent, 2)

    def begin(self) -> list[int]:
        """Begin, sent twice at once."""
        return self.post_twice(f"/q/{self.key}/begin", hidden_of(self.phone.get(f"/q/{self.key}")))

    def take(self) -> list[int]:
        """Answer every question and hand in, each sent twice at once; return the statuses."""
        base, statuses = f"/q/{self.key}", []
        for position in range(1, len(self.right) + 1):
            page = self.phone.get(f"{base}/{position}")
            item = hidden_of(page)["item"]
            offered = re.findall(r'name="choice" id="[^"]*" value="([^"]*)"', page)
            wrong = [next(each for each in offered if each not in self.right[item])]
            fields = {"item": item, "choice": self.right[item] if self.passes else wrong}
            statuses += self.post_twice(f"{base}/{position}", fields)
        return statuses + self.post_twice(f"{base}/hand-in", hidden_of(self.phone.get(f"{base}/all")))


def study_all_but_the_quiz(session: Session, booking: Booking, by: Actor, now: datetime) -> str:
    """Check a rider in as of before, with all modules done but the quiz, which has begun; return the phone's key."""
    at = now - LASTED
    attendance = door.check_in(session, booking, by, at)
    for module in booking.session.plan.modules:
        study.start_module(session, booking, module.id, by, at)
        at += timedelta(minutes=module.minimum_minutes)
        if not module.is_quiz:
            study.end_module(session, booking, module.id, by, at)
    assert attendance.phone_key
    return attendance.phone_key


def test_answers_sent_twice_count_once_and_two_clerks_who_close_at_once_issue_each_certificate_once(
    fresh_app: Flask, crowded: District, clerks: list[str], address: str
) -> None:
    numbers, examinees = [], []
    with fresh_app.app_context(), database().sessionmaker(info=WRITES) as session:
        now = utc_now()
        by = actor_of(session.scalars(select(User).where(User.username == clerks[0])).one())
        for number in range(SESSIONS):
            starts = now - LASTED - timedelta(minutes=number)
            held = make_session(session, crowded.at_a, starts, EACH + AWAY, seats_taken=EACH + AWAY)
            numbers.append(held.number)
            seats = [seat_of(session, crowded, held) for _ in range(EACH + AWAY)]
            session.flush()
            for place, seat in enumerate(seats[:EACH]):
                booking = session.scalars(select(Booking).join(Booking.task).where(StudyTask.number == seat.task)).one()
                key = study_all_but_the_quiz(session, booking, by, now)
                examinees.append(Examinee(seat, Device(address), key, place >= FAILING))
        session.commit()

    begun = Counter(chain.from_iterable(at_once(Examinee.begin, examinees, 6)))
    with fresh_app.app_context(), database().sessionmaker() as session:
        for examinee in examinees:
            drawn = select(AttemptItem).join(AttemptItem.attempt).join(Attempt.attendance)
            items = session.scalars(drawn.where(Attendance.phone_key == examinee.key)).all()
            examinee.right = {str(item.id): [str(each) for each in item.version.right] for item in items}
    taken = Counter(chain.from_iterable(at_once(Examinee.take, examinees, 6)))

    assert set(begun) | set(taken) <= {303, 409}
    assert begun[303] >= len(examinees)
    assert taken[409] <= len(examinees), "beside the second of two who hand in, nobody is told to look again"
    assert_marked(fresh_app, examinees)
    assert_closed_once(fresh_app, address, clerks, numbers)


def assert_marked(app: Flask, examinees: list[Examinee]) -> None:
    """Hold the marks against what was answered: one attempt each, counted once."""
    with app.app_context(), database().sessionmaker() as session:
        scores = session.execute(
            select(Attendance.phone_key, Attempt.number, Attempt.score).join(Attempt.attendance)
        ).tuples()
        assert sorted(scores) == sorted((one.key, 1, 100 if one.passes else 0) for one in examinees)
        assert set(session.scalars(select(Attendance.quiz_score))) == {0, 100}
        asked = session.scalar(select(func.sum(QuestionTally.shown)))
        assert asked == session.scalar(select(func.count(AttemptItem.id)))


def assert_closed_once(app: Flask, address: str, clerks: list[str], numbers: list[str]) -> None:
    """Let two clerks close each session at once, both with every tick that the page makes."""
    devices = [Device(address).sign_in(name) for name in clerks[:2]]
    pages = [(device, number, device.get(f"/sessions/{number}/close")) for number in numbers for device in devices]

    def close(at: int) -> int:
        device, number, page = pages[at]
        ticked: dict[str, list[str]] = {}
        for name, value in re.findall(r'name="(absent|signed|left)"[^>]*value="([^"]*)"', page):
            ticked.setdefault(name, []).append(value)
        ticked.pop("left", None)
        return device.post(f"/sessions/{number}/close", hidden_of(page) | ticked).status_code

    statuses = at_once(close, range(len(pages)), 6)
    assert set(statuses) <= {303, 409}
    for at in range(0, len(statuses), 2):
        assert 303 in statuses[at : at + 2]
    with app.app_context(), database().sessionmaker() as session:
        passed = len(numbers) * (EACH - FAILING)
        assert session.scalar(select(func.count(Certificate.id))) == passed
        assert session.scalar(select(func.count(Certificate.attendance_id.distinct()))) == passed
        papers = select(func.count(Document.id)).where(Document.kind == DocumentKind.CERTIFICATE)
        assert session.scalar(papers) == passed
        assert Counter(session.scalars(select(StudyTask.absences))) == {0: len(numbers) * EACH, 1: len(numbers) * AWAY}
        assert_counted(session)
