"""What is open is stored: after any acts, in any order, the stored states agree with what they are derived from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.acts import Walk
from trafficedu.companies.models import Company
from trafficedu.core.actors import SYSTEM, Actor, Scope
from trafficedu.core.orm import among
from trafficedu.education.models.courses import StudySession
from trafficedu.education.models.tasks import Booking, StudyTask
from trafficedu.education.queries import tasks
from trafficedu.education.rules.reckoning import urgency as study_urgency
from trafficedu.education.rules.states import UNFINISHED, BookingState
from trafficedu.feedback.models import EarlierAnswer, Feedback, Notice
from trafficedu.feedback.queries import notices
from trafficedu.feedback.rules.notices import HeldReason, NoticeState, urgency
from trafficedu.riders.models import Rider
from trafficedu.violations.models.decisions import Objection, ViolationPair
from trafficedu.violations.models.records import Violation
from trafficedu.violations.queries.companies import COMPANIES_OPEN, NAMED_RIDERS
from trafficedu.violations.queries.doubles import DUPLICATES
from trafficedu.violations.queries.objections import objections_on
from trafficedu.violations.queries.unnamed import UNNAMED
from trafficedu.violations.rules.states import (
    COMPANY_OPEN,
    NOT_ENDED,
    IdentityState,
    ObjectionState,
    PairState,
    ViolationState,
)

STEPS, LOOK_EVERY = 75, 3
WALKS, WALKS_AT_MOST = 3, 10
"""A walk may miss an act by chance, for what it finds first is the database's choice; more are taken until none is."""


def agrees(session: Session, now: datetime) -> None:
    """Compare every stored state with what it is derived from, all rows counted."""
    answers = dict(session.execute(select(Feedback.notice_id, Feedback.answered_utc)).tuples().all())
    earlier = select(Feedback.notice_id, EarlierAnswer.answered_utc).join(Feedback.earlier)
    answers |= dict(session.execute(earlier.order_by(EarlierAnswer.id.desc())).tuples().all())  # the first one counts
    violations = {row.id: row for row in session.scalars(select(Violation))}
    unanswered = set()
    for notice in session.scalars(select(Notice)):
        place = violations[notice.violation_id].area_id
        assert notice.answered_utc == answers.get(notice.id)
        assert notice.urgency == urgency(
            notice.state, notice.due_utc, notice.answered_utc or notice.closed_utc, notice.violation_id
        )
        assert (notice.violation_area_id, notice.counted_area_id) == (place, notice.area_id or place)
        if notice.state == NoticeState.SENT and notice.id not in answers and notice.closed_utc is None:
            unanswered.add(notice.id)
    assert set(session.scalars(select(Notice.id).where(Notice.unanswered()))) == unanswered
    second = int(now.timestamp())  # what is due within this second is not late yet
    late = sum(
        notice.due_utc is not None and notice.due_utc.timestamp() < second for notice in _notices(session, unanswered)
    )
    assert notices.count_unanswered(session, SYSTEM, now) == (len(unanswered), late)

    homes = dict(session.execute(select(Rider.id, Rider.home_area_id)).tuples().all())
    stations: dict[int, list[int]] = {}
    seated: dict[int, int] = {}
    seen = select(Booking.task_id, Booking.state, StudySession.station_id).join(Booking.session)
    for task_id, state, station_id in session.execute(seen.where(Booking.state != BookingState.CANCELLED)):
        stations.setdefault(task_id, []).append(station_id)
        if state == BookingState.BOOKED:
            seated[task_id] = station_id
    undone = set()
    for task in session.scalars(select(StudyTask)):
        assert task.home_area_id == homes[task.rider_id]
        assert task.station_id in ([seated[task.id]] if task.id in seated else stations.get(task.id, [None]))
        assert task.urgency == study_urgency(task.state, task.due_on)
        if task.state in UNFINISHED:
            undone.add(task.id)
    assert set(session.scalars(select(StudyTask.id).where(tasks.UNDONE))) == undone
    assert {task.id for task in tasks.list_overdue(session, SYSTEM, date.max, 1000)} == undone

    _companies_agree(session, violations)
    _pairs_agree(session, violations)
    wanted = {row.id for row in violations.values() if _is_wanted(row)}
    assert set(session.scalars(select(Violation.id).where(among(Violation.identity, IdentityState.WANTED)))) == wanted
    assert UNNAMED.page(session, SYSTEM, None).total == len(wanted)

    contested = set()
    for objection in session.scalars(select(Objection)):
        assert objection.area_id == violations[objection.violation_id].area_id
        if objection.state == ObjectionState.OPEN:
            contested.add(objection.id)
    open_objections = select(Objection.id).where(among(Objection.state, ObjectionState.OPEN))
    assert set(session.scalars(open_objections)) == contested
    assert objections_on(now.date()).page(session, SYSTEM, None).total == len(contested)


