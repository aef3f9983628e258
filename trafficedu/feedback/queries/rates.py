"""What the feedback rates are made of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, case, false, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from trafficedu.areas.queries import tree as areas
from trafficedu.core.actors import Actor
from trafficedu.core.clock import day_bounds
from trafficedu.core.month import Month
from trafficedu.feedback.models import Notice
from trafficedu.feedback.rules.notices import NoticeState
from trafficedu.feedback.rules.policy import Receiver
from trafficedu.settled.models import local_day, month_text


@dataclass(frozen=True)
class FeedbackCounts:
    """The parts of the two rates for one kind of receiver.

    Feedback rate: ``answered`` of ``sent``, with ``not_yet_due`` beside it; on-time rate: ``answered_on_time`` of
    ``due``.
    """

    receiver_kind: Receiver
    sent: int = 0
    answered: int = 0
    not_yet_due: int = 0
    due: int = 0
    answered_on_time: int = 0

    @property
    def of_villages(self) -> bool:
        """Whether villages answer for them, not companies."""
        return self.receiver_kind == Receiver.VILLAGE


def belongs_to(path: str) -> ColumnElement[bool]:
    """Return the condition that a notice counts in the figures of the area at ``path``.

    One to a village counts where the village is, which has to answer; any other where the violation happened.
    """
    return Notice.counted_area_id.in_(areas.within(path))


def count_feedback(
    session: Session,
    by: Actor,
    start: date,
    end: date,
    as_of: datetime,
    area_path: str | None = None,
    company_id: int | None = None,
) -> list[FeedbackCounts]:
    """Count what the feedback rates are made of, by kind of receiver (docs: domain, "Rates").

    Parameters
    ----------
    start, end
        The period, ``start`` included and ``end`` not.
    as_of
        What happened later is not known yet: later answers do not count, later deadlines are not due.
    area_path
        Narrows to an area; outside the scope of ``by`` nothing is counted.

    Returns
    -------
    One entry for companies and one for villages, also where nothing was sent; voided and held notices are out.
    """
    in_sent = _within(Notice.sent_utc, start, end, as_of)
    in_due = _within(Notice.due_utc, start, end, as_of)
    known = func.coalesce(Notice.answered_utc <= as_of, false())
    query = (
        select(
            Notice.receiver_kind,
            _number(in_sent),
            _number(and_(in_sent, known)),
            _number(and_(in_sent, ~known, Notice.due_utc > as_of)),
            _number(in_due),
            _number(and_(in_due, known, Notice.answered_utc <= Notice.due_utc)),
        )
        .where(Notice.state == NoticeState.SENT, or_(in_sent, in_due), _counted(by))
        .group_by(Notice.receiver_kind)
    )
    if area_path is not None:
        query = query.where(belongs_to(area_path))
    if company_id is not None:
        query = query.where(Notice.company_id == company_id)
    counts = {row[0]: FeedbackCounts(*row) for row in session.execute(query)}
    return [counts.get(kind, FeedbackCounts(kind)) for kind in Receiver]


def count_due_of_companies(session: Session, start: date, end: date, as_of: datetime) -> list[tuple[int, int, int]]:
    """Return company id, notices due in the half-open period and by ``as_of``, and those answered on time."""
    on_time = and_(Notice.answered_utc <= Notice.due_utc, Notice.answered_utc <= as_of)
    query = (
        select(Notice.company_id, func.count(), _number(func.coalesce(on_time, false())))
        .where(
            Notice.state == NoticeState.SENT,
            Notice.receiver_kind == Receiver.COMPANY,
            _within(Notice.due_utc, start, end, as_of),
        )
        .group_by(Notice.company_id)
    )
    return [(company, due, int(answered)) for company, due, answered in session.execute(query) if company is not None]


def count_due_of_companies_by_month(
    session: Session, start: date, end: date, as_of: datetime
) -> list[tuple[int, Month, int, int]]:
    """Return company id, month, notices due in it and by ``as_of``, and those answered on time; half-open."""
    on_time = and_(Notice.answered_utc <= Notice.due_utc, Notice.answered_utc <= as_of)
    month = month_text(local_day(Notice.due_utc))
    query = (
        select(Notice.company_id, month, func.count(), _number(func.coalesce(on_time, false())))
        .where(
            Notice.state == NoticeState.SENT,
            Notice.receiver_kind == Receiver.COMPANY,
            _within(Notice.due_utc, start, end, as_of),
        )
        .group_by(Notice.company_id, month)
    )
    return [
        (company, Month.parse(of), due, int(answered))
        for company, of, due, answered in session.execute(query)
        if company is not None
    ]


def _within(
    moment: InstrumentedAttribute[datetime | None], start: date, end: date, as_of: datetime
) -> ColumnElement[bool]:
    return and_(moment >= day_bounds(start)[0], moment < day_bounds(end)[0], moment <= as_of)


def _number(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _counted(by: Actor) -> ColumnElement[bool]:
    """Return the condition that a notice may enter a figure shown to ``by``: figures name nobody."""
    return by.scope.condition(area=belongs_to, company=Notice.company_id)
