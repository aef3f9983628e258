"""What happened to a record in words: from its rows of the audit trail, for somebody who came too late."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, inspect, or_, select
from sqlalchemy.orm import Session

from trafficedu.core.actors import Actor
from trafficedu.core.audit import DONE, AuditEntry
from trafficedu.core.text import Message, message

Names = Callable[[Session, Sequence[int]], dict[int, str]]
MOST = 5
CHANGED = message("%(who)s changed it")
ACTS: dict[str, Message] = {
    "absent": message("%(who)s noted that the rider did not come, or left"),
    "add": message("%(who)s added something to it"),
    "answer": message("%(who)s answered it"),
    "book": message("%(who)s booked a seat"),
    "cancel": message("%(who)s cancelled it"),
    "check_in": message("%(who)s checked the rider in"),
    "close": message("%(who)s closed it"),
    "complete": message("%(who)s signed the study off"),
    "completed": message("%(who)s signed the study off"),
    "confirm": message("%(who)s confirmed it"),
    "correct": message("%(who)s corrected it"),
    "counter": message("%(who)s took it back by a counter-entry"),
    "create": message("%(who)s created it"),
    "decide": message("%(who)s decided it"),
    "delete": message("%(who)s deleted it"),
    "discard": message("%(who)s discarded it"),
    "end": message("%(who)s ended it"),
    "freeze": message("%(who)s froze it"),
    "identified": message("%(who)s compared the document"),
    "identify": message("%(who)s said who rode"),
    "issue": message("%(who)s issued it"),
    "leave": message("%(who)s gave up the seat"),
    "link": message("%(who)s linked a rider"),
    "look": message("%(who)s checked on the spot"),
    "mark": message("%(who)s published a newer evaluation"),
    "open": message("%(who)s opened it"),
    "override": message("%(who)s signed the study off by exception"),
    "propose": message("%(who)s proposed it"),
    "protest": message("%(who)s protested"),
    "publish": message("%(who)s published it"),
    "raise": message("%(who)s objected to it"),
    "record": message("%(who)s recorded it"),
    "reject": message("%(who)s rejected it"),
    "release": message("%(who)s sent it"),
    "rename": message("%(who)s renamed it"),
    "reopen": message("%(who)s reopened it"),
    "reread": message("%(who)s read it again"),
    "reset": message("%(who)s reset the password"),
    "review": message("%(who)s reviewed it"),
    "revoke": message("%(who)s revoked it"),
    "study": message("%(who)s noted a module or the quiz"),
    "take_off": message("%(who)s took it off the list"),
    "undone": message("%(who)s took the check-in back"),
    "unlink": message("%(who)s removed a rider from it"),
    "void": message("%(who)s voided it"),
    "waive": message("%(who)s waived the study"),
    "waived": message("%(who)s waived the study"),
    "withdraw": message("%(who)s withdrew it"),
    "withdrawn": message("%(who)s withdrew it"),
}
"""The last word of an audit row's action, or a mark of its detail -> what somebody did; any other: it was changed."""
MARKS = ("absent", "undone", "identified")
YOU, SYSTEM, SOMEBODY = message("You"), message("The system"), message("Somebody")


@dataclass(frozen=True)
class Happening:
    """One thing that somebody did, as a sentence."""

    at_utc: datetime
    told: Message


def happened(session: Session, records: Sequence[Any], since: datetime, by: Actor, names: Names) -> list[Happening]:
    """Return what was done to ``records`` since a moment, the latest first, :data:`MOST` at most.

    Only those with an account read names.
    """
    known = [inspect(record) for record in records]
    wanted = [
        and_(AuditEntry.subject_kind == state.class_.__tablename__, AuditEntry.subject_id == state.identity[0])
        for state in known
        if state.identity
    ]
    if not wanted:
        return []
    query = select(AuditEntry).where(or_(*wanted), AuditEntry.at_utc >= since, AuditEntry.result == DONE)
    rows = session.scalars(query.order_by(AuditEntry.at_utc.desc(), AuditEntry.id.desc()).limit(MOST)).all()
    ids = [row.actor_id for row in rows if row.actor_id]
    called = names(session, ids) if ids and by.user_id is not None else {}

    def who(row: AuditEntry) -> Message | str:
        if row.actor_id is None:
            return SYSTEM
        return YOU if row.actor_id == by.user_id else called.get(row.actor_id, SOMEBODY)

    return [Happening(row.at_utc, _act(row).filled(who=who(row))) for row in rows]


def _act(row: AuditEntry) -> Message:
    marked = next((mark for mark in MARKS if row.detail.get(mark)), None)
    return ACTS.get(marked or row.action.rpartition(":")[2], CHANGED)
