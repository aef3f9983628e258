"""Which escalation policy is in force: chosen from a day on, taken back before it, drafted. Nothing is overwritten.

What was recommended stays: a policy begins today or later, the one before ends the day before, and so do its lines.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from trafficedu.core import audit
from trafficedu.core.actors import SYSTEM, Actor
from trafficedu.core.catalogue import end_before, lock
from trafficedu.core.errors import Missing, Refusal, Stale
from trafficedu.core.numbers import new_number
from trafficedu.core.orm import expect_version
from trafficedu.core.text import message
from trafficedu.core.validity import Validity
from trafficedu.feedback.models import EscalationDraft, EscalationPolicy, EscalationStep
from trafficedu.feedback.queries.choices import find_choice
from trafficedu.feedback.queries.policy import list_drafts
from trafficedu.feedback.rules.policy import PolicyLine, lines_for
from trafficedu.feedback.rules.strength import check_order
from trafficedu.feedback.services.policy import StepInput, check_line, new_step

DEFAULT = "default"
MOST_LINES = 40
"""Lines of a draft: far more than any city has."""


@dataclass(frozen=True)
class NewPolicy:
    """A policy as it is put in force: its names, lines, what is said of it, from which day, why."""

    code: str
    name_zh: str
    name_en: str
    lines: Sequence[PolicyLine]
    about: Mapping[str, Any]
    valid_from: date
    reason: str


def load_policy(session: Session, now: datetime) -> int:
    """Put the default policy in force in an installation that never had one; returns how many lines."""
    if session.scalar(select(EscalationPolicy.id).limit(1)) is not None:
        return 0
    choice = find_choice(DEFAULT)
    new = chosen(DEFAULT, choice.published, "")
    return len(_put_in_force(session, new, {}, SYSTEM, now).steps)


def chosen(code: str, valid_from: date, reason: str) -> NewPolicy:
    """Return a policy that comes with the program, to be put in force; raise Missing."""
    choice = find_choice(code)
    return NewPolicy(code, choice.names["zh"], choice.names["en"], choice.lines, choice.about, valid_from, reason)


def drafted(draft: EscalationDraft, valid_from: date, reason: str) -> NewPolicy:
    """Return a draft, to be put in force."""
    lines = [PolicyLine.unpacked(line) for line in draft.lines]
    return NewPolicy("", draft.name, draft.name, lines, draft.about, valid_from, reason)


def adopt(session: Session, new: NewPolicy, today: date, by: Actor, now: datetime) -> EscalationPolicy:
    """Put a policy in force from a day on; the present one ends the day before, with all its lines.

    Raises
    ------
    Refusal
        At the field: no line, no reason, a day in the past, or another policy begins on that day or later; a line
        that is weaker than one for fewer stops.
    """
    if not new.lines:
        raise Refusal(message("This policy has no step yet. Add one first."))
    if new.valid_from < today:
        text = message("Earlier recommendations do not change. Choose %(day)s or later.", day=today.isoformat())
        raise Refusal(text, field="valid_from")
    lock(session, EscalationPolicy)
    later = session.scalar(_standing().where(EscalationPolicy.valid_from >= new.valid_from).limit(1))
    if later is not None:
        day = later.valid_from.isoformat()
        text = message("Another policy begins on %(day)s. Choose a later day, or take that one back first.", day=day)
        raise Refusal(text, field="valid_from")
    policy = _put_in_force(session, new, _end_what_holds(session, new.valid_from), by, now)
    audit.write(session, "feedback:policy:adopt", by, subject=policy, code=new.code, begins=new.valid_from.isoformat())
    return policy


def _standing() -> Any:
    standing = or_(EscalationPolicy.valid_to.is_(None), EscalationPolicy.valid_to >= EscalationPolicy.valid_from)
    return select(EscalationPolicy).where(standing)


def _end_what_holds(session: Session, first_day: date) -> dict[str, Any]:
    """End the present policy and the lines that would hold from ``first_day`` on; return what they ended by before."""
    lock(session, EscalationStep)
    present = session.scalars(_standing().where(EscalationPolicy.overlaps(Validity(first_day)))).all()
    steps = session.scalars(select(EscalationStep).where(EscalationStep.overlaps(Validity(first_day)))).all()
    ended = {
        "policies": [[row.id, row.valid_to and row.valid_to.isoformat()] for row in present],
        "steps": [[row.id, row.valid_to and row.valid_to.isoformat()] for row in steps],
    }
    for row in (*present, *steps):
        if row.valid_from < first_day:
            end_before(row, first_day)
        else:
            row.valid_to = row.valid_from - timedelta(days=1)
    session.flush()
    return ended


def _put_in_force(
    session: Session, new: NewPolicy, ended: Mapping[str, Any], by: Actor, now: datetime
) -> EscalationPolicy:
    policy = EscalationPolicy(
        number=new_number("E"),
        code=new.code,
        name_zh=new.name_zh,
        name_en=new.name_en,
        valid_from=new.valid_from,
        reason=new.reason,
        about={**new.about, "ended": dict(ended)},
        adopted_utc=now,
        adopted_by_id=by.user_id,
    )
    session.add(policy)
    for line in new.lines:
        check_line(line.receiver, line.escalation)
        check_order(line.escalation, lines_for(line.receiver, new.lines))
        session.add(new_step(StepInput(line.receiver, line.escalation, new.valid_from), policy))
    session.flush()
    return policy


def take_back(session: Session, policy: EscalationPolicy, today: date, by: Actor) -> None:
    """Take a policy back that has not begun: it never comes into force, and what it ended goes on.

    Raises
    ------
    Stale
        It has begun, or was taken back already.
    """
    lock(session, EscalationPolicy)
    lock(session, EscalationStep)
    session.refresh(policy)
    if policy.is_taken_back or policy.valid_from <= today:
        raise Stale(message("This policy is in force, or was taken back already."))
    own = session.scalars(select(EscalationStep).where(EscalationStep.policy_id == policy.id))
    for row in (policy, *own):
        row.valid_to = row.valid_from - timedelta(days=1)
    ended = policy.about.get("ended", {})
    for key, valid_to in ended.get("policies", []):
        session.get_one(EscalationPolicy, key).valid_to = date.fromisoformat(valid_to) if valid_to else None
    for key, valid_to in ended.get("steps", []):
        session.get_one(EscalationStep, key).valid_to = date.fromisoformat(valid_to) if valid_to else None
    session.flush()
    audit.write(session, "feedback:policy:take_back", by, subject=policy)


def begin_draft(
    session: Session,
    name: str,
    lines: Sequence[PolicyLine],
    by: Actor,
    now: datetime,
    about: Mapping[str, Any] | None = None,
) -> EscalationDraft:
    """Begin a policy of the district's own, from the lines of another one and what that asks of companies.

    Raises Refusal at ``name`` without one, or where another draft has it.
    """
    if not name:
        raise Refusal(message("Enter a name."), field="name")
    if name.casefold() in {one.name.casefold() for one in list_drafts(session)}:
        text = message("There is a draft of this name already. Choose another name, or lay that one aside first.")
        raise Refusal(text, field="name")
    draft = EscalationDraft(
        number=new_number("E"),
        name=name,
        lines=[line.packed() for line in lines],
        about={"company_rules": (about or {}).get("company_rules", [])},
        made_utc=now,
        made_by_id=by.user_id,
    )
    session.add(draft)
    session.flush()
    audit.write(session, "feedback:policy:draft", by, subject=draft)
    return draft


def set_line(session: Session, draft: EscalationDraft, line: PolicyLine, version: int, by: Actor) -> None:
    """Set a line of a draft: it takes the place of the one for the same receiver and number of stops.

    Raises
    ------
    Stale
        Somebody else changed the draft meanwhile.
    Refusal
        At the field: a measure the receiver cannot take, or weaker than one for fewer stops, days without a
        suspension; too many lines.
    """
    check_line(line.receiver, line.escalation)
    kept = [one for one in draft.lines if not _is_for(one, line.receiver, line.escalation.violations_from)]
    if len(kept) >= MOST_LINES:
        raise Refusal(message("A policy has at most %(most)d steps.", most=MOST_LINES))
    check_order(line.escalation, lines_for(line.receiver, map(PolicyLine.unpacked, kept)))
    _set(session, draft, sorted([*kept, line.packed()], key=lambda one: (one[0], one[1])), version, by)


def remove_line(session: Session, draft: EscalationDraft, receiver: str, count: int, version: int, by: Actor) -> None:
    """Leave a line of a draft out. Raises Stale, Missing where the draft has no such line."""
    kept = [one for one in draft.lines if not _is_for(one, receiver, count)]
    if len(kept) == len(draft.lines):
        raise Missing(message("There is no such step in the draft."))
    _set(session, draft, kept, version, by)


def discard(session: Session, draft: EscalationDraft, by: Actor, now: datetime) -> None:
    """Lay a draft aside; what was put in force of it stays."""
    draft.discarded_utc = now
    session.flush()
    audit.write(session, "feedback:policy:discard", by, subject=draft)


def _is_for(line: Sequence[Any], receiver: str, count: int) -> bool:
    return (line[0], line[1]) == (receiver, count)


def _set(session: Session, draft: EscalationDraft, lines: list[list[Any]], version: int, by: Actor) -> None:
    expect_version(draft, version)
    draft.lines = lines
    session.flush()
    audit.write(session, "feedback:policy:draft", by, subject=draft, lines=len(lines))
