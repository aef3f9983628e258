"""Changing the data key: contacts of objections that lie under an older key are brought under the current one."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.core import audit
from trafficedu.core.actors import SYSTEM
from trafficedu.core.services import services_of
from trafficedu.violations.models import Objection
from trafficedu.violations.queries.objections import CONTACT


def reencrypt(session: Session, _now: datetime, batch: int) -> int:
    """Bring up to ``batch`` contacts under the current key; returns how many: the worker's chore."""
    keyring = services_of(session).keyring
    stale = ~Objection.contact_cipher.startswith(f"{keyring.current}.", autoescape=True)
    found = session.scalars(select(Objection).where(stale).limit(batch).with_for_update(skip_locked=True)).all()
    for objection in found:
        contact = keyring.decrypt(objection.contact_cipher or "", CONTACT)
        objection.contact_cipher = keyring.encrypt(contact, CONTACT)
    session.flush()
    if found:
        audit.write(session, "violations:objection:reencrypt", SYSTEM, objections=len(found))
    return len(found)
