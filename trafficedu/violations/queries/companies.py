"""Records of which it is open which company answers, as the police and the named company see them, and decisions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from trafficedu.areas.queries.tree import of_post
from trafficedu.companies.queries import names_of
from trafficedu.core.actors import Actor
from trafficedu.core.errors import Missing
from trafficedu.core.listing import Column, Listing
from trafficedu.core.loading import loaded
from trafficedu.core.narrowing import Narrowing, Way
from trafficedu.core.numbers import normalise
from trafficedu.core.orm import among
from trafficedu.core.text import message
from trafficedu.riders.models import Rider
from trafficedu.riders.queries import engagements
from trafficedu.riders.queries import people as riders
from trafficedu.riders.rules import CompanyKnown
from trafficedu.violations.models.decisions import CompanyDecision
from trafficedu.violations.models.records import Violation
from trafficedu.violations.queries.scope import visible_to
from trafficedu.violations.rules.states import COMPANY_OPEN

NEWEST_FIRST: list[ColumnElement[Any]] = [Violation.occurred_utc.desc(), Violation.id.desc()]
"""What can still be answered in time comes first."""


@dataclass(frozen=True)
class OpenRecord:
    """A record that waits for its company, with id and name of the companies that engage the rider on the day."""

    violation: Violation
    engaging: Sequence[tuple[int, str]]

    @property
    def rider_name(self) -> str:
        """Who it was."""
        return self.violation.rider.name if self.violation.rider else ""

    @property
    def is_named(self) -> bool:
        """Whether a company is named that is not known to engage the rider."""
        return self.violation.company_known == CompanyKnown.NAMED


@dataclass(frozen=True)
class NamedRecord:
    """What a company is shown of a record that names it: enough to say whether the rider is its own, masked.

    What the rider did is not told before that.
    """

    violation: Violation
    name: str
    handle: str
    """The phone, masked; without one the document, masked."""


WAITING = Narrowing[None](
    lambda _chosen: [among(Violation.company_known, *COMPANY_OPEN), *Violation.tells()], [of_post(Violation.area_id)]
)
NAMED = Narrowing[None](
    lambda _chosen: [among(Violation.company_known, CompanyKnown.NAMED), *Violation.tells()],
    [Way(Violation.named_company_id.expression, lambda _session, by, _chosen: [by.scope.company_id])],
)


def _waiting(by: Actor, _chosen: None) -> Select[tuple[Violation]]:
    return (
        select(Violation)
        .where(*WAITING.conditions(None), visible_to(by))
        .options(
            loaded(Violation.area),
            loaded(Violation.kind),
            loaded(Violation.named_company),
            loaded(Violation.rider, Rider.home_area),
        )
    )


def _named(by: Actor, _chosen: None) -> Select[tuple[Violation]]:
    own = by.scope.condition(company=Violation.named_company_id)
    options = (loaded(Violation.area), loaded(Violation.rider, Rider.home_area))
    return select(Violation).where(*NAMED.conditions(None), own).options(*options)


def describe_open(session: Session, records: Sequence[Violation]) -> list[OpenRecord]:
    """Return records with the companies that engage their riders on the day."""
    spans = engagements.spans_of(session, {record.rider_id for record in records if record.rider_id is not None})
    engaging = {
        record.id: sorted(
            {span.company_id for span in spans.get(record.rider_id or 0, ()) if span.days.holds_on(record.occurred_on)}
        )
        for record in records
    }
    names = names_of(session, {company_id for ids in engaging.values() for company_id in ids})
    return [OpenRecord(record, [(each, names[each][1]) for each in engaging[record.id]]) for record in records]


def describe_named(session: Session, records: Sequence[Violation]) -> list[NamedRecord]:
    """Return records as the named company may see them."""
    rows = []
    for record in records:
        assert record.rider is not None
        masked = riders.describe(session, record.rider)
        rows.append(NamedRecord(record, masked.name_masked, masked.phone_masked or masked.id_masked))
    return rows


COMPANIES_OPEN: Listing[OpenRecord, None] = Listing(
    _waiting,
    [
        Column("rider", message("Rider"), value=lambda row: row.rider_name),
        Column("occurred", message("When"), value=lambda row: row.violation.occurred),
        Column("kind", message("Violation"), value=lambda row: row.violation.kind.name),
        Column("area", message("Village"), value=lambda row: row.violation.area.name),
        Column(
            "company",
            message("Company"),
            value=lambda row: [
                row.violation.named_company.name if row.violation.named_company else message("none named"),
                row.violation.company_known,
            ],
        ),
        Column("decision", message("Which company answers?")),
    ],
    order=NEWEST_FIRST,
    complete=describe_open,
    reach=WAITING.reach,
)
"""What the police have to decide in their area."""
NAMED_RIDERS: Listing[NamedRecord, None] = Listing(
    _named,
    [
        Column("rider", message("Rider"), value=lambda row: row.name),
        Column("handle", message("Phone or document"), value=lambda row: row.handle),
        Column("day", message("Day"), value=lambda row: row.violation.occurred_on),
        Column("area", message("Village"), value=lambda row: row.violation.area.name),
        Column("decision", message("Your rider?")),
    ],
    order=NEWEST_FIRST,
    complete=describe_named,
    reach=NAMED.reach,
)
"""Riders whom records name as a company's own, for that company to confirm."""


def find_named(session: Session, number: str, by: Actor) -> Violation:
    """Return a record that waits for the company of ``by`` to confirm its rider; raise :class:`Missing`."""
    violation = session.scalar(_named(by, None).where(Violation.number == normalise(number)))
    if violation is None:
        raise Missing(message("This is not waiting for your answer, or no longer."))
    return violation


def last_decision(session: Session, violation_id: int) -> CompanyDecision | None:
    """Return what was said last about the company of a record."""
    query = select(CompanyDecision).where(CompanyDecision.violation_id == violation_id)
    return session.scalar(query.order_by(CompanyDecision.id.desc()).limit(1))


def list_decisions(session: Session, violation_id: int) -> Sequence[CompanyDecision]:
    """Return all that was said about the company of a record, the first first."""
    query = select(CompanyDecision).where(CompanyDecision.violation_id == violation_id).order_by(CompanyDecision.id)
    return session.scalars(query.options(loaded(CompanyDecision.company), loaded(CompanyDecision.decided_by))).all()
