"""A rider watches a film: begins a segment, says that it runs, shows presence, ends it. Flushes, never commits.

Everything is judged by the server's clock, with the rider held: two phones, or one request sent twice, come one
after the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random, SystemRandom

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.configuration.queries import figure
from trafficedu.core import audit
from trafficedu.core.actors import VISITOR
from trafficedu.core.errors import Refusal
from trafficedu.core.text import message
from trafficedu.education.events import CheckedIn
from trafficedu.education.models.tasks import Booking, StudyTask
from trafficedu.education.services.absence import lock_study
from trafficedu.education.services.online import SeenAtHome, credit_online
from trafficedu.films.models import FilmSegment, SegmentSeen, Viewing
from trafficedu.films.queries.watching import list_viewings, standing_of
from trafficedu.films.rules import watching as rules
from trafficedu.films.rules.pictures import TOLD_APART

WATCH = "films:film:watch"
ELSEWHERE = message("The film goes on elsewhere: on another phone, or in another window. Press play to watch it here.")
NO_SUCH = message("This film does not belong to your course. Open it again from your own page.")
ALL_SEEN = message("You have seen this film to its end. It counts.")
NOT_IT = message("That was another picture. Look at the words once more and tap the right one.")
AGAIN = message(
    "The question was not answered right in time, so this segment begins once more. What you saw before it counts."
)


class TakenOver(Refusal):
    """Another phone or window has the film now."""


@dataclass(frozen=True)
class Check:
    """The question whether somebody is there: tap ``wanted`` among ``offered``, within ``seconds``."""

    wanted: str
    offered: Sequence[str]
    seconds: int


@dataclass(frozen=True)
class Told:
    """What the player is told: which segment runs, how many seconds of it count, what is asked.

    ``repeats``: the segment begins once more, since nobody answered. ``is_wrong``: the tap was wrong, and may be
    mended.
    ``is_over``: the film was seen to its end.
    """

    position: int
    counted: int
    check: Check | None = None
    repeats: bool = False
    is_wrong: bool = False
    is_over: bool = False


def begin(
    session: Session, task: StudyTask, film_id: int, run: str, now: datetime, chance: Random | None = None
) -> Told:
    """Begin the first segment of a film that was not seen yet; what plays elsewhere for this rider stops there.

    The same ``run`` sent again changes nothing.

    Raises
    ------
    Refusal
        No film may be watched for this task now, this one is none of its course, or it was seen to its end.
    """
    viewing = _viewing(session, task, film_id, now, begins=True)
    if viewing.run != run or not run:
        segment = viewing.next_segment
        if segment is None:
            raise Refusal(ALL_SEEN)
        for other in _runs_of_rider(session, task):
            other.run = None
        viewing.run = run
        _place(viewing, segment, now, chance or SystemRandom())
        session.flush()
        audit.write(session, WATCH, VISITOR, subject=viewing, task=task.id, position=segment.position, act="begin")
    return _told(session, viewing, now)


def beat(
    session: Session,
    task: StudyTask,
    film_id: int,
    run: str,
    now: datetime,
    *,
    playing: bool,
    chance: Random | None = None,
) -> Told:
    """Count what was seen since the phone spoke last, and ask for presence when its moment has come.

    Raises
    ------
    TakenOver
        Another phone or window has the film.
    Refusal
        No film may be watched for this task now.
    """
    viewing, chance = _running(session, task, film_id, run, now), chance or SystemRandom()
    if _is_missed(session, viewing, now):
        return _miss(session, viewing, now, chance)
    _advance(viewing, now, playing=playing and viewing.check_asked_utc is None)
    _ask_if_due(viewing, now, chance)
    session.flush()
    return _told(session, viewing, now)


def answer(
    session: Session, task: StudyTask, film_id: int, run: str, picture: str, now: datetime, chance: Random | None = None
) -> Told:
    """Judge a tap on a picture: right, wrong and to be mended, or missed, so that the segment begins once more.

    An answer sent again after it was right changes nothing. Raises as :func:`beat` does.
    """
    viewing, chance = _running(session, task, film_id, run, now), chance or SystemRandom()
    if viewing.check_asked_utc is None:
        return _told(session, viewing, now)
    if _is_missed(session, viewing, now):
        return _miss(session, viewing, now, chance)
    if picture != viewing.check_wanted:
        viewing.check_tries += 1
        if viewing.check_tries >= rules.MOST_TRIES:
            return _miss(session, viewing, now, chance)
        _draw(viewing, chance)
        session.flush()
        return _told(session, viewing, now, is_wrong=True)
    viewing.check_asked_utc, viewing.check_done, viewing.check_wanted = None, True, ""
    viewing.beat_utc, viewing.playing = now, False
    session.flush()
    return _told(session, viewing, now)


def end(
    session: Session,
    task: StudyTask,
    film_id: int,
    run: str,
    position: int,
    now: datetime,
    chance: Random | None = None,
) -> Told:
    """Count a segment that was seen to its end, and go on to the next one; one that counts already changes nothing.

    Raises
    ------
    TakenOver
        Another phone or window has the film.
    Refusal
        It is not the segment that runs, or was not seen for its length by the server's clock (says how much is left).
    """
    seen = _viewing(session, task, film_id, now)
    if position in seen.seen_positions:
        return _told(session, seen, now)
    viewing, chance = _running(session, task, film_id, run, now), chance or SystemRandom()
    segment = viewing.next_segment
    if segment is None or segment.position != position or viewing.position != position:
        raise Refusal(message("Segments are seen one after the other. Another one is due."))
    if _is_missed(session, viewing, now):
        return _miss(session, viewing, now, chance)
    _advance(viewing, now, playing=viewing.playing and viewing.check_asked_utc is None)
    _ask_if_due(viewing, now, chance)
    if viewing.check_asked_utc is not None:
        session.flush()
        return _told(session, viewing, now)
    left = rules.seconds_left(viewing.as_run, segment.seconds)
    if left:
        raise Refusal(message("This segment has to be seen for %(seconds)d more seconds.", seconds=left))
    _count(session, viewing, segment, now, chance)
    return _told(session, viewing, now)


def credit_seen(session: Session, event: CheckedIn) -> None:
    """Count at check-in what was seen at home; what plays stops."""
    viewings = list_viewings(session, event.task_id)
    for viewing in viewings:
        viewing.run = None
    seen = [each for viewing in viewings for each in viewing.seen]
    minutes = sum(each.seconds for each in seen) // 60
    if not minutes:
        return
    attendance = session.get_one(Booking, event.booking_id).attendance
    assert attendance is not None
    since, until = min(each.began_utc for each in seen), max(each.ended_utc for each in seen)
    credit_online(session, attendance, SeenAtHome(minutes, since, until), event.by)


def _count(session: Session, viewing: Viewing, segment: FilmSegment, now: datetime, chance: Random) -> None:
    """Note a segment as seen, and place the next one."""
    began = viewing.run_begun_utc or now
    session.add(
        SegmentSeen(viewing=viewing, position=segment.position, began_utc=began, ended_utc=now, seconds=segment.seconds)
    )
    session.flush()
    following = viewing.next_segment
    if following is None:
        viewing.ended_utc, viewing.run = now, None
    else:
        _place(viewing, following, now, chance)
    session.flush()
    audit.write(session, WATCH, VISITOR, subject=viewing, task=viewing.task_id, position=segment.position, act="end")


def _viewing(session: Session, task: StudyTask, film_id: int, now: datetime, *, begins: bool = False) -> Viewing:
    """Return who watches a film of the task, the rider held; raise Refusal where it may not be watched now."""
    standing = standing_of(session, task, now)
    if standing.booking is not None:
        lock_study(session, standing.booking)
        session.refresh(task)
        standing = standing_of(session, task, now)
    if standing.why_not is not None:
        raise Refusal(standing.why_not)
    shown = next((each for each in standing.films if each.film.id == film_id), None)
    if shown is None:
        raise Refusal(NO_SUCH)
    if shown.viewing is not None:
        return shown.viewing
    if not begins:
        raise TakenOver(ELSEWHERE)
    viewing = Viewing(task_id=task.id, film_id=film_id, begun_utc=now, film=shown.film)
    session.add(viewing)
    session.flush()
    return viewing


def _running(session: Session, task: StudyTask, film_id: int, run: str, now: datetime) -> Viewing:
    viewing = _viewing(session, task, film_id, now)
    if not run or viewing.run != run:
        raise TakenOver(ELSEWHERE)
    return viewing


def _runs_of_rider(session: Session, task: StudyTask) -> Sequence[Viewing]:
    """Return what plays for the rider of a task, for whichever of the rider's tasks."""
    query = select(Viewing).join(Viewing.task).where(StudyTask.rider_id == task.rider_id, Viewing.run.is_not(None))
    return session.scalars(query).all()


