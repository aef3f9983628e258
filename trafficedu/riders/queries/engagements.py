"""Reads of engagements: which company counts on a day, all of a rider, the days of a company."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import cache

from sqlalchemy import Select, bindparam, case, func, select
from sqlalchemy.orm import Session

from trafficedu.companies.models import Company
from trafficedu.core import bulk
from trafficedu.core.errors import Missing
from trafficedu.core.loading import loaded
from trafficedu.core.orm import holds_on, overlaps
from trafficedu.core.tables import table_of
from trafficedu.core.text import message
from trafficedu.core.validity import Validity
from trafficedu.riders import rules
from trafficedu.riders.models import Engagement, Rider

_ENGAGED = table_of(Engagement)
_COUNTS = (
    _ENGAGED.c.rider_id == bindparam("rider_id"),
    holds_on(_ENGAGED.c.engaged_from, _ENGAGED.c.engaged_to, bindparam("day")),
)
_LAST_FIRST = (_ENGAGED.c.engaged_from.desc(), _ENGAGED.c.id.desc())
_COMPANY_ON = select(_ENGAGED.c.company_id).where(*_COUNTS).order_by(*_LAST_FIRST).limit(1)


@cache
def _engagement_on() -> Select[tuple[Engagement]]:
    return select(Engagement).where(*_COUNTS).order_by(*_LAST_FIRST).limit(1).options(loaded(Engagement.company))


def engagement_on(session: Session, rider_id: int, day: date) -> Engagement | None:
    """Return the engagement that counts on ``day``: of several, the one begun last, then the one recorded last.

    A rider may work for several companies at once, but the violation of a day belongs to one. The company
    joined last is the likelier one, and the officer on the spot may name another.
    """
    return session.scalar(_engagement_on(), {"rider_id": rider_id, "day": day})


def company_on(session: Session, rider_id: int, day: date) -> int | None:
    """Return the id of the company of :func:`engagement_on`, for the record page, which is in a hurry."""
    company_id: int | None = session.connection().scalar(_COMPANY_ON, {"rider_id": rider_id, "day": day})
    return company_id


def find_engagement(session: Session, rider: Rider, company_code: str, engaged_from: date) -> Engagement:
    """Return the rider's engagement with a company that begins on a day; raise :class:`Missing`."""
    engagement = session.scalar(
        select(Engagement)
        .join(Engagement.company)
        .where(Engagement.rider_id == rider.id, Company.code == company_code, Engagement.engaged_from == engaged_from)
    )
    if engagement is None:
        raise Missing(message("This engagement does not exist."))
    return engagement


def spans_of(session: Session, rider_ids: Iterable[int]) -> dict[int, list[rules.EngagementSpan]]:
    """Return the engagements of many riders, for imports, the one begun last first."""
    spans: dict[int, list[rules.EngagementSpan]] = {}
    for batch in bulk.batches(dict.fromkeys(rider_ids)):
        query = (
            select(
                Engagement.rider_id,
                Engagement.id,
                Engagement.company_id,
                Engagement.engaged_from,
                Engagement.engaged_to,
                Engagement.legal_basis,
            )
            .where(Engagement.rider_id.in_(batch))
            .order_by(Engagement.engaged_from.desc(), Engagement.id.desc())
        )
        for rider_id, *span in session.execute(query):
            spans.setdefault(rider_id, []).append(rules.EngagementSpan(*span))
    return spans


def sum_engaged_days(session: Session, start: date, end: date) -> dict[int, int]:
    """Return company id -> days on which riders were engaged, from ``start`` to ``end``, both included."""
    begin = case((Engagement.engaged_from > start, Engagement.engaged_from), else_=start)
    still = Engagement.engaged_to.is_(None) | (Engagement.engaged_to > end)
    stop = case((still, end), else_=Engagement.engaged_to)
    query = (
        select(Engagement.company_id, begin.label("begin"), stop.label("stop"), func.count())
        .where(overlaps(Engagement.engaged_from, Engagement.engaged_to, Validity(start, end)))
        .group_by(Engagement.company_id, "begin", "stop")
    )
    days: dict[int, int] = {}
    for company_id, first, last, riders in session.execute(query):
        days[company_id] = days.get(company_id, 0) + riders * ((last - first).days + 1)
    return days
