"""Entering activities, by hand, and taking an entry back by a counter-entry. The ledger is never changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from trafficedu.core import audit
from trafficedu.core.actors import Actor
from trafficedu.core.clock import local_date
from trafficedu.core.errors import Denied, Refusal, entered
from trafficedu.core.numbers import new_number
from trafficedu.core.once import content_digest, require_same
from trafficedu.core.pictures import redrawn
from trafficedu.core.services import services_of
from trafficedu.core.text import message
from trafficedu.points.models import PAGE, PointActivity, PointEntry
from trafficedu.points.queries import catalogue, entries
from trafficedu.points.queries.scope import CODE_FIELD, PointTarget, find_target
from trafficedu.points.rules import COMPANY, PDF, check_day, check_points, media_type, signed

COUNTER_ANY = "points:entry:counter"
NOT_YOURS = message("You can only reverse your own entries. Ask your supervisor about others.")


@dataclass(frozen=True)
class NewEntry:
    """An activity of an area or a company, as somebody enters it.

    ``target_kind`` is an area's level, ``area`` or ``company``. ``points`` (without sign) None is the activity's usual
    figure. ``evidence`` is a photo or a PDF as it was sent. ``client_reference`` makes a form sent twice one entry,
    ``reference`` is the key of a file.
    """

    target_kind: str
    target_code: str
    activity_code: str
    occurred_on: date
    points: int | None = None
    note: str = ""
    evidence: bytes = b""
    client_reference: str = ""
    reference: str | None = None

    @property
    def imported(self) -> bool:
        """Whether it comes from a file: that has signed points, of any day, of events elsewhere, too."""
        return self.reference is not None


def record_entry(session: Session, new: NewEntry, by: Actor, now: datetime) -> PointEntry:
    """Add an entry to the ledger, or return the first one of the same form.

    Raises
    ------
    Refusal
        At ``occurred_on``, ``activity`` (unknown, automatic, not valid on the day, not for this kind of target),
        ``points``, ``evidence``, ``target`` (out of reach).
    """
    key = f"form:{new.client_reference}" if new.client_reference else None
    first = entries.find_by_once_key(session, key) if key else None
    if first is not None:
        return _same_form(session, first, new, by)
    target_on, activity_on = partial(_target_on, session, by), partial(catalogue.find_activity_on, session)
    values = prepare(new, local_date(now), target_on, activity_on)
    evidence = services_of(session).evidence.save(_cleaned(new.evidence)) if new.evidence else None
    own = {"once_key": key, "evidence_key": evidence, "recorded_by_id": by.user_id, "recorded_utc": now}
    own["content_digest"] = content_digest(session, new) if key else None
    entry = PointEntry(**values, **own, source=PAGE)
    try:
        with session.begin_nested():
            session.add(entry)
    except IntegrityError:
        first = entries.find_by_once_key(session, key) if key else None
        if first is None:
            raise
        return _same_form(session, first, new, by)
    audit.write(session, "points:entry:record", by, subject=entry, activity=new.activity_code, points=entry.points)
    session.flush()
    return entry


def prepare(
    new: NewEntry,
    today: date,
    target_on: Callable[[str, str, date], PointTarget],
    activity_on: Callable[[str, date], PointActivity],
) -> dict[str, Any]:
    """Return a new entry by column; raise Refusal where a rule says no.

    Target and activity are looked up in the session for one entry, in memory for the rows of a file.
    """
    check_day(new.occurred_on, today, by_hand=not new.imported)
    target = target_on(new.target_kind, new.target_code, new.occurred_on)
    activity = activity_on(new.activity_code, new.occurred_on)
    if activity.automatic and not new.imported:
        raise Refusal(message("This activity is only entered by the system."), field="activity")
    if target.kind not in activity.kinds:
        raise Refusal(message("This activity does not apply to this kind of area or company."), field="activity")
    points = activity.points if new.points is None else new.points
    if not new.imported:
        check_points(points)
        points = signed(activity.direction, points)
    return {
        "number": new_number("E"),
        "reference": new.reference,
        "area_id": None if target.kind == COMPANY else target.id,
        "company_id": target.id if target.kind == COMPANY else None,
        "occurred_on": new.occurred_on,
        "activity_id": activity.id,
        "points": points,
        "note": new.note,
    }


def _target_on(session: Session, by: Actor, kind: str, code: str, _day: date) -> PointTarget:
    """Return the target, whenever it existed: the page offers those of today."""
    with entered(CODE_FIELD):
        return find_target(session, kind, code, by)


def _cleaned(evidence: bytes) -> bytes:
    """Return a PDF as it is, a photo drawn anew without its metadata."""
    return evidence if media_type(evidence) == PDF else redrawn(evidence, field="evidence")


def _same_form(session: Session, first: PointEntry, new: NewEntry, by: Actor) -> PointEntry:
    if first.recorded_by_id != by.user_id:
        raise Refusal(message("This form was sent by someone else. Open the page again."))
    require_same(session, first, new, first.recorded_utc)
    return first


def counter_entry(session: Session, entry: PointEntry, reason: str, by: Actor, now: datetime) -> PointEntry:
    """Take an entry back: add its opposite on the same day, with the reason; the entry stays as it is.

    On the same day, so that the month it belongs to is put right, and an evaluation of that month says so.

    Raises
    ------
    Denied
        Somebody else's, without the permission.
    Refusal
        A counter-entry itself, one taken back already; at ``reason``.
    """
    if not may_counter(entry, by):
        raise Denied(NOT_YOURS)
    reason = reason.strip()
    if not reason:
        raise Refusal(message("Say why the entry is being reversed."), field="reason")
    return add_counter(session, entry, reason, by, now)


def may_counter(entry: PointEntry, by: Actor) -> bool:
    """Tell whether ``by`` may take an entry back: any with the permission, else those entered by hand oneself."""
    own = entry.source == PAGE and entry.recorded_by_id is not None and entry.recorded_by_id == by.user_id
    return own or by.may(COUNTER_ANY) or by.scope.everything


def add_counter(
    session: Session, entry: PointEntry, reason: str, by: Actor, now: datetime, source: str = PAGE
) -> PointEntry:
    """Add the counter-entry; raise Refusal for what is one, or has one. See :func:`counter_entry`.

    ``source`` EVENT: it follows from something else, and the reason is a sentence of the system.
    """
    if entry.counters_id is not None:
        raise Refusal(message("This is a reversal. Enter the activity again instead."))
    if session.scalar(select(PointEntry.id).where(PointEntry.counters_id == entry.id)) is not None:
        raise Refusal(message("This entry has already been reversed."))
    counter = PointEntry(
        number=new_number("E"),
        area_id=entry.area_id,
        company_id=entry.company_id,
        occurred_on=entry.occurred_on,
        activity_id=entry.activity_id,
        points=-entry.points,
        note=reason,
        source=source,
        counters_id=entry.id,
        recorded_by_id=by.user_id,
        recorded_utc=now,
    )
    try:
        with session.begin_nested():
            session.add(counter)
    except IntegrityError as error:  # somebody else was quicker
        raise Refusal(message("This entry has already been reversed.")) from error
    audit.write(session, "points:entry:counter", by, subject=counter, counters=entry.id, points=counter.points)
    session.flush()
    return counter
