"""Jobs that cannot go on as they are: they cannot be decrypted, or broke off half written."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import text, update
from sqlalchemy.orm import Session

from tests.factories.jobs import NOW, TITLE, ask, job_of, run, take
from trafficedu.accounts.models import User
from trafficedu.accounts.queries import actor_of
from trafficedu.core import job_queue, jobs
from trafficedu.core.actors import Actor
from trafficedu.core.errors import Refusal, Stale
from trafficedu.core.jobs import Job, JobState
from trafficedu.core.work import Ending

MakeUser = Callable[..., User]


@pytest.fixture
def by(make_user: MakeUser) -> Actor:
    return actor_of(make_user("administrator"))


def test_what_somebody_searched_for_is_not_readable_in_the_database(session: Session, by: Actor) -> None:
    number = ask(session, by, address="/riders?q=张三丰")
    row = session.execute(text("SELECT * FROM job")).mappings().one()
    plain = json.dumps("张三丰")[1:-1]
    assert not [name for name, value in row.items() if "张三丰" in str(value) or plain in str(value)]
    job = job_of(session, number)
    assert jobs.parameters_of(session, job) == {"address": "/riders?q=张三丰"}
    session.execute(update(Job).values(parameters=json.dumps({"month": "2026-10"})))
    session.expire(job)
    assert jobs.parameters_of(session, job) == {"month": "2026-10"}, "asked for before parameters were encrypted"


@pytest.mark.parametrize("kept", ["gone.AAAA", "no token"])
def test_a_job_that_cannot_be_decrypted_fails_alone(
    app: Flask, session: Session, by: Actor, make_user: MakeUser, kept: str
) -> None:
    unreadable = ask(session, by, month="2026-10")
    session.execute(update(Job).values(parameters=kept))
    sound = ask(session, actor_of(make_user("analyst")), month="2026-10")
    assert run(app, lambda work: Ending(counts={"month": work.parameters["month"]})) == 2
    job = job_of(session, unreadable)
    assert (job.state, job.reason) == (JobState.FAILED, jobs.UNREADABLE)
    assert (job_of(session, sound).state, job_of(session, sound).counts) == (JobState.SUCCEEDED, {"month": "2026-10"})
    with pytest.raises(Refusal):
        jobs.repeat(session, job, by, NOW)


def test_one_that_broke_off_half_written_goes_on_when_somebody_says_so(
    app: Flask, session: Session, by: Actor, make_user: MakeUser
) -> None:
    number = ask(session, by)
    job_queue.settle(session, take(session), {"added": 7})
    session.execute(update(Job).values(attempts=job_queue.SETTLED_ATTEMPTS))
    job_queue.take_back(session, NOW + job_queue.SILENT + timedelta(seconds=1))
    job = job_of(session, number)
    assert (job.state, job.reason, job.settled, job.counts) == (JobState.FAILED, job_queue.PARTLY, True, {"added": 7})
    jobs.resume(session, job, by)
    with pytest.raises(Stale):
        jobs.resume(session, job, by)
    again = take(session)
    assert (again.settled, again.attempt) == (True, job_queue.SETTLED_ATTEMPTS + 1)
    assert job_queue.take_back(session, NOW + job_queue.SILENT + timedelta(seconds=1)) == 1
    assert job_of(session, number).state == JobState.WAITING, "it is tried as often as the first time"


def test_one_that_was_asked_for_again_meanwhile_does_not_go_on_beside_it(session: Session, by: Actor) -> None:
    job = job_of(session, ask(session, by, token="same"))
    session.execute(update(Job).values(state=JobState.FAILED, settled=True))
    again = ask(session, by, token="same")
    with pytest.raises(Stale):
        jobs.resume(session, job_of(session, job.number), by)
    assert (job_of(session, job.number).state, job_of(session, again).state) == (JobState.FAILED, JobState.WAITING)


def test_a_settled_job_whose_file_is_gone_is_not_tried_again(session: Session, by: Actor) -> None:
    number = ask(session, by)
    order = take(session)
    job_queue.settle(session, order, {})
    job_queue.fail(session, order, TITLE, by, NOW)
    assert job_of(session, number).state == JobState.RUNNING, "it broke, and is taken up again"
    job_queue.fail(session, order, TITLE, by, NOW, refused=True)
    assert job_of(session, number).state == JobState.FAILED
