"""How long it is kept what a run did to each record, and under which key."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from trafficedu.configuration.queries import figure
from trafficedu.core import corrections, import_runs
from trafficedu.core.corrections import Correction
from trafficedu.core.import_runs import ImportChange, ImportRun
from trafficedu.core.services import services_of

KEPT = "imports.trace_days"


def forget_traces(session: Session, now: datetime, most: int) -> int:
    """Forget up to ``most`` rows of runs older than the figure says; returns how many. Their counts stay.

    For the worker, in parts: the run is marked once its last row is gone.
    """
    until = now - timedelta(days=figure(session, KEPT))
    old = select(ImportRun.id).where(ImportRun.traced.is_(True), ImportRun.started_utc < until)
    run_id = session.scalar(old.order_by(ImportRun.id).limit(1))
    if run_id is None:
        return 0
    ids = session.scalars(select(ImportChange.id).where(ImportChange.run_id == run_id).limit(most)).all()
    if not ids:
        session.execute(update(ImportRun).where(ImportRun.id == run_id).values(traced=False))
        return 1
    session.execute(delete(ImportChange).where(ImportChange.id.in_(ids)))
    return len(ids)


def reencrypt(session: Session, _now: datetime, batch: int) -> int:
    """Bring up to ``batch`` corrections and rows of runs under the current key; returns how many.

    What lies under a key that is gone stays as it is.
    """
    keyring = services_of(session).keyring
    count = 0
    for name in keyring.older:
        mark = f"{name}."
        held = select(Correction).where(Correction.told.startswith(mark, autoescape=True)).limit(batch)
        for correction in session.scalars(held).all():
            corrections.seal_anew(session, correction)
            count += 1
        rows = select(ImportChange).where(ImportChange.told.startswith(mark, autoescape=True)).limit(batch)
        for change in session.scalars(rows).all():
            import_runs.seal_anew(session, change)
            count += 1
    session.flush()
    return count
