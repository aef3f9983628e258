"""Use cases that change patrols: begin, count stops, end, enter afterwards, void."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import case, func, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from trafficedu.areas.queries.tree import find_valid_area, find_visible_area
from trafficedu.core import audit, phones
from trafficedu.core.actors import Actor
from trafficedu.core.clock import local_date
from trafficedu.core.errors import Denied, Refusal, entered
from trafficedu.core.numbers import new_number
from trafficedu.core.once import OtherContent, content_digest, require_same
from trafficedu.core.orm import expect_version
from trafficedu.core.text import listed, message
from trafficedu.core.times import Moment
from trafficedu.patrols.models import Patrol
from trafficedu.patrols.queries import records
from trafficedu.patrols.rules import MOST_STOPS, PatrolState, check_start, check_stops, minutes_of, whole_minute

VOID_ANY = "patrols:patrol:void"
RUNS_ALREADY = message("You already have a patrol under way. End it first.")
NOT_YOURS = message("You can only void your own patrols. Ask your supervisor about others.")
SENT_BY_ANOTHER = message("This form was sent by someone else. Open the page again.")
NOT_RUNNING = message("This patrol has ended. Begin a new one.")


@dataclass(frozen=True)
class PastPatrol:
    """A patrol that was written down elsewhere and is entered afterwards."""

    area_code: str
    started_utc: datetime
    ended_utc: datetime
    stops: int | None = None
    note: str = ""
    client_reference: str = ""


def begin(session: Session, area_code: str, client_reference: str, by: Actor, now: datetime) -> Patrol:
    """Begin a patrol of ``by`` now; the same form again returns the first one.

    Raises
    ------
    Refusal
        One is running already; at ``area_code`` for an area that is not there today (Missing: or out of reach).
    """
    first = _same_form(session, client_reference, by, area_code)
    if first is not None:
        return first
    if records.running_of(session, by) is not None:
        raise Refusal(RUNS_ALREADY)
    patrol = _new(session, area_code, client_reference, now, by)
    return _add(session, patrol, "begin", by, area_code)


def enter_past(session: Session, new: PastPatrol, by: Actor, now: datetime) -> Patrol:
    """Enter a patrol that is over; the same form again returns the first one.

    Raises
    ------
    Refusal
        At ``area_code``, ``started_at``, ``ended_at``, ``stops``; it overlaps another patrol of ``by``.
    """
    first = _same_form(session, new.client_reference, by, new)
    if first is not None:
        return first
    check_start(new.started_utc, now)
    check_stops(new.stops)
    minutes = minutes_of(new.started_utc, new.ended_utc, now)
    if records.overlaps(session, by, new.started_utc, new.ended_utc):
        text = message("You were on another patrol at that time. Check both.")
        raise Refusal(text, field="started_at")
    patrol = _new(session, new.area_code, new.client_reference, new.started_utc, by)
    patrol.ended_utc, patrol.minutes, patrol.stops, patrol.note = new.ended_utc, minutes, new.stops, new.note
    return _add(session, patrol, "enter", by, new)


def bring_in(session: Session, new: PastPatrol, counted: int | None, by: Actor, now: datetime) -> Patrol:
    """Take a patrol that went on on a phone without a network: enter it, or end the one that the same form began.

    It arrives once: the same end again returns the patrol. ``counted`` is how many stops the server had when the phone
    went on by itself; None where it was not asked, or somebody has looked since.

    Raises
    ------
    Refusal
        As :func:`enter_past` and :func:`end`; at ``stops`` where another phone counted meanwhile.
    OtherContent
        It ended already, and otherwise.
    """
    first = records.find_by_client_reference(session, new.client_reference)
    if first is None:
        return enter_past(session, new, by, now)
    if first.officer_id != by.user_id:
        raise Refusal(SENT_BY_ANOTHER)
    if first.state is PatrolState.RUNNING:
        if counted is not None and counted != (first.stops or 0):
            text = message(
                "Another phone counted meanwhile: %(stops)d riders are stopped on the server. Enter the total.",
                stops=first.stops or 0,
            )
            raise Refusal(text, field="stops")
        end(session, first, Ending(new.ended_utc, new.stops, new.note), by, now)
    elif not _ended_so(first, new):
        raise OtherContent(first.number, listed([Moment(first.started_utc).told, first.area.name]))
    return first


def _ended_so(patrol: Patrol, new: PastPatrol) -> bool:
    """Tell whether a patrol ended as said, within what a clock that was put right twice may differ."""
    near = patrol.ended_utc is not None and abs(patrol.ended_utc - new.ended_utc) <= phones.TOLERANCE
    return near and (patrol.stops, patrol.note) == (new.stops, new.note)


def count_stop(session: Session, by: Actor) -> None:
    """Count one more stop on the running patrol: one statement, so that two quick taps are two stops."""
    _change_stops(session, func.coalesce(Patrol.stops, 0) + 1, by)


def uncount_stop(session: Session, by: Actor) -> None:
    """Take the last counted stop back; at none it stays at none."""
    _change_stops(session, case((Patrol.stops > 0, Patrol.stops - 1), else_=Patrol.stops), by)


def _change_stops(session: Session, value: object, by: Actor) -> None:
    statement = (
        update(Patrol)
        .where(
            Patrol.officer_id == by.user_id,
            Patrol.ended_utc.is_(None),
            Patrol.voided_utc.is_(None),
            func.coalesce(Patrol.stops, 0) < MOST_STOPS,
        )
        .values(stops=value, version=Patrol.version + 1)
        .execution_options(synchronize_session=False)
    )
    if not session.execute(statement).rowcount:  # type: ignore[attr-defined]
        raise Refusal(NOT_RUNNING)


@dataclass(frozen=True)
class Ending:
    """When a patrol ended, how many were stopped (None: nobody counted), and what there is to say."""

    ended_utc: datetime
    stops: int | None = None
    note: str = ""


def end(session: Session, patrol: Patrol, ending: Ending, by: Actor, now: datetime) -> None:
    """End the running patrol of ``by``, with the stops as they were counted or corrected.

    A time is typed in minutes: an end in the minute of the start is one at the start.

    Raises
    ------
    Refusal
        It is not running, or not that of ``by``; at ``ended_at``, ``stops``.
    """
    if patrol.officer_id != by.user_id or patrol.ended_utc is not None or patrol.voided_utc is not None:
        raise Refusal(NOT_RUNNING)
    check_stops(ending.stops)
    ended = ending.ended_utc
    if whole_minute(ended) == whole_minute(patrol.started_utc):
        ended = patrol.started_utc
    patrol.minutes = minutes_of(patrol.started_utc, ended, now)
    patrol.ended_utc, patrol.stops, patrol.note = ended, ending.stops, ending.note
    session.flush()
    audit.write(session, "patrols:patrol:end", by, subject=patrol, minutes=patrol.minutes, stops=patrol.stops)


def void(session: Session, patrol: Patrol, reason: str, version: int, by: Actor, now: datetime) -> None:
    """Take a patrol that was wrong out of every figure; it stays in the list with the reason.

    Raises
    ------
    Stale
        Somebody else changed it meanwhile.
    Denied
        Somebody else's, without the permission.
    Refusal
        Void already; at ``reason``.
    """
    expect_version(patrol, version)
    if patrol.voided_utc is not None:
        raise Refusal(message("This patrol has already been voided."))
    if not may_void(patrol, by):
        raise Denied(NOT_YOURS)
    if not reason.strip():
        raise Refusal(message("Say why the patrol is being voided."), field="reason")
    patrol.voided_utc, patrol.voided_by_id, patrol.void_reason = now, by.user_id, reason.strip()
    session.flush()
    audit.write(session, "patrols:patrol:void", by, subject=patrol)


def may_void(patrol: Patrol, by: Actor) -> bool:
    """Tell whether ``by`` may void a patrol: any with the permission, else the own ones."""
    return by.may(VOID_ANY) or patrol.officer_id == by.user_id


def _same_form(session: Session, client_reference: str, by: Actor, said: Any) -> Patrol | None:
    first = records.find_by_client_reference(session, client_reference) if client_reference else None
    if first is not None and first.officer_id != by.user_id:
        raise Refusal(SENT_BY_ANOTHER)
    if first is not None:
        require_same(session, first, said, first.started_utc, first.area.name)
    return first


def _new(session: Session, area_code: str, client_reference: str, started: datetime, by: Actor) -> Patrol:
    day = local_date(started)
    with entered("area_code", area_code):
        find_visible_area(session, area_code, by)
    area = find_valid_area(session, area_code, day)
    return Patrol(
        number=new_number("Q"),
        client_reference=client_reference or None,
        officer_id=by.user_id,
        area_id=area.id,
        started_utc=started,
        started_on=day,
    )


def _add(session: Session, patrol: Patrol, verb: str, by: Actor, said: Any) -> Patrol:
    """Add a patrol, or return the first one of the same form where it was quicker."""
    reference = patrol.client_reference or ""
    patrol.content_digest = content_digest(session, said) if reference else None
    try:
        with session.begin_nested():
            session.add(patrol)
    except IntegrityError as error:
        first = _same_form(session, reference, by, said)
        if first is None:
            raise Refusal(RUNS_ALREADY) from error
        return first
    audit.write(session, f"patrols:patrol:{verb}", by, subject=patrol)
    session.flush()
    return patrol
