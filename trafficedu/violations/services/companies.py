"""Which company answers for a record: judged again when engagements change, decided by people, and taken back.

The rule is ``riders.rules.responsible``; where it leaves open which company answers, the company that is named or the
police say. Whatever changes publishes ``CompanySettled``: who is told of the record follows from that. Flushes, never
commits.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.util import identity_key

from trafficedu.core import audit, bulk
from trafficedu.core.actors import Actor
from trafficedu.core.errors import Refusal, Stale
from trafficedu.core.events import Event, publish
from trafficedu.core.orm import expect_version
from trafficedu.core.tables import table_of
from trafficedu.core.text import message
from trafficedu.riders.events import EngagementsChanged
from trafficedu.riders.models import Engagement
from trafficedu.riders.queries import engagements as engaged
from trafficedu.riders.rules import CompanyKnown, EngagementSource, Responsible, responsible
from trafficedu.riders.services.engagements import NewEngagement, engage, withdraw_engagement
from trafficedu.violations.events import CompanySettled, ViolationCorrected, ViolationVoided
from trafficedu.violations.models.decisions import CompanyDecision
from trafficedu.violations.models.records import Violation
from trafficedu.violations.queries.companies import last_decision
from trafficedu.violations.rules import states
from trafficedu.violations.rules.states import (
    COMPANY_LIFE,
    COMPANY_OPEN,
    CompanyAct,
    CorrectedField,
    Proof,
    ViolationState,
)
from trafficedu.violations.services.reviewing import needed

BY_RULE = (CompanyKnown.ENGAGED, CompanyKnown.NOBODY)
"""How a company is known where nobody decided: by who engages the rider."""


class _Record(NamedTuple):
    """What of a record says which company answers for it."""

    id: int
    rider_id: int
    day: date
    known: CompanyKnown
    company_id: int | None
    named_id: int | None
    is_told: bool

    @property
    def present(self) -> Responsible:
        """Who answers, as it is recorded."""
        return Responsible(self.known, self.company_id)

    def judged(self, engaging: Collection[int]) -> Responsible:
        """Return who answers, now that it is known which companies engage the rider on the day.

        Nothing is judged again that still stands: a company that engages the rider, a decision, what was recorded
        before anything was checked. A company that denied the rider is no longer asked.
        """
        if self.company_id in engaging:
            return Responsible(CompanyKnown.ENGAGED, self.company_id)
        if self.known in (CompanyKnown.NONE, CompanyKnown.AS_RECORDED):
            return self.present
        asked = self.known == CompanyKnown.NAMED or self.company_id == self.named_id
        return responsible(engaging, self.named_id if asked else None)


_COLUMNS = (
    Violation.id,
    Violation.rider_id,
    Violation.occurred_on,
    Violation.company_known,
    Violation.company_id,
    Violation.named_company_id,
    ((Violation.state == ViolationState.CONFIRMED) & Violation.historic.is_(False)).label("is_told"),
)


def settle_open(session: Session, event: EngagementsChanged) -> None:
    """Settle what was open of these riders where it is known now which company answers, and all of their history.

    Nobody was told of history, so it follows what is known of engagements; of the rest ``feedback`` says what may still
    be told to somebody else.
    """
    history = Violation.historic & Violation.company_known.in_(BY_RULE)
    for riders in bulk.batches(event.rider_ids):
        which = or_(Violation.company_known.in_(COMPANY_OPEN), history)
        _judge(session, [Violation.rider_id.in_(riders), which], event)


def judge_again(session: Session, violation_ids: Collection[int], event: Event) -> None:
    """Ask once more who answers for records of which nobody was told yet, or only just."""
    for some in bulk.batches(violation_ids):
        _judge(session, [Violation.id.in_(some), Violation.rider_id.is_not(None)], event)


def _judge(session: Session, which: list[ColumnElement[bool]], event: Event) -> None:
    records = [_Record(*row) for row in session.execute(select(*_COLUMNS).where(*which).order_by(Violation.id))]
    changed = [(record, found) for record, found in _found(session, records) if found != record.present]
    rows = [{"id": each.id, "company_id": found.company_id, "company_known": found.known} for each, found in changed]
    bulk.change(session, table_of(Violation), rows)
    for record, _ in changed:
        held = session.identity_map.get(identity_key(Violation, record.id))
        if held is not None:
            session.expire(held)
    told = [(record, found) for record, found in changed if record.is_told]
    for record, found in told:
        audit.write(session, "violations:company:settle", event.by, subject=(Violation, record.id), known=found.known)
        publish(session, CompanySettled(event.at_utc, event.by, record.id))
    if len(changed) > len(told):
        audit.write(session, "violations:company:settle", event.by, untold=len(changed) - len(told))


def _found(session: Session, records: list[_Record]) -> Iterator[tuple[_Record, Responsible]]:
    spans = engaged.spans_of(session, {record.rider_id for record in records})
    for record in records:
        own = spans.get(record.rider_id, ())
        yield record, record.judged({span.company_id for span in own if span.days.holds_on(record.day)})


@dataclass(frozen=True)
class Claim:
    """What a company says of a rider whom a record names as its own: since when, and why it may be told."""

    since: date
    legal_basis: str


def claim(session: Session, violation: Violation, said: Claim, seen: int, by: Actor, now: datetime) -> None:
    """Take the word of the named company that it engages the rider: an engagement begins, the company answers.

    Raises
    ------
    Stale
        It is no longer open, or not at the version ``seen``.
    Refusal
        At ``since`` (after the day of the record, or in an earlier engagement) or ``legal_basis``.
    """
    if said.since > violation.occurred_on:
        raise Refusal(
            message("This day is after the violation of %(day)s.", day=violation.occurred_on.isoformat()), field="since"
        )
    if not said.legal_basis:
        raise Refusal(message("Choose why you may be told."), field="legal_basis")
    decision = _decide(session, violation, CompanyAct.CLAIMED, violation.named_company_id, seen, by, now)
    assert violation.named_company_id is not None
    last = _day_before_next(session, violation)
    new = NewEngagement(violation.named_company_id, said.since, last, said.legal_basis, EngagementSource.COMPANY)
    _begin(session, violation, decision, new, by, now)


def prove(
    session: Session, violation: Violation, proof: str, legal_basis: str | None, seen: int, by: Actor, now: datetime
) -> None:
    """Confirm the named company by what an officer saw: it engages the rider on that day, and answers.

    Without a legal basis the notice is held until there is one. Raises Stale, Refusal at ``proof``.
    """
    if proof not in tuple(Proof):
        raise Refusal(message("Say what proves it."), field="proof")
    decision = _decide(session, violation, CompanyAct.PROVED, violation.named_company_id, seen, by, now)
    decision.proof = Proof(proof)
    assert violation.named_company_id is not None
    day = violation.occurred_on
    new = NewEngagement(violation.named_company_id, day, day, legal_basis, EngagementSource.PROOF)
    _begin(session, violation, decision, new, by, now)


def disown(session: Session, violation: Violation, seen: int, by: Actor, now: datetime) -> None:
    """Take the word of the named company that it does not engage the rider: another that does answers, or none."""
    _decide(session, violation, CompanyAct.DISOWNED, violation.named_company_id, seen, by, now)
    publish(session, CompanySettled(now, by, violation.id))


def choose(session: Session, violation: Violation, company_id: int, seen: int, by: Actor, now: datetime) -> None:
    """Say which of the companies that engage the rider answers. Raises Stale, Refusal at ``company_id``."""
    if company_id not in _engaging(session, violation):
        raise Refusal(message("This company does not engage the rider on that day."), field="company_id", value="")
    _decide(session, violation, CompanyAct.CHOSEN, company_id, seen, by, now)
    publish(session, CompanySettled(now, by, violation.id))


def name_none(session: Session, violation: Violation, seen: int, by: Actor, now: datetime) -> None:
    """Say that the rider worked for none: the home village is told. Raises Stale."""
    _decide(session, violation, CompanyAct.NONE, None, seen, by, now)
    publish(session, CompanySettled(now, by, violation.id))


def take_back(session: Session, violation: Violation, reason: str, seen: int, by: Actor, now: datetime) -> None:
    """Take the last decision back: all is as before, and an engagement that began with it never was.

    Raises
    ------
    Stale
        There is no decision that stands, or the record is not at the version ``seen``.
    Refusal
        At ``reason``; or the notice was answered since.
    """
    reason = needed(reason, "reason")
    _lock(session, violation, seen)
    COMPANY_LIFE.require(CompanyAct.UNDONE, violation.company_known)
    last = last_decision(session, violation.id)
    if last is None or last.act == CompanyAct.UNDONE:
        raise Stale(states.DECIDED)
    undone = _note(session, violation, CompanyAct.UNDONE, last.company_id, by, now)
    undone.reason = reason
    violation.company_known, violation.company_id = last.known_before, last.company_before_id
    session.flush()
    if last.engagement is not None:
        withdraw_engagement(session, last.engagement, by, now)
    publish(session, CompanySettled(now, by, violation.id, taken_back=True))


def follow_day(session: Session, event: ViolationCorrected) -> None:
    """Ask once more who answers for a record whose day was corrected."""
    if CorrectedField.OCCURRED in event.fields:
        judge_again(session, [event.violation_id], event)


def end_what_began(session: Session, event: ViolationVoided) -> None:
    """Take back what an officer's proof said of the one day of a record that was found wrong."""
    last = last_decision(session, event.violation_id)
    if last is not None and last.act == CompanyAct.PROVED and last.engagement is not None:
        withdraw_engagement(session, last.engagement, event.by, event.at_utc)


