"""What companies reach of what the policy asks of them, month by month."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.accidents.models import Accident, AccidentRider
from trafficedu.accidents.rules import AccidentRole, AccidentState
from trafficedu.areas.queries.tree import within
from trafficedu.companies.models import Company
from trafficedu.core import bulk
from trafficedu.core.month import Month
from trafficedu.escalation.rules import CompanyCount, CompanyRule
from trafficedu.feedback.models import EscalationPolicy
from trafficedu.feedback.queries.policy import SIGHT, policy_on
from trafficedu.riders.models import Engagement
from trafficedu.violations.models.records import Violation
from trafficedu.violations.queries.doubles import nearness
from trafficedu.violations.rules.states import Penalty, ViolationState

Counts = Mapping[tuple[int, CompanyCount], Mapping[Month, int]]
"""(company id, what is counted) -> month -> how many."""
PENALTIES = (Penalty.FINE, Penalty.WARNING)
"""What is a penalty: education in its place is none."""
READ_AT_ONCE = 2_000
AT_ONCE = 40
"""Accidents, or riders, looked up at once; of more a database would rather read the table from end to end."""


@dataclass(frozen=True)
class Reached:
    """How many a company has of what a rule counts."""

    company: Company
    rule: CompanyRule
    count: int

    @property
    def is_called_in(self) -> bool:
        """Whether the rule recommends to publish the company and to call it in."""
        return self.count >= self.rule.count


def rules_on(session: Session, day: date) -> tuple[EscalationPolicy | None, list[CompanyRule]]:
    """Return the policy in force on a day, and what it asks of companies."""
    policy = policy_on(session, day)
    return policy, rules_of(policy.about) if policy is not None else []


def rules_of(about: Mapping[str, Any]) -> list[CompanyRule]:
    """Return what a policy asks of companies, of what is kept of it."""
    return [CompanyRule.unpacked(rule) for rule in about.get("company_rules", [])]


def list_reached(
    session: Session, rules: Sequence[CompanyRule], month: Month, path: str, company_id: int | None = None
) -> list[Reached]:
    """Return what companies reach in a month in the area at ``path``, the most of what is asked first; none of 0."""
    counts = count_by_month(session, rules, month, month, path, company_id)
    companies = {row.id: row for row in session.scalars(select(Company).where(Company.id.in_({c for c, _ in counts})))}
    found = [
        Reached(companies[company], rule, rule.counted(by_month, month))
        for (company, kind), by_month in counts.items()
        for rule in rules
        if rule.kind == kind
    ]
    found = [one for one in found if one.count]
    return sorted(found, key=lambda one: (-one.count / one.rule.count, one.company.name, one.rule.kind))


def count_by_month(
    session: Session,
    rules: Sequence[CompanyRule],
    first: Month,
    last: Month,
    path: str,
    company_id: int | None = None,
) -> Counts:
    """Return what the rules count from ``first`` to ``last``, with the months before that count in these too."""
    counts: dict[tuple[int, CompanyCount], Counter[Month]] = {}
    for rule in rules:
        read = _penalised if rule.kind == CompanyCount.PENALISED else _casualties
        for company, month, number in read(session, first - (rule.months - 1), last, path, company_id):
            counts.setdefault((company, rule.kind), Counter())[month] += number
    return counts


def _penalised(
    session: Session, first: Month, last: Month, path: str, company_id: int | None
) -> list[tuple[int, Month, int]]:
    """Count rider-times: several records of one stop are one of them; a company at a time, a rider at a time."""
    columns = [Violation.company_id, Violation.rider_id, *(getattr(Violation, name) for name in SIGHT)]
    query = (
        select(*columns)
        .where(
            Violation.company_id.is_not(None) if company_id is None else Violation.company_id == company_id,
            Violation.rider_id.is_not(None),
            Violation.state == ViolationState.CONFIRMED,
            Violation.penalty.in_(PENALTIES),
            Violation.occurred_on.between(first.first, last.last),
            Violation.area_id.in_(within(path)),
        )
        .order_by(Violation.company_id, Violation.rider_id, Violation.occurred_utc)
        .execution_options(yield_per=READ_AT_ONCE)
    )
    near, counted = nearness(session), Counter[tuple[int, Month]]()
    for (company, _rider), rows in groupby(session.execute(query), key=attrgetter("company_id", "rider_id")):
        counted.update((company, Month.of(row.occurred_on)) for row in near.stops_of(rows))
    return [(company, month, number) for (company, month), number in counted.items()]


def _casualties(
    session: Session, first: Month, last: Month, path: str, company_id: int | None
) -> list[tuple[int, Month, int]]:
    """Count casualty accidents of the riders a company engaged that day: from the few accidents to who rode in them."""
    query = select(Accident.id, Accident.occurred_on).where(
        Accident.state == AccidentState.RECORDED,
        *Accident.hurt_somebody(),
        Accident.occurred_on.between(first.first, last.last),
        Accident.area_id.in_(within(path)),
    )
    days = dict(session.execute(query).tuples().all())
    met = {pair for some in bulk.batches(days, AT_ONCE) for pair in _companies_of(session, some, days, company_id)}
    counted = Counter((company, Month.of(days[accident])) for company, accident in met)
    return [(company, month, number) for (company, month), number in counted.items()]


def _companies_of(
    session: Session, accidents: Sequence[int], days: Mapping[int, date], company_id: int | None
) -> Iterator[tuple[int, int]]:
    """Yield the companies that engaged riders of these accidents on their days, each with the accident."""
    query = select(AccidentRider.rider_id, AccidentRider.accident_id).where(
        AccidentRider.accident_id.in_(accidents), AccidentRider.role == AccidentRole.RIDER
    )
    rode = session.execute(query).tuples().all()
    for some in bulk.batches(rode, AT_ONCE):
        of_riders = Engagement.rider_id.in_({rider for rider, _ in some})
        of_company = [] if company_id is None else [Engagement.company_id == company_id]
        for engaged in session.scalars(select(Engagement).where(of_riders, *of_company)):
            last = engaged.engaged_to or date.max
            for rider, accident in some:
                if rider == engaged.rider_id and engaged.engaged_from <= days[accident] <= last:
                    yield engaged.company_id, accident
