"""Acts on the queue for the VR machines: call the next rider, begin the ride, go on where somebody is not there."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from trafficedu.configuration.queries import figure
from trafficedu.core import audit
from trafficedu.core.actors import Actor
from trafficedu.core.errors import Refusal
from trafficedu.core.text import message
from trafficedu.education.models.courses import StudySession
from trafficedu.education.models.rooms import VrTurn
from trafficedu.education.models.tasks import Booking, ModuleRecord
from trafficedu.education.queries.queueing import InQueue, Riding, VrQueue, queue_of
from trafficedu.education.services import study as study_services
from trafficedu.education.services.absence import lock_study
from trafficedu.education.services.rooms import plan_rooms
from trafficedu.education.services.seats import lock_riders, lock_sessions

AUDITED = "education:session:study"


def _line_up(session: Session, study: StudySession, now: datetime) -> VrQueue:
    """Hold a session, and give everybody who waits a place of the own, in the order in which they stand."""
    lock_sessions(session, [study.id])
    plan_rooms(session, study)
    queue = queue_of(session, study, now)
    standing = [*queue.called, *queue.waiting]
    last = max((one.turn.place for one in standing if one.turn is not None), default=0)
    for one in standing:
        if one.turn is None:
            last += 1
            session.add(VrTurn(attendance_id=one.attendance.id, place=last))
    session.flush()
    return queue_of(session, study, now)


def call_next(session: Session, study: StudySession, by: Actor, now: datetime) -> InQueue:
    """Call the first rider in the queue who may come to a machine that nobody was called to; returns that rider.

    Raises
    ------
    Refusal
        No machine is free, or nobody who waits may leave what runs for them.
    """
    study_services.require_hours(session, study, now)
    queue = _line_up(session, study, now)
    if not queue.free:
        raise Refusal(message("No machine is free: end a ride first, or say that somebody called is not here."))
    rider = queue.next_one(now)
    if rider is None or rider.turn is None:
        raise Refusal(message("Nobody can come now: whoever waits is in a module that has to run on."))
    rider.turn.called_utc = now
    session.flush()
    audit.write(session, AUDITED, by, subject=rider.attendance, module=rider.module.id, step="call")
    return rider


def call_ahead(session: Session, study: StudySession, by: Actor, now: datetime) -> InQueue | None:
    """Call whoever comes next to the machine that is free first, so that nobody has to be asked for when it is.

    Nobody is called out of a module that has to run on then; None where nobody can come, or as many are called as
    there are machines.
    """
    queue = _line_up(session, study, now)
    if len(queue.called) >= queue.machines:
        return None
    rider = queue.next_one(max(now, queue.free_from(now)))
    if rider is None or rider.turn is None:
        return None
    rider.turn.called_utc = now
    session.flush()
    audit.write(session, AUDITED, by, subject=rider.attendance, module=rider.module.id, step="call")
    return rider


def take_turn(session: Session, booking: Booking, by: Actor, now: datetime) -> ModuleRecord:
    """Begin the ride of a rider who has arrived, and call the next one: all that a change at a machine takes."""
    record = begin_ride(session, booking, by, now)
    call_ahead(session, booking.session, by, now)
    return record


def begin_ride(session: Session, booking: Booking, by: Actor, now: datetime) -> ModuleRecord:
    """Begin the ride of a rider who has arrived at a machine; a module that has run long enough ends with that.

    Where no machine is free, the ride that has run long enough for longest ends: one rider gets off, the other on.
    Twice gives the first ride again.

    Raises
    ------
    Refusal
        Every machine is in use or another rider was called to it, the rider is in a module that has to run on, the ride
        is not due, or the session is over.
    """
    before = _may_end(queue_of(session, booking.session, now), now)
    lock_riders(session, [booking.task.rider_id, *(one.booking.task.rider_id for one in before[:1])])
    lock_study(session, booking)
    queue = _line_up(session, booking.session, now)
    riding = next((one.record for one in queue.riding if one.booking.id == booking.id), None)
    if riding is not None:
        return riding
    rider = _standing(queue, booking)
    others = sum(one.booking.id != booking.id for one in queue.called)
    if len(queue.riding) + (0 if rider.is_called else others) >= queue.machines:
        over = [one for one in _may_end(queue, now) if before and one.booking.id == before[0].booking.id]
        if not (over and rider.is_called):
            raise Refusal(message("No machine is free: end a ride first, or say that somebody called is not here."))
        study_services.end_module(session, over[0].booking, over[0].module.id, by, now)
    if rider.studies is not None:
        study_services.end_module(session, booking, rider.studies.id, by, now)
    session.execute(delete(VrTurn).where(VrTurn.attendance_id == rider.attendance.id))
    return study_services.start_module(session, booking, rider.module.id, by, now)


def _may_end(queue: VrQueue, now: datetime) -> list[Riding]:
    """Return the rides that have run long enough, the longest first."""
    return [one for one in queue.riding if one.may_end_utc <= now]


def fall_back(session: Session, booking: Booking, by: Actor, now: datetime) -> int:
    """Let a rider who was called and is not there go back some places (``education.vr_places_back``).

    Returns how many others come first now. Raises Refusal where the rider was not called.
    """
    study = booking.session
    queue = _line_up(session, study, now)
    rider = _standing(queue, booking)
    if rider.turn is None or rider.turn.called_utc is None:
        raise Refusal(message("This rider was not called, or somebody else has answered for it. Look at the queue."))
    waiting = [one.turn for one in queue.waiting if one.turn is not None]
    back = min(figure(session, "education.vr_places_back"), len(waiting))
    order = [*waiting[:back], rider.turn, *waiting[back:]]
    places = sorted(turn.place for turn in order)
    for turn, place in zip(order, places, strict=True):
        turn.place = place
    rider.turn.called_utc, rider.turn.missed = None, rider.turn.missed + 1
    session.flush()
    audit.write(session, AUDITED, by, subject=rider.attendance, module=rider.module.id, step="not_here")
    return back


def end_ride(session: Session, booking: Booking, by: Actor, now: datetime) -> ModuleRecord:
    """End the ride of a rider. Raises Refusal where it does not run, or has to run on."""
    queue = queue_of(session, booking.session, now)
    module = next((one.module for one in queue.riding if one.booking.id == booking.id), None)
    if module is None:
        raise Refusal(message("This rider is at no machine now. Look at the queue."))
    return study_services.end_module(session, booking, module.id, by, now)


def _standing(queue: VrQueue, booking: Booking) -> InQueue:
    rider = next((one for one in (*queue.called, *queue.waiting) if one.booking.id == booking.id), None)
    if rider is None:
        raise Refusal(message("This rider does not wait for a machine now. Look at the queue."))
    return rider
