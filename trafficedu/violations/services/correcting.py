"""Putting a record right: corrected, with what it said before kept, or taken back by who made it.

What happened is corrected in place, so that its number, its study and its notice stay; whose offence it was is not: a
record of the wrong person is taken back and made anew. Flushes, never commits.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from trafficedu.configuration.queries import figure
from trafficedu.core import audit
from trafficedu.core.actors import Actor
from trafficedu.core.corrections import correcting
from trafficedu.core.errors import Denied, Refusal, Stale
from trafficedu.core.events import publish
from trafficedu.core.orm import OCCURRED, OCCURRED_COLUMNS, expect_version
from trafficedu.core.text import message
from trafficedu.core.times import Moment
from trafficedu.riders.models import Rider
from trafficedu.violations.events import ViolationCorrected
from trafficedu.violations.models.decisions import CorrectionRequest, Objection
from trafficedu.violations.models.records import Violation
from trafficedu.violations.queries.records import VOID
from trafficedu.violations.rules import checks, states
from trafficedu.violations.rules.states import CorrectedField, ViolationAct
from trafficedu.violations.services.recording import NewViolation, SessionLookups, prepare
from trafficedu.violations.services.reviewing import needed, void
from trafficedu.violations.services.unnamed import Described


@dataclass(frozen=True, slots=True)
class CorrectedFacts:
    """What the record should say."""

    kind_code: str
    occurred: Moment
    area_code: str
    place: str
    penalty: str
    fine_yuan: int | None
    note: str

    @classmethod
    def of(cls, violation: Violation) -> CorrectedFacts:
        """Return what a record says now."""
        return cls(
            violation.kind.code,
            violation.occurred,
            violation.area.code,
            violation.place,
            violation.penalty,
            violation.fine_yuan,
            violation.note,
        )


def own_change_ends(session: Session, violation: Violation, by: Actor) -> datetime | None:
    """Return until when ``by`` may change the record as their own; None where it is somebody else's."""
    if violation.officer_id is None or violation.officer_id != by.user_id:
        return None
    return checks.changes_end_at(violation.recorded_utc, figure(session, "violations.own_change_minutes"))


def _is_in_time(session: Session, violation: Violation, by: Actor, now: datetime) -> bool:
    """Tell whether the record is one's own and the minutes last, or one may void any record."""
    if by.may(VOID):
        return True
    ends = own_change_ends(session, violation, by)
    return ends is not None and now <= ends


def require_in_time(session: Session, violation: Violation, by: Actor, now: datetime) -> None:
    """Raise Denied unless the record is one's own and the minutes last, or one may void any record."""
    if not _is_in_time(session, violation, by, now):
        if own_change_ends(session, violation, by) is None:
            raise Denied(message("Somebody else made this record. Ask them, or a supervisor, to put it right."))
        raise Denied(message("The time in which you could change this record is over. Ask your supervisor."))


def may_change(session: Session, violation: Violation, by: Actor, now: datetime) -> bool:
    """Tell whether ``by`` may correct the record: who may void any, and for some minutes who made it."""
    return violation.may(ViolationAct.CORRECT) and _is_in_time(session, violation, by, now)


def take_back(session: Session, violation: Violation, reason: str, by: Actor, now: datetime) -> None:
    """Void one's own record within the minutes for it; see :func:`~violations.services.reviewing.void`.

    Raises
    ------
    Denied
        It is not one's own, or the minutes are over.
    Stale, Refusal
        As voiding does.
    """
    _require_may_change(session, violation, by, now)
    void(session, violation, reason, by, now)


def correct(
    session: Session, violation: Violation, facts: CorrectedFacts, reason: str, version: int, by: Actor, now: datetime
) -> frozenset[CorrectedField]:
    """Let a record say ``facts`` from now on, and keep what it said (``core.corrections``).

    Publishes ViolationCorrected, and returns the fields that are another. Every rule of recording is asked again, but
    for how far back the offence may lie: it was recorded in time.

    Raises
    ------
    Denied
        ``by`` may not change it (any more).
    Stale
        Somebody changed it since ``version``, or it no longer stands.
    Refusal
        No reason, nothing is another, or a rule says no; at its field.
    """
    _require_may_change(session, violation, by, now)
    expect_version(violation, version)
    reason = needed(reason, "reason")
    values, changed = weigh(session, violation, facts, by, now)
    if CorrectedField.AREA in changed:
        _move(session, violation, values["area_id"])
    names = ["kind_id", "area_id", "place", "penalty", "fine_yuan", "note"]
    moment = OCCURRED_COLUMNS if CorrectedField.OCCURRED in changed else ()
    with correcting(session, violation, [*names, OCCURRED], by, now, reason=reason):
        for name in (*names, *moment):
            setattr(violation, name, values[name])
        violation.minor = values["minor"]
    session.expire(violation, ["kind", "area"])
    audit.write(session, "violations:violation:correct", by, subject=violation, fields=sorted(changed))
    publish(session, ViolationCorrected(now, by, violation.id, changed))
    return changed


