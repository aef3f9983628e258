"""Background jobs: what somebody asked for that takes longer than a page may, waiting, running, ended.

A job is a row. It is asked for in the transaction of whoever asks, taken by one of any number of processes, and ended
together with what it wrote, in one transaction. A process that dies leaves its job to the others: its heartbeat stops.
What a job does is a function that ``trafficedu.wiring.JOBS`` names; ``core.job_running`` runs it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, ColumnElement, ForeignKey, Index, String, delete, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from trafficedu.core.actors import Actor
from trafficedu.core.errors import Missing, Stale
from trafficedu.core.events import Event, publish
from trafficedu.core.numbers import new_number
from trafficedu.core.orm import Base, UTCDateTime, is_among, one_of, word
from trafficedu.core.sealed import SealedFolder
from trafficedu.core.services import services_of
from trafficedu.core.states import StateIs, Transitions, Word
from trafficedu.core.tables import insert_unless_there
from trafficedu.core.text import Message, message, packed, unpacked

KEPT = timedelta(days=1)
"""How long the file that a job made can be fetched."""
LISTED = timedelta(days=7)
"""How long an ended job is listed; what it was asked for may name what somebody searched for."""
SILENT = timedelta(seconds=30)
"""After how long without a heartbeat whoever ran a job is taken for dead."""
ATTEMPTS = 3
INTERRUPTED = message("This job was interrupted several times. Ask for it again, or tell your administrator.")


class JobState(Word):
    """How far a job is."""

    WAITING = "waiting", message("waiting"), "open"
    RUNNING = "running", message("under way"), "open"
    SUCCEEDED = "succeeded", message("finished"), "done"
    FAILED = "failed", message("failed"), "problem"
    CANCELLED = "cancelled", message("cancelled")


class JobAct(StrEnum):
    """What happens to a job."""

    START = "start"
    RELEASE = "release"
    SUCCEED = "succeed"
    FAIL = "fail"
    CANCEL = "cancel"
    REPEAT = "repeat"


OPEN = (JobState.WAITING, JobState.RUNNING)
ENDED = (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED)
JOB_LIFE: Transitions[JobAct, JobState] = Transitions(
    {
        JobAct.START: ([JobState.WAITING], JobState.RUNNING),
        JobAct.RELEASE: ([JobState.RUNNING], JobState.WAITING),
        JobAct.SUCCEED: ([JobState.RUNNING], JobState.SUCCEEDED),
        JobAct.FAIL: ([JobState.RUNNING], JobState.FAILED),
        JobAct.CANCEL: (OPEN, JobState.CANCELLED),
        JobAct.REPEAT: (ENDED, None),
    }
)

_IS_OPEN = text(is_among("state", OPEN))


class Job(Base):
    """One job. ``title`` and ``refusal`` are sentences (``core.text.packed``); ``counts`` says what it did.

    ``fingerprint`` says what was asked for: a person's open jobs all differ in it. ``attempts`` counts who took it, so
    that somebody taken for dead ends nothing. ``done`` of ``total`` rows are through; without ``total`` nobody knows
    of how many. The file it made lies in the results folder under its number until ``keep_until_utc``.
    """

    __tablename__ = "job"
    __table_args__ = (
        one_of("state", JobState),
        Index(
            "ix_job_open",
            "id",
            sqlite_where=_IS_OPEN,
            postgresql_where=_IS_OPEN,
        ),
        Index(
            "uq_job_open_request",
            "asked_by_id",
            "fingerprint",
            unique=True,
            sqlite_where=_IS_OPEN,
            postgresql_where=_IS_OPEN,
        ),
        Index("ix_job_asked_by_id_id", "asked_by_id", "id"),
        Index("ix_job_ended_utc", "ended_utc"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(12), unique=True)
    kind: Mapped[str] = mapped_column(String(40))
    title: Mapped[dict[str, Any]] = mapped_column(JSON)
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    locale: Mapped[str] = mapped_column(String(2))
    fingerprint: Mapped[str] = mapped_column(String(64))
    parameters: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[JobState] = mapped_column(word(JobState, 10))
    asked_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    started_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)
    heartbeat_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)
    ended_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int | None]
    cancel_asked: Mapped[bool] = mapped_column(default=False)
    refusal: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    counts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    file_name: Mapped[str | None] = mapped_column(String(120))
    file_type: Mapped[str | None] = mapped_column(String(80))
    file_size: Mapped[int | None] = mapped_column(BigInteger)
    file_hash: Mapped[str | None] = mapped_column(String(64))
    keep_until_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)
    fetched_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)

    is_open = StateIs(*OPEN)
    is_waiting = StateIs(JobState.WAITING)
    has_succeeded = StateIs(JobState.SUCCEEDED)
    has_failed = StateIs(JobState.FAILED)

    def may(self, act: JobAct) -> bool:
        """Tell whether ``act`` may be done to it as it stands."""
        return JOB_LIFE.may(act, self.state)

    @property
    def name(self) -> Message:
        """What it is called."""
        return unpacked(self.title)

    @property
    def reason(self) -> Message | None:
        """Why it failed."""
        return unpacked(self.refusal) if self.refusal else None

    @property
    def percent(self) -> int | None:
        """How much of it is through, None where nobody knows of how much; 100 only once it has ended."""
        if self.state == JobState.SUCCEEDED:
            return 100
        return min(99, 100 * self.done // self.total) if self.total else None


_WAITING, _RUNNING = Job.state == JobState.WAITING, Job.state == JobState.RUNNING


@dataclass(frozen=True)
class JobEnded(Event):
    """A job succeeded or failed; ``number`` is its number."""

    number: str


@dataclass(frozen=True)
class Order:
    """A job as whoever runs it knows it; ``attempt`` says which time it was taken."""

    id: int
    number: str
    kind: str
    parameters: Mapping[str, Any]
    asked_by_id: int
    asked_utc: datetime
    locale: str
    attempt: int


@dataclass(frozen=True)
class ResultFile:
    """What is known of a file that a job made and that lies in the results folder."""

    name: str
    type: str
    size: int
    hash: str


class Lost(Exception):
    """The job is no longer this process's: it was taken for dead, or somebody wants it cancelled."""


