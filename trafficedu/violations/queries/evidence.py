"""Whether somebody opened the photos of a record: that they did stands in the audit trail, and is the grant."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.core.actors import Actor
from trafficedu.core.audit import DONE, AuditEntry
from trafficedu.riders.rules import OPEN_FOR
from trafficedu.violations.models.records import Violation

OPENED = "violations:photo:open"
"""The audited event that shows the pictures of a record to whoever caused it, for :data:`riders.rules.OPEN_FOR`."""


def is_opened(session: Session, violation: Violation, by: Actor, now: datetime) -> bool:
    """Tell whether ``by`` opened the pictures of a record within :data:`riders.rules.OPEN_FOR`."""
    opened = select(AuditEntry.id).where(
        AuditEntry.subject_kind == Violation.__tablename__,
        AuditEntry.subject_id == violation.id,
        AuditEntry.actor_id == by.user_id,
        AuditEntry.action == OPENED,
        AuditEntry.result == DONE,
        AuditEntry.at_utc > now - OPEN_FOR,
    )
    return session.scalar(opened.limit(1)) is not None
