"""The loop that the product is for, told once from the roadside to the rates, by everybody who takes part."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.browser.conftest import Visitor
from tests.factories import places
from tests.factories.education import make_session
from tests.factories.people import PASSWORD, make_user
from tests.factories.riders import make_identity
from tests.reports.reading import read
from trafficedu.core.clock import local_date, today, utc_now
from trafficedu.core.transactions import WRITES
from trafficedu.education.models.courses import StudySession
from trafficedu.education.models.tasks import Attendance, ModuleRecord

pytestmark = pytest.mark.browser
RIDER, PLATE, RED_LIGHT = "骆骁行", "浙A12345", "2007"


@dataclass(frozen=True)
class Post:
    """What was there before the story begins: people by user name, places and sessions by public number."""

    officer: str
    contact: str
    staff: str
    analyst: str
    company: str
    station: str
    first_session: str
    second_session: str


def furnish(session: Session) -> Post:
    """Give the real village a station with two sessions, a delivery company, and people to work there."""
    village = places.area(session, places.VILLAGE)
    station = places.add_station(session, village, address="人民路 1 号", phone="0571-82000002")
    company = places.add_company(session)
    first, second = (make_session(session, station, utc_now() + timedelta(days=days)) for days in (2, 3))
    posts = {
        "officer": {"area_id": places.area(session).id},
        "company": {"company_id": company.id},
        "station": {"station_id": station.id},
        "analyst": {"area_id": places.area(session, places.DISTRICT).id},
    }
    names = {role: make_user(session, role, **post).username for role, post in posts.items()}
    session.commit()
    return Post(
        names["officer"],
        names["company"],
        names["station"],
        names["analyst"],
        company.code,
        station.name,
        first.number,
        second.number,
    )


@dataclass
class Story:
    """The furnished place, whoever visits it, and a clock that can be put on."""

    app: Flask
    post: Post
    visit: Callable[[str], Visitor]
    identity: str

    def enter(self, username: str, width: str) -> Visitor:
        """Somebody signs in at a browser of their own."""
        visitor = self.visit(width)
        visitor.sign_in(username, PASSWORD)
        return visitor

    def session(self) -> Session:
        """A session of the application's database, for what a test has to look up or put on."""
        with self.app.app_context():
            made: Session = self.app.extensions["sqlalchemy"].sessionmaker(info=WRITES)
            return made

    def begin_session(self, number: str) -> None:
        """Let the day of a session come."""
        with self.session() as session:
            study = session.scalars(select(StudySession).where(StudySession.number == number)).one()
            lasts = study.ends_utc - study.starts_utc
            study.starts_utc, study.starts_on = utc_now(), local_date(utc_now())
            study.ends_utc = study.starts_utc + lasts
            session.commit()

    def let_pass(self, minutes: int) -> None:
        """Let minutes pass: everything noted of the study so far moves into the past. No rule is loosened."""
        with self.session() as session:
            for attendance in session.scalars(select(Attendance)):
                attendance.checked_in_utc -= timedelta(minutes=minutes)
            for record in session.scalars(select(ModuleRecord)):
                record.started_utc -= timedelta(minutes=minutes)
                record.ended_utc = record.ended_utc and record.ended_utc - timedelta(minutes=minutes)
            session.commit()

    def modules(self) -> list[tuple[int, str, int]]:
        """Position, kind and least minutes of the modules of the session's course."""
        with self.session() as session:
            study = session.scalars(select(StudySession).where(StudySession.number == self.post.second_session)).one()
            found = study.plan.modules
            return sorted((module.position, module.kind, module.minimum_minutes) for module in found)


@pytest.fixture
def story(live_app: Flask, visit: Callable[[str], Visitor]) -> Story:
    with live_app.app_context(), live_app.extensions["sqlalchemy"].sessionmaker(info=WRITES) as session:
        return Story(live_app, furnish(session), visit, make_identity())


