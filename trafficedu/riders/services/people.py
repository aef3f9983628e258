"""Finding, registering, changing and unmasking riders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from trafficedu.areas.models import Area
from trafficedu.core import audit, bulk, corrections
from trafficedu.core.actors import Actor
from trafficedu.core.clock import local_date
from trafficedu.core.encryption import Keyring
from trafficedu.core.errors import Refusal
from trafficedu.core.events import publish
from trafficedu.core.numbers import new_number
from trafficedu.core.orm import expect_version, flush_or_refuse
from trafficedu.core.paging import Page
from trafficedu.core.parsing import is_masked
from trafficedu.core.services import services_of
from trafficedu.core.text import message
from trafficedu.riders import rules
from trafficedu.riders.events import HomeVillageRecorded
from trafficedu.riders.models import Rider
from trafficedu.riders.queries import people as queries
from trafficedu.riders.queries.people import ID_NUMBER, ID_TAIL, OPENED, PHONE, PHONE_TAIL, REGISTERED

OTHER_NAME = message(
    "This document belongs to a rider with another name, %(name)s. Check the number against the document "
    "again. If it is right, correct the name on the rider's page first."
)
GREATEST_ID = 2**31 - 1
"""PostgreSQL's integers end here; a greater number is nobody's id, and asking for it is an error there."""


@dataclass(frozen=True, slots=True)
class NewRider:
    """A rider as typed or imported. ``birth_date`` is needed only where the document does not tell it."""

    id_type: str
    id_number: str
    name: str
    phone: str = ""
    home_area_id: int | None = None
    birth_date: date | None = None


@dataclass(frozen=True)
class Registered:
    """The rider asked for, and whether the installation did not know one with this document before."""

    rider: Rider
    is_new: bool


@dataclass(frozen=True)
class ClearRider:
    """A rider's personal data unmasked, for one answer."""

    id_number: str
    phone: str


def clean(new: NewRider, today: date) -> NewRider:
    """Return ``new`` with number, phone, name and birth date in their stored form; a name may stay empty here.

    Raises
    ------
    Refusal
        At ``id_type``, ``id_number``, ``phone`` or ``name``.
    """
    number = rules.normalise_identity(new.id_type, new.id_number, today)
    return replace(
        new,
        id_number=number,
        name=rules.normalise_name(new.name) if new.name.strip() else "",
        phone=rules.normalise_phone(new.phone),
        birth_date=rules.birth_date_of(new.id_type, number) or new.birth_date,
    )


def find_or_register(session: Session, new: NewRider, by: Actor, now: datetime) -> Rider:
    """Return the rider with this document, registered now where there was none; see :func:`register`."""
    return register(session, new, by, now).rider


def register(session: Session, new: NewRider, by: Actor, now: datetime) -> Registered:
    """Find the rider with this document or register one; two who do it at the same moment get the same rider.

    What was not known of a known rider (phone, home village, birth date) is filled in; what is known stays.
    Publishes ``HomeVillageRecorded`` where a known rider gets a village. Audited either way, which opens the
    rider's page to ``by`` for a while.

    Raises
    ------
    Refusal
        A field is broken; or the document belongs to a rider of another name (``name``), as a number misread
        by a pair of characters would. An empty or masked name is not compared.
    """
    cleaned = clean(new, local_date(now))
    _check_home(session, cleaned.home_area_id)
    key = rules.identity_key(cleaned.id_type, cleaned.id_number)
    known = queries.find_by_identity_key(session, key)
    if known is None:
        rules.normalise_name(cleaned.name)
        rider = Rider(**_values(services_of(session).keyring, cleaned, key, now))
        try:
            with session.begin_nested():
                session.add(rider)
        except IntegrityError:
            known = queries.find_by_identity_key(session, key)
            if known is None:
                raise
        else:
            audit.write(session, REGISTERED, by, subject=rider, id_type=rider.id_type)
            return Registered(rider, is_new=True)
    check_name(session, known.id, known.name, cleaned.name)
    _fill(session, known, cleaned, by, now)
    open_rider(session, known, by, "document")
    return Registered(known, is_new=False)


def _check_home(session: Session, area_id: int | None) -> None:
    """Raise Refusal at ``home_area_id`` for an id of no area."""
    if area_id is not None and (not 0 < area_id <= GREATEST_ID or session.get(Area, area_id) is None):
        raise Refusal(message("Enter the name or code of the home village."), field="home_area_id", value="")


def register_many(session: Session, people: Mapping[str, NewRider], now: datetime) -> None:
    """Register riders of a file at once, cleaned, by their ``rules.identity_key``; none of them may be known."""
    keyring = services_of(session).keyring
    bulk.load(session, Rider.__table__, (_values(keyring, given, key, now) for key, given in people.items()))


