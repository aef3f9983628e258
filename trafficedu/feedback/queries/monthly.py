"""Answers to the notices of whole months, from the sums of what is over: what pages show, at any size of the table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, FromClause, String, cast, func, literal, select
from sqlalchemy.orm import Session

from trafficedu.areas.queries import within
from trafficedu.core.actors import Actor
from trafficedu.core.clock import day_bounds
from trafficedu.core.month import Period
from trafficedu.core.tables import table_of
from trafficedu.feedback.models import Notice
from trafficedu.feedback.queries.rates import FeedbackCounts
from trafficedu.feedback.rules import NoticeState, Receiver
from trafficedu.settled.models import PART, AddedFigure, Adds
from trafficedu.settled.queries import seen_path, sum_of
from trafficedu.violations.queries.monthly import FIRST_DAY

SENT, ANSWERED, DUE, ON_TIME = "sent", "answered", "due", "on_time"


def _adds(notice: FromClause) -> Sequence[Adds]:
    """Return what a notice adds: in the month it was sent in, and in that of its deadline once that is over."""
    row = notice.c
    sent = row.state == NoticeState.SENT
    answered = sent & row.answered_utc.is_not(None)

    def part(name: str) -> ColumnElement[str]:
        return cast(row.receiver_kind, String(PART)) + literal(f".{name}", literal_execute=True)

    return [
        Adds(part(SENT), row.sent_utc, row.counted_area_id, sent),
        Adds(part(ANSWERED), row.sent_utc, row.counted_area_id, answered),
        Adds(part(DUE), row.due_utc, row.counted_area_id, sent, past=True),
        Adds(part(ON_TIME), row.due_utc, row.counted_area_id, answered & (row.answered_utc <= row.due_utc), past=True),
    ]


FIGURE = AddedFigure("answers", FIRST_DAY, table_of(Notice), _adds)


def count_feedback(session: Session, by: Actor, path: str, period: Period, now: datetime) -> list[FeedbackCounts]:
    """Return what :func:`feedback.queries.rates.count_feedback` counts as of ``now``, of the area at ``path``."""
    seen = seen_path(by, path)
    if seen is None:
        return [FeedbackCounts(kind) for kind in Receiver]
    parts: Counter[str] = Counter()
    for (_, part), n in sum_of(session, FIGURE, seen, period, now).items():
        parts[part] += n
    waiting = _not_yet_due(session, seen, period, now)
    return [
        FeedbackCounts(
            kind,
            sent=parts[f"{kind}.{SENT}"],
            answered=parts[f"{kind}.{ANSWERED}"],
            not_yet_due=waiting.get(kind, 0),
            due=parts[f"{kind}.{DUE}"],
            answered_on_time=parts[f"{kind}.{ON_TIME}"],
        )
        for kind in Receiver
    ]


def _not_yet_due(session: Session, path: str, period: Period, now: datetime) -> dict[Receiver, int]:
    """Return the open notices of a period whose deadline is to come, by receiver: those of the last days."""
    query = (
        select(Notice.receiver_kind, func.count())
        .where(
            Notice.unanswered(),
            Notice.due_utc > now,
            Notice.sent_utc >= day_bounds(period.first_day)[0],
            Notice.sent_utc < day_bounds(period.after)[0],
            Notice.counted_area_id.in_(within(path)),
        )
        .group_by(Notice.receiver_kind)
    )
    return dict(session.execute(query).tuples().all())
