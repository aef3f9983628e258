"""Who sees which notice, and lists of them by time left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import ColumnElement, Select, and_, false, literal, or_, select, true
from sqlalchemy.orm import Session

from trafficedu.areas.queries import tree as areas
from trafficedu.core.actors import Actor
from trafficedu.core.clock import day_bounds
from trafficedu.core.errors import Missing
from trafficedu.core.loading import loaded
from trafficedu.core.numbers import normalise
from trafficedu.core.reach import WINDOW, Reach
from trafficedu.core.text import message
from trafficedu.feedback.models import Feedback, Notice
from trafficedu.feedback.rules.notices import HELD_FROM, REST_FROM, AnswerState, NoticeState
from trafficedu.feedback.rules.policy import Receiver
from trafficedu.riders.models import Rider
from trafficedu.violations.models.records import Violation
from trafficedu.violations.queries import searching
from trafficedu.violations.queries.searching import LOOKS, Words, find_meant, keys_of, rider_meant, violation_meant
from trafficedu.violations.rules.states import ViolationAct

ANSWER, READS_RIDERS = "feedback:notice:answer", "riders:rider:read"


@dataclass(frozen=True)
class NoticeFilter:
    """What the list is narrowed to: a state (``unanswered`` ... ``voided``), the days of sending, words."""

    state: str = ""
    since: date | None = None
    until: date | None = None
    words: Words = Words()


def visible_to(by: Actor) -> ColumnElement[bool]:
    """Return the condition that ``by`` may read a notice.

    A receiver sees what was sent to it and nothing that is held: a company its own, who answers for an area the
    notices to the villages in it. Others with an area see what happened in it and what went to its villages.
    """
    return by.scope.condition(
        area=lambda path: _sent_to(path) if by.may(ANSWER) else _concerns(path),
        company=lambda own: and_(Notice.company_id == own, Notice.sent_utc.is_not(None)),
    )


def _sent_to(path: str) -> ColumnElement[bool]:
    to_village = and_(Notice.receiver_kind == Receiver.VILLAGE, Notice.sent_utc.is_not(None))
    return and_(Notice.area_id.in_(areas.within(path)), to_village)


def _concerns(path: str) -> ColumnElement[bool]:
    return or_(Notice.area_id.in_(areas.within(path)), Notice.violation_area_id.in_(areas.within(path)))


def is_receiver(by: Actor, notice: Notice) -> bool:
    """Tell whether ``by`` is who the notice was sent to and may answer it."""
    if notice.sent_utc is None or not by.may(ANSWER):
        return False
    if notice.receiver_kind == Receiver.COMPANY:
        return by.scope.company_id is not None and by.scope.company_id == notice.company_id
    path = by.scope.area_path
    return path is not None and notice.area is not None and notice.area.path.startswith(path)


def _notices(by: Actor) -> Select[tuple[Notice]]:
    return (
        select(Notice)
        .where(visible_to(by))
        .options(
            loaded(Notice.violation, Violation.kind),
            loaded(Notice.violation, Violation.area),
            loaded(Notice.feedback, Feedback.answered_by),
            loaded(Notice.rider, Rider.home_area),
            loaded(Notice.company),
            loaded(Notice.area),
        )
    )


def find_notice(session: Session, number: str, by: Actor) -> Notice:
    """Return the notice with ``number`` if ``by`` may read it; raise :class:`Missing`."""
    notice = session.scalar(_notices(by).where(Notice.number == normalise(number)))
    if notice is None:
        raise Missing(message("This notice does not exist, or you do not have access to it."))
    return notice


def may_object(notice: Notice, by: Actor) -> bool:
    """Tell whether ``by`` may object for the rider: the company that was told, while the record is in force."""
    own = by.scope.company_id is not None and notice.company_id == by.scope.company_id and is_receiver(by, notice)
    return own and notice.is_sent and notice.violation.may(ViolationAct.OBJECT)


def notice_of_violation(session: Session, violation_id: int, by: Actor | None = None) -> Notice | None:
    """Return the notice of a violation, if it has one; with ``by``, only if they may read it."""
    if by is None:
        return session.scalar(select(Notice).where(Notice.violation_id == violation_id))
    return session.scalar(_notices(by).where(Notice.violation_id == violation_id))


BY_TIME_LEFT = [Notice.urgency.expression, Notice.id.expression]
"""The order of lists: the unanswered ones by deadline, then the held ones, then the rest, the latest first."""
WHOLE = [Notice.id > literal(0, literal_execute=True)]
"""What a list of all notices says, to be led by their index."""


def _state_is(state: str, now: datetime) -> ColumnElement[bool]:
    conditions: dict[str, ColumnElement[bool]] = {
        AnswerState.UNANSWERED: Notice.unanswered(),
        AnswerState.LATE: and_(
            Notice.state == NoticeState.SENT,
            or_(
                Notice.answered_utc > Notice.due_utc,
                and_(Notice.answered_utc.is_(None), Notice.closed_utc.is_(None), Notice.due_utc < now),
            ),
        ),
        AnswerState.CLOSED: and_(
            Notice.state == NoticeState.SENT, Notice.answered_utc.is_(None), Notice.closed_utc.is_not(None)
        ),
        AnswerState.ANSWERED: and_(Notice.state == NoticeState.SENT, Notice.answered_utc.is_not(None)),
        NoticeState.HELD: Notice.urgency.between(HELD_FROM, REST_FROM - 1),
        NoticeState.VOIDED: Notice.state == NoticeState.VOIDED,
    }
    return conditions.get(state, true())


def filtered(by: Actor, criteria: NoticeFilter, now: datetime) -> Select[tuple[Notice]]:
    """Return the query of the notices of a filter that ``by`` may read, with all that a list shows of them."""
    return _notices(by).where(_state_is(criteria.state, now), *_days(criteria), *_meant(by, criteria.words))


def words_of(session: Session, text: str, by: Actor) -> Words:
    """Return what ``by`` looks for: by rider who reads the names, by plate and officer who reads the records too."""
    reads = by.may(READS_RIDERS)
    named = reads or by.may("feedback:rider:read")
    return searching.words_of(session, text, riders=named, officers=reads, plates=reads)


def _meant(by: Actor, words: Words) -> list[ColumnElement[bool]]:
    """Return the condition that a notice is meant by its number, its violation or its rider.

    Who is told of a rider because of the notice is so until it is withdrawn, and does not find it by the name then.
    """
    if not words:
        return []
    riders = rider_meant(words, Notice.rider_id)
    if not by.may(READS_RIDERS):
        riders = [and_(Notice.state != NoticeState.VOIDED, condition) for condition in riders]
    return [or_(Notice.number == words.number, violation_meant(words, Notice.violation_id), *riders)]


def _ids_meant(session: Session, words: Words) -> Sequence[int] | None:
    """Return the ids of the notices that words mean, None where there may be many; not scoped."""
    meant = find_meant(session, words)
    if meant is None:
        return None
    ids = {
        *session.scalars(select(Notice.id).where(Notice.number == words.number)),
        *keys_of(session, Notice.id, Notice.violation_id, meant.records),
        *keys_of(session, Notice.id, Notice.rider_id, meant.riders),
    }
    return sorted(ids) if len(ids) <= WINDOW else None


def reach(session: Session, by: Actor, criteria: NoticeFilter, now: datetime) -> Reach:
    """Return how the indexes by time left reach the notices of a filter; those of words, by what these mean."""
    if criteria.words:
        ids = _ids_meant(session, criteria.words)
        if ids is not None:
            narrowed = [_state_is(criteria.state, now), *_days(criteria), visible_to(by)]
            return Reach([Notice.id.in_(ids)], rest=narrowed)
        browsed = reach(session, by, replace(criteria, words=Words()), now)
        return replace(browsed, rest=[*browsed.rest, *_meant(by, criteria.words)], looks=LOOKS)
    part = {
        "": true(),
        AnswerState.UNANSWERED: Notice.unanswered(),
        AnswerState.LATE: or_(overdue_since(now), Notice.urgency >= REST_FROM),
        NoticeState.HELD: Notice.urgency.between(HELD_FROM, REST_FROM - 1),
    }.get(criteria.state, Notice.urgency >= REST_FROM)
    rest = [*_days(criteria)]
    if criteria.state in {AnswerState.LATE, AnswerState.ANSWERED, AnswerState.CLOSED, NoticeState.VOIDED}:
        rest.append(_state_is(criteria.state, now))
    return replace(_ways(session, by, part), rest=rest)


def _ways(session: Session, by: Actor, part: ColumnElement[bool], company_id: int | None = None) -> Reach:
    """Return the ways to a part of the notices (of a company) that ``by`` may read: none leads to one of another."""
    own = by.scope.company_id
    if own is not None:
        if company_id not in (None, own):
            return Reach([false()])
        gone_out = and_(part, Notice.urgency >= REST_FROM, Notice.sent_utc.is_not(None))
        of_own = Reach([part, Notice.unanswered()], Notice.company_id.expression, [own], whole=WHOLE)
        return replace(of_own, also=[Reach([gone_out], Notice.company_id.expression, [own])])
    if company_id is not None:
        return Reach([part, visible_to(by)], Notice.company_id.expression, [company_id], whole=WHOLE)
    ids = areas.ids_in_reach(session, by)
    if ids is None:
        return Reach([part, Notice.area_id.is_not(None)] if by.may(ANSWER) else [part], whole=WHOLE)
    to_villages = Reach([part], Notice.area_id.expression, ids, whole=WHOLE)
    if by.may(ANSWER):
        return to_villages
    return replace(to_villages, also=[Reach([part], Notice.violation_area_id.expression, ids)], met=2)


def _days(criteria: NoticeFilter) -> list[ColumnElement[bool]]:
    days = []
    if criteria.since:
        days.append(Notice.sent_utc >= day_bounds(criteria.since)[0])
    if criteria.until:
        days.append(Notice.sent_utc < day_bounds(criteria.until)[1])
    return days


def list_unanswered(
    session: Session, by: Actor, now: datetime, limit: int, company_id: int | None = None
) -> tuple[Sequence[Notice], Sequence[Notice]]:
    """Return the first ``limit`` unanswered notices (of a company), for a first screen: in time, and overdue.

    Those in time by time left, the overdue ones the latest first: what fell due yesterday is mended more easily than
    what fell due a year ago.
    """
    in_time, late = and_(Notice.unanswered(), ~overdue_since(now)), overdue_since(now)
    found = []
    for part, order in ((in_time, BY_TIME_LEFT), (late, [column.desc() for column in BY_TIME_LEFT])):
        firsts = _ways(session, by, part, company_id).first(session, order, limit)
        query = _notices(by).where(Notice.id.in_(firsts), Notice.unanswered())
        found.append(session.scalars(query.order_by(*order)).all())
    return found[0], found[1]


def list_of_rider(session: Session, rider_id: int, by: Actor, limit: int = 20) -> Sequence[Notice]:
    """Return the latest notices about a rider that ``by`` may read."""
    query = _notices(by).where(Notice.rider_id == rider_id).order_by(Notice.id.desc()).limit(limit)
    return session.scalars(query).all()


def overdue_since(moment: datetime) -> ColumnElement[bool]:
    """Return the condition that a notice is open and fell due before ``moment``."""
    return Notice.urgency < int(moment.timestamp())


def count_unanswered(session: Session, by: Actor, now: datetime, company_id: int | None = None) -> tuple[int, int]:
    """Return how many notices (of a company) are unanswered, and how many of these are late, both capped."""
    all_of_them, late = (
        _ways(session, by, part, company_id).count(session, BY_TIME_LEFT)
        for part in (Notice.unanswered(), overdue_since(now))
    )
    return all_of_them, late
