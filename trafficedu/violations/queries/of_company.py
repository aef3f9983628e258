"""What the riders of one company did: kinds, hours, and who did it again. Sums that name nobody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session

from trafficedu.settled.models import hour_text
from trafficedu.violations.models.records import Violation, ViolationKind
from trafficedu.violations.rules.states import ViolationState

HOURS = 24


@dataclass(frozen=True)
class KindOfCompany:
    """A kind of violation of a company's riders: in the month, and in the months up to its end."""

    name_zh: str
    name_en: str
    month: int
    months: int

    def name(self, locale: str) -> str:
        """Return the kind's name in ``zh`` or ``en``."""
        return self.name_en if locale == "en" else self.name_zh


def _of(company_id: int, start: date, end: date) -> list[ColumnElement[bool]]:
    return [
        Violation.company_id == company_id,
        Violation.occurred_on.between(start, end),
        Violation.state == ViolationState.CONFIRMED,
    ]


def list_kinds_of(session: Session, company_id: int, start: date, month: date, end: date) -> list[KindOfCompany]:
    """Return the kinds from ``start`` to ``end``, the most frequent first; ``month`` is the first day of the month.

    Versions of a kind count under its one code, with its latest name.
    """
    in_month = func.sum(case((Violation.occurred_on >= month, 1), else_=0))
    query = select(Violation.kind_id, in_month, func.count()).where(*_of(company_id, start, end))
    rows = session.execute(query.group_by(Violation.kind_id)).all()
    kinds = {kind.id: kind for kind in session.scalars(select(ViolationKind).order_by(ViolationKind.valid_from))}
    latest = {kind.code: kind for kind in kinds.values()}
    sums: dict[str, Counter[str]] = {}
    for kind_id, now, all_of_them in rows:
        sums.setdefault(kinds[kind_id].code, Counter()).update(month=int(now), months=all_of_them)
    found = [
        KindOfCompany(latest[code].name_zh, latest[code].name_en, one["month"], one["months"])
        for code, one in sorted(sums.items())
    ]
    return sorted(found, key=lambda one: (-one.months, -one.month))


def count_hours_of(session: Session, company_id: int, start: date, end: date) -> tuple[Sequence[int], int]:
    """Return violations by hour of the day in Shanghai, 24 of them, and those whose hour is not known."""
    known, hour = Violation.hour_known, hour_text(Violation.occurred_utc)
    query = select(known, hour, func.count()).where(*_of(company_id, start, end)).group_by(known, hour)
    counts, unknown = [0] * HOURS, 0
    for is_known, text, n in session.execute(query):
        if is_known:
            counts[int(text)] += n
        else:
            unknown += n
    return counts, unknown


def count_riders_of(session: Session, company_id: int, start: date, end: date) -> tuple[int, int]:
    """Return how many riders have a violation in the period, and how many of them more than one."""
    each = (
        select(func.count().label("n"))
        .where(*_of(company_id, start, end), Violation.rider_id.is_not(None))
        .group_by(Violation.rider_id)
        .subquery()
    )
    again = func.coalesce(func.sum(case((each.c.n > 1, 1), else_=0)), 0)
    riders, repeated = session.execute(select(func.count(), again).select_from(each)).one()
    return riders, int(repeated)
