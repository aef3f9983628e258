"""Somebody stands at the door of a session: one gesture checks in whoever has a seat, and seats whoever may have one.

Whatever comes of it is an :class:`Answer` in words that say what to do: nobody at the door reads two pages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from trafficedu.configuration.queries import figure
from trafficedu.core.actors import Actor
from trafficedu.core.clock import local, local_date
from trafficedu.core.errors import Refusal
from trafficedu.core.text import Message, message, translate
from trafficedu.core.times import Moment
from trafficedu.education.models.courses import StudySession
from trafficedu.education.models.tasks import Booking, StudyTask
from trafficedu.education.queries import door as queries
from trafficedu.education.queries.desk import find_at_desk
from trafficedu.education.queries.hours import hours_of
from trafficedu.education.queries.seats import is_in_reach
from trafficedu.education.rules.door import Outcome, Shown, read_code
from trafficedu.education.rules.states import NOT_BEGUN, UNFINISHED
from trafficedu.education.services import taps
from trafficedu.education.services.absence import lock_study, reinstate
from trafficedu.education.services.door import NOTHING_MORE, Arrival, asks_for_document, check_in, require_in_time
from trafficedu.education.services.seats import FULL, lock_task, move_booking
from trafficedu.riders.rules import searched_name

ARRIVED_LATE = message(
    "This check-in arrived when the session had been settled. Take the absence back with a reason, or choose a later "
    "session for the rider."
)
"""What a tablet is told that had no network for longer than absences wait: nobody's later seat is given up for it."""
CAME_LATE = message("Came late, and was checked in at the door.")
"""Why an absence is taken back there, as the study card says it."""


@dataclass(frozen=True)
class Answer:
    """What came of it, and what to do, in words; ``booking`` is the rider's seat in this session, where there is one.

    ``task`` is told only where whoever asks may see it. ``may_move``: once more with :attr:`Asked.move` gives the rider
    a seat here instead of the other one. ``several``: whom words may mean.
    """

    outcome: Outcome
    text: Message
    booking: Booking | None = None
    task: StudyTask | None = None
    may_move: bool = False
    several: Sequence[StudyTask] = ()


@dataclass(frozen=True)
class Asked:
    """What was shown or said at the door of a session, when, and on whose word.

    ``at`` is when the rider stood there, ``now`` when that is judged; ``nonce`` names the tap. ``move``: a seat
    elsewhere is given up for one here.
    """

    study: StudySession
    text: str
    at: datetime
    now: datetime
    arrival: Arrival = NOTHING_MORE
    nonce: str = ""
    move: bool = False


def answer(session: Session, asked: Asked, by: Actor) -> Answer:
    """Check in, or seat and check in, whoever a code or words mean; say why not where that cannot be.

    The same tap sent again is answered as the first time and does nothing.
    """
    if (first := taps.find(session, asked.nonce)) is not None:
        return _told_again(asked, first)
    code = read_code(asked.text)
    if code.kind in _NO_CODES:
        return Answer(*_NO_CODES[code.kind])
    if code.kind == Shown.WORDS:
        return _of_words(session, asked, by)
    task = queries.task_shown(session, code.kind, code.text)
    if task is None:
        known = code.kind == Shown.RECEIPT and queries.is_receipt(session, code.text)
        return Answer(*(_NO_STUDY if known else _UNKNOWN))
    return arrive(session, asked, task, by)


_UNKNOWN = (
    Outcome.UNKNOWN,
    message("This code or name is not known here. Check it against the receipt, or look under “Rider at the desk”."),
)
_NO_STUDY = (
    Outcome.NO_TASK,
    message("No study belongs to this receipt: it is not yet reviewed, or was voided. Look under “Rider at the desk”."),
)
_NO_CODES: dict[Shown, tuple[Outcome, Message]] = {
    Shown.DOCUMENT: (
        Outcome.CERTIFICATE,
        message(
            "This is the code of a certificate or another document. Ask for the receipt of the violation, or the name."
        ),
    ),
    Shown.SCREEN: (
        Outcome.CERTIFICATE,
        message("This is the code of the station's own screen. The rider scans it with the own phone."),
    ),
    Shown.OTHER: (
        Outcome.UNKNOWN,
        message("This is no code of this service. Ask for the receipt of the violation, or for the name."),
    ),
}


def _of_words(session: Session, asked: Asked, by: Actor) -> Answer:
    if not asked.text.strip():
        return Answer(*_UNKNOWN)
    found = find_at_desk(session, asked.text, by, local_date(asked.now))
    open_ones = [task for task in found.tasks if task.state in UNFINISHED] or list(found.tasks)
    if len(open_ones) == 1 and not found.is_cut and _says_who(asked.text, open_ones[0]):
        return arrive(session, asked, open_ones[0], by)
    if open_ones:
        text = message("Enter more of the name, or the last four characters of the document.")
        return Answer(Outcome.SEVERAL, text, several=open_ones[:8])
    return Answer(*_UNKNOWN)


