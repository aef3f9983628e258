"""The processes that run jobs: they take one after another, say how far each is, and end it.

A process has a few threads, so that a long job does not keep a short one waiting. They are told to stop by an event;
a job that is under way then is given back. Must not know what any job does.
"""

from __future__ import annotations

import hashlib
import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from functools import partial
from types import TracebackType

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from trafficedu.core import audit, job_queue, jobs
from trafficedu.core.actors import SYSTEM, Actor
from trafficedu.core.clock import utc_now
from trafficedu.core.database import session
from trafficedu.core.errors import Denied, DomainError
from trafficedu.core.job_queue import Lost, Order, ResultFile
from trafficedu.core.jobs import Asked
from trafficedu.core.sealed import PIECE_BYTES
from trafficedu.core.text import DEFAULT_LOCALE, message
from trafficedu.core.transactions import writing
from trafficedu.core.work import Ending, Function, Work

FindActor = Callable[[Session, int | None], Actor | None]
THREADS = 2
LOOK_SECONDS = 0.25
"""How often a thread without work looks for some: one look-up in an index of what is open."""
PULSE_SECONDS = 1.0
TAKE_BACK_SECONDS = 10.0
STOP_SECONDS = 10.0
AWAY_SECONDS = 5.0
"""How long to wait after the database did not answer."""
NICENESS = 10
REST_SECONDS = 30.0
"""After how long without work a process that has worked ends, to be begun anew: what its jobs took is given back."""

BROKEN = message("The job broke off because of an error. Ask for it again, or tell your administrator.")

logger = logging.getLogger("trafficedu.jobs")


class Stopped(Exception):
    """The process is told to stop: what is under way is given back."""


class Runner:
    """Runs jobs with the functions of a table KIND -> function, each as whoever asked for it.

    Parameters
    ----------
    find_actor
        Reads who somebody is by now; None where the account is closed.
    pulse_seconds
        How often a running job is told of; 0 for never, as tests on one connection need.
    """

    def __init__(
        self,
        app: Flask,
        functions: Mapping[str, Function],
        find_actor: FindActor,
        pulse_seconds: float = PULSE_SECONDS,
    ) -> None:
        self._app, self._functions, self._find_actor, self._pulse_seconds = app, functions, find_actor, pulse_seconds
        self.stopping = threading.Event()
        self._held: dict[int, Order] = {}
        self._looked_back = 0.0
        self._worked = 0.0

    def has_rested(self) -> bool:
        """Tell whether it has run jobs, and none since :data:`REST_SECONDS`."""
        return bool(self._worked) and not self._held and time.monotonic() - self._worked > REST_SECONDS

    def run_waiting(self) -> int:
        """Run jobs until none waits; returns how many."""
        count = 0
        while self.run_next():
            count += 1
        return count

    def run_until_stopped(self) -> None:
        """Run whatever comes until :attr:`stopping` is set; a database that is away is waited for.

        Whatever goes wrong, the thread goes on: a process without threads would run nothing and look alive.
        """
        while not self.stopping.is_set():
            try:
                if self.run_next():
                    continue
                self._take_back()
                self.stopping.wait(LOOK_SECONDS)
            except Exception as error:  # the database is away, or a handler of the end of a job broke in its own way
                logger.error("jobs cannot be run", exc_info=error)
                self.stopping.wait(AWAY_SECONDS)

    def run_next(self) -> bool:
        """Run the next job; returns whether there was one."""
        with self._app.app_context():
            order = self._take()
            if order is None:
                return False
            self._held[order.id] = order
            try:
                self._run(order, self._do)
            finally:
                self._worked = time.monotonic()
                del self._held[order.id]
        return True

    def _do(self, work: Work) -> Ending:
        """Do what a job of this kind does; one of another version of the program fails as any other that breaks."""
        return self._functions[work.order.kind](work)

    def give_back(self) -> None:
        """Give back what threads still hold that did not stop in time: another process takes it at once."""
        with self._app.app_context():
            for order in list(self._held.values()):
                try:
                    with writing(session()) as own:
                        job_queue.release(own, order)
                except SQLAlchemyError as error:
                    logger.error("job not given back", extra={"job": order.number}, exc_info=error)

    def _take(self) -> Order | None:
        if not job_queue.is_waiting(session()):
            session().rollback()
            return None
        with writing(session()) as own:
            return job_queue.take(own, utc_now())

    def _take_back(self) -> None:
        if time.monotonic() - self._looked_back < TAKE_BACK_SECONDS:
            return
        self._looked_back = time.monotonic()
        with self._app.app_context():
            if job_queue.has_silent(session(), utc_now()):
                with writing(session()) as own:
                    job_queue.take_back(own, utc_now())

    def run_own(self, asked: Asked, function: Function) -> None:
        """Run a job of the command line with a function of its own; what it breaks off with is raised again."""
        with self._app.app_context():
            with writing(session()) as own:
                order = job_queue.begin(own, asked, utc_now(), DEFAULT_LOCALE)
            failure = self._run(order, function)
        if failure is not None:
            raise failure

    def _run(self, order: Order, function: Function) -> Exception | None:
        """Run a job that was taken, and end it; returns what it broke off with, None where nothing did."""
        by = SYSTEM
        try:
            by = self._asker(order)
            with _Pulse(self._app, order, self._pulse_seconds, self.stopping) as pulse:
                with closing(Work(session(), by, utc_now(), order, pulse.tell, partial(writing, session()))) as work:
                    ending = function(work)
                    file = _keep(order, work, ending) if ending.file else None
                with writing(session()) as own:
                    ending.write(own)
                    job_queue.succeed(own, order, file, ending.counts, by, utc_now())
                ending.afterwards()
        except Lost:
            self._close(lambda own: job_queue.end_cancelled(own, order, utc_now()))
        except Stopped:
            self._close(lambda own: job_queue.release(own, order))
        except DomainError as error:
            self._close(partial(_note_refused, order, error, by))
            return error
        except Exception as error:  # a job of any feature may break in its own way
            logger.error("job failed", extra={"job": order.number, "kind": order.kind}, exc_info=error)
            text = job_queue.PARTLY if order.settled else BROKEN
            self._close(lambda own: job_queue.fail(own, order, text, by, utc_now()))
            return error
        return None

    def _asker(self, order: Order) -> Actor:
        by = self._find_actor(session(), order.asked_by_id)
        if order.settled:
            return by or SYSTEM
        if by is None:
            raise Denied(message("The account that asked for this is closed."))
        for permission in order.needs:
            by.require(permission)
        return by

    def _close(self, write: Callable[[Session], None]) -> None:
        session().rollback()
        with writing(session()) as own:
            write(own)