def weigh(
    session: Session, violation: Violation, facts: CorrectedFacts, by: Actor, now: datetime
) -> tuple[dict[str, Any], frozenset[CorrectedField]]:
    """Return the columns of a record that says ``facts``, and which fields are another then.

    Raises Refusal at its field where a rule of recording says no, or where nothing is another.
    """
    new = _as_new(violation, facts)
    values = prepare(new, _Lookups(session, new, by, now, violation), now).values
    if facts.occurred.utc > violation.recorded_utc:
        text = message("The offence cannot have happened after it was recorded. Check the date and time.")
        raise Refusal(text, field="occurred_at", value=facts.occurred.isoformat())
    changed = _changed(violation, facts, values)
    if not changed:
        raise Refusal(message("Nothing was changed. Correct what is wrong, or go back."))
    return values, changed


def _require_may_change(session: Session, violation: Violation, by: Actor, now: datetime) -> None:
    if not violation.may(ViolationAct.CORRECT):
        raise Stale(states.DECIDED)
    require_in_time(session, violation, by, now)


class _Lookups(SessionLookups):
    """What a correction looks up: its person is known, and it may lie as far back as the record does."""

    def __init__(self, session: Session, new: NewViolation, by: Actor, now: datetime, corrected: Violation) -> None:
        super().__init__(session, new, by, now)
        self._corrected, self._recorded_days_ago = corrected, (now - corrected.recorded_utc).days + 1

    def figure(self, code: str) -> int:
        """Return a configured figure; how far back is counted from the day of the record."""
        days = super().figure(code)
        return days + self._recorded_days_ago if code == "violations.latest_days_back" else days

    def rider(self, new: NewViolation) -> Rider | None:
        """Return the person of the record."""
        return self._corrected.rider


def _as_new(violation: Violation, facts: CorrectedFacts) -> NewViolation:
    """Return the record as it would be made anew with ``facts``."""
    return NewViolation(
        kind_code=facts.kind_code,
        occurred_utc=facts.occurred.utc,
        hour_known=facts.occurred.hour_known,
        area_code=facts.area_code,
        penalty=facts.penalty,
        fine_yuan=facts.fine_yuan,
        place=facts.place,
        latitude=violation.latitude,
        longitude=violation.longitude,
        plate=violation.plate,
        offender=violation.offender,
        note=facts.note,
        guardian_name=violation.guardian_name,
        source=violation.source,
        reference=violation.reference,
        papers=violation.papers or "",
        described=Described(appearance=violation.papers or ""),
    )


def _changed(violation: Violation, facts: CorrectedFacts, values: dict[str, Any]) -> frozenset[CorrectedField]:
    """Return which fields say something else; a moment is told to the minute, a kind by its code in any version."""
    pairs = {
        CorrectedField.KIND: (violation.kind.code, facts.kind_code),
        CorrectedField.OCCURRED: (_minute(violation.occurred), _minute(facts.occurred)),
        CorrectedField.AREA: (violation.area_id, values["area_id"]),
        CorrectedField.PLACE: (violation.place, values["place"]),
        CorrectedField.PENALTY: (violation.penalty, facts.penalty),
        CorrectedField.FINE: (violation.fine_yuan, facts.fine_yuan),
        CorrectedField.NOTE: (violation.note, values["note"]),
    }
    return frozenset(field for field, (before, after) in pairs.items() if before != after)


def _minute(moment: Moment) -> Moment:
    return moment._replace(utc=moment.utc.replace(second=0, microsecond=0))


def _move(session: Session, violation: Violation, area_id: int) -> None:
    """Let what waits for a decision say where the violation happened by now: who answers for that place decides."""
    for waiting in (Objection, CorrectionRequest):
        moved = update(waiting).where(waiting.violation_id == violation.id).values(area_id=area_id)
        session.execute(moved, execution_options={"synchronize_session": "fetch"})