def _decide(
    session: Session,
    violation: Violation,
    act: CompanyAct,
    company_id: int | None,
    seen: int,
    by: Actor,
    now: datetime,
) -> CompanyDecision:
    """Lock the record, note the decision and let it say who answers; what follows is published by the caller."""
    _lock(session, violation, seen)
    after = COMPANY_LIFE.after(act, violation.company_known)
    decision = _note(session, violation, act, company_id, by, now)
    found = Responsible(after, company_id)
    if act == CompanyAct.DISOWNED:
        found = responsible(_engaging(session, violation), None)
    violation.company_known, violation.company_id = found.known, found.company_id
    session.flush()
    return decision


def _lock(session: Session, violation: Violation, seen: int) -> None:
    session.refresh(violation, with_for_update={"of": Violation})
    expect_version(violation, seen)


def _note(
    session: Session, violation: Violation, act: CompanyAct, company_id: int | None, by: Actor, now: datetime
) -> CompanyDecision:
    decision = CompanyDecision(
        violation_id=violation.id,
        act=act,
        company_id=company_id,
        known_before=violation.company_known,
        company_before_id=violation.company_id,
        decided_utc=now,
        decided_by_id=by.user_id,
    )
    session.add(decision)
    audit.write(session, f"violations:company:{act}", by, subject=violation, company=company_id)
    return decision


def _begin(
    session: Session, violation: Violation, decision: CompanyDecision, new: NewEngagement, by: Actor, now: datetime
) -> None:
    """Open the engagement that a decision says there is, and tell who answers."""
    assert violation.rider is not None
    try:
        decision.engagement_id = engage(session, violation.rider, new, by, now).id
    except Refusal as error:
        field = "since" if error.field == "engaged_from" else error.field
        raise Refusal(error.text, field=field, value=error.value) from error
    session.flush()
    publish(session, CompanySettled(now, by, violation.id))


def _engaging(session: Session, violation: Violation) -> frozenset[int]:
    if violation.rider_id is None:
        return frozenset()
    return engaged.companies_on(session, violation.rider_id, violation.occurred_on)


def _day_before_next(session: Session, violation: Violation) -> date | None:
    """Return the last day before the named company's next engagement of the rider begins, None where none follows."""
    follows = (
        select(Engagement.engaged_from)
        .where(
            Engagement.rider_id == violation.rider_id,
            Engagement.company_id == violation.named_company_id,
            Engagement.engaged_from > violation.occurred_on,
        )
        .order_by(Engagement.engaged_from)
        .limit(1)
    )
    first = session.scalar(follows)
    return None if first is None else first - timedelta(days=1)