def _note_refused(order: Order, error: DomainError, by: Actor, session: Session) -> None:
    job_queue.fail(session, order, error.text, by, utc_now(), refused=True)
    if isinstance(error, Denied):
        audit.write(session, f"jobs:{order.kind}:run", by, result=audit.REFUSED)


def _keep(order: Order, work: Work, ending: Ending) -> ResultFile:
    """Put what a job wrote into the results folder, encrypted, and return what is known of it."""
    digest, size = hashlib.sha256(), 0

    def pieces() -> Iterator[bytes]:
        nonlocal size
        work.out.seek(0)
        while piece := work.out.read(PIECE_BYTES):
            digest.update(piece)
            size += len(piece)
            work.tell(0)
            yield piece

    jobs.results(work.session).write(order.number, order.owner, pieces())
    return ResultFile(ending.file, ending.file_type, size, digest.hexdigest())


class _Pulse:
    """Says beside a running job that it goes on and how far it is, and hears whether it was cancelled."""

    def __init__(self, app: Flask, order: Order, every: float, stopping: threading.Event) -> None:
        self._app, self._order, self._every, self._stopping = app, order, every, stopping
        self._done = 0
        self._total: int | None = None
        self._over, self._lost = threading.Event(), False
        self._thread: threading.Thread | None = None

    def tell(self, rows: int, total: int | None = None) -> None:
        """Count rows that are through; raise where the job should not go on."""
        self._done += rows
        self._total = self._total if total is None else total
        if self._lost:
            raise Lost
        if self._stopping.is_set():
            raise Stopped

    def __enter__(self) -> _Pulse:
        if self._every:
            self._thread = threading.Thread(target=self._beat, name="job-pulse", daemon=True)
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._over.set()
        if self._thread is not None:
            self._thread.join()

    def _beat(self) -> None:
        while not self._over.wait(self._every):
            try:
                with self._app.app_context(), writing(session()) as own:
                    self._lost = not job_queue.beat(own, self._order, self._done, self._total, utc_now())
            except SQLAlchemyError as error:
                logger.warning("heartbeat not written", extra={"job": self._order.number}, exc_info=error)


def run_process(runner: Runner, parent: int | None = None) -> None:
    """Run jobs in this process until it is told to stop, or ``parent`` is gone; at a lower priority than pages.

    A parent begins it anew, so with one it ends when it has rested: the memory that the libraries and the largest job
    took is a hundred megabytes, as long as it lives.
    """
    os.nice(NICENESS)
    for told in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
        signal.signal(told, lambda _signal, _frame: runner.stopping.set())
    threads = start_threads(runner)
    while not runner.stopping.wait(1):
        if parent is not None and (os.getppid() != parent or runner.has_rested()):
            runner.stopping.set()
    stop_threads(runner, threads)


def start_threads(runner: Runner) -> list[threading.Thread]:
    """Start the threads that run jobs."""
    threads = [
        threading.Thread(target=runner.run_until_stopped, name=f"jobs-{number}", daemon=True)
        for number in range(THREADS)
    ]
    for thread in threads:
        thread.start()
    return threads


def stop_threads(runner: Runner, threads: list[threading.Thread]) -> None:
    """Let the threads end; what one of them still holds after a while is given back."""
    runner.stopping.set()
    until = time.monotonic() + STOP_SECONDS
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    runner.give_back()
