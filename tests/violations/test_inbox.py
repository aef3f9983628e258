"""The queue of a supervisor: what comes first, what one key does, who may not decide, and what can be taken back."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories.violations import NOW, District, make_violation, new_rider, passages
from trafficedu.accounts.models import User
from trafficedu.accounts.queries import actor_of
from trafficedu.areas.models import Area
from trafficedu.core.actors import SYSTEM, Actor
from trafficedu.core.audit import AuditEntry
from trafficedu.core.clock import utc_now
from trafficedu.core.errors import Refusal, Stale
from trafficedu.core.workdays import workdays_left
from trafficedu.education.models.tasks import StudyTask
from trafficedu.feedback.models import Notice
from trafficedu.feedback.services.answers import Answer, answer
from trafficedu.messages.models import Push
from trafficedu.violations.models.decisions import Objection
from trafficedu.violations.models.records import Violation
from trafficedu.violations.queries.inbox import Item, Queue, Waiting
from trafficedu.violations.services import reviewing, undoing
from trafficedu.violations.services.inbox import decide
from trafficedu.violations.services.objections import decide_objection, raise_objection

TODAY = NOW.date()
PLATE = "杭州A12345"


@pytest.fixture
def supervisor(acting: Callable[[str, Area], Actor], district: District) -> Actor:
    return acting("supervisor", district.town)


def camera(session: Session, district: District, **values: Any) -> Violation:
    return make_violation(session, district.village, **{"source": "camera", "rider": None} | values)


def just_now(session: Session, district: District, **values: Any) -> Violation:
    """Return a camera record of a minute ago, for pages, which read the clock."""
    return camera(session, district, now=utc_now(), occurred_utc=utc_now() - timedelta(minutes=1), **values)


def walked(queue: Queue) -> list[Item]:
    """Return the queue from its beginning to its end, as somebody who only skips sees it."""
    items: list[Item] = []
    item = queue.after(None)
    while item is not None and len(items) < 20:
        items.append(item)
        item = queue.after(item)
    return items


@pytest.mark.parametrize(
    ("last", "left"),
    [
        (date(2026, 11, 20), 0),
        (date(2026, 11, 23), 1),  # a weekend lies between Friday and Monday
        (date(2026, 11, 27), 5),
        (date(2026, 11, 19), -1),
        (date(2026, 11, 13), -5),
    ],
)
def test_working_days_left(last: date, left: int) -> None:
    assert workdays_left(date(2026, 11, 20), last, {}) == left


def test_what_has_a_clock_comes_first_by_the_time_left(session: Session, district: District, supervisor: Actor) -> None:
    late, soon = camera(session, district), camera(session, district)
    late.review_due_on, soon.review_due_on = TODAY - timedelta(days=2), TODAY + timedelta(days=6)
    contested = make_violation(session, district.village)
    objection = raise_objection(session, contested, "不是我", "", NOW)
    objection.due_on = TODAY + timedelta(days=3)
    unknown = make_violation(session, district.village, rider=None, papers="refused", plate=PLATE)
    session.flush()
    queue = Queue(session, supervisor, TODAY)
    items = walked(queue)
    assert [(item.kind, item.violation.id) for item in items] == [
        (Waiting.REVIEW, late.id),
        (Waiting.OBJECTION, contested.id),
        (Waiting.REVIEW, soon.id),
        (Waiting.PERSON, unknown.id),
    ]
    assert [queue.days_left(item) for item in items] == [-2, 1, 4, None]
    assert "only with a reason" in str(queue.what_follows(items[0]))
    assert queue.what_follows(items[1]) is None
    assert {kind: n for kind, n in queue.counts().items() if n} == {"review": 2, "objection": 1, "person": 1}
    assert [item.kind for item in walked(Queue(session, supervisor, TODAY, [Waiting.OBJECTION]))] == ["objection"]


def test_another_post_has_another_queue(
    session: Session, district: District, acting: Callable[[str, Area], Actor]
) -> None:
    camera(session, district)
    assert walked(Queue(session, acting("supervisor", district.other_town), TODAY)) == []


def test_nobody_decides_on_what_they_recorded(session: Session, district: District, supervisor: Actor) -> None:
    own = camera(session, district, by=supervisor)
    with pytest.raises(Refusal, match="recorded this yourself"):
        reviewing.confirm(session, own, supervisor, NOW)
    with pytest.raises(Refusal, match="recorded this yourself"):
        reviewing.reject(session, own, "看不清", supervisor, NOW)
    contested = make_violation(session, district.village, supervisor)
    objection = raise_objection(session, contested, "不是我", "", NOW)
    with pytest.raises(Refusal, match="recorded this yourself"):
        decide_objection(session, objection, True, "有误", supervisor, NOW)
    assert (own.state, objection.state) == ("pending", "open")


def test_past_its_days_a_record_is_confirmed_with_a_reason_only(
    session: Session, district: District, supervisor: Actor
) -> None:
    violation = camera(session, district)
    assert violation.review_due_on == date(2026, 11, 27)
    after = NOW + timedelta(days=8)
    with pytest.raises(Refusal) as refusal:
        reviewing.confirm(session, violation, supervisor, after)
    assert refusal.value.field == "reason"
    reviewing.confirm(session, violation, supervisor, after, late="图片移交较晚")
    assert (violation.state, violation.late_reason) == ("confirmed", "图片移交较晚")
    assert passages(session, violation)[-1].reason == "图片移交较晚"
    kept = session.scalars(select(AuditEntry).where(AuditEntry.action == "violations:violation:review")).one()
    assert kept.detail["late_for"] == "2026-11-27"
    reviewing.void(session, violation, "有误", SYSTEM, after)
    assert [entry.reason for entry in passages(session, violation)] == ["", "图片移交较晚", "有误"]


def test_a_rejection_is_taken_back_by_whoever_did_within_the_minutes(
    session: Session, district: District, supervisor: Actor, acting: Callable[[str, Area], Actor]
) -> None:
    violation = camera(session, district)
    reviewing.reject(session, violation, "看不清", supervisor, NOW)
    for who, now in ((acting("supervisor", district.town), NOW), (supervisor, NOW + timedelta(minutes=10, seconds=1))):
        with pytest.raises(Refusal, match="no longer"):
            undoing.reopen_review(session, violation, who, now)
    undoing.reopen_review(session, violation, supervisor, NOW + timedelta(minutes=10))
    assert (violation.state, violation.state_reason, violation.reviewed_utc) == ("pending", "", None)
    with pytest.raises(Stale):
        undoing.reopen_review(session, violation, supervisor, NOW)


def test_a_confirmation_is_taken_back_with_what_followed_and_follows_once_more(
    session: Session, district: District, supervisor: Actor, acting: Callable[[str, Area], Actor]
) -> None:
    acting("leader", district.village)
    violation = camera(session, district, rider=new_rider(home_area_id=district.village.id), plate=PLATE)
    reviewing.confirm(session, violation, supervisor, NOW)
    (first,) = session.scalars(select(StudyTask)).all()
    notice = session.scalars(select(Notice)).one()
    assert (notice.state, first.state) == ("sent", "open")
    undoing.reopen_review(session, violation, supervisor, NOW + timedelta(minutes=1))
    assert (violation.state, notice.state, first.state) == ("pending", "voided", "withdrawn")
    assert [each.kind for each in Queue(session, supervisor, TODAY).first(9)] == [Waiting.REVIEW]
    reviewing.confirm(session, violation, supervisor, NOW + timedelta(minutes=2))
    tasks = session.scalars(select(StudyTask).order_by(StudyTask.id)).all()
    assert [task.state for task in tasks] == ["withdrawn", "open"]
    session.expire_all()
    assert (notice.state, notice.sent_utc) == ("sent", NOW + timedelta(minutes=2))
    assert len(session.scalars(select(Notice)).all()) == 1
    assert session.scalars(select(Push.key).where(Push.key.contains(":again:"))).all(), "who has to answer is told"


def test_a_confirmation_that_was_answered_or_objected_to_stands(
    session: Session, district: District, supervisor: Actor, acting: Callable[[str, Area], Actor]
) -> None:
    answered = camera(session, district, rider=new_rider(home_area_id=district.village.id), plate=PLATE)
    reviewing.confirm(session, answered, supervisor, NOW)
    notice = session.scalars(select(Notice)).one()
    answer(session, notice, Answer("home_visit"), acting("leader", district.village), NOW)
    contested = camera(session, district, rider=new_rider(), plate="杭州B54321")
    reviewing.confirm(session, contested, supervisor, NOW)
    raise_objection(session, contested, "不是我", "", NOW)
    for violation, why in ((answered, "answered"), (contested, "objected")):
        with pytest.raises(Refusal, match=why):
            undoing.reopen_review(session, violation, supervisor, NOW)


def test_a_plate_alone_is_nobody_s_to_name_while_it_waits_again(
    session: Session, district: District, supervisor: Actor
) -> None:
    violation = camera(session, district)
    reviewing.confirm(session, violation, supervisor, NOW)
    assert violation.is_wanted
    undoing.reopen_review(session, violation, supervisor, NOW)
    assert [each.kind for each in Queue(session, supervisor, TODAY).first(9)] == [Waiting.REVIEW]


def test_a_dismissal_is_taken_back_and_an_upheld_one_is_not(
    session: Session, district: District, supervisor: Actor
) -> None:
    violation = make_violation(session, district.village)
    objection = raise_objection(session, violation, "不是我", "", NOW)
    decide_objection(session, objection, False, "证据清楚", supervisor, NOW)
    undoing.reopen_objection(session, objection, supervisor, NOW)
    assert (objection.state, objection.decision, objection.decided_by_id) == ("open", "", None)
    decide_objection(session, objection, True, "有误", supervisor, NOW)
    with pytest.raises(Stale):
        undoing.reopen_objection(session, objection, supervisor, NOW)


def test_once_more_only_with_new_facts(session: Session, district: District, supervisor: Actor) -> None:
    violation = make_violation(session, district.village)
    objection = raise_objection(session, violation, "不是我，车已卖出", "", NOW)
    decide_objection(session, objection, False, "证据清楚", supervisor, NOW)
    with pytest.raises(Refusal) as refusal:
        raise_objection(session, violation, " 不是我， 车已卖出。", "", NOW)
    assert refusal.value.field == "statement"
    assert raise_objection(session, violation, "附上转让协议", "", NOW).state == "open"


def test_one_key_names_the_usual_rider(session: Session, district: District, supervisor: Actor) -> None:
    before = NOW - timedelta(days=2)
    known = make_violation(
        session, district.village, plate=PLATE, rider=new_rider(name="卢安华"), now=before, occurred_utc=before
    )
    violation = camera(session, district, plate=PLATE)
    queue = Queue(session, supervisor, TODAY)
    decide(session, queue.find(Waiting.REVIEW, violation.number), "usual", "", supervisor, NOW)
    assert (violation.rider_id, violation.state) == (known.rider_id, "pending")
    decide(session, queue.find(Waiting.REVIEW, violation.number), "accept", "", supervisor, NOW)
    assert session.scalars(select(Notice).where(Notice.violation_id == violation.id)).one().rider_id == known.rider_id


class TestPages:
    def test_after_an_act_the_next_one_comes_and_it_can_be_taken_back(
        self, session: Session, district: District, desk: Browser
    ) -> None:
        one, two = (just_now(session, district) for _ in range(2))
        session.commit()
        first = desk.get("/inbox").location
        assert first == f"/inbox/review/{one.number}"
        assert desk.post(first, data={"act": "refuse"}).status_code == 422
        given = {"act": "refuse", "prepared": "The plate cannot be read", "reason": "rain"}
        assert desk.post(first, data=given).location == f"/inbox/review/{two.number}"
        session.expire_all()
        assert (one.state, one.state_reason) == ("rejected", "The plate cannot be read。rain")
        assert "/inbox/undo" in desk.get(f"/inbox/review/{two.number}").text
        assert desk.post("/inbox/undo").location == first
        session.expire_all()
        assert one.state == "pending"
        assert desk.post(first, data={"act": "accept"}).status_code == 303
        assert desk.post("/inbox/undo").location == first
        session.expire_all()
        assert one.state == "pending"
        assert desk.post("/inbox/undo").location == "/inbox", "there is nothing left to take back"
        assert desk.post(first, data={"act": "accept"}).status_code == 303
        assert desk.post(first, data={"act": "accept"}).status_code == 409
        following = desk.post(f"/inbox/review/{two.number}", data={"act": "accept"}).location
        assert following == f"/inbox/person/{one.number}", "a plate alone counts, and waits until somebody is named"
        for number, then in ((one.number, f"/inbox/person/{two.number}"), (two.number, "/inbox")):
            given = {"act": "refuse", "prepared": "The person could not be reached"}
            assert desk.post(f"/inbox/person/{number}", data=given).location == then
        assert "Nothing waits for you" in desk.get("/inbox").text

    def test_two_supervisors_one_wins_and_the_other_is_told(
        self,
        app: Flask,
        session: Session,
        district: District,
        desk: Browser,
        make_user: Callable[..., User],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setitem(app.config, "SEEN_REQUIRED", True)
        violation = just_now(session, district)
        colleague = actor_of(make_user("supervisor", area_id=district.town.id))
        session.commit()
        path = f"/inbox/review/{violation.number}"
        page = desk.get(path).text
        mark = re.search(r'name="seen" value="(\w+)"', page)
        assert mark is not None
        reviewing.reject(session, violation, "看不清", colleague, utc_now())
        session.commit()
        answer = desk.post(path, data={"act": "accept", "seen": mark[1]})
        assert answer.status_code == 409
        assert "This is decided already" in answer.text
        session.expire_all()
        assert violation.state == "rejected"

    def test_an_own_record_has_no_keys_but_the_next_one(
        self, session: Session, district: District, desk: Browser
    ) -> None:
        own = actor_of(session.scalars(select(User).where(User.role == "supervisor")).one())
        violation = just_now(session, district, by=own)
        session.commit()
        page = desk.get(f"/inbox/review/{violation.number}").text
        assert "You recorded this yourself" in page
        assert 'value="accept"' not in page
        assert 'data-key="n"' in page

    @pytest.mark.parametrize("path", ["/inbox/nothing/V00000000000", "/inbox/review/V00000000000"])
    def test_what_is_not_there(self, desk: Browser, path: str) -> None:
        assert desk.get(path).status_code == 404

    def test_the_first_screen_leads_to_the_queue(self, session: Session, district: District, desk: Browser) -> None:
        contested = make_violation(session, district.village)
        session.add_all([raise_objection(session, contested, "不是我", "", NOW)])
        session.commit()
        assert 'href="/inbox?kind=objection"' in desk.get("/").text
        assert session.scalars(select(Objection)).one().number in desk.get("/inbox?kind=objection").location
