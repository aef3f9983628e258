"""What the escalation policy recommends for a notice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import Date, bindparam, or_, select
from sqlalchemy.orm import Session

from trafficedu.core.clock import local_date
from trafficedu.core.errors import Missing
from trafficedu.core.loading import loaded
from trafficedu.core.numbers import normalise
from trafficedu.core.stops import Near
from trafficedu.core.tables import table_of
from trafficedu.core.text import message
from trafficedu.core.validity import Validity
from trafficedu.feedback.models import EscalationDraft, EscalationPolicy, EscalationStep, Notice
from trafficedu.feedback.rules.policy import (
    USUAL_WINDOW,
    Advice,
    Basis,
    Escalation,
    Measure,
    PolicyLine,
    Receiver,
    Recommendation,
    Window,
    advise,
)
from trafficedu.violations.models.records import Violation
from trafficedu.violations.queries.doubles import nearness
from trafficedu.violations.rules.states import ViolationState


def list_steps(session: Session) -> Sequence[EscalationStep]:
    """Return every line of the escalation policy with its versions, by kind of receiver, count and first day."""
    return session.scalars(
        select(EscalationStep)
        .order_by(EscalationStep.receiver_kind, EscalationStep.violations_from, EscalationStep.valid_from)
        .options(loaded(EscalationStep.entered_by))
    ).all()


def list_policies(session: Session) -> Sequence[EscalationPolicy]:
    """Return the policies that were put in force, or will be, the latest first."""
    order = (EscalationPolicy.valid_from.desc(), EscalationPolicy.id.desc())
    return session.scalars(select(EscalationPolicy).order_by(*order).options(loaded(EscalationPolicy.adopted_by))).all()


def policy_on(session: Session, day: date) -> EscalationPolicy | None:
    """Return the policy in force on a day, None before the first."""
    return session.scalar(select(EscalationPolicy).where(EscalationPolicy.holds_on(day)).limit(1))


def find_policy(session: Session, number: str) -> EscalationPolicy:
    """Return a policy by its number. Raises :class:`Missing`."""
    policy = session.scalar(select(EscalationPolicy).where(EscalationPolicy.number == normalise(number)))
    if policy is None:
        raise Missing(message("There is no such policy."))
    return policy


def list_drafts(session: Session) -> Sequence[EscalationDraft]:
    """Return the drafts nobody laid aside, the latest first."""
    kept = EscalationDraft.discarded_utc.is_(None)
    query = select(EscalationDraft).where(kept).order_by(EscalationDraft.id.desc())
    return session.scalars(query.options(loaded(EscalationDraft.made_by))).all()


def find_draft(session: Session, number: str) -> EscalationDraft:
    """Return a draft that nobody laid aside. Raises :class:`Missing`."""
    kept = EscalationDraft.discarded_utc.is_(None)
    draft = session.scalar(select(EscalationDraft).where(EscalationDraft.number == normalise(number), kept))
    if draft is None:
        raise Missing(message("There is no such draft."))
    return draft


def find_step(session: Session, receiver_kind: str, violations_from: int, valid_from: date) -> EscalationStep:
    """Return one version of a line. Raises :class:`Missing`."""
    step = session.scalar(
        select(EscalationStep).where(
            EscalationStep.receiver_kind == receiver_kind,
            EscalationStep.violations_from == violations_from,
            EscalationStep.valid_from == valid_from,
        )
    )
    if step is None:
        raise Missing(message("This step is not in the policy."))
    return step


def steps_on(session: Session, receiver_kind: str, day: date) -> list[Escalation]:
    """Return the lines that hold for stops of a day, as the rules take them."""
    return _in_force(_lines(session, day, day), day, receiver_kind)[0]


def lines_on(session: Session, day: date) -> list[PolicyLine]:
    """Return the lines that hold for stops of a day, for every kind of receiver."""
    held = _lines(session, day, day)
    return [PolicyLine(receiver, step) for receiver in Receiver for step in _in_force(held, day, receiver)[0]]


def steps_by_day(session: Session, first: date, last: date) -> Callable[[str, date], Sequence[Escalation]]:
    """Return what held for a kind of receiver on each of some days, read once for all of them."""
    lines = _lines(session, first, last)

    @cache
    def steps(receiver_kind: str, day: date) -> Sequence[Escalation]:
        return _in_force(lines, day, receiver_kind)[0]

    return steps


_STEP, _POLICY = table_of(EscalationStep), table_of(EscalationPolicy)
_LINES = (
    select(_STEP, _POLICY.c.name_zh, _POLICY.c.name_en, _POLICY.c.valid_from.label("since"))
    .join(_POLICY, _STEP.c.policy_id == _POLICY.c.id)
    .where(
        _STEP.c.valid_from <= bindparam("last", type_=Date),
        or_(_STEP.c.valid_to.is_(None), _STEP.c.valid_to >= bindparam("first", type_=Date)),
    )
)
"""Lines with their policy, in one statement: the record page is in a hurry."""


def _lines(session: Session, first: date, last: date) -> Sequence[Any]:
    """Return the lines that hold on one of some days."""
    return session.connection().execute(_LINES, {"first": first, "last": last}).all()


def _in_force(lines: Iterable[Any], day: date, receiver_kind: str) -> tuple[list[Escalation], Basis | None]:
    """Return the steps of a day for a kind of receiver, and of which policy they are."""
    held = [row for row in lines if Validity(row.valid_from, row.valid_to).holds_on(day)]
    held.sort(key=lambda row: int(row.violations_from))
    steps = [
        Escalation(row.violations_from, Window(row.window_kind, row.window_days), Measure(row.measure, row.days))
        for row in held
        if row.receiver_kind == receiver_kind
    ]
    return steps, Basis(held[0].name_zh, held[0].name_en, held[0].since) if held else None


def recommendations(session: Session, notices: Sequence[Notice]) -> dict[int, Recommendation]:
    """Return what the policy recommends for each notice, by notice id.

    What has gone out says what it said then; of the others the policy of the day of the violation advises.
    """
    kept = {notice.id: Recommendation.unpacked(notice.advice) for notice in notices if notice.advice}
    return kept | present_advice(session, [notice for notice in notices if notice.id not in kept])


def present_advice(session: Session, notices: Sequence[Notice]) -> dict[int, Recommendation]:
    """Return what would be recommended for each notice by the records of now; two statements for any number."""
    if not notices:
        return {}
    days = [notice.violation.occurred_on for notice in notices]
    lines, near = _lines(session, min(days), max(days)), nearness(session)
    seen: dict[int, list[Any]] = defaultdict(list)
    for row in _stops(session, {notice.rider_id for notice in notices}, date.min, max(days)):
        seen[row.rider_id].append(row)
    return {
        notice.id: _advised(lines, seen[notice.rider_id], near, notice.company_id, notice.violation.occurred_utc)
        for notice in notices
    }


def _advised(
    lines: Sequence[Any], seen: Iterable[Any], near: Near, company_id: int | None, at: datetime
) -> Recommendation:
    return _advise(lines, seen, near, company_id, at, one_more=False).present


def advice_for(
    session: Session, rider_id: int | None, company_id: int | None, at: datetime, *, one_more: bool = False
) -> Advice:
    """Return what the policy in force on the day of ``at`` recommends to whoever would be told of a stop of a rider.

    What counts are the rider's stops up to ``at`` in the window of the policy, not the records of them; for a company
    those for which it answers, without one (the home village is told) all. ``one_more``: counted with a stop at ``at``
    that nobody has recorded yet, unless it may go on: then records of the last minutes are of the same stop.
    """
    day = local_date(at)
    lines, receiver = _lines(session, day, day), _receiver(company_id)
    windows = [step.window for step in _in_force(lines, day, receiver)[0]] or [USUAL_WINDOW]
    first = min(window.first_day(day) for window in windows)
    seen = _stops(session, [rider_id], first, day) if rider_id is not None else []
    return _advise(lines, seen, nearness(session), company_id, at, one_more)


def _advise(
    lines: Sequence[Any], seen: Iterable[Any], near: Near, company_id: int | None, at: datetime, one_more: bool
) -> Advice:
    """Return what is advised by the records of one rider among ``seen``."""
    receiver, day = _receiver(company_id), local_date(at)
    steps, basis = _in_force(lines, day, receiver)
    counted = [row for row in seen if row.occurred_utc <= at and company_id in {None, row.company_id}]
    days = [row.occurred_on for row in near.stops_of(counted)]
    goes_on = any(row.hour_known and at - row.occurred_utc <= near.time for row in counted)
    return advise(receiver, steps, [*days, day] if one_more and not goes_on else days, day, basis)


def _receiver(company_id: int | None) -> Receiver:
    return Receiver.VILLAGE if company_id is None else Receiver.COMPANY


_SEEN = table_of(Violation).c
SIGHT = ("occurred_utc", "occurred_on", "hour_known", "area_id", "place", "latitude", "longitude")
"""The columns of a record that say of which stop it is."""


def _stops(session: Session, riders: Collection[int], first: date, last: date) -> Sequence[Any]:
    """Return the records of riders that count, with whose they are and who answers for them."""
    query = select(_SEEN.rider_id, _SEEN.company_id, *(_SEEN[name] for name in SIGHT)).where(
        _SEEN.rider_id.in_(riders),
        _SEEN.state == ViolationState.CONFIRMED,
        _SEEN.occurred_on.between(first, last),
    )
    return session.connection().execute(query).all()
