"""Changing the data key: what jobs were asked for, and the lines they refused, are brought under the current one."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from cryptography.exceptions import InvalidTag
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from trafficedu.core import audit
from trafficedu.core.actors import SYSTEM
from trafficedu.core.errors import Refusal
from trafficedu.core.jobs import Job, parameters_of, sealed_parameters
from trafficedu.core.services import services_of
from trafficedu.transfers.services.jobs import LINES, SEALED


def reencrypt(session: Session, _now: datetime, batch: int) -> int:
    """Bring up to ``batch`` jobs that lie under another key of the setting under the current one; returns how many.

    The worker's chore. Of every state: an ended one may be asked for again, or go on. What lies under a key that is
    gone, or was changed, stays as it is.
    """
    keyring = services_of(session).keyring
    older = (Job.parameters.startswith(f"{name}.", autoescape=True) for name in keyring.older)
    stale = select(Job).where(or_(Job.parameters.startswith("{"), *older)).order_by(Job.id.desc())
    done = 0
    for job in session.scalars(stale.limit(batch).with_for_update(skip_locked=True)).all():
        try:
            job.parameters = sealed_parameters(session, job.number, parameters_of(session, job))
        except Refusal:
            continue
        done += 1
        _bring_counts(session, job)
    session.flush()
    if done:
        audit.write(session, "transfers:job:reencrypt", SYSTEM, jobs=done)
    return done


def _bring_counts(session: Session, job: Job) -> None:
    keyring = services_of(session).keyring
    for name in SEALED:
        kept = job.counts.get(name)
        if isinstance(kept, str):
            with suppress(KeyError, InvalidTag, ValueError):
                job.counts = job.counts | {name: keyring.encrypt(keyring.decrypt(kept, LINES), LINES)}