def _says_who(text: str, task: StudyTask) -> bool:
    """Tell whether words say who it is: the whole name, or a number. A part of a name fits people with no task here."""
    whole = ["".join(searched_name(name).split()) for name in (text, task.rider.name)]
    return whole[0] == whole[1] or any(char.isdigit() for char in text)


def arrive(session: Session, asked: Asked, task: StudyTask, by: Actor) -> Answer:
    """Do for the rider of a task what can be done at this door, and say what came of it."""
    here = queries.seat_in(session, task.id, asked.study.id)
    seen = here is not None or queries.is_seen(session, task, by)
    if here is None and seen:  # another tap of the same moment may be seating the rider
        lock_task(session, task)
        here = queries.seat_in(session, task.id, asked.study.id)
    found = _judge(session, asked, task, here, seen, by)
    return replace(found, task=task if seen else None)


def _judge(session: Session, asked: Asked, task: StudyTask, here: Booking | None, seen: bool, by: Actor) -> Answer:
    if here is not None and here.has_checked_in:
        return _present(session, asked, here, by)
    if task.state not in UNFINISHED:
        return _finished(task)
    barred = _barred(session, asked, here)
    if barred is not None:
        return barred
    if here is not None and here.is_booked:
        return _enter(session, asked, here, Outcome.DONE, by)
    elsewhere = queries.seat_elsewhere(session, task.id)
    moves = asked.move and seen
    if elsewhere is not None and not (elsewhere.is_booked and (moves or here is not None)):
        return _elsewhere(session, asked, task, elsewhere, seen)
    if here is not None and here.is_absent and task.state in NOT_BEGUN:
        return _came_late(session, asked, here, by)
    return _walk_in(session, asked, task, seen, by)


def _present(session: Session, asked: Asked, here: Booking, by: Actor) -> Answer:
    lock_study(session, here)
    if (first := taps.find(session, asked.nonce)) is not None:
        return _told_again(asked, first)
    taps.keep(session, asked.nonce, here, Outcome.HERE, asked.at, asked.now, by)
    return found_here(asked, here)


def found_here(asked: Asked, here: Booking) -> Answer:
    """Say when and by whom a rider was checked in already. Changes nothing."""
    attendance = here.attendance
    who = attendance.checked_in_by.display_name if attendance and attendance.checked_in_by else ""
    when = _clock(attendance.checked_in_utc if attendance else asked.now, asked)
    if who:
        text = message("Checked in at %(when)s by %(who)s. Nothing more to do.", when=when, who=who)
    else:
        text = message("Checked in at %(when)s with the own phone. Nothing more to do.", when=when)
    return Answer(Outcome.HERE, text, here, here.task)


def _told_again(asked: Asked, first: taps.Kept) -> Answer:
    text = message("This tap was taken at %(when)s already. It counts once.", when=_clock(first.received_utc, asked))
    return Answer(first.outcome, text, first.booking, first.booking.task)


def _clock(moment: datetime, asked: Asked) -> Message | str:
    """Return a moment as one says it at the door: the time, and the day where it is another one."""
    same_day = local_date(moment) == local_date(asked.now)
    return f"{local(moment):%H:%M}" if same_day else Moment(moment).told


def _finished(task: StudyTask) -> Answer:
    if task.is_completed:
        text = message("This study is completed, and its certificate issued. Hand it out again from the study task.")
    else:
        text = message("This study is no longer owed. The study task says why.")
    return Answer(Outcome.NO_TASK, text)


def _barred(session: Session, asked: Asked, here: Booking | None) -> Answer | None:
    """Return why nobody enters this session at that moment, None where they may."""
    hours = hours_of(session, asked.study)
    if not asked.study.takes_place:
        return Answer(
            Outcome.OTHER_SESSION, message("This session is cancelled. Choose another one for the rider."), here
        )
    if asked.at < hours.opens:
        text = message("Check-in opens at %(when)s. Ask the rider to wait.", when=_clock(hours.opens, asked))
        return Answer(Outcome.EARLY, text, here)
    if asked.at >= hours.closes:
        return Answer(Outcome.LATE, message("This session is over. Choose a later one for the rider."), here)
    if asked.now >= max(hours.closes, hours.ends + timedelta(hours=figure(session, "education.no_show_hours"))):
        return Answer(Outcome.LATE, ARRIVED_LATE, here)
    try:
        require_in_time(session, asked.study, asked.at)
    except Refusal as late:
        return Answer(Outcome.LATE, late.text, here)
    return None


def _needs_document(session: Session, asked: Asked) -> bool:
    """Tell whether staff has to compare the document before this; who checks in alone proved it otherwise."""
    return asks_for_document(session) and not asked.arrival.identified and asked.arrival.device is None