def _is_wanted(row: Violation) -> bool:
    """Tell whether somebody is to be found: without papers from the beginning, behind a plate alone once it counts."""
    asked = row.state in NOT_ENDED if row.papers else row.state == ViolationState.CONFIRMED and not row.historic
    return row.rider_id is None and asked


def _pairs_agree(session: Session, violations: Mapping[int, Violation]) -> None:
    """Nobody is told of the second record of an offence while a pair is open; only two that stand are asked about."""
    waiting = session.scalars(select(ViolationPair).where(ViolationPair.state == PairState.OPEN)).all()
    assert all(violations[key].state in NOT_ENDED for pair in waiting for key in (pair.first_id, pair.second_id))
    second = {pair.second_id for pair in waiting}
    held = select(Notice.violation_id).where(Notice.held_reason == HeldReason.DOUBLE)
    assert set(session.scalars(held)) <= second
    assert DUPLICATES.page(session, SYSTEM, None).total == len(waiting)


def _companies_agree(session: Session, violations: Mapping[int, Violation]) -> None:
    """Nobody is told while it is open which company answers; where one does, it is the one that is told."""
    waiting, named = set(), Counter[int | None]()
    notices_of = {notice.violation_id: notice for notice in session.scalars(select(Notice))}
    for violation in violations.values():
        is_open = violation.company_known in COMPANY_OPEN
        assert (violation.company_id is not None) == (violation.company_known == "engaged")
        if violation.rider_id is None:
            assert (violation.id in notices_of, violation.company_known) == (False, "nobody")
            continue
        if violation.historic:
            assert violation.id not in notices_of, "of history nobody is told or asked"
            continue
        if violation.state != ViolationState.CONFIRMED:
            kept = notices_of.get(violation.id)
            assert kept is None or kept.state == NoticeState.VOIDED, "what does not count is told to nobody"
            continue
        notice = notices_of[violation.id]
        assert notice.state != NoticeState.VOIDED
        if is_open:
            waiting.add(violation.id)
            named[violation.named_company_id] += violation.company_known == "named"
            assert notice.state == NoticeState.HELD
        elif notice.answered_utc is None:
            assert (notice.receiver_kind, notice.company_id) == (
                ("company" if violation.company_id else "village"),
                violation.company_id,
            )
    rows, total = COMPANIES_OPEN.first(session, SYSTEM, None, 1000)
    assert ({row.violation.id for row in rows}, total) == (waiting, len(waiting))
    for company_id in session.scalars(select(Company.id)):
        own = Actor(None, "", scope=Scope(company_id=company_id))
        assert NAMED_RIDERS.page(session, own, None).total == named[company_id]


def _notices(session: Session, ids: set[int]) -> list[Notice]:
    return list(session.scalars(select(Notice).where(Notice.id.in_(ids))))


def test_open_work_agrees_with_what_it_is_derived_from(session: Session) -> None:
    taken: set[str] = set()
    for seed in range(1, WALKS_AT_MOST + 1):
        walk = Walk(session, seed)
        for step in range(1, STEPS + 1):
            walk.step()
            if step % LOOK_EVERY == 0:
                agrees(session, walk.now)
        taken |= set(walk.taken)
        acts = {act.__name__ for act in walk.acts}
        if seed >= WALKS and taken == acts:
            break
    assert taken == acts, "every act was taken at least once"
