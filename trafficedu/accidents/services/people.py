"""Linking a known rider to an accident. Flushes, never commits.

Only who holds ``accidents:rider:link`` may, and every link is audited: that somebody was in an accident is a
sensitive fact. A person is found by document, never by searching names.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from trafficedu.accidents.models import Accident, AccidentRider
from trafficedu.accidents.rules import ACCIDENT_LIFE, AccidentAct, AccidentRole
from trafficedu.core import audit
from trafficedu.core.actors import Actor
from trafficedu.core.errors import Refusal
from trafficedu.core.text import message
from trafficedu.riders.services.people import NewRider, find_or_register

LINK = "accidents:rider:link"


def link_rider(
    session: Session, accident: Accident, new: NewRider, role: str, by: Actor, now: datetime
) -> AccidentRider:
    """Link the rider with this document, registered now where there was none; linked already: the link there is.

    Raises
    ------
    Denied
        ``by`` lacks the permission.
    Stale
        The record is voided.
    Refusal
        A field is broken (``id_number``, ``name``, ``role``), or the accident had no e-bike to ride (``role``).
    """
    by.require(LINK)
    ACCIDENT_LIFE.require(AccidentAct.LINK, accident.state)
    if role not in tuple(AccidentRole):
        raise Refusal(message("Choose the person's role in the accident."), field="role", value=role)
    if role != AccidentRole.OTHER and not accident.ebike_involved:
        text = message("No e-bike was involved, so nobody can have been riding one. Correct the record first.")
        if accident.ebike_involved is None:
            text = message("It is not known whether an e-bike was involved. Correct the record first.")
        raise Refusal(text, field="role")
    rider = find_or_register(session, new, by, now)
    link = AccidentRider(accident_id=accident.id, rider_id=rider.id, role=AccidentRole(role))
    try:
        with session.begin_nested():
            session.add(link)
    except IntegrityError:
        present = session.scalar(
            select(AccidentRider).where(AccidentRider.accident_id == accident.id, AccidentRider.rider_id == rider.id)
        )
        if present is None:
            raise
        return present
    audit.write(session, LINK, by, subject=accident, rider_id=rider.id, role=role)
    return link


def unlink_rider(session: Session, link: AccidentRider, by: Actor) -> None:
    """Take a link back that was a mistake; the audit trail keeps that it was there."""
    by.require(LINK)
    session.delete(link)
    session.flush()
    audit.write(session, "accidents:rider:unlink", by, subject=link.accident, rider_id=link.rider_id, role=link.role)
