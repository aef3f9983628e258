"""Reads of background jobs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from trafficedu.accounts.models import User
from trafficedu.core.actors import Actor
from trafficedu.core.errors import Missing
from trafficedu.core.jobs import Job, find_job
from trafficedu.core.listing import AGO, Column, Listing
from trafficedu.core.text import message

OVERSEE = "transfers:job:oversee"


@dataclass(frozen=True)
class JobFilter:
    """What the list of jobs is narrowed to."""

    everybody: bool = False


@dataclass(frozen=True)
class JobRow:
    """A job and the name of who asked for it; None for the command line."""

    job: Job
    asker: str | None


def _jobs(by: Actor, chosen: JobFilter) -> Select[Any]:
    query = select(Job, User.display_name).outerjoin(User, User.id == Job.asked_by_id)
    return query if chosen.everybody and by.may(OVERSEE) else query.where(Job.asked_by_id == by.user_id)


def listing_of(everybody: bool) -> Listing[JobRow, JobFilter]:
    """Return the list of jobs, the newest first; of everybody's, with the name of the asker."""
    asker = [Column[JobRow]("asker", message("Asked by"), value=lambda row: row.asker or message("the command line"))]
    return Listing(
        _jobs,
        [
            Column("name", message("Job"), value=lambda row: row.job.name),
            Column("state", message("State"), value=lambda row: row.job.state),
            Column("progress", message("Progress")),
            *(asker if everybody else []),
            Column("asked", message("Asked"), value=lambda row: row.job.asked_utc, look=AGO),
            Column("file", message("File")),
        ],
        order=[Job.id.desc()],
        make=JobRow,
    )


def find_any(session: Session, number: str, by: Actor) -> Job:
    """Return a job of one's own, or any of those who look after all of them; raise :class:`Missing`."""
    if not by.may(OVERSEE):
        return find_job(session, number, by)
    job = session.scalar(select(Job).where(Job.number == number))
    if job is None:
        raise Missing(message("This job does not exist, or is no longer listed."))
    return job
