"""The queue of background jobs as the processes see it that run them: taken, alive, ended, given back, forgotten.

A process that dies leaves its job to the others: its heartbeat stops. Whoever was taken for dead ends nothing, for the
number of attempts is another by then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, or_, select, true, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from trafficedu.core.actors import Actor
from trafficedu.core.events import publish
from trafficedu.core.jobs import (
    KEPT,
    LISTED,
    OPEN,
    RUNNING,
    WAITING,
    Asked,
    Job,
    JobAct,
    JobEnded,
    JobState,
    move,
    results,
    sealed_parameters,
)
from trafficedu.core.numbers import new_number
from trafficedu.core.text import Message, message, packed

SILENT = timedelta(seconds=30)
"""After how long without a heartbeat whoever ran a job is taken for dead."""
ATTEMPTS, SETTLED_ATTEMPTS = 3, 30
"""How often a job is begun before it is given up; one that has written a part already is given up late, each time."""
INTERRUPTED = message("This job was interrupted several times. Ask for it again, or tell your administrator.")

PARTLY = message(
    "This job broke off time and again after a part of it had been written. Let it go on, or tell your administrator."
)


@dataclass(frozen=True)
class Order:
    """A job as whoever runs it knows it; ``attempt`` says which time it was taken, ``parameters`` are encrypted."""

    id: int
    number: str
    kind: str
    parameters: str
    needs: Sequence[str]
    asked_by_id: int | None
    locale: str
    attempt: int
    settled: bool

    @classmethod
    def of(cls, job: Job) -> Order:
        """Return the order of a job that was just taken."""
        return cls(
            job.id,
            job.number,
            job.kind,
            job.parameters,
            job.needs,
            job.asked_by_id,
            job.locale,
            job.attempts,
            job.settled,
        )

    @property
    def owner(self) -> int:
        """To whom its files belong; 0 for the command line."""
        return self.asked_by_id or 0


@dataclass(frozen=True)
class ResultFile:
    """What is known of a file that a job made and that lies in the results folder."""

    name: str
    type: str
    size: int
    hash: str


class Lost(Exception):
    """The job is no longer this process's: it was taken for dead, or somebody wants it cancelled."""


def begin(session: Session, asked: Asked, now: datetime, locale: str) -> Order:
    """Begin a job of the command line, which runs it itself; others finish it only once it is settled."""
    number = new_number("J")
    parameters = sealed_parameters(session, number, asked.parameters)
    job = Job(number=number, kind=asked.kind, title=packed(asked.title), parameters=parameters)
    job.state, job.attempts, job.locale, job.fingerprint = JobState.RUNNING, 1, locale, ""
    job.asked_utc = job.started_utc = job.heartbeat_utc = now
    session.add(job)
    session.flush()
    return Order.of(job)


def is_waiting(session: Session) -> bool:
    """Tell whether there is a job to take: the cheap question before one is taken."""
    return session.scalar(_next()) is not None


def _next() -> Select[tuple[int]]:
    busy = select(Job.asked_by_id).where(Job.state.in_(OPEN), RUNNING, Job.asked_by_id.is_not(None))
    free = or_(Job.asked_by_id.is_(None), Job.asked_by_id.not_in(busy))
    return select(Job.id).where(Job.state.in_(OPEN), WAITING, free).order_by(Job.id).limit(1)


def take(session: Session, now: datetime) -> Order | None:
    """Take the job that has waited longest, of somebody none of whose jobs is running; None where there is none.

    Any number of processes may ask at once: PostgreSQL passes over a row that another is taking, SQLite writes one at
    a time. So nobody's long jobs keep everybody else's short ones waiting; of two processes that begin two jobs of one
    person at the same moment one finds none.
    """
    job_id = session.scalar(_next().with_for_update(skip_locked=True))
    if job_id is None:
        return None
    values = {"started_utc": now, "heartbeat_utc": now, "attempts": Job.attempts + 1, "done": 0, "total": None}
    try:
        with session.begin_nested():
            if not move(session, JobAct.START, Job.id == job_id, **values):
                return None
    except IntegrityError:  # another process has just begun another job of the same person
        return None
    job = session.get_one(Job, job_id, populate_existing=True)
    return Order.of(job)


def _mine(order: Order) -> ColumnElement[bool]:
    return (Job.id == order.id) & (Job.attempts == order.attempt)


def beat(session: Session, order: Order, done: int, total: int | None, now: datetime) -> bool:
    """Say that the job goes on and how far it is; tells whether it should: not if it was cancelled, or lost."""
    statement = (
        update(Job)
        .where(_mine(order), RUNNING)
        .values(heartbeat_utc=now, done=done, total=total)
        .returning(Job.cancel_asked)
        .execution_options(synchronize_session=False)
    )
    return session.scalar(statement) is False


