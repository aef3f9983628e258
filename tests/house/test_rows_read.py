"""A page costs what it shows: no statement behind any page or list reads thousands of rows that nobody sees.

A demo district of several years, copied in the database until a table read from end to end stands out. Every page of
every role is asked for, with every sort and filter that its lists offer, and every SELECT is measured
(``tests.rows_read``).
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from functools import cache

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from tests.accidents.test_imports import row as accident_row
from tests.benchmarks.growing import grow
from tests.conftest import Browser
from tests.house.station_walk import addresses_of, as_on_screen, leave_a_day
from tests.rows_read import Reading, readings
from tests.transfers.test_trials import table
from tests.transfers.test_views import hidden
from tests.walking import NO_PAGES, Answer, Walk
from trafficedu.accidents.models import Accident
from trafficedu.accounts.models import User
from trafficedu.accounts.queries import actor_of
from trafficedu.accounts.rules import Role
from trafficedu.areas.models import Area
from trafficedu.areas.rules import Level
from trafficedu.campaigns.models import Campaign
from trafficedu.core import corrections, import_runs
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import local_date, utc_now
from trafficedu.core.database import close_connections, database
from trafficedu.core.import_runs import ImportRun
from trafficedu.core.jobs import Job
from trafficedu.core.month import Month
from trafficedu.core.services import services_of
from trafficedu.core.traces import Noted, RowAct
from trafficedu.core.transactions import WRITES
from trafficedu.demo.accounts import USERNAMES
from trafficedu.demo.documents import contest_list
from trafficedu.demo.plan import Plan
from trafficedu.demo.services import load_demo
from trafficedu.education.models.courses import StudySession
from trafficedu.education.models.tasks import Booking, Certificate
from trafficedu.education.rules.states import BookingState
from trafficedu.evaluation.services.runs import evaluate, publish_run
from trafficedu.feedback.models import Feedback, Notice
from trafficedu.figures import FIGURES
from trafficedu.overview.services import freeze_list
from trafficedu.riders.models import Engagement, Rider, Vehicle
from trafficedu.riders.queries import lookup
from trafficedu.riders.queries.people import id_number_of, last_four, phone_of
from trafficedu.riders.rules import LookupKey
from trafficedu.riders.services import conflicts, lookups
from trafficedu.settled.services import settle_due
from trafficedu.transfers.models import ImportMapping
from trafficedu.violations.models.records import Violation

MADE, MONTHS, WANTED = 1_000, 48, 24_000
BEYOND = 2_000
"""Rows of tables that grow which a statement may read beyond those it hands on."""
SHOWN = 700
"""A statement that hands on more than any page shows has read the rest too; there are 613 areas."""
BOUNDED = 20_000
"""Rows of bounded tables that a statement may read: each of 613 areas, joined and looked at some thirty times."""
UNREACHED = {
    "evaluation.edit_rule_set": "there is no draft",
    "films.edit": "the shipped film is no draft",
    "films.picture": "films show it, no page links to it",
    "films.video": "the shipped film is no video",
    "films.watch": "only the rider's own page leads there",
    "films.watch_video": "only the rider's own page leads there",
    "hazards.reopen": "no hazard of those that a walk meets was verified",
    "helmets.draw": "nothing was drawn",
    "lists.new": "a form above each list leads there",
    "lists.view": "nobody saved a view",
    "points.evidence": "no entry has a paper",
    "photos.show": "no rider was photographed",
    "photos.take": "no photo is asked for",
    "reaching.day_pdf": "no page of a walk links to a report that was issued",
    "quizzes.phone_overview": "its key is on no page",
    "quizzes.phone_picture": "its key is on no page",
    "quizzes.phone_question": "its key is on no page",
    "quizzes.phone_start": "its key is on no page",
    "quizzes.picture": "no shipped question has a picture that was uploaded",
    "quizzes.sign": "questions show it, no page links to it",
    "quizzes.tablet_overview": "no quiz is under way",
    "quizzes.tablet_picture": "no quiz is under way",
    "quizzes.tablet_question": "no quiz is under way",
    "quizzes.tablet_start": "no rider of the demo is about to take the quiz",
    "violations.compare": "no two records of the demo may be one",
    "violations.photo": "no record has a photo",
    "violations.signature_picture": "nobody signed",
    "violations.small_photo": "no record has a photo",
    "violations.withdraw_photo": "no record has a photo",
}
"""Pages that the demo has no address for, and why."""
TRACED, SOURCE = 300, "甲平台"
"""Records that files and corrections left something on; under which name headings are kept."""


def load_district(url: str, make_app: Callable[..., Flask]) -> Flask:
    """Fill a copy of the template with a district that is large enough for a table read whole to stand out."""
    app = make_app(url)
    with app.app_context():
        now = utc_now()
        with database().sessionmaker(info=WRITES) as session:
            load_demo(session, Plan(MADE, MONTHS), now)
            session.commit()
            last = Month.of(local_date(now)) - 1
            publish_run(session, evaluate(session, last, now), SYSTEM, now)
            analyst = session.scalars(select(User).where(User.username == USERNAMES[Role.ANALYST])).one()
            freeze_list(session, last, actor_of(analyst), now)
            contest_list(session, last, now)
            leave_traces(session, now)
            leave_former_companies(session)
            session.commit()
            grow(session, WANTED)
            leave_a_day(session, now)
            session.commit()
            while settle_due(session, now, FIGURES):
                pass
            session.execute(text("ANALYZE"))
            session.commit()
    return app


def leave_traces(session: Session, now: datetime) -> None:
    """Let files and people have left behind what they leave: a run, corrections, other names, a source's headings."""
    run = import_runs.begin(session, "accidents", SYSTEM, now, file_name="事故.csv")
    trace = import_runs.KeptTrace(run.id, services_of(session).keyring)
    accidents = session.scalars(select(Accident).order_by(Accident.id).limit(TRACED)).all()
    for line, accident in enumerate(accidents):
        record = (accident.number, "accident", accident.id, accident.version)
        trace.note(Noted(RowAct.UPDATED, line, *record, {"place": "旧路"}, {"place": accident.place}))
    trace.flush(session)
    import_runs.end(session, run, {"added": 0, "updated": len(accidents), "unchanged": 0, "refused": 0}, now)
    riders = session.scalars(select(Rider).order_by(Rider.id).limit(TRACED)).all()
    for accident in accidents:
        corrections.note(session, accident, {"place": ("旧路", accident.place)}, SYSTEM, now, reason="现场核对")
    for rider in riders:
        corrections.note(session, rider, {"name": ("旧名", rider.name)}, SYSTEM, now, sealed=True)
    for model, found in ((Accident, accidents), (Rider, riders)):
        held = corrections.HeldCorrections(session, model.__tablename__)
        held.meet([each.id for each in found[::2]])
        for each in found[::2]:
            held.said(each.id, "place" if model is Accident else "name", "另一处", now)
    conflicts.note(session, [(rider.id, "另名") for rider in riders], "riders", SYSTEM, now)
    leave_look_ups(session, [rider.id for rider in riders], now)
    session.add(ImportMapping(kind="accidents", name=SOURCE, headings={"地点": "place"}, words={}, changed_utc=now))
    session.flush()