def _place(viewing: Viewing, segment: FilmSegment, now: datetime, chance: Random) -> None:
    """Put a segment at its beginning."""
    viewing.position, viewing.run_begun_utc, viewing.beat_utc = segment.position, now, now
    viewing.counted, viewing.playing, viewing.check_done = 0.0, False, False
    viewing.check_at, viewing.check_asked_utc = rules.draw_moment(segment.seconds, chance), None
    viewing.check_wanted, viewing.check_offered, viewing.check_tries = "", "", 0


def _advance(viewing: Viewing, now: datetime, *, playing: bool) -> None:
    run = rules.advanced(viewing.as_run, now, playing=playing)
    viewing.counted, viewing.beat_utc, viewing.playing = run.counted, run.beat, run.playing


def _ask_if_due(viewing: Viewing, now: datetime, chance: Random) -> None:
    if viewing.check_done or viewing.check_asked_utc is not None or viewing.counted < viewing.check_at:
        return
    viewing.check_asked_utc, viewing.check_tries, viewing.playing = now, 0, False
    _draw(viewing, chance)


def _draw(viewing: Viewing, chance: Random) -> None:
    viewing.check_wanted, offered = rules.draw_pictures(list(TOLD_APART), chance)
    viewing.check_offered = " ".join(offered)


def _is_missed(session: Session, viewing: Viewing, now: datetime) -> bool:
    asked = viewing.check_asked_utc
    return asked is not None and rules.is_late(asked, now, figure(session, "films.check_seconds"))


def _miss(session: Session, viewing: Viewing, now: datetime, chance: Random) -> Told:
    """Begin the segment once more, since nobody showed presence."""
    segment = next(each for each in viewing.film.segments if each.position == viewing.position)
    viewing.missed += 1
    _place(viewing, segment, now, chance)
    session.flush()
    audit.write(session, WATCH, VISITOR, subject=viewing, task=viewing.task_id, position=segment.position, act="miss")
    return Told(viewing.position, 0, repeats=True)


def _told(session: Session, viewing: Viewing, now: datetime, *, is_wrong: bool = False) -> Told:
    check = None
    if viewing.check_asked_utc is not None:
        seconds = figure(session, "films.check_seconds") - int((now - viewing.check_asked_utc).total_seconds())
        check = Check(viewing.check_wanted, viewing.check_offered.split(), max(0, seconds))
    over = viewing.next_segment is None
    return Told(viewing.position, int(viewing.counted), check, is_wrong=is_wrong, is_over=over)
