"""Riders' phones as far as the server meets them: real HTTP, the forms of the pages, cookies of their own."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

import requests
from flask import Flask
from sqlalchemy import select

from tests.browser.steps import writing
from trafficedu.core.clock import utc_now
from trafficedu.education.models.courses import StudySession
from trafficedu.education.models.tasks import Attendance
from trafficedu.education.services.door_codes import code_of
from trafficedu.quizzes.models import Attempt, AttemptItem

OK, SEE_OTHER = 200, 303


class Forms(HTMLParser):
    """The forms of a page: where each is sent, and its hidden fields."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append((given.get("action", ""), {}))
        if tag == "input" and given.get("type") == "hidden" and self.found:
            self.found[-1][1][given["name"]] = given.get("value", "")

    def of(self, ending: str) -> tuple[str, dict[str, str]]:
        """Return where the form goes whose address ends so ("": the page's own), and its hidden fields."""
        return next(form for form in self.found if (form[0].endswith(ending) if ending else not form[0]))


def screen_code(app: Flask, number: str) -> str:
    """Return the way that the QR code on the station's screen leads now."""
    with writing(app) as session:
        study = session.scalars(select(StudySession).where(StudySession.number == number)).one()
        return f"/in/{number}/{code_of(session, study, utc_now())}"


def right_answers(app: Flask, key: str) -> dict[int, list[int]]:
    """Return by position what is right in the attempt that runs on a phone: what its rider knows."""
    with writing(app) as session:
        items = session.scalars(
            select(AttemptItem)
            .join(Attempt)
            .join(Attendance, Attempt.attendance_id == Attendance.id)
            .where(Attendance.phone_key == key, Attempt.ended_utc.is_(None))
            .order_by(AttemptItem.position)
        ).all()
        return {item.position: sorted(item.version.right) for item in items}


@dataclass
class Phone:
    """The phone of one rider."""

    app: Flask
    address: str
    name: str
    last_four: str
    key: str = ""
    browser: requests.Session = field(default_factory=requests.Session)

    def get(self, path: str) -> str:
        """Open a page."""
        answer = self.browser.get(self.address + path, timeout=60)
        assert answer.status_code == OK, (path, answer.status_code)
        return answer.text

    def send(self, page: str, ending: str, path: str, **fields: object) -> requests.Response:
        """Send the form of a page whose address ends so, as a browser would."""
        action, hidden = Forms(page).of(ending)
        answer = self.browser.post(self.address + (action or path), {**hidden, **fields}, timeout=60)
        assert answer.status_code == OK, (action, answer.status_code, answer.text[-800:])
        return answer

    def enter(self, number: str) -> None:
        """Scan the code of the station's screen, and say who this is: the quiz opens."""
        page = self.get(screen_code(self.app, number))
        answer = self.send(page, "", f"/in/{number}", who=self.name, last_four=self.last_four)
        assert "/q/" in answer.url, answer.url
        self.key = answer.url.rpartition("/")[2]

    def answer_all(self, *, rightly: bool = True) -> None:
        """Begin the quiz and answer every question, one page after the other."""
        page = self.send(self.get(f"/q/{self.key}"), "/begin", "").text
        right = right_answers(self.app, self.key)
        assert right, self.name
        for position, chosen in right.items():
            choice = chosen if rightly else [min({0, 1, 2} - set(chosen))]
            page = self.send(page, f"/q/{self.key}/{position}", "", choice=choice).text

    def hand_in(self) -> str:
        """Hand in; returns the page with the result."""
        return self.send(self.get(f"/q/{self.key}/all"), "/hand-in", "").text
