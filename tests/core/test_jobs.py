"""The queue of background jobs, and the process that runs them."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from tests.factories import people
from tests.factories.jobs import NOW, TITLE, ask, job_of, run, take
from trafficedu.accounts.models import User
from trafficedu.accounts.queries import actor_of, find_actor
from trafficedu.core import audit, job_queue, job_running, jobs
from trafficedu.core.actors import Actor
from trafficedu.core.audit import AuditEntry
from trafficedu.core.clock import utc_now
from trafficedu.core.database import database
from trafficedu.core.errors import Missing, Refusal, Stale
from trafficedu.core.job_running import Runner
from trafficedu.core.jobs import Job, JobState
from trafficedu.core.text import message
from trafficedu.core.transactions import WRITES
from trafficedu.core.work import Ending, Function, Work

MakeUser = Callable[..., User]


@pytest.fixture
def by(make_user: MakeUser) -> Actor:
    return actor_of(make_user("administrator"))


def test_the_same_thing_is_asked_for_once_while_it_is_open(session: Session, by: Actor, make_user: MakeUser) -> None:
    first = ask(session, by, month="2026-10")
    assert ask(session, by, month="2026-10") == first
    others = {ask(session, by, month="2026-09"), ask(session, actor_of(make_user("analyst")), month="2026-10")}
    assert first not in others
    jobs.cancel(session, job_of(session, first), NOW)
    assert ask(session, by, month="2026-10") not in {first, *others}


def test_a_persons_jobs_are_run_one_at_a_time_and_the_oldest_first(
    session: Session, by: Actor, make_user: MakeUser
) -> None:
    own = [ask(session, by, n=n) for n in range(3)]
    other = ask(session, actor_of(make_user("analyst")))
    first, second = take(session), take(session)
    assert (first.number, second.number) == (own[0], other)
    assert job_queue.take(session, NOW) is None
    job_queue.succeed(session, first, None, {}, by, NOW)
    assert take(session).number == own[1]


def test_two_processes_never_take_the_same_job(fresh_app: Flask) -> None:
    with fresh_app.app_context(), database().sessionmaker(info=WRITES) as session:
        numbers = {ask(session, actor_of(people.make_user(session, "officer"))) for _ in range(12)}
    taken: list[str] = []
    ready = threading.Barrier(4)

    def work() -> None:
        with fresh_app.app_context(), database().sessionmaker(info=WRITES) as session:
            ready.wait()
            while (order := job_queue.take(session, NOW)) is not None:
                session.commit()
                taken.append(order.number)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (sorted(taken), len(taken)) == (sorted(numbers), 12)


def test_what_a_dead_process_left_is_taken_up_again_and_given_up_after_three_times(session: Session, by: Actor) -> None:
    number = ask(session, by)
    late = NOW + job_queue.SILENT + timedelta(seconds=1)
    for attempt in range(1, job_queue.ATTEMPTS + 1):
        dead = take(session)
        assert dead.attempt == attempt
        assert not job_queue.has_silent(session, NOW + job_queue.SILENT)
        assert job_queue.has_silent(session, late)
        assert job_queue.take_back(session, late) == 1
        with pytest.raises(job_queue.Lost):
            job_queue.succeed(session, dead, None, {}, by, NOW)
    job = job_of(session, number)
    assert (job.state, job.reason) == (JobState.FAILED, job_queue.INTERRUPTED)


def test_one_that_kills_every_process_is_given_up_even_when_it_is_settled(session: Session, by: Actor) -> None:
    number = ask(session, by)
    job_queue.settle(session, take(session), {})
    late = NOW + job_queue.SILENT + timedelta(seconds=1)
    for attempts, state in ((job_queue.ATTEMPTS, "waiting"), (job_queue.SETTLED_ATTEMPTS, "failed")):
        session.execute(update(Job).values(state=JobState.RUNNING, attempts=attempts))
        assert job_queue.take_back(session, late) == 1
        assert job_of(session, number).state == state


def test_who_was_taken_for_dead_ends_nothing_of_the_one_after(session: Session, by: Actor) -> None:
    ask(session, by)
    dead = take(session)
    job_queue.take_back(session, NOW + job_queue.SILENT + timedelta(seconds=1))
    heir = take(session)
    job_queue.fail(session, dead, TITLE, by, NOW)
    job_queue.release(session, dead)
    job_queue.end_cancelled(session, dead, NOW)
    assert not job_queue.beat(session, dead, 1, 2, NOW)
    assert job_queue.beat(session, heir, 1, 2, NOW)
    job = job_of(session, heir.number)
    assert (job.state, job.done, job.total, job.percent) == (JobState.RUNNING, 1, 2, 50)


def test_cancelling_ends_a_waiting_job_at_once_and_a_running_one_when_it_looks(session: Session, by: Actor) -> None:
    waiting, running = ask(session, by, n=1), ask(session, by, n=2)
    jobs.cancel(session, job_of(session, waiting), NOW)
    order = take(session)
    jobs.cancel(session, job_of(session, running), NOW)
    assert (job_of(session, waiting).state, job_of(session, running).state) == ("cancelled", "running")
    assert not job_queue.beat(session, order, 0, None, NOW)
    with pytest.raises(job_queue.Lost):
        job_queue.succeed(session, order, None, {}, by, NOW)
    job_queue.end_cancelled(session, order, NOW)
    assert job_of(session, running).state == JobState.CANCELLED
    with pytest.raises(Stale):
        jobs.cancel(session, job_of(session, running), NOW)


def test_a_job_is_asked_for_again_once_it_has_ended(session: Session, by: Actor) -> None:
    job = job_of(session, ask(session, by, month="2026-10"))
    with pytest.raises(Stale):
        jobs.repeat(session, job, by, NOW)
    jobs.cancel(session, job, NOW)
    again = job_of(session, jobs.repeat(session, job_of(session, job.number), by, NOW))
    assert (again.state, jobs.parameters_of(session, again)) == (JobState.WAITING, {"month": "2026-10"})
    assert again.name == TITLE


def test_two_processes_never_run_two_jobs_of_one_person(fresh_app: Flask) -> None:
    """Each sees the other's job still waiting until that one's beginning is committed."""
    with fresh_app.app_context(), database().sessionmaker(info=WRITES) as session:
        owner = actor_of(people.make_user(session, "officer"))
        for number in range(12):
            ask(session, owner, n=number)
        session.commit()
    ready, taken = threading.Barrier(4), list[str]()

    def work() -> None:
        with fresh_app.app_context(), database().sessionmaker(info=WRITES) as session:
            ready.wait()
            for _ in range(3):
                order = job_queue.take(session, NOW)
                session.commit()
                taken.extend([order.number] if order is not None else [])

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 1
    with fresh_app.app_context(), database().sessionmaker() as session:
        assert session.scalar(select(func.count()).where(Job.state == JobState.RUNNING)) == 1


def test_nobody_finds_the_job_of_another(session: Session, by: Actor, make_user: MakeUser) -> None:
    number = ask(session, by)
    assert jobs.find_job(session, number, by).number == number
    with pytest.raises(Missing):
        jobs.find_job(session, number, actor_of(make_user("administrator")))


def test_a_job_leaves_its_file_for_a_day_and_its_row_for_a_week(app: Flask, session: Session, by: Actor) -> None:
    def write(work: Work) -> Ending:
        work.tell(2, 2)
        work.out.write(f"{work.by.name} {work.parameters['month']}".encode())
        return Ending("a.csv", {"rows": 2}, lambda own: audit.write(own, "test:file:export", work.by, rows=2))

    number = ask(session, by, month="2026-10")
    assert run(app, write) == 1
    job = job_of(session, number)
    said = f"{by.name} 2026-10".encode()
    assert (job.state, job.file_name, job.file_type, job.file_size) == ("succeeded", "a.csv", "text/csv", len(said))
    kept = jobs.results(session)
    assert b"".join(kept.read(number, by.user_id or 0)) == said
    assert said not in (kept.folder / f"{number}.sealed").read_bytes()
    assert session.scalars(select(AuditEntry.detail).where(AuditEntry.action == "test:file:export")).one() == {
        "rows": 2
    }
    assert job_queue.forget_expired(session, utc_now() + timedelta(hours=23)) == 0
    assert job_queue.forget_expired(session, utc_now() + timedelta(hours=25)) == 1
    assert not (kept.folder / f"{number}.sealed").exists()
    assert job_of(session, number).keep_until_utc is None
    assert job_queue.forget_expired(session, utc_now() + timedelta(days=8)) == 1
    assert session.scalar(select(Job).where(Job.number == number)) is None


def test_a_file_whose_job_came_to_nothing_is_deleted(session: Session) -> None:
    kept = jobs.results(session)
    for name in ("JOLD", "JNEW"):
        kept.write(name, 1, [b"x"])
    written = (utc_now() - 2 * jobs.KEPT - timedelta(minutes=1)).timestamp()
    os.utime(kept.folder / "JOLD.sealed", (written, written))
    job_queue.forget_expired(session, utc_now())
    assert [path.name for path in kept.folder.iterdir()] == ["JNEW.sealed"]


def test_a_job_that_this_program_does_not_know_fails_and_the_next_is_run(
    app: Flask, session: Session, by: Actor
) -> None:
    number = ask(session, by)
    assert Runner(app, {}, find_actor, pulse_seconds=0).run_waiting() == 1
    assert "because of an error" in str(job_of(session, number).reason)


def test_a_thread_goes_on_whatever_goes_wrong(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_running, "AWAY_SECONDS", 0)
    runner = Runner(app, {}, find_actor)
    rounds: list[int] = []

    def break_twice() -> bool:
        rounds.append(1)
        if len(rounds) == 3:
            runner.stopping.set()
            return True
        raise AssertionError("the end of a job broke")

    monkeypatch.setattr(runner, "run_next", break_twice)
    runner.run_until_stopped()
    assert len(rounds) == 3


def refuse(_work: Work) -> Ending:
    raise Refusal(message("Choose a file."))


def deny(work: Work) -> Ending:
    work.by.require("nothing:nobody:may")
    return Ending()


def break_off(work: Work) -> Ending:
    def write(own: Session) -> None:
        audit.write(own, "test:file:import", work.by)
        own.flush()
        raise RuntimeError

    return Ending(write=write)


@pytest.mark.parametrize(
    ("function", "words"), [(refuse, "Choose a file"), (deny, "permission"), (break_off, "because of an error")]
)
def test_a_job_that_fails_says_why_and_writes_nothing(
    app: Flask, session: Session, by: Actor, function: Function, words: str
) -> None:
    number = ask(session, by)
    run(app, function)
    job = job_of(session, number)
    assert job.state == JobState.FAILED
    assert words in str(job.reason)
    assert job.ended_utc is not None
    actions = set(session.scalars(select(AuditEntry.action)))
    assert "test:file:import" not in actions
    assert ("jobs:test:run" in actions) == (function is deny)


def test_the_job_of_a_closed_account_is_refused(app: Flask, session: Session, make_user: MakeUser) -> None:
    user = make_user("administrator")
    number = ask(session, actor_of(user))
    user.active = False
    session.commit()
    run(app, lambda _work: pytest.fail("it ran"))
    assert job_of(session, number).state == JobState.FAILED


def test_progress_is_seen_and_a_running_job_is_cancelled(fresh_app: Flask) -> None:
    seen: list[int | None] = []

    def count(work: Work) -> Ending:
        work.tell(30, 120)
        while not told.wait(0.01):
            work.tell(0)
        raise AssertionError("nobody cancelled it")

    told = threading.Event()
    with fresh_app.app_context():
        with database().sessionmaker(info=WRITES) as session:
            number = ask(session, actor_of(people.make_user(session, "officer")))
        runner = Runner(fresh_app, {"test": count}, find_actor, pulse_seconds=0.02)
        thread = threading.Thread(target=runner.run_waiting)
        thread.start()
        with database().sessionmaker(info=WRITES) as session:
            while (job := job_of(session, number)).percent is None:
                session.rollback()
            seen.append(job.percent)
            jobs.cancel(session, job, utc_now())
            session.commit()
            thread.join(10)
            told.set()
            assert job_of(session, number).state == JobState.CANCELLED
    assert seen == [25]


def test_a_job_under_way_is_given_back_when_its_process_stops(fresh_app: Flask) -> None:
    begun = threading.Event()

    def go_on(work: Work) -> Ending:
        begun.set()
        while True:
            work.tell(0)

    with fresh_app.app_context():
        with database().sessionmaker(info=WRITES) as session:
            number = ask(session, actor_of(people.make_user(session, "officer")))
        runner = Runner(fresh_app, {"test": go_on}, find_actor)
        thread = threading.Thread(target=runner.run_until_stopped)
        thread.start()
        assert begun.wait(10)
        runner.stopping.set()
        thread.join(10)
        with database().sessionmaker(info=WRITES) as session:
            job = job_of(session, number)
            assert (job.state, job.attempts) == (JobState.WAITING, 0)
        assert run(fresh_app, lambda _work: Ending(counts={"rows": 1})) == 1


def test_a_process_that_has_worked_ends_when_it_has_rested(fresh_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that never worked stays, and so does one whose parent begins none anew."""
    monkeypatch.setattr(job_running, "REST_SECONDS", 0.2)
    monkeypatch.setattr(os, "nice", lambda _by: 0)
    monkeypatch.setattr(signal, "signal", lambda *_told: None)
    with fresh_app.app_context(), database().sessionmaker(info=WRITES) as session:
        by = actor_of(people.make_user(session, "officer"))
        session.commit()
    for parent in (os.getppid(), None):
        runner = Runner(fresh_app, {"test": lambda _work: Ending()}, find_actor)
        process = threading.Thread(target=job_running.run_process, args=(runner, parent))
        process.start()
        process.join(1.5)
        assert process.is_alive()
        with fresh_app.app_context(), database().sessionmaker(info=WRITES) as session:
            ask(session, by)
            session.commit()
        process.join(10 if parent else 1.5)
        assert process.is_alive() == (parent is None)
        runner.stopping.set()
        process.join()