def _enter(session: Session, asked: Asked, here: Booking, outcome: Outcome, by: Actor) -> Answer:
    """Check a rider in who has a seat here now; where the document has to be compared first, ask for that."""
    if _needs_document(session, asked):
        text = message("Compare the last four characters with the document, then confirm.")
        return Answer(Outcome.CONFIRM, text, here)
    lock_study(session, here)
    if here.has_checked_in:
        return _present(session, asked, here, by)
    check_in(session, here, by, asked.at, asked.arrival)
    taps.keep(session, asked.nonce, here, outcome, asked.at, asked.now, by)
    return Answer(outcome, _WELCOME[outcome], here)


_WELCOME = {
    Outcome.DONE: message("The rider may go in."),
    Outcome.LATE_SEATED: message("The absence was taken back. The rider may go in."),
    Outcome.SEATED: message("A free seat was given. The rider may go in."),
}


def _elsewhere(session: Session, asked: Asked, task: StudyTask, other: Booking, seen: bool) -> Answer:
    """Say where the rider has the seat, to those who may know, and whether it can be one here instead."""
    study, when = other.session, _clock(other.session.starts_utc, asked)
    if other.has_checked_in:
        text = message("The rider is checked in to another session, of %(when)s. End that study first.", when=when)
        return Answer(Outcome.OTHER_SESSION, text)
    may_move = seen and _may_sit(session, asked, task) and asked.study.seats_taken < asked.study.capacity
    if study.station_id != asked.study.station_id:
        if not seen:
            text = message("The seat is at another station. The rider's receipt says which: open it on the phone.")
            return Answer(Outcome.OTHER_STATION, text)
        text = message("The seat is at %(station)s, %(when)s.", station=study.station.name, when=when)
        return Answer(Outcome.OTHER_STATION, text, may_move=may_move)
    if study.starts_on != asked.study.starts_on:
        text = message("The seat is on another day: %(when)s. Ask the rider to come then.", when=when)
        return Answer(Outcome.OTHER_DAY, text, may_move=may_move)
    text = message("The seat is in another session of today: %(when)s.", when=when)
    return Answer(Outcome.OTHER_SESSION, text, may_move=may_move)


def _may_sit(session: Session, asked: Asked, task: StudyTask) -> bool:
    """Tell whether a rider without a seat may be given one at this door, a free seat provided."""
    minutes = figure(session, "education.walk_in_minutes")
    in_time = minutes >= 0 and asked.at <= asked.study.starts_utc + timedelta(minutes=minutes)
    fits = task.course_id == asked.study.course_id
    return in_time and fits and is_in_reach(session, task, asked.study.station_id)


def _came_late(session: Session, asked: Asked, here: Booking, by: Actor) -> Answer:
    """Give the kept seat back to somebody who was marked absent and stands here now."""
    if _needs_document(session, asked):
        return _enter(session, asked, here, Outcome.LATE_SEATED, by)
    lock_study(session, here)
    if here.is_absent:
        here.task.absences -= 1
        here.taken_back = translate(CAME_LATE, by.locale)
        reinstate(session, here, by, asked.now)
    return _enter(session, asked, here, Outcome.LATE_SEATED, by)


def _walk_in(session: Session, asked: Asked, task: StudyTask, seen: bool, by: Actor) -> Answer:
    if not seen:
        text = message("This rider has no seat at this station. The rider's receipt says where one can be chosen.")
        return Answer(Outcome.OTHER_STATION, text)
    if not _may_sit(session, asked, task):
        return Answer(Outcome.NOT_SEATED, _why_not(session, asked, task))
    if _needs_document(session, asked):
        text = message("Compare the last four characters with the document, then confirm: a free seat is given here.")
        return Answer(Outcome.CONFIRM, text)
    try:
        going_on = hours_of(session, asked.study).are_on(asked.now)
        booking = move_booking(session, task, asked.study, by, asked.now, at=None if going_on else asked.at)
    except Refusal as refusal:
        if refusal.text is not FULL:
            return Answer(Outcome.NOT_SEATED, refusal.text)
        text = message("All seats are taken. Give the rider a seat in a later session, from the study task.")
        return Answer(Outcome.NO_SEAT, text)
    return _enter(session, asked, booking, Outcome.SEATED, by)


def _why_not(session: Session, asked: Asked, task: StudyTask) -> Message:
    if task.course_id != asked.study.course_id:
        return message("The rider owes another course than this one. Choose a session of it from the study task.")
    if figure(session, "education.walk_in_minutes") < 0:
        return message("Riders without a seat are not seated at the door here. Choose a session from the study task.")
    if not is_in_reach(session, task, asked.study.station_id):
        return message("This station does not serve the rider. Choose a session from the study task.")
    return message(
        "Riders without a seat were seated until %(minutes)d minutes after the begin. Choose a later session.",
        minutes=figure(session, "education.walk_in_minutes"),
    )