def _values(keyring: Keyring, given: NewRider, key: str, now: datetime) -> dict[str, Any]:
    """Return a new rider's row by column."""
    return {
        "number": new_number("R"),
        "name": given.name,
        "id_type": given.id_type,
        "id_number_cipher": keyring.encrypt(given.id_number, ID_NUMBER),
        "id_number_hash": keyring.lookup_hash(key, ID_NUMBER),
        "id_tail_hash": keyring.lookup_hash(rules.tail(given.id_number), ID_TAIL),
        **phone_values(keyring, given.phone),
        "birth_date": given.birth_date,
        "home_area_id": given.home_area_id,
        "created_utc": now,
    }


def phone_values(keyring: Keyring, phone: str) -> dict[str, str | None]:
    """Return a normalised phone encrypted and hashed under the current key; "" is none."""
    return {
        "phone_cipher": keyring.encrypt(phone, PHONE) if phone else None,
        "phone_hash": keyring.lookup_hash(phone, PHONE) if phone else None,
        "phone_tail_hash": keyring.lookup_hash(rules.tail(phone), PHONE_TAIL) if phone else None,
    }


def set_phone(session: Session, rider: Rider, phone: str) -> None:
    """Encrypt and hash a normalised phone under the current key; "" removes it."""
    for name, value in phone_values(services_of(session).keyring, phone).items():
        setattr(rider, name, value)


class NameConflict(Refusal):
    """A document is known under another name: nobody is renamed by the way, somebody decides."""

    def __init__(self, rider_id: int, known: str, name: str) -> None:
        super().__init__(OTHER_NAME.filled(name=rules.mask_name(known)), field="name", value=rules.mask_name(name))
        self.conflict = (rider_id, name)


def check_name(session: Session, rider_id: int, known: str, name: str) -> None:
    """Raise NameConflict unless ``name`` is the ``known`` one of the document's bearer, masked or empty.

    A name that somebody has corrected is still what its source writes: that is no conflict. ``rider_id`` is 0 for
    somebody not yet registered.
    """
    if not name or is_masked(name) or rules.same_name(known, name):
        return
    corrected = corrections.in_force(session, Rider.__tablename__, rider_id).get("name") if rider_id else None
    source = corrections.told_of(session, corrected).get("source") if corrected else None
    if source is None or not rules.same_name(source, name):
        raise NameConflict(rider_id, known, name)


def _fill(session: Session, rider: Rider, given: NewRider, by: Actor, now: datetime) -> None:
    """Add to a known rider what was not known; the row is locked first, so that nobody's entry is lost."""
    gaps = {
        "phone": bool(given.phone) and rider.phone_cipher is None,
        "home_area_id": given.home_area_id is not None and rider.home_area_id is None,
        "birth_date": given.birth_date is not None and rider.birth_date is None,
    }
    if not any(gaps.values()):
        return
    session.refresh(rider, with_for_update=True)
    if gaps["phone"] and rider.phone_cipher is None:
        set_phone(session, rider, given.phone)
    if gaps["birth_date"] and rider.birth_date is None:
        rider.birth_date = given.birth_date
    settled = gaps["home_area_id"] and rider.home_area_id is None
    if settled:
        rider.home_area_id = given.home_area_id
    session.flush()
    audit.write(session, "riders:rider:update", by, subject=rider, fields=[name for name, gap in gaps.items() if gap])
    if settled:
        publish(session, HomeVillageRecorded(now, by, rider.id))


def open_rider(session: Session, rider: Rider, by: Actor, via: str) -> None:
    """Note that ``by`` came upon this rider with a reason, which opens the rider's page for ``rules.OPEN_FOR``.

    ``via`` is a code: ``document`` (an exact document, phone or plate), or the record of a higher feature whose
    page leads here, such as ``violation``; that feature has checked that ``by`` sees the record.
    """
    audit.write(session, OPENED, by, subject=rider, via=via)


def search(session: Session, text: str, by: Actor, today: date) -> Page[Rider]:
    """Find riders by exact document, phone or plate anywhere, else by name as ``queries.people.list_by_name`` does.

    By a plate it is the one who usually rides that e-bike today.

    Audited with the number of riders found; each one found exactly is opened to ``by``.
    """
    exact = queries.list_exact(session, text, today)
    for rider in exact:
        open_rider(session, rider, by, "document")
    matching = Page(exact, len(exact)) if exact else queries.list_by_name(session, text, by)
    audit.write(session, "riders:rider:search", by, exact=bool(exact), found=len(matching.items))
    return matching


