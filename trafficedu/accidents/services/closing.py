"""What takes a record out of the figures, and what keeps two apart. Flushes, never commits."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.accidents.models import Accident, AccidentRider
from trafficedu.accidents.rules import ACCIDENT_LIFE, AccidentAct, PairAct
from trafficedu.accidents.services import pairs
from trafficedu.core import audit
from trafficedu.core.actors import Actor
from trafficedu.core.errors import Refusal, Stale
from trafficedu.core.text import message


def void(session: Session, accident: Accident, reason: str, by: Actor, now: datetime) -> None:
    """Take a record found wrong out of every figure, with a reason; it is never deleted.

    Raises Stale where it is voided already, Refusal at ``reason`` where nothing is said.
    """
    ACCIDENT_LIFE.require(AccidentAct.VOID, accident.state)
    if not reason.strip():
        raise Refusal(message("Say why. This is kept with the record."), field="reason")
    _void(accident, reason.strip(), by, now)
    pairs.renew(session, [accident.area_id], changed=[accident.id])
    audit.write(session, "accidents:accident:void", by, subject=accident)


def mark_duplicate(session: Session, accident: Accident, kept: Accident, by: Actor, now: datetime) -> None:
    """Void ``accident`` as a second record of ``kept``; riders linked to it only are linked to ``kept``, too.

    Both rows are locked in the order of their ids, so that two who decide at once do not void both; not against those
    who refer to them, who may hold the turn for their area.

    Raises
    ------
    Stale
        One of the two is voided already.
    """
    ids = [accident.id, kept.id]
    locked = select(Accident).where(Accident.id.in_(ids)).order_by(Accident.id).with_for_update(key_share=True)
    session.scalars(locked.execution_options(populate_existing=True)).all()
    if accident.id == kept.id or kept.is_voided:
        raise Stale(message("The record you chose to keep has itself been voided. Compare the two again."))
    ACCIDENT_LIFE.require(AccidentAct.VOID, accident.state)
    known = set(session.scalars(select(AccidentRider.rider_id).where(AccidentRider.accident_id == kept.id)))
    for link in session.scalars(select(AccidentRider).where(AccidentRider.accident_id == accident.id)):
        if link.rider_id not in known:
            session.add(AccidentRider(accident_id=kept.id, rider_id=link.rider_id, role=link.role))
    accident.duplicate_of_id = kept.id
    _void(accident, "", by, now)
    pairs.decide(session, accident, [kept], PairAct.MERGE)
    pairs.renew(session, [accident.area_id], changed=[accident.id])
    audit.write(session, "accidents:accident:void", by, subject=accident, duplicate_of=kept.id)


def _void(accident: Accident, reason: str, by: Actor, now: datetime) -> None:
    accident.state = ACCIDENT_LIFE.after(AccidentAct.VOID, accident.state)
    accident.state_reason = reason
    accident.voided_by_id, accident.voided_utc = by.user_id, now


def tell_apart(session: Session, accident: Accident, other: Accident, by: Actor) -> None:
    """Say that two records are of two accidents; raises Stale where one of them is voided."""
    for record in (accident, other):
        ACCIDENT_LIFE.require(AccidentAct.TELL_APART, record.state)
    pairs.decide(session, accident, [other], PairAct.TELL_APART)
    audit.write(session, "accidents:accident:tell_apart", by, subject=accident, other_id=other.id)
