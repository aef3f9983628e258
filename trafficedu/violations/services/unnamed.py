"""Who is not known: without papers described when stopped, behind a plate alone; named later, or given up.

Flushes, never commits.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from trafficedu.core import audit
from trafficedu.core.actors import Actor
from trafficedu.core.errors import Missing, Stale
from trafficedu.core.services import services_of
from trafficedu.core.tables import insert_row
from trafficedu.core.text import message
from trafficedu.riders.rules import normalise_phone
from trafficedu.riders.services.people import NewRider
from trafficedu.violations.models.records import UnnamedPerson, Violation
from trafficedu.violations.rules import states
from trafficedu.violations.rules.states import IDENTITY_LIFE, IdentityAct, IdentityState

PHONE = "unnamed.phone"


@dataclass(frozen=True, slots=True)
class Described:
    """What is known of somebody without papers."""

    name: str = ""
    phone: str = ""
    appearance: str = ""


def describe(session: Session, violation: Violation, said: Described) -> None:
    """Keep what is known of the person of a record. Raises Refusal at ``phone``."""
    phone = normalise_phone(said.phone)
    cipher = services_of(session).keyring.encrypt(phone, PHONE) if phone else None
    insert_row(
        session,
        UnnamedPerson,
        violation_id=violation.id,
        name=said.name.strip(),
        phone_cipher=cipher,
        appearance=said.appearance.strip(),
    )


def phone_of(session: Session, person: UnnamedPerson) -> str:
    """Return the phone in clear, or ""; for no page without an audit row."""
    return "" if person.phone_cipher is None else services_of(session).keyring.decrypt(person.phone_cipher, PHONE)


def unmask(session: Session, violation: Violation, by: Actor) -> str:
    """Return the phone of a person without papers in clear, audited. Raises Denied, Missing where there is none."""
    by.require("riders:identity:unmask")
    person = session.get(UnnamedPerson, violation.id)
    if person is None or person.phone_cipher is None:
        raise Missing(message("No phone is known."))
    audit.write(session, "violations:unnamed:unmask", by, subject=violation)
    session.flush()
    return phone_of(session, person)


def want(violation: Violation) -> None:
    """Let a record of a plate alone, once it counts, wait until it is known who it was; history is not asked about."""
    if violation.rider_id is None and violation.identity is None and not violation.historic:
        violation.identity = IdentityState.WANTED


def want_no_more(violation: Violation) -> None:
    """Let a record of a plate alone wait for its review again, before anybody is asked for."""
    if violation.papers is None and violation.is_wanted:
        violation.identity = None


def named(violation: Violation) -> None:
    """Let the person of a record be known from now on; nothing where nobody was asked for."""
    if violation.identity is not None:
        violation.identity = IDENTITY_LIFE.after(IdentityAct.NAME, violation.identity)


def with_phone(session: Session, violation: Violation, new: NewRider) -> NewRider:
    """Return who was named, with the phone that the person told where none is given."""
    person = session.get(UnnamedPerson, violation.id) if violation.papers and not new.phone else None
    return new if person is None else replace(new, phone=phone_of(session, person))


def give_up(session: Session, violation: Violation, reason: str, by: Actor) -> None:
    """Ask no more who it was; the record goes on counting. Raises Stale where nobody asks, Refusal at ``reason``."""
    if violation.identity is None:
        raise Stale(states.DECIDED)
    violation.identity = IDENTITY_LIFE.after(IdentityAct.GIVE_UP, violation.identity)
    person = session.get(UnnamedPerson, violation.id)
    if person is None:
        insert_row(session, UnnamedPerson, violation_id=violation.id, reason=reason)
    else:
        person.reason = reason
    session.flush()
    audit.write(session, "violations:unnamed:give_up", by, subject=violation)


def drop(violation: Violation) -> None:
    """Ask no more who it was, since the record no longer stands."""
    if violation.identity is not None and IDENTITY_LIFE.may(IdentityAct.GIVE_UP, violation.identity):
        violation.identity = IDENTITY_LIFE.after(IdentityAct.GIVE_UP, violation.identity)
