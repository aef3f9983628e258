"""What a user is told of a background job: that it ended, where that took a while or nobody was there to see it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.core.actors import SYSTEM, Actor
from trafficedu.core.jobs import Job, JobEnded, JobState
from trafficedu.core.text import message
from trafficedu.messages.services.outbox import NewPush, push

LONG = timedelta(seconds=10)
"""Whoever waited longer than this has probably turned to something else."""
LEFT = timedelta(minutes=2)
"""Whoever did not fetch a file within this has left the page that would have sent it."""


def tell_job_ended(session: Session, event: JobEnded) -> None:
    """Tell who asked for a job that it ended, where it took long."""
    job = session.scalars(select(Job).where(Job.number == event.number).execution_options(populate_existing=True)).one()
    if job.asked_by_id is not None and event.at_utc - job.asked_utc >= LONG:
        _tell(session, job, event.by, event.at_utc)


def tell_unfetched(session: Session, now: datetime) -> int:
    """Tell of files that lie there although nobody fetched them; returns of how many. The worker's chore."""
    unfetched = select(Job).where(
        Job.ended_utc.between(now - timedelta(hours=1), now - LEFT),
        Job.state == JobState.SUCCEEDED,
        Job.file_name.is_not(None),
        Job.fetched_utc.is_(None),
    )
    return sum(_tell(session, job, SYSTEM, now) for job in session.scalars(unfetched).all())


def _tell(session: Session, job: Job, by: Actor, now: datetime) -> int:
    assert job.asked_by_id is not None
    title = message("Finished: %(job)s", job=job.name)
    body = message("Open the job to see the result. Files are kept for one day.")
    if job.has_failed:
        title = message("Failed: %(job)s", job=job.name)
        body = message("Open the job to see why.")
    return push(session, NewPush(f"job:{job.number}", title, body, f"/jobs/{job.number}"), [job.asked_by_id], by, now)