def test_from_the_roadside_to_the_rates(story: Story) -> None:
    receipt = record_at_the_kerb(story)
    rates = read_rates(story, "before")
    assert rates == {"completion": (0, 1), "feedback": (0, 0)}, "nobody is told before the company is confirmed"
    move_the_seat(story, receipt)
    answer_as_company(story)
    certificate = study_and_sign_off(story, receipt)
    verify(story, certificate)
    assert read_rates(story, "after") == {"completion": (1, 1), "feedback": (1, 1)}


def record_at_the_kerb(story: Story) -> str:
    """The officer taps the red light on the first screen; the confirmation names seat and notice."""
    officer = story.enter(story.post.officer, "phone")
    officer.look("officer-home")
    page = officer.page
    page.locator(f".key-link[href*='{RED_LIGHT}']").click()
    assert page.locator(f"input[name=kind][value='{RED_LIGHT}']").is_checked()
    page.locator("#area_code").fill(places.VILLAGE)
    page.get_by_role("listbox").get_by_role("option").click()
    page.locator("#place").fill("人民路与市心路口")
    page.locator("#plate").fill(PLATE)
    page.locator("#id_number").fill(story.identity)
    page.locator("button[value=look_up]").click()
    page.locator("#rider .flash-warning").wait_for()
    page.locator("#name").fill(RIDER)
    page.locator("#phone").fill("13800000000")
    page.locator("#company_code").select_option(story.post.company)
    officer.look("record")
    page.locator(".bottom-bar button[type=submit]").click()
    page.wait_for_url(re.compile(r"/record/V\w{11}$"))
    officer.look("recorded")
    said = page.locator("main").inner_text()
    assert story.post.station in said
    assert page.locator("#study").get_by_text(re.compile(r"T\w{11}")).count()
    assert page.locator("#told .state-problem").count(), "held until the company says that the rider is its own"
    return page.url.rsplit("/", 1)[-1]


def move_the_seat(story: Story, receipt: str) -> None:
    """The rider, without an account, reads why, and takes the later session."""
    rider = story.visit("phone")
    rider.open("/")
    rider.look("start")
    rider.page.locator("a[href='/receipt']").click()
    rider.page.locator("#number").fill(receipt)
    rider.page.locator("#last_four").fill("0000")
    rider.page.locator("main button[type=submit]").click()
    rider.page.locator(".error-summary").wait_for()
    rider.page.locator("#last_four").fill(story.identity[-4:])
    rider.page.locator("main button[type=submit]").click()
    rider.page.wait_for_url(f"**/n/{receipt}")
    rider.look("receipt")
    seat = rider.page.locator("#next .tile-value").inner_text()
    assert story.post.station in rider.page.locator("#next").inner_text()
    assert story.identity not in rider.page.content()
    rider.page.locator("#next a[href$='/session']").click()
    rider.look("choose")
    rider.page.locator(f".key:has([value='{story.post.second_session}']) label").click()
    rider.page.locator("main button[type=submit]").click()
    rider.page.locator(".flash-success").wait_for()
    assert rider.page.locator("#next .tile-value").inner_text() != seat
    rider.look("moved")


def answer_as_company(story: Story) -> None:
    """The contact says that the rider is theirs, then what was done: each with one tap and one confirmation."""
    contact = story.enter(story.post.contact, "desk")
    contact.look("company-home")
    named = contact.page.locator("#named-riders tbody tr")
    assert RIDER not in named.inner_text()
    named.locator(".keys-in-row button").first.click()
    contact.page.locator("dialog .btn-primary").click()
    contact.page.locator(".flash-success").wait_for()
    contact.look("confirmed")
    row = contact.page.locator("#unanswered tbody tr")
    assert row.count() == 1
    assert RIDER in row.inner_text()
    assert story.identity not in contact.page.content()
    row.locator("a.row-link").click()
    contact.look("notice")
    contact.open("/")
    row.locator(".keys-in-row button").first.click()
    contact.page.locator("dialog .btn-primary").click()
    contact.page.locator(".flash-success").wait_for()
    contact.look("answered")
    assert contact.page.locator("#unanswered tbody tr").count() == 0


