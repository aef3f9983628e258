"""Answers to the notices of whole months, from the sums of what is over: what pages show, at any size of the table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, FromClause, String, and_, cast, func, literal, select, true
from sqlalchemy.orm import Session

from trafficedu.areas.queries.tree import within
from trafficedu.core.actors import Actor
from trafficedu.core.clock import day_bounds
from trafficedu.core.month import Period
from trafficedu.core.tables import table_of
from trafficedu.feedback.models import Notice
from trafficedu.feedback.queries.rates import FeedbackCounts
from trafficedu.feedback.rules.notices import HELD_FROM, NoticeState
from trafficedu.feedback.rules.policy import Receiver
from trafficedu.settled.models import PART, AddedFigure, Adds, named
from trafficedu.settled.queries import seen_path, sum_of, sum_of_company
from trafficedu.violations.queries.monthly import FIRST_DAY

SENT, ANSWERED, DUE, ON_TIME = "sent", "answered", "due", "on_time"


def _adds(
    notice: FromClause, owner: ColumnElement[int], sent: ColumnElement[bool], part: Callable[[str], ColumnElement[str]]
) -> Sequence[Adds]:
    """Return what a notice adds: in the month it was sent in, and in that of its deadline once that is over."""
    row = notice.c
    sent = and_(row.state == NoticeState.SENT, sent)
    answered = and_(sent, row.answered_utc.is_not(None))
    return [
        Adds(part(SENT), row.sent_utc, owner, sent),
        Adds(part(ANSWERED), row.sent_utc, owner, answered),
        Adds(part(DUE), row.due_utc, owner, sent, past=True),
        Adds(part(ON_TIME), row.due_utc, owner, answered & (row.answered_utc <= row.due_utc), past=True),
    ]


def _of_areas(notice: FromClause) -> Sequence[Adds]:
    def part(name: str) -> ColumnElement[str]:
        return cast(notice.c.receiver_kind, String(PART)) + literal(f".{name}", literal_execute=True)

    return _adds(notice, notice.c.counted_area_id, true(), part)


def _of_companies(notice: FromClause) -> Sequence[Adds]:
    return _adds(notice, notice.c.company_id, notice.c.company_id.is_not(None), named)


FIGURE = AddedFigure("answers", FIRST_DAY, table_of(Notice), _of_areas)
OF_COMPANIES = AddedFigure("company_answers", FIRST_DAY, table_of(Notice), _of_companies, alone=True)


def count_feedback(session: Session, by: Actor, path: str, period: Period, now: datetime) -> list[FeedbackCounts]:
    """Return what :func:`feedback.queries.rates.count_feedback` counts as of ``now``, of the area at ``path``."""
    seen = seen_path(by, path)
    if seen is None:
        return [FeedbackCounts(kind) for kind in Receiver]
    parts: Counter[str] = Counter()
    for (_, part), n in sum_of(session, FIGURE, seen, period, now).items():
        parts[part] += n
    waiting = _not_yet_due(session, Notice.counted_area_id.in_(within(seen)), period, now)
    return [_counts(kind, parts, f"{kind}.", waiting) for kind in Receiver]


def count_of_company(session: Session, company_id: int, period: Period, now: datetime) -> FeedbackCounts:
    """Return the same of all notices to a company, wherever their violations were; the caller knows who may see it."""
    parts = sum_of_company(session, OF_COMPANIES, company_id, period, now)
    waiting = _not_yet_due(session, Notice.company_id == company_id, period, now)
    return _counts(Receiver.COMPANY, parts, "", waiting)


def _counts(kind: Receiver, parts: Mapping[str, int], prefix: str, waiting: Mapping[Receiver, int]) -> FeedbackCounts:
    return FeedbackCounts(
        kind,
        sent=parts[f"{prefix}{SENT}"],
        answered=parts[f"{prefix}{ANSWERED}"],
        not_yet_due=waiting.get(kind, 0),
        due=parts[f"{prefix}{DUE}"],
        answered_on_time=parts[f"{prefix}{ON_TIME}"],
    )


def _not_yet_due(session: Session, whose: ColumnElement[bool], period: Period, now: datetime) -> dict[Receiver, int]:
    """Return the open notices of a period whose deadline is to come, by receiver: those of the last days.

    The period is no condition on the rows: its notices, all of its months, would be read by it.
    """
    within_period = (Notice.sent_utc >= day_bounds(period.first_day)[0], Notice.sent_utc < day_bounds(period.after)[0])
    query = (
        select(Notice.receiver_kind, func.count().filter(*within_period))
        .where(
            Notice.urgency.between(int(now.timestamp()), HELD_FROM - 1),
            Notice.id > 0,  # an index of the open ones is for who says so
            Notice.due_utc > now,
            whose,
        )
        .group_by(Notice.receiver_kind)
    )
    return dict(session.execute(query).tuples().all())
