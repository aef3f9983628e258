"""Reads of engagements: which companies engage a rider on a day, all of a rider, the days of a company."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from functools import cache

from sqlalchemy import Select, bindparam, case, func, select
from sqlalchemy.orm import Session

from trafficedu.companies.models import Company
from trafficedu.core import bulk
from trafficedu.core.errors import Missing
from trafficedu.core.loading import loaded
from trafficedu.core.month import Month, Period
from trafficedu.core.orm import holds_on, overlaps
from trafficedu.core.tables import table_of
from trafficedu.core.text import message
from trafficedu.core.validity import Validity
from trafficedu.riders import rules
from trafficedu.riders.models import Engagement, Rider

_ENGAGED = table_of(Engagement)
_ON_THE_DAY = (
    _ENGAGED.c.rider_id == bindparam("rider_id"),
    holds_on(_ENGAGED.c.engaged_from, _ENGAGED.c.engaged_to, bindparam("day")),
)
_COMPANIES_ON = select(_ENGAGED.c.company_id).where(*_ON_THE_DAY)


def companies_on(session: Session, rider_id: int, day: date) -> frozenset[int]:
    """Return the ids of the companies that engage a rider on ``day``; the record page is in a hurry."""
    return frozenset(session.connection().scalars(_COMPANIES_ON, {"rider_id": rider_id, "day": day}))


def responsible(session: Session, rider_id: int, day: date, named: int | None) -> rules.Responsible:
    """Return which company answers for a rider on ``day``: see :func:`rules.responsible`."""
    return rules.responsible(companies_on(session, rider_id, day), named)


@cache
def _engagements_on() -> Select[tuple[Engagement]]:
    order = (_ENGAGED.c.engaged_from.desc(), _ENGAGED.c.id.desc())
    return select(Engagement).where(*_ON_THE_DAY).order_by(*order).options(loaded(Engagement.company))


def list_on(session: Session, rider_id: int, day: date) -> Sequence[Engagement]:
    """Return the engagements of a rider on ``day`` with their companies, the one begun last first."""
    return session.scalars(_engagements_on(), {"rider_id": rider_id, "day": day}).all()


_BASIS_OF = (
    select(_ENGAGED.c.legal_basis)
    .where(*_ON_THE_DAY, _ENGAGED.c.company_id == bindparam("company_id"), _ENGAGED.c.legal_basis.is_not(None))
    .limit(1)
)


def legal_basis_of(session: Session, rider_id: int, company_id: int, day: date) -> rules.LegalBasis | None:
    """Return why this company may be told of what a rider did on ``day``; None where nothing says so."""
    parameters = {"rider_id": rider_id, "company_id": company_id, "day": day}
    basis: rules.LegalBasis | None = session.connection().scalar(_BASIS_OF, parameters)
    return basis


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


def sum_engaged_days_by_month(session: Session, period: Period) -> dict[int, Counter[Month]]:
    """Return company id -> days on which riders were engaged, month by month."""
    query = (
        select(Engagement.company_id, Engagement.engaged_from, Engagement.engaged_to, func.count())
        .where(overlaps(Engagement.engaged_from, Engagement.engaged_to, Validity(period.first_day, period.last_day)))
        .group_by(Engagement.company_id, Engagement.engaged_from, Engagement.engaged_to)
    )
    changes: dict[int, Counter[date]] = {}
    for company_id, engaged_from, engaged_to, riders in session.execute(query):
        of_company = changes.setdefault(company_id, Counter())
        of_company[max(engaged_from, period.first_day)] += riders
        if engaged_to is not None and engaged_to < period.last_day:
            of_company[engaged_to + timedelta(days=1)] -= riders
    return {company_id: _days_of(steps, period) for company_id, steps in changes.items()}


def _days_of(changes: Mapping[date, int], period: Period) -> Counter[Month]:
    """Return the days that riders were engaged in each month, from how many more there were from which day on."""
    days = Counter[Month]()
    riders, since = 0, period.first_day
    for day in [*sorted({*changes, *(month.first for month in period.months)}), period.after]:
        days[Month.of(since)] += riders * (day - since).days
        riders, since = riders + changes.get(day, 0), day
    return days


def count_engaged_on(session: Session, company_id: int, day: date) -> int:
    """Return how many riders a company engages on ``day``."""
    query = select(func.count(Engagement.rider_id.distinct())).where(
        Engagement.company_id == company_id,
        overlaps(Engagement.engaged_from, Engagement.engaged_to, Validity(day, day)),
    )
    return session.scalar(query) or 0
