"""Known documents that came under another name in a file: kept until somebody decides."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from trafficedu.core import audit, corrections
from trafficedu.core.actors import Actor
from trafficedu.core.services import services_of
from trafficedu.core.tables import insert_unless_there
from trafficedu.riders import rules
from trafficedu.riders.models import NameConflict
from trafficedu.riders.rules import CONFLICT_LIFE, ConflictAct, ConflictState

NAME = "name_conflict.name"


def note(session: Session, conflicts: Iterable[tuple[int, str]], kind: str, by: Actor, now: datetime) -> None:
    """Keep which riders (by id) a file of a kind names how; the same again is one."""
    keyring = services_of(session).keyring
    for rider_id, name in dict.fromkeys(conflicts):
        insert_unless_there(
            session,
            NameConflict,
            rider_id=rider_id,
            name_cipher=keyring.encrypt(name, NAME),
            name_hash=keyring.lookup_hash(name, NAME),
            kind=kind,
            state=ConflictState.OPEN,
            found_by_id=by.user_id,
            found_utc=now,
        )


def name_of(session: Session, conflict: NameConflict) -> str:
    """Return the name that the file gave."""
    return services_of(session).keyring.decrypt(conflict.name_cipher, NAME)


def decide(session: Session, conflict: NameConflict, act: ConflictAct, by: Actor, now: datetime) -> None:
    """Say that it is the same person, whose name is corrected, or that the file names the wrong document.

    Raises
    ------
    Stale
        Somebody decided already.
    """
    conflict.state = CONFLICT_LIFE.after(act, conflict.state)
    conflict.decided_by_id, conflict.decided_utc = by.user_id, now
    rider = conflict.rider
    if act is ConflictAct.RENAME:
        before, rider.name = rider.name, rules.normalise_name(name_of(session, conflict))
        session.flush()
        corrections.note(session, rider, {"name": (before, rider.name)}, by, now, sealed=True)
    session.flush()
    audit.write(session, "riders:conflict:decide", by, subject=rider, conflict=conflict.id, act=act)