def leave_former_companies(session: Session) -> None:
    """Let each rider have worked for another company before, so that a table of engagements read whole stands out."""
    for held in session.scalars(select(Engagement)).all():
        ended = held.engaged_from - timedelta(days=1)
        begun = ended - timedelta(days=200)
        former = {"rider_id": held.rider_id, "company_id": held.company_id, "legal_basis": held.legal_basis}
        session.add(Engagement(**former, engaged_from=begun, engaged_to=ended))
    session.flush()


def leave_look_ups(session: Session, riders: Sequence[int], now: datetime) -> None:
    """Let the officer of the demo have looked up each of some riders, and recorded none."""
    officer = session.scalars(select(User).where(User.username == USERNAMES[Role.OFFICER])).one()
    by = actor_of(officer)
    for rider_id in riders:
        found = lookup.Found(LookupKey.PLATE, [session.get_one(Rider, rider_id)], whole=True)
        lookups.note(session, found, by, now)


@pytest.fixture(scope="module")
def make_district(
    make_app: Callable[..., Flask], copy_template: Callable[[str], str]
) -> Iterator[Callable[[str], Flask]]:
    """Build the district on a kind of database, once."""
    made: list[Flask] = []

    @cache
    def make(kind: str) -> Flask:
        made.append(load_district(copy_template(kind), make_app))
        return made[-1]

    yield make
    for app in made:
        with app.app_context():
            close_connections()


