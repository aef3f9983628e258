"""Jobs of one kind, ``test``: asked for, taken, run."""

from __future__ import annotations

from typing import Any

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.accounts.queries import find_actor
from trafficedu.core import job_queue, jobs
from trafficedu.core.actors import Actor
from trafficedu.core.clock import utc_now
from trafficedu.core.job_running import Runner
from trafficedu.core.jobs import Job
from trafficedu.core.text import Message
from trafficedu.core.work import Function

TITLE = Message("Violations")
NOW = utc_now()


def ask(session: Session, by: Actor, **parameters: Any) -> str:
    number = jobs.ask(session, jobs.Asked("test", TITLE, parameters), by, NOW, "zh")
    session.commit()
    return number


def job_of(session: Session, number: str) -> Job:
    session.expire_all()
    return session.scalars(select(Job).where(Job.number == number)).one()


def take(session: Session) -> job_queue.Order:
    order = job_queue.take(session, NOW)
    assert order is not None
    session.commit()
    return order


def run(app: Flask, function: Function) -> int:
    return Runner(app, {"test": function}, find_actor, pulse_seconds=0).run_waiting()
