"""Who sees which notice, and lists of them by time left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, literal, or_, select, true
from sqlalchemy.orm import Session, joinedload

from trafficedu.areas import queries as areas
from trafficedu.core.actors import Actor
from trafficedu.core.clock import day_bounds
from trafficedu.core.counting import count_capped
from trafficedu.core.errors import Missing
from trafficedu.core.numbers import normalise
from trafficedu.core.orm import among
from trafficedu.core.paging import BEGINNING, Page, Place, paginate
from trafficedu.core.text import message
from trafficedu.feedback.models import Feedback, Notice
from trafficedu.feedback.rules import AnswerState, NoticeState, Receiver
from trafficedu.riders.models import Rider
from trafficedu.violations.models import Violation

ANSWER = "feedback:notice:answer"


@dataclass(frozen=True)
class NoticeFilter:
    """What the list is narrowed to: a state (``unanswered`` ... ``voided``), and the days of sending."""

    state: str = ""
    since: date | None = None
    until: date | None = None


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
            joinedload(Notice.violation).options(joinedload(Violation.kind), joinedload(Violation.area)),
            joinedload(Notice.feedback).joinedload(Feedback.answered_by),
            joinedload(Notice.rider).joinedload(Rider.home_area),
            joinedload(Notice.company),
            joinedload(Notice.area),
        )
    )


def find_notice(session: Session, number: str, by: Actor) -> Notice:
    """Return the notice with ``number`` if ``by`` may read it; raise :class:`Missing`."""
    notice = session.scalar(_notices(by).where(Notice.number == normalise(number)))
    if notice is None:
        raise Missing(message("This notice does not exist, or you do not have access to it."))
    return notice


def notice_of_violation(session: Session, violation_id: int, by: Actor | None = None) -> Notice | None:
    """Return the notice of a violation, if it has one; with ``by``, only if they may read it."""
    if by is None:
        return session.scalar(select(Notice).where(Notice.violation_id == violation_id))
    return session.scalar(_notices(by).where(Notice.violation_id == violation_id))


_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def _state_is(state: str, now: datetime) -> ColumnElement[bool]:
    conditions: dict[str, ColumnElement[bool]] = {
        AnswerState.UNANSWERED: Notice.unanswered(),
        AnswerState.LATE: and_(
            among(Notice.state, NoticeState.SENT),
            or_(Notice.answered_utc > Notice.due_utc, and_(Notice.answered_utc.is_(None), Notice.due_utc < now)),
        ),
        AnswerState.ANSWERED: and_(among(Notice.state, NoticeState.SENT), Notice.answered_utc.is_not(None)),
        NoticeState.HELD: among(Notice.state, NoticeState.HELD),
        NoticeState.VOIDED: among(Notice.state, NoticeState.VOIDED),
    }
    return conditions.get(state, true())


def _by_time_left() -> list[ColumnElement[Any]]:
    """Return the order by time left: the unanswered ones by deadline, then the held ones, then the rest."""
    group = case((Notice.unanswered(), 0), (Notice.state == NoticeState.HELD, 1), else_=2)
    left = case((Notice.unanswered(), Notice.due_utc), else_=literal(_NEVER, Notice.due_utc.type))
    return [group, left, Notice.id.desc()]


def list_notices(
    session: Session, criteria: NoticeFilter, by: Actor, now: datetime, place: Place = BEGINNING
) -> Page[Notice]:
    """Return the notices that ``by`` may read, those with the least time left first."""
    query = _notices(by).where(_state_is(criteria.state, now))
    if criteria.since:
        query = query.where(Notice.sent_utc >= day_bounds(criteria.since)[0])
    if criteria.until:
        query = query.where(Notice.sent_utc < day_bounds(criteria.until)[1])
    return paginate(session, query, _by_time_left(), place)


def list_unanswered(session: Session, by: Actor, limit: int, company_id: int | None = None) -> Sequence[Notice]:
    """Return the first ``limit`` unanswered notices (of a company) by time left, for a first screen."""
    query = _notices(by).where(Notice.unanswered())
    if company_id is not None:
        query = query.where(Notice.company_id == company_id)
    return session.scalars(query.order_by(Notice.due_utc, Notice.id.desc()).limit(limit)).all()


def list_of_rider(session: Session, rider_id: int, by: Actor, limit: int = 20) -> Sequence[Notice]:
    """Return the latest notices about a rider that ``by`` may read."""
    query = _notices(by).where(Notice.rider_id == rider_id).order_by(Notice.id.desc()).limit(limit)
    return session.scalars(query).all()


def count_unanswered(session: Session, by: Actor, now: datetime, company_id: int | None = None) -> tuple[int, int]:
    """Return how many notices (of a company) are unanswered, and how many of these are late, both capped."""
    query = select(Notice.id).where(visible_to(by), Notice.unanswered())
    if company_id is not None:
        query = query.where(Notice.company_id == company_id)
    return count_capped(session, query), count_capped(session, query.where(Notice.due_utc < now))


LATE_WATCHED = timedelta(days=90)
"""How far back late answers are counted for a screen: what is older is for the list."""


def count_late(session: Session, by: Actor, now: datetime, path: str) -> int:
    """Return how many notices of violations at and below ``path`` fell due within 90 days and are open, capped."""
    query = select(Notice.id).where(
        Notice.unanswered(), Notice.due_utc < now, Notice.due_utc >= now - LATE_WATCHED, visible_to(by)
    )
    if path != by.scope.area_path and path.count("/") > 1:
        query = query.where(Notice.violation_area_id.in_(areas.within(path)))
    return count_capped(session, query)