def study_and_sign_off(story: Story, receipt: str) -> str:
    """The staff check the rider in and lead through all modules; nothing ends early, nothing is signed off early."""
    staff = story.enter(story.post.staff, "desk")
    story.begin_session(story.post.second_session)
    staff.open("/")
    staff.look("station-home")
    page = staff.page
    page.locator(f"a.btn[href='/sessions/{story.post.second_session}/check-in']").click()
    staff.look("check-in")
    page.locator("form[action$='/check-in'] button").first.click()
    page.locator("a[href*='/riders/']").first.click()
    for position, kind, minutes in story.modules():
        page.locator(f"form[action$='/modules/{position}/start'] button").click()
        page.locator(f"form[action$='/modules/{position}/end']").wait_for(state="detached")
        if kind == "quiz":
            page.locator("details:has(#score) > summary").click()
            page.locator("#score").fill("90")
            page.locator("#by-hand-reason").fill("平板故障，改用纸质试卷作答")
            with page.expect_navigation():
                page.locator("form[action$='/quiz'] button").click()
        staff.look(f"study-{kind}")
        assert page.locator("form[action$='/sign-off']").count() == 0
        story.let_pass(minutes)
        page.reload()
        page.locator(f"form[action$='/modules/{position}/end'] button").click()
    page.locator(".bottom-bar form[action$='/sign-off'] button").click()
    page.locator("#signed-off").wait_for()
    staff.look("signed-off")
    return receive_certificate(story, receipt, page.locator("#signed-off").inner_text())


def receive_certificate(story: Story, receipt: str, signed_off: str) -> str:
    """The rider downloads the certificate from the receipt: it says the name, and its code leads to the truth."""
    found = re.search(r"\bC[0-9A-Z]{11}\b", signed_off)
    assert found is not None
    rider = story.visit("phone")
    rider.open(f"/n/{receipt}")
    rider.page.locator("#last_four").fill(story.identity[-4:])
    rider.page.locator("main button[type=submit]").click()
    rider.page.locator("a[href$='certificate.pdf']").wait_for()
    rider.look("completed")
    answer = rider.page.request.get(f"{rider.address}/n/{receipt}/certificate.pdf")
    assert answer.headers["content-type"] == "application/pdf"
    paper = read(answer.body())
    assert RIDER in paper.flat
    assert story.identity not in paper.flat
    assert all(paper.fonts.values())
    assert len(paper.codes) == 1
    assert paper.codes[0].endswith(f"/verify/{found.group()}")
    return found.group()


def verify(story: Story, certificate: str) -> None:
    """Whoever is shown the certificate reads that it is valid, and of one with a slip that it is not."""
    anybody = story.visit("phone")
    anybody.open(f"/verify/{certificate}")
    assert anybody.page.locator(".state-done").count() == 1
    assert certificate in anybody.page.locator("main").inner_text()
    anybody.look("verified")
    slip = certificate[:-1] + ("0" if certificate[-1] != "0" else "1")
    anybody.open(f"/verify/{slip}")
    assert anybody.page.locator(".state-problem").count() == 1


def read_rates(story: Story, when: str) -> dict[str, tuple[int, int]]:
    """The analyst reads this month's rates, numerator and denominator, on the overview."""
    analyst = story.enter(story.post.analyst, "desk")
    month = f"{today():%Y-%m}"
    analyst.open(f"/overview?first={month}&last={month}")
    analyst.look(f"overview-{when}")
    rates = {
        "completion": analyst.page.locator(".tile .rate-parts").first.inner_text(),
        "feedback": analyst.page.locator(
            "tr:has(td:text-matches('^(企业|companies)$')) .rate-parts"
        ).first.inner_text(),
    }
    return {name: tuple(int(part) for part in re.findall(r"\d+", text)) for name, text in rates.items()}  # type: ignore[misc]
