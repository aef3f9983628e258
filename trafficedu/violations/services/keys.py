"""Changing the data key: phones of objectors and of persons without papers are brought under the current one."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.core import audit
from trafficedu.core.actors import SYSTEM
from trafficedu.core.encryption import Keyring
from trafficedu.core.services import services_of
from trafficedu.violations.models.decisions import Objection
from trafficedu.violations.models.records import UnnamedPerson
from trafficedu.violations.queries.objections import CONTACT
from trafficedu.violations.services.unnamed import PHONE


def reencrypt(session: Session, _now: datetime, batch: int) -> int:
    """Bring up to ``batch`` of each under the current key; returns how many: the worker's chore."""
    keyring = services_of(session).keyring
    return _objections(session, keyring, batch) + _persons(session, keyring, batch)


def _objections(session: Session, keyring: Keyring, batch: int) -> int:
    stale = ~Objection.contact_cipher.startswith(f"{keyring.current}.", autoescape=True)
    found = session.scalars(select(Objection).where(stale).limit(batch).with_for_update(skip_locked=True)).all()
    for objection in found:
        contact = keyring.decrypt(objection.contact_cipher or "", CONTACT)
        objection.contact_cipher = keyring.encrypt(contact, CONTACT)
    session.flush()
    if found:
        audit.write(session, "violations:objection:reencrypt", SYSTEM, objections=len(found))
    return len(found)


def _persons(session: Session, keyring: Keyring, batch: int) -> int:
    stale = ~UnnamedPerson.phone_cipher.startswith(f"{keyring.current}.", autoescape=True)
    found = session.scalars(select(UnnamedPerson).where(stale).limit(batch).with_for_update(skip_locked=True)).all()
    for person in found:
        person.phone_cipher = keyring.encrypt(keyring.decrypt(person.phone_cipher or "", PHONE), PHONE)
    session.flush()
    if found:
        audit.write(session, "violations:unnamed:reencrypt", SYSTEM, persons=len(found))
    return len(found)