@pytest.fixture
def district(database_kind: str, make_district: Callable[[str], Flask]) -> Flask:
    return make_district(database_kind)


class Found:
    """What the walks of all roles met so far on one database."""

    def __init__(self) -> None:
        self.known: dict[str, str] = {}
        self.given: dict[str, str] = {}
        self.chosen: dict[str, set[str]] = {}
        self.roles = set[str]()


@pytest.fixture(scope="module")
def found_on() -> Callable[[str], Found]:
    return cache(lambda _kind: Found())


def too_many(read: list[Reading]) -> Iterator[str]:
    """Say of statements that read too many rows how many, and where."""
    for one in read:
        rows = max(one.beyond(SHOWN), one.bounded // (BOUNDED // BEYOND))
        if rows > BEYOND:
            yield f"{rows} rows: {one.detail} | {one.statement[:300]}"


def visitor(app: Flask, role: Role | None, given: dict[str, str]) -> Browser:
    """Return a browser of the demo's user of a role; of nobody, with a receipt open that has everything on it."""
    app.test_client_class = Browser
    browser = app.test_client()
    assert isinstance(browser, Browser)
    with app.app_context(), closing(database().sessionmaker()) as session:
        user = session.scalars(select(User).where(User.username == USERNAMES[role])).one() if role else None
        certificate = session.scalars(select(Certificate).order_by(Certificate.id).limit(1)).one()
        given["education.certificate"] = f"/certificates/{certificate.number}.pdf"
        campaign = session.scalars(select(Campaign).limit(1)).one()
        given["transfers.mapping"] = f"/imports/mappings/accidents/{SOURCE}"
        given["evaluation.effect"] = f"/evaluation/effects/{campaign.number}"
        given |= addresses_of(app, session, user.station_id if user else None)
        if user is not None:
            own = session.scalars(select(Violation).where(Violation.officer_id == user.id).limit(1)).first()
            given["violations.recorded"] = f"/record/{own.number}" if own else "/record"
            seats = select(Booking).join(StudySession).where(StudySession.station_id == user.station_id)
            seat = session.scalars(seats.where(Booking.state == BookingState.ATTENDED).limit(1)).first()
            given["study.card"] = f"/sessions/{seat.session.number}/riders/{seat.task.number}" if seat else "/sessions"
            browser.sign_in(user)
            if role is Role.SUPERVISOR:
                bring_a_file(session, browser, given)
            if role is Role.COMPANY:
                answered = answered_by(session, user)
                given["feedback.correct_answer"] = f"/notices/{answered.number}/answer/correct"
            return browser
        notice = session.scalars(select(Notice).where(Notice.rider_id == certificate.task.rider_id).limit(1)).one()
        number, answer = notice.violation.number, last_four(session, notice.rider)
    for page in ("", "/certificate.pdf", "/objection", "/receipt.pdf", "/session"):
        endpoint = {"": "receipt", "/session": "move"}.get(page, page[1:].replace(".", "_"))
        given[f"public.{endpoint}"] = f"/n/{number}{page}"
    given["public.own_strip"] = f"/n/{number}/receipt/strip"
    given["public.own_printed"] = f"/n/{number}/receipt/a4.pdf"
    given["public.verified"] = f"/verify/{certificate.number}"
    assert browser.post(f"/n/{number}", data={"last_four": answer}).status_code in {302, 303}
    return browser


def bring_a_file(session: Session, browser: Browser, given: dict[str, str]) -> None:
    """Try a file of which a row is refused, take the other one in, and ask for a table: what the jobs left is given."""
    village = session.scalars(select(Area).where(Area.level == Level.VILLAGE).limit(1)).one()
    nowhere = {"latitude": "", "longitude": ""}
    body = table(accident_row(village, **nowhere), accident_row(village, "SG-2", killed="0", **nowhere))
    page = browser.fetch("/imports", data={"kind": "accidents", "file": (io.BytesIO(body), "事故.csv")}).text
    trial = newest_job(session)
    assert "文件已导入" in browser.fetch("/imports/confirm", data=hidden(page) | {"skip_errors": "y"}).text
    session.rollback()
    largest = select(ImportRun.number).order_by(ImportRun.id).limit(1)  # the one whose rows grow with the district
    given["transfers.run"] = f"/imports/runs/{session.scalars(largest).one()}"
    given["transfers.job_side_file"] = f"/jobs/{trial}/refused"
    given["transfers.headings"] = f"/imports/{trial}/headings"
    browser.fetch("/exports", data={"export-kind": "areas", "export-suffix": "csv"})
    given["transfers.job_file"] = f"/jobs/{newest_job(session)}/file"


def newest_job(session: Session) -> str:
    session.rollback()
    return session.scalars(select(Job.number).order_by(Job.id.desc()).limit(1)).one()


def answered_by(session: Session, user: User) -> Notice:
    """Return a notice that the company of a user answered."""
    answered = select(Notice).join(Feedback).where(Notice.company_id == user.company_id)
    return session.scalars(answered.limit(1)).one()


def reach(app: Flask, role: Role | None) -> str:
    """Return how far a role sees: of those who see as far as each other one asks for the sorts and filters."""
    with app.app_context(), closing(database().sessionmaker()) as session:
        user = session.scalars(select(User).where(User.username == USERNAMES[role])).one() if role else None
        if user is None or user.area is None:
            return str(role)
        return user.area.level


@pytest.mark.parametrize("role", [*Role, None], ids=lambda role: str(role or "nobody"))
def test_no_statement_reads_thousands_of_rows_that_nobody_sees(
    role: Role | None, database_kind: str, district: Flask, found_on: Callable[[str], Found]
) -> None:
    found = found_on(database_kind)
    browser = visitor(district, role, found.given)

    def get(address: str) -> Answer:
        shown = as_on_screen(district, address)
        with readings() as read:
            answer = browser.get(shown)
            html = answer.text if answer.mimetype == "text/html" else ""
        reads.extend(read)
        return answer.status_code, html

    reads: list[Reading] = []
    faults = []
    chosen = found.chosen.setdefault(reach(district, role), set())
    heard = 0
    for name, address, status in Walk(district, role, get, found.known, found.given, chosen).pages():
        faults += [f"{name}, {address}: {said}" for said in too_many(reads)]
        heard += len(reads)
        reads.clear()
        if status >= 500 or status == 401:
            faults.append(f"{address}: {status}")
    assert heard > 10, "what the pages ask the database was not heard"
    found.roles.add(str(role))
    if faults:
        pytest.fail("\n".join(faults), pytrace=False)


@pytest.mark.parametrize("key", [LookupKey.PLATE, LookupKey.DOCUMENT, LookupKey.PHONE, LookupKey.NAME])
def test_a_look_up_at_the_kerb_reads_what_an_index_leads_to(district: Flask, key: LookupKey) -> None:
    """Whole, by an end, and by an end that nobody has: none of them looks through the riders."""
    with district.app_context(), closing(database().sessionmaker()) as session:
        by = actor_of(session.scalars(select(User).where(User.username == USERNAMES[Role.OFFICER])).one())
        rider = session.scalars(select(Rider).where(Rider.phone_hash.is_not(None)).order_by(Rider.id).limit(1)).one()
        plate = session.scalars(select(Vehicle.plate).order_by(Vehicle.id).limit(1)).one()
        whole = {
            LookupKey.PLATE: plate,
            LookupKey.DOCUMENT: id_number_of(session, rider),
            LookupKey.PHONE: phone_of(session, rider),
            LookupKey.NAME: rider.name,
        }[key]
        for text_typed in (whole, whole[-4:], whole[-5:], "9990999", "天晴"):
            with readings() as read:
                lookup.find(session, key, text_typed, by, utc_now(), local_date(utc_now()))
            assert list(too_many(read)) == []


def test_the_walks_come_to_every_page(database_kind: str, found_on: Callable[[str], Found], district: Flask) -> None:
    found = found_on(database_kind)
    if found.roles != {str(role) for role in [*Role, None]}:
        pytest.skip("says something after the walks of all roles only")
    with_pages = {rule.endpoint for rule in district.url_map.iter_rules() if "GET" in (rule.methods or ())}
    missed = sorted(with_pages - set(found.known) - NO_PAGES - set(UNREACHED))
    assert not missed, f"no walk came there: {missed}"