def results(session: Session) -> SealedFolder:
    """Return the folder of the files that jobs made."""
    services = services_of(session)
    return SealedFolder(services.settings.instance / "results", "result", services.keyring)


def ask(
    session: Session, kind: str, title: Message, parameters: Mapping[str, Any], by: Actor, now: datetime, locale: str
) -> str:
    """Ask for a job in the running transaction and return its number.

    Whoever asks for the same thing again while it is open gets the number of that one, even from the very same moment.
    """
    assert by.user_id is not None, "somebody asks for a job"
    told = json.dumps([kind, parameters, locale], sort_keys=True, ensure_ascii=True)
    fingerprint = hashlib.sha256(told.encode()).hexdigest()
    number = new_number("J")
    fixed = {"kind": kind, "title": packed(title), "parameters": dict(parameters), "locale": locale}
    made = insert_unless_there(
        session,
        Job,
        number=number,
        asked_by_id=by.user_id,
        fingerprint=fingerprint,
        state=JobState.WAITING,
        asked_utc=now,
        **fixed,
    )
    if made is not None:
        return number
    same = select(Job.number).where(Job.asked_by_id == by.user_id, Job.fingerprint == fingerprint, Job.state.in_(OPEN))
    return session.scalar(same) or ask(session, kind, title, parameters, by, now, locale)


def is_waiting(session: Session) -> bool:
    """Tell whether a job waits: the cheap question before one is taken."""
    return session.scalar(select(Job.id).where(Job.state.in_(OPEN), _WAITING).limit(1)) is not None


