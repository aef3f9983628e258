"""The store compared with what records name: files that no record names are removed, names without a file are noted.

A file is saved before its record is committed, so that a transaction undone, or a process that died, leaves one that
nobody names. Each round looks at one of the 256 parts of the store, each part once a day.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Column, select
from sqlalchemy.orm import Session

from trafficedu.core import audit
from trafficedu.core.actors import SYSTEM
from trafficedu.core.keys import named_files
from trafficedu.core.services import services_of
from trafficedu.core.storage import UnreachableEvidence
from trafficedu.core.transactions import writing
from trafficedu.evidence.models import StoreCheck
from trafficedu.evidence.rules import CHECKED_AGAIN, LEFT_ALONE, MISSING_KEPT, PARTS

logger = logging.getLogger("trafficedu.evidence")


def compare_one(session: Session, now: datetime) -> int:
    """Compare the part that was not looked at for longest, if its day is over; returns how many files went. A chore.

    A store that does not answer is asked again in the next round.
    """
    part = _due(session, now)
    if part is None:
        return 0
    store = services_of(session).evidence
    try:
        lying = {each.key: each.saved_utc for each in store.kept(part)}
        named = _named(session, part)
        unnamed = [key for key, saved in lying.items() if key not in named and saved < now - LEFT_ALONE]
        session.rollback()  # what was committed meanwhile counts
        unnamed = [key for key in unnamed if key not in _named(session, part)]
        for key in unnamed:
            store.remove(key)
    except UnreachableEvidence:
        return 0
    missing = sorted(named - lying.keys())
    if missing:
        logger.error("%d files of part %s are named by records and not in %s", len(missing), part, store.place)
    with writing(session):
        check = session.get(StoreCheck, part) or StoreCheck(part=part)
        check.checked_utc, check.removed = now, len(unnamed)
        check.missing, check.missing_keys = len(missing), missing[:MISSING_KEPT]
        session.add(check)
        if unnamed:
            audit.write(session, "evidence:store:clean", SYSTEM, part=part, removed=len(unnamed))
    return len(unnamed)


def _due(session: Session, now: datetime) -> str | None:
    """Return the part that was never looked at, else the one looked at longest ago, None where none is due."""
    checked = dict(session.execute(select(StoreCheck.part, StoreCheck.checked_utc)).tuples().all())
    never = next((part for part in PARTS if part not in checked), None)
    if never is not None or not checked:
        return never
    part, last = min(checked.items(), key=lambda each: (each[1], each[0]))
    return part if last <= now - CHECKED_AGAIN else None


def _named(session: Session, part: str) -> set[str]:
    """Return the keys of a part that rows name: a range of each column, which an index of it serves."""
    columns: Iterable[Column[str]] = named_files()
    return {key for column in columns for key in session.scalars(select(column).where(column.startswith(part)))}
