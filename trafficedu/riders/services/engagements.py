"""Who works for which company from when to when, and why the company may be told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.companies.models import Company
from trafficedu.core import audit
from trafficedu.core.actors import Actor
from trafficedu.core.corrections import correcting
from trafficedu.core.errors import Refusal
from trafficedu.core.events import publish
from trafficedu.core.orm import expect_version, overlaps
from trafficedu.core.text import message
from trafficedu.core.validity import Validity
from trafficedu.riders import rules
from trafficedu.riders.events import EngagementsChanged, LegalBasisRecorded
from trafficedu.riders.models import Engagement, Rider

FIRST_YEAR = 2000
CORRECTED = ("engaged_to", "legal_basis")


@dataclass(frozen=True)
class NewEngagement:
    """Work for a company from a day on, both days included; without ``engaged_to`` it goes on."""

    company_id: int
    engaged_from: date
    engaged_to: date | None = None
    legal_basis: str | None = None
    source: rules.EngagementSource = rules.EngagementSource.POLICE


@dataclass(frozen=True)
class EngagementChange:
    """The days and the legal basis of an engagement; its company is fixed (another company, another engagement)."""

    engaged_from: date
    engaged_to: date | None
    legal_basis: str | None


def engage(session: Session, rider: Rider, new: NewEngagement, by: Actor, now: datetime) -> Engagement:
    """Record that a company engages a rider.

    Several companies at once are allowed; which one answers on a day says ``queries.engagements.responsible``.
    Publishes ``EngagementsChanged``, then ``LegalBasisRecorded`` where the basis is given.

    Raises
    ------
    Refusal
        The company is unknown or closed (``company_id``), the days are not in order (``engaged_from``,
        ``engaged_to``) or overlap with another engagement by the same company, or the basis is unknown.
    """
    company = session.get(Company, new.company_id)
    if company is None or not company.active:
        raise Refusal(message("Choose a company from the list."), field="company_id", value="")
    check_engagement(new.engaged_from, new.engaged_to, new.legal_basis)
    _lock(session, rider)
    _check_overlap(session, rider.id, new.company_id, Validity(new.engaged_from, new.engaged_to))
    engagement = Engagement(
        rider_id=rider.id,
        company_id=new.company_id,
        engaged_from=new.engaged_from,
        engaged_to=new.engaged_to,
        legal_basis=rules.LegalBasis(new.legal_basis) if new.legal_basis else None,
        source=new.source,
        recorded_utc=now,
        recorded_by_id=by.user_id,
    )
    session.add(engagement)
    session.flush()
    session.expire(rider, ["engagements"])
    audit.write(
        session,
        "riders:engagement:create",
        by,
        subject=engagement,
        rider=rider.id,
        company=company.code,
        legal_basis=engagement.legal_basis,
        source=engagement.source,
    )
    publish(session, EngagementsChanged(now, by, (rider.id,)))
    if engagement.legal_basis:
        publish(session, LegalBasisRecorded(now, by, engagement.id))
    return engagement


def change_engagement(
    session: Session, engagement: Engagement, change: EngagementChange, version: int, by: Actor, now: datetime
) -> None:
    """Change the days or the legal basis of an engagement, or end it.

    Publishes ``EngagementsChanged`` where the days, and ``LegalBasisRecorded`` where the basis became others. Raises
    Stale, and Refusal as :func:`engage` does.
    """
    check_engagement(change.engaged_from, change.engaged_to, change.legal_basis)
    _lock(session, engagement.rider)
    session.refresh(engagement)
    expect_version(engagement, version)
    _check_overlap(
        session,
        engagement.rider_id,
        engagement.company_id,
        Validity(change.engaged_from, change.engaged_to),
        but=engagement.id,
    )
    days_before, basis_before, basis = engagement.days, engagement.legal_basis, change.legal_basis
    with correcting(session, engagement, CORRECTED, by, now):
        engagement.legal_basis = rules.LegalBasis(basis) if basis else None
        engagement.engaged_from, engagement.engaged_to = change.engaged_from, change.engaged_to
    audit.write(
        session,
        "riders:engagement:update",
        by,
        subject=engagement,
        rider=engagement.rider_id,
        legal_basis=engagement.legal_basis,
        ended=engagement.engaged_to is not None,
    )
    if engagement.days != days_before:
        publish(session, EngagementsChanged(now, by, (engagement.rider_id,)))
    if engagement.legal_basis and engagement.legal_basis != basis_before:
        publish(session, LegalBasisRecorded(now, by, engagement.id))


def withdraw_engagement(session: Session, engagement: Engagement, by: Actor, now: datetime) -> None:
    """Take back an engagement that never was, such as one confirmed by mistake; the audit trail keeps what it said.

    Publishes ``EngagementsChanged``.
    """
    rider = engagement.rider
    _lock(session, rider)
    audit.write(
        session,
        "riders:engagement:withdraw",
        by,
        subject=engagement,
        rider=rider.id,
        company=engagement.company.code,
        engaged_from=engagement.engaged_from.isoformat(),
        legal_basis=engagement.legal_basis,
        source=engagement.source,
    )
    session.delete(engagement)
    session.flush()
    session.expire(rider, ["engagements"])
    publish(session, EngagementsChanged(now, by, (rider.id,)))


def check_engagement(engaged_from: date, engaged_to: date | None, legal_basis: str | None) -> None:
    """Raise Refusal at ``engaged_from``, ``engaged_to`` or ``legal_basis`` where an engagement cannot be."""
    if engaged_from.year < FIRST_YEAR:
        raise Refusal(message("This day is too far back. Check the year."), field="engaged_from")
    if engaged_to is not None and engaged_to < engaged_from:
        raise Refusal(message("The last day is before the first. Check both."), field="engaged_to")
    if legal_basis and legal_basis not in tuple(rules.LegalBasis):
        raise Refusal(
            message("The legal basis must be one of: %(known)s.", known=", ".join(rules.LegalBasis)),
            field="legal_basis",
        )


def _lock(session: Session, rider: Rider) -> None:
    """Hold the rider's row, so that two engagements of one rider are compared one after the other."""
    session.execute(select(Rider.id).where(Rider.id == rider.id).with_for_update())


def _check_overlap(session: Session, rider_id: int, company_id: int, days: Validity, but: int | None = None) -> None:
    query = select(Engagement.engaged_from).where(
        Engagement.rider_id == rider_id,
        Engagement.company_id == company_id,
        overlaps(Engagement.engaged_from, Engagement.engaged_to, days),
    )
    if but is not None:
        query = query.where(Engagement.id != but)
    other = session.scalar(query.limit(1))
    if other is not None:
        raise already_engaged(other)


def already_engaged(since: date) -> Refusal:
    """Return the error that a company engages the rider in the same days already."""
    return Refusal(
        message(
            "This company already engages the rider on these days, since %(day)s. End or change that engagement.",
            day=since.isoformat(),
        ),
        field="engaged_from",
    )
