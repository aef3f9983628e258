"""Background jobs: what somebody asked for that takes longer than a page may, waiting, running, ended.

A job is a row. It is asked for in the transaction of whoever asks, taken by one of any number of processes
(``core.job_queue``), and ended together with what it wrote, in one transaction. What a job does is a function that
``trafficedu.wiring.work.JOBS`` names; ``core.job_running`` runs it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from cryptography.exceptions import InvalidTag
from sqlalchemy import JSON, BigInteger, ColumnElement, ForeignKey, Index, String, Text, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from trafficedu.core.actors import Actor
from trafficedu.core.errors import Denied, Missing, Refusal, Stale
from trafficedu.core.events import Event
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
UNREADABLE = message(
    "What was asked for cannot be read any more: its key is missing. Ask for it again, or tell your administrator."
)


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
    RESUME = "resume"


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
        JobAct.RESUME: ([JobState.FAILED], JobState.WAITING),
    }
)

_IS_OPEN, _IS_RUNNING = text(is_among("state", OPEN)), text(is_among("state", [JobState.RUNNING]))


class Job(Base):
    """One job. ``title`` and ``refusal`` are sentences (``core.text.packed``); ``counts`` says what it did.

    ``parameters`` may name what somebody searched for and are encrypted (:func:`parameters_of`). ``fingerprint`` says
    what was asked for, by a keyed hash: a person's open jobs all differ in it, and one of them runs at a time.
    ``attempts`` counts who took it, so that somebody taken for dead ends nothing. ``done`` of ``total`` rows are
    through; without ``total`` nobody knows of how many. The file it made lies in the results folder under its number
    until ``keep_until_utc``. ``needs`` are the permissions that it is run and fetched with, ``scope`` is how far its
    asker saw when it was made. A job that is ``settled`` has begun to write in several transactions and will be
    finished, whatever becomes of its process, unless it breaks off time and again: then it stands as failed, with a
    part of it written, until somebody lets it go on. Nobody cancels it. ``asked_by_id`` is empty for the command line,
    which runs its own jobs.
    """

    __tablename__ = "job"
    __table_args__ = (
        one_of("state", JobState),
        Index("ix_job_open", "id", sqlite_where=_IS_OPEN, postgresql_where=_IS_OPEN),
        Index(
            "uq_job_open_request",
            "asked_by_id",
            "fingerprint",
            unique=True,
            sqlite_where=_IS_OPEN,
            postgresql_where=_IS_OPEN,
        ),
        Index(
            "uq_job_running_asked_by_id",
            "asked_by_id",
            unique=True,
            sqlite_where=_IS_RUNNING,
            postgresql_where=_IS_RUNNING,
        ),
        Index("ix_job_asked_by_id_id", "asked_by_id", "id"),
        Index("ix_job_ended_utc", "ended_utc"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(12), unique=True)
    kind: Mapped[str] = mapped_column(String(40))
    title: Mapped[dict[str, Any]] = mapped_column(JSON)
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    locale: Mapped[str] = mapped_column(String(2))
    fingerprint: Mapped[str] = mapped_column(String(64))
    parameters: Mapped[str] = mapped_column(Text)
    needs: Mapped[list[str]] = mapped_column(JSON, default=list)
    state: Mapped[JobState] = mapped_column(word(JobState, 10))
    asked_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    started_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)
    heartbeat_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)
    ended_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int | None]
    cancel_asked: Mapped[bool] = mapped_column(default=False)
    settled: Mapped[bool] = mapped_column(default=False)
    refusal: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    counts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    file_name: Mapped[str | None] = mapped_column(String(120))
    file_type: Mapped[str | None] = mapped_column(String(80))
    file_size: Mapped[int | None] = mapped_column(BigInteger)
    scope: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    file_hash: Mapped[str | None] = mapped_column(String(64))
    keep_until_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)
    fetched_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)

    is_open = StateIs(*OPEN)
    is_waiting = StateIs(JobState.WAITING)
    has_succeeded = StateIs(JobState.SUCCEEDED)
    has_failed = StateIs(JobState.FAILED)

    @property
    def has_file(self) -> bool:
        """Whether its file can be fetched; once its time is over it cannot."""
        return self.state == JobState.SUCCEEDED and self.file_name is not None and self.keep_until_utc is not None

    def may(self, act: JobAct) -> bool:
        """Tell whether ``act`` may be done to it as it stands."""
        barred = {JobAct.CANCEL: self.settled, JobAct.RESUME: not self.settled}
        return JOB_LIFE.may(act, self.state) and not barred.get(act, False)

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


WAITING, RUNNING = Job.state == JobState.WAITING, Job.state == JobState.RUNNING


@dataclass(frozen=True)
class JobEnded(Event):
    """A job succeeded or failed; ``number`` is its number."""

    number: str


@dataclass(frozen=True)
class Asked:
    """What somebody asks for: the kind of the job, what it is called, what its function is given, what it needs."""

    kind: str
    title: Message
    parameters: Mapping[str, Any]
    needs: Sequence[str] = ()


def sealed_parameters(session: Session, number: str, parameters: Mapping[str, Any]) -> str:
    """Encrypt the parameters of the job ``number``."""
    return services_of(session).keyring.encrypt(json.dumps(parameters), f"job:{number}")


def opened_parameters(session: Session, number: str, kept: str) -> dict[str, Any]:
    """Return what :func:`sealed_parameters` encrypted; an earlier version of the program encrypted nothing.

    Raises
    ------
    Refusal
        Its key is no longer in the setting, or it was changed.
    """
    if kept.startswith("{"):
        return dict(json.loads(kept))
    try:
        return dict(json.loads(services_of(session).keyring.decrypt(kept, f"job:{number}")))
    except (KeyError, InvalidTag, ValueError) as error:
        raise Refusal(UNREADABLE) from error


def parameters_of(session: Session, job: Job) -> dict[str, Any]:
    """Return what the function of a job is given; raises as :func:`opened_parameters`."""
    return opened_parameters(session, job.number, job.parameters)


def results(session: Session) -> SealedFolder:
    """Return the folder of the files that jobs made."""
    services = services_of(session)
    return SealedFolder(services.settings.instance / "results", "result", services.keyring)


def ask(session: Session, asked: Asked, by: Actor, now: datetime, locale: str) -> str:
    """Ask for a job in the running transaction and return its number.

    Whoever asks for the same thing again while it is open gets the number of that one, even from the very same moment.
    """
    assert by.user_id is not None, "somebody asks for a job"
    fingerprint = _fingerprint(session, asked, locale)
    number = new_number("J")
    made = insert_unless_there(
        session,
        Job,
        number=number,
        asked_by_id=by.user_id,
        fingerprint=fingerprint,
        state=JobState.WAITING,
        asked_utc=now,
        kind=asked.kind,
        title=packed(asked.title),
        parameters=sealed_parameters(session, number, asked.parameters),
        needs=list(asked.needs),
        locale=locale,
    )
    if made is not None:
        return number
    same = select(Job.number).where(Job.asked_by_id == by.user_id, Job.fingerprint == fingerprint, Job.state.in_(OPEN))
    return session.scalar(same) or ask(session, asked, by, now, locale)


def _fingerprint(session: Session, asked: Asked, locale: str) -> str:
    told = json.dumps([asked.kind, asked.parameters, locale], sort_keys=True, ensure_ascii=True)
    return services_of(session).keyring.lookup_hash(told, "job")


def find_latest(session: Session, asked: Asked, by: Actor, locale: str) -> Job | None:
    """Return the job by which ``by`` last asked for the same thing, None where it is not listed any more."""
    same = select(Job).where(Job.asked_by_id == by.user_id, Job.fingerprint == _fingerprint(session, asked, locale))
    return session.scalar(same.order_by(Job.id.desc()).limit(1))


def move(session: Session, act: JobAct, *which: ColumnElement[bool], **values: Any) -> int:
    """Do ``act`` to the jobs of ``which`` that are in a state it may be done from; return how many."""
    states, state = JOB_LIFE.table[act]
    statement = update(Job).where(Job.state.in_(states), *which).values(state=state, **values)
    result: Any = session.execute(statement.execution_options(synchronize_session=False))
    return int(result.rowcount)


def cancel(session: Session, job: Job, now: datetime) -> None:
    """Cancel a job: at once where it waits, else as soon as whoever runs it looks. Raises Stale."""
    JOB_LIFE.require(JobAct.CANCEL, job.state)
    if not move(session, JobAct.CANCEL, Job.id == job.id, WAITING, ended_utc=now):
        asked = update(Job).where(Job.id == job.id, RUNNING, Job.settled.is_(False)).values(cancel_asked=True)
        result: Any = session.execute(asked.execution_options(synchronize_session=False))
        if not result.rowcount:
            raise Stale(JOB_LIFE.stale)
    session.expire(job)


def repeat(session: Session, job: Job, by: Actor, now: datetime) -> str:
    """Ask for the same once more and return the number of the new job. Raises Stale while the first is open."""
    JOB_LIFE.require(JobAct.REPEAT, job.state)
    return ask(session, Asked(job.kind, job.name, parameters_of(session, job), job.needs), by, now, job.locale)


def resume(session: Session, job: Job, by: Actor) -> None:
    """Let a job go on that was given up when a part of it was written.

    Raises
    ------
    Stale
        It goes on already, or the same file was asked for again and that job is open.
    Denied
        ``by`` may not ask for such a job.
    """
    for permission in job.needs:
        by.require(permission)
    try:
        with session.begin_nested():
            moved = move(session, JobAct.RESUME, Job.id == job.id, Job.settled.is_(True), ended_utc=None, refusal=None)
    except IntegrityError as error:
        raise Stale(JOB_LIFE.stale) from error
    if not moved:
        raise Stale(JOB_LIFE.stale)
    session.expire(job)


def find_job(session: Session, number: str, by: Actor) -> Job:
    """Return one of the jobs that ``by`` asked for; raise :class:`Missing`."""
    job = session.scalar(select(Job).where(Job.number == number, Job.asked_by_id == by.user_id))
    if job is None:
        raise Missing(message("This job does not exist, or is no longer listed."))
    return job


def require_fetch(job: Job, by: Actor) -> None:
    """Raise Denied where the asker may no longer have the file: a permission was taken, or the post is another."""
    for permission in job.needs:
        by.require(permission)
    if job.scope != asdict(by.scope):
        raise Denied(message("Your post has changed since this file was made. Ask for it again."))


def note_fetched(session: Session, job_id: int, now: datetime) -> None:
    """Note that the file was fetched; the first time counts."""
    first = update(Job).where(Job.id == job_id, Job.fetched_utc.is_(None)).values(fetched_utc=now)
    session.execute(first.execution_options(synchronize_session=False))