def take(session: Session, now: datetime) -> Order | None:
    """Take the job that has waited longest, of somebody none of whose jobs is running; None where there is none.

    Any number of processes may ask at once: PostgreSQL passes over a row that another is taking, SQLite writes one at
    a time. So nobody's long jobs keep everybody else's short ones waiting.
    """
    busy = select(Job.asked_by_id).where(Job.state.in_(OPEN), _RUNNING)
    next_one = (
        select(Job.id)
        .where(Job.state.in_(OPEN), _WAITING, Job.asked_by_id.not_in(busy))
        .order_by(Job.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    job_id = session.scalar(next_one)
    if job_id is None:
        return None
    values = {"started_utc": now, "heartbeat_utc": now, "attempts": Job.attempts + 1, "done": 0, "total": None}
    if not _move(session, JobAct.START, Job.id == job_id, **values):
        return None
    job = session.get_one(Job, job_id, populate_existing=True)
    return Order(job.id, job.number, job.kind, job.parameters, job.asked_by_id, job.asked_utc, job.locale, job.attempts)


def _move(session: Session, act: JobAct, *which: ColumnElement[bool], **values: Any) -> int:
    """Do ``act`` to the jobs of ``which`` that are in a state it may be done from; return how many."""
    states, state = JOB_LIFE.table[act]
    statement = update(Job).where(Job.state.in_(states), *which).values(state=state, **values)
    result: Any = session.execute(statement.execution_options(synchronize_session=False))
    return int(result.rowcount)


def _mine(order: Order) -> ColumnElement[bool]:
    return (Job.id == order.id) & (Job.attempts == order.attempt)


def beat(session: Session, order: Order, done: int, total: int | None, now: datetime) -> bool:
    """Say that the job goes on and how far it is; tells whether it should: not if it was cancelled, or lost."""
    statement = (
        update(Job)
        .where(_mine(order), _RUNNING)
        .values(heartbeat_utc=now, done=done, total=total)
        .returning(Job.cancel_asked)
        .execution_options(synchronize_session=False)
    )
    return session.scalar(statement) is False


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
    values: dict[str, Any] = {"ended_utc": now, "counts": dict(counts)}
    if file is not None:
        values |= {"file_name": file.name, "file_type": file.type, "file_size": file.size, "file_hash": file.hash}
        values["keep_until_utc"] = now + KEPT
    if not _move(session, JobAct.SUCCEED, _mine(order), Job.cancel_asked.is_(False), **values):
        raise Lost
    publish(session, JobEnded(now, by, order.number))


def fail(session: Session, order: Order, why: Message, by: Actor, now: datetime) -> None:
    """End a job that was refused or broke, with the reason that its asker reads."""
    if _move(session, JobAct.FAIL, _mine(order), ended_utc=now, refusal=packed(why)):
        publish(session, JobEnded(now, by, order.number))


def release(session: Session, order: Order) -> None:
    """Give a job back that this process cannot finish because it is told to stop; the attempt counts as none."""
    _move(session, JobAct.RELEASE, _mine(order), Job.cancel_asked.is_(False), attempts=Job.attempts - 1)


def end_cancelled(session: Session, order: Order, now: datetime) -> None:
    """End a job that was running when somebody cancelled it."""
    _move(session, JobAct.CANCEL, _mine(order), Job.cancel_asked.is_(True), ended_utc=now)


def has_silent(session: Session, now: datetime) -> bool:
    """Tell whether a process that runs a job fell silent: the cheap question before :func:`take_back`."""
    silent = select(Job.id).where(Job.state.in_(OPEN), Job.heartbeat_utc < now - SILENT, _RUNNING)
    return session.scalar(silent.limit(1)) is not None


def take_back(session: Session, now: datetime) -> int:
    """Give up on processes that fell silent: their jobs wait again, at last they fail. Returns how many there were."""
    silent = (Job.heartbeat_utc < now - SILENT) & _RUNNING
    return (
        _move(session, JobAct.CANCEL, silent, Job.cancel_asked.is_(True), ended_utc=now)
        + _move(session, JobAct.FAIL, silent, Job.attempts >= ATTEMPTS, ended_utc=now, refusal=packed(INTERRUPTED))
        + _move(session, JobAct.RELEASE, silent)
    )


def cancel(session: Session, job: Job, now: datetime) -> None:
    """Cancel a job: at once where it waits, else as soon as whoever runs it looks. Raises Stale."""
    JOB_LIFE.require(JobAct.CANCEL, job.state)
    if not _move(session, JobAct.CANCEL, Job.id == job.id, _WAITING, ended_utc=now):
        asked = update(Job).where(Job.id == job.id, _RUNNING).values(cancel_asked=True)
        result: Any = session.execute(asked.execution_options(synchronize_session=False))
        if not result.rowcount:
            raise Stale(JOB_LIFE.stale)
    session.expire(job)


def repeat(session: Session, job: Job, by: Actor, now: datetime) -> str:
    """Ask for the same once more and return the number of the new job. Raises Stale while the first is open."""
    JOB_LIFE.require(JobAct.REPEAT, job.state)
    return ask(session, job.kind, job.name, job.parameters, by, now, job.locale)


def find_job(session: Session, number: str, by: Actor) -> Job:
    """Return one of the jobs that ``by`` asked for; raise :class:`Missing`."""
    job = session.scalar(select(Job).where(Job.number == number, Job.asked_by_id == by.user_id))
    if job is None:
        raise Missing(message("This job does not exist, or is no longer listed."))
    return job


def note_fetched(session: Session, job_id: int, now: datetime) -> None:
    """Note that the file was fetched; the first time counts."""
    first = update(Job).where(Job.id == job_id, Job.fetched_utc.is_(None)).values(fetched_utc=now)
    session.execute(first.execution_options(synchronize_session=False))


def forget_expired(session: Session, now: datetime) -> int:
    """Delete the files whose time is over, and jobs that ended long ago; returns how many. The worker's chore."""
    over = (
        update(Job)
        .where(Job.ended_utc < now - KEPT, Job.keep_until_utc <= now)
        .values(keep_until_utc=None, file_hash=None)
    )
    numbers = session.scalars(over.returning(Job.number).execution_options(synchronize_session=False)).all()
    for number in numbers:
        results(session).forget(number)
    gone: Any = session.execute(
        delete(Job).where(Job.ended_utc < now - LISTED).execution_options(synchronize_session=False)
    )
    return len(numbers) + int(gone.rowcount)