def update_rider(
    session: Session,
    rider: Rider,
    change: NewRider,
    version: int,
    by: Actor,
    now: datetime,
    reason: str = "",
    renaming: str = "",
) -> None:
    """Change a rider, whatever later files say. Publishes ``HomeVillageRecorded`` when the village became another one.

    A document number or phone with a star in it is unchanged; an empty phone is removed. A document that is known under
    another name is no matter of course: ``renaming`` is the ``rules.Renaming`` that says why.

    Raises
    ------
    Stale
        Somebody changed the rider meanwhile.
    Refusal
        A field is broken, or the document belongs to another rider (``id_number``); the name is another one and nobody
        says why (``renaming``), or the number is too: that is somebody else (``name``).
    """
    expect_version(rider, version)
    before = (rider.id_number_hash, rider.phone_hash, rider.name, rider.home_area_id, rider.birth_date)
    old_phone = queries.phone_of(session, rider)
    renamed = _rename(rider, change.name, renaming)
    if not is_masked(change.id_number):
        _change_document(session, rider, change.id_type, change.id_number, local_date(now))
    if not is_masked(change.phone):
        phone = rules.normalise_phone(change.phone)
        if phone != queries.phone_of(session, rider):
            set_phone(session, rider, phone)
    by_document = rules.birth_date_of(rider.id_type, queries.id_number_of(session, rider))
    rider.birth_date = by_document or change.birth_date
    rider.home_area_id = change.home_area_id
    after = (rider.id_number_hash, rider.phone_hash, rider.name, rider.home_area_id, rider.birth_date)
    if renamed and rider.id_number_hash != before[0]:
        raise _somebody_else()
    flush_or_refuse(session, {"rider.id_number_hash": _document_taken()})
    names = ("id_number", "phone", "name", "home_area_id", "birth_date")
    changed = [name for name, old, new in zip(names, before, after, strict=True) if old != new]
    detail: dict[str, Any] = {"fields": changed} | ({"renaming": renaming} if renamed else {})
    audit.write(session, "riders:rider:update", by, subject=rider, **detail)
    held = {name: (old, new) for name, old, new in zip(names, before, after, strict=True) if name in changed}
    if "phone" in held:
        held["phone"] = (old_phone, queries.phone_of(session, rider))
    held.pop("id_number", None)  # the key of every file: it finds the rider, or somebody else
    corrections.note(session, rider, held, by, now, reason=reason, sealed=True)
    if "home_area_id" in changed:
        publish(session, HomeVillageRecorded(now, by, rider.id))


def take_source(session: Session, rider: Rider, source: Mapping[str, Any], by: Actor, now: datetime) -> None:
    """Let a rider be what the source says of the fields that were corrected; publishes as :func:`update_rider`."""
    if "name" in source:
        rider.name = rules.normalise_name(source["name"])
    if "phone" in source:
        set_phone(session, rider, source["phone"] or "")
    if "birth_date" in source:
        rider.birth_date = date.fromisoformat(source["birth_date"]) if source["birth_date"] else None
    if "home_area_id" in source:
        rider.home_area_id = source["home_area_id"]
    session.flush()
    if "home_area_id" in source:
        publish(session, HomeVillageRecorded(now, by, rider.id))


def _change_document(session: Session, rider: Rider, id_type: str, text: str, today: date) -> None:
    number = rules.normalise_identity(id_type, text, today)
    key = rules.identity_key(id_type, number)
    with session.no_autoflush:
        holder = queries.find_by_identity_key(session, key)
    if holder is not None and holder.id != rider.id:
        raise _document_taken()
    rider.id_type = rules.IdType(id_type)
    if holder is None or queries.id_number_of(session, rider) != number:
        keyring = services_of(session).keyring
        rider.id_number_cipher = keyring.encrypt(number, ID_NUMBER)
        rider.id_number_hash = keyring.lookup_hash(key, ID_NUMBER)
        rider.id_tail_hash = keyring.lookup_hash(rules.tail(number), ID_TAIL)


def _rename(rider: Rider, text: str, renaming: str) -> bool:
    """Give a rider a name; returns whether it is another one than the document was known under."""
    name = rules.normalise_name(text)
    renamed = not rules.same_name(rider.name, name)
    if renamed and renaming not in tuple(rules.Renaming):
        why = message("This document is known under the name %(name)s. Say why it is another one now.", name=rider.name)
        raise Refusal(why, field="renaming", value="")
    rider.name = name
    return renamed


def _somebody_else() -> Refusal:
    text = message("Name and number are both others: this is somebody else. Register them as a new rider.")
    return Refusal(text, field="name", value="")


def _document_taken() -> Refusal:
    return Refusal(
        message("Another rider already has this document. Look up that rider instead."), field="id_number", value=""
    )


def unmask(session: Session, rider: Rider, purpose: str, by: Actor) -> ClearRider:
    """Return a rider's data in clear, audited with the purpose; raises Denied, Refusal at ``purpose``."""
    by.require("riders:identity:unmask")
    if purpose not in tuple(rules.Purpose):
        raise Refusal(message("Say what you need the data for."), field="purpose")
    audit.write(session, "riders:identity:unmask", by, subject=rider, purpose=purpose)
    session.flush()
    return ClearRider(queries.id_number_of(session, rider), queries.phone_of(session, rider))