def settle(session: Session, order: Order, counts: Mapping[str, Any]) -> None:
    """Say that a job begins to write in several transactions: from this commit on it is finished, by whomever.

    Raises
    ------
    Lost
        It is no longer this process's, or was cancelled.
    """
    statement = (
        update(Job).where(_mine(order), RUNNING, Job.cancel_asked.is_(False)).values(settled=True, counts=dict(counts))
    )
    result: Any = session.execute(statement.execution_options(synchronize_session=False))
    if not result.rowcount:
        raise Lost


def settled_counts(session: Session, order: Order) -> dict[str, Any]:
    """Return what :func:`settle` kept."""
    counts: dict[str, Any] = session.scalars(select(Job.counts).where(Job.id == order.id)).one()
    return counts


def succeed(
    session: Session, order: Order, file: ResultFile | None, counts: Mapping[str, Any], by: Actor, now: datetime
) -> None:
    """End a job well, in the transaction of all that it wrote.

    It comes last there: on PostgreSQL the row is locked from here on, and nobody could see how far the job is.

    Raises
    ------
    Lost
        It is no longer this process's to end; the caller undoes what it wrote.
    """
    values: dict[str, Any] = {"ended_utc": now, "counts": dict(counts), "scope": asdict(by.scope)}
    if file is not None:
        values |= {"file_name": file.name, "file_type": file.type, "file_size": file.size, "file_hash": file.hash}
        values["keep_until_utc"] = now + KEPT
    if not move(session, JobAct.SUCCEED, _mine(order), Job.cancel_asked.is_(False), **values):
        raise Lost
    publish(session, JobEnded(now, by, order.number))


def fail(session: Session, order: Order, why: Message, by: Actor, now: datetime, *, refused: bool = False) -> None:
    """End a job that was ``refused`` or broke, with the reason that its asker reads.

    One that is settled and broke is not given up so soon: it is taken up again once nothing was heard of it for a
    while.
    """
    given_up = true() if refused else Job.settled.is_(False) | _TRIED_ENOUGH
    if move(session, JobAct.FAIL, _mine(order), given_up, ended_utc=now, refusal=packed(why)):
        publish(session, JobEnded(now, by, order.number))


_TRIED_ENOUGH = Job.attempts % SETTLED_ATTEMPTS == 0


def release(session: Session, order: Order) -> None:
    """Give a job back that this process cannot finish because it is told to stop; the attempt counts as none."""
    move(session, JobAct.RELEASE, _mine(order), Job.cancel_asked.is_(False), attempts=Job.attempts - 1)


def end_cancelled(session: Session, order: Order, now: datetime) -> None:
    """End a job that was running when somebody cancelled it."""
    move(session, JobAct.CANCEL, _mine(order), Job.cancel_asked.is_(True), ended_utc=now)


def has_silent(session: Session, now: datetime) -> bool:
    """Tell whether a process that runs a job fell silent: the cheap question before :func:`take_back`."""
    silent = select(Job.id).where(Job.state.in_(OPEN), Job.heartbeat_utc < now - SILENT, RUNNING)
    return session.scalar(silent.limit(1)) is not None


def take_back(session: Session, now: datetime) -> int:
    """Give up on processes that fell silent: their jobs wait again, at last they fail. Returns how many there were."""
    silent = (Job.heartbeat_utc < now - SILENT) & RUNNING
    given_up = Job.settled.is_(False) & ((Job.attempts >= ATTEMPTS) | Job.asked_by_id.is_(None))
    partly = Job.settled.is_(True) & _TRIED_ENOUGH
    return (
        move(session, JobAct.CANCEL, silent, Job.cancel_asked.is_(True), ended_utc=now)
        + move(session, JobAct.FAIL, silent, given_up, ended_utc=now, refusal=packed(INTERRUPTED))
        + move(session, JobAct.FAIL, silent, partly, ended_utc=now, refusal=packed(PARTLY))
        + move(session, JobAct.RELEASE, silent)
    )


def forget_expired(session: Session, now: datetime) -> int:
    """Delete the files whose time is over, and jobs that ended long ago; returns how many. The worker's chore.

    A file without a job goes too: its process was killed, or the job cancelled, when it had just been written.
    """
    over = (
        update(Job)
        .where(Job.ended_utc < now - KEPT, Job.keep_until_utc <= now)
        .values(keep_until_utc=None, file_hash=None)
    )
    numbers = session.scalars(over.returning(Job.number).execution_options(synchronize_session=False)).all()
    for number in numbers:
        results(session).forget(number)
    results(session).forget_before((now - 2 * KEPT).timestamp())
    gone: Any = session.execute(
        delete(Job).where(Job.ended_utc < now - LISTED).execution_options(synchronize_session=False)
    )
    return len(numbers) + int(gone.rowcount)
