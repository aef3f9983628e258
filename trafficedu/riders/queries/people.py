"""Reads of riders; who sees whom is decided here (docs/adr/0007-who-sees-a-rider.md)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from trafficedu.areas.queries.tree import ids_in_reach, lies_in
from trafficedu.core import bulk
from trafficedu.core.actors import Actor
from trafficedu.core.audit import DONE, AuditEntry
from trafficedu.core.clock import local_date
from trafficedu.core.errors import Missing, Refusal
from trafficedu.core.keys import field_of
from trafficedu.core.loading import loaded
from trafficedu.core.numbers import normalise
from trafficedu.core.orm import holds_on
from trafficedu.core.paging import Page, paginate
from trafficedu.core.personal import mask_identity, mask_phone
from trafficedu.core.reach import MOST_BRANCHES, Reach
from trafficedu.core.services import services_of
from trafficedu.core.terms import rarest
from trafficedu.core.text import message
from trafficedu.riders import rules
from trafficedu.riders.models import Engagement, Rider, RiderTerm, Vehicle
from trafficedu.riders.queries.plates import list_meant, rider_of

ID_NUMBER, PHONE = field_of(Rider.id_number_cipher), field_of(Rider.phone_cipher)
"""Names under which identity numbers and phones are encrypted and hashed."""
ID_TAIL, PHONE_TAIL = f"{ID_NUMBER}.tail", f"{PHONE}.tail"
"""Names under which their last characters are hashed."""

OPENED, REGISTERED = "riders:rider:open", "riders:rider:register"
"""Audited events that open a rider's page to whoever caused them, for :data:`rules.OPEN_FOR`."""

SHOWN_AT_MOST = 50


@dataclass(frozen=True)
class MaskedRider:
    """A rider as other pages show one.

    ``name`` is in full, for those who must recognise the person before them (officer, station, own company);
    everybody else is shown ``name_masked``.
    """

    number: str
    name: str
    name_masked: str
    id_type: rules.IdType
    id_masked: str
    phone_masked: str
    home_area_name: str


def listed_to(by: Actor) -> ColumnElement[bool]:
    """Return the condition that ``by`` may come upon a rider in a list, by a name or in an export.

    Area posts: the home village lies within the post. Companies and stations come upon nobody.
    """
    return by.scope.condition(area=lies_in(Rider.home_area_id))


def visible_to(by: Actor, now: datetime) -> ColumnElement[bool]:
    """Return the condition that ``by`` may open a rider's page by its number.

    Besides those in :func:`listed_to`, for area posts: riders without a home village, and riders whom ``by``
    registered, found by an exact document, phone or plate, or opened from a record of their own, within
    :data:`rules.OPEN_FOR`. That event stands in the audit trail, and is the grant. For companies: the riders whom they
    engage on this very day, whoever else does.
    """
    if by.scope.company_id is not None:
        return Rider.engagements.any(
            (Engagement.company_id == by.scope.company_id)
            & holds_on(Engagement.engaged_from, Engagement.engaged_to, local_date(now))
        )
    if by.scope.area_path is None or by.user_id is None:
        return listed_to(by)
    return or_(listed_to(by), Rider.home_area_id.is_(None), opened(Rider, (OPENED, REGISTERED), by, now))


def opened(model: type[Rider | Vehicle], actions: Collection[str], by: Actor, now: datetime) -> ColumnElement[bool]:
    """Return the condition that ``by`` opened a record by one of these audited acts, within :data:`rules.OPEN_FOR`."""
    return (
        select(AuditEntry.id)
        .where(
            AuditEntry.subject_kind == model.__tablename__,
            AuditEntry.subject_id == model.id,
            AuditEntry.actor_id == by.user_id,
            AuditEntry.action.in_(actions),
            AuditEntry.result == DONE,
            AuditEntry.at_utc > now - rules.OPEN_FOR,
        )
        .exists()
    )


def find_rider(session: Session, number: str, by: Actor, now: datetime) -> Rider:
    """Return the rider with a public number, as far as ``by`` sees; raise :class:`Missing`."""
    rider = find_rider_if_seen(session, number, by, now)
    if rider is None:
        raise Missing(message("This rider does not exist."))
    return rider


def find_rider_if_seen(session: Session, number: str, by: Actor, now: datetime) -> Rider | None:
    """Return the rider with a public number, or None where ``by`` sees no such rider."""
    query = (
        select(Rider)
        .where(Rider.number == normalise(number), visible_to(by, now))
        .options(
            loaded(Rider.home_area),
            loaded(Rider.engagements, Engagement.company),
            loaded(Rider.engagements, Engagement.recorded_by),
        )
    )
    return session.scalar(query)


_BY_HASHES = select(Rider).where(Rider.id_number_hash.in_(bindparam("hashes", expanding=True))).limit(1)


def find_by_identity_key(session: Session, key: str) -> Rider | None:
    """Return the rider whose document has this ``rules.identity_key``, whichever data key hashed it.

    Not scoped: whoever holds the document in hand may find its bearer. Callers that show the result to a user
    write ``services.open_rider``, so that the look-up is audited.
    """
    hashes = services_of(session).keyring.lookup_hashes(key, ID_NUMBER)
    return session.scalar(_BY_HASHES, {"hashes": hashes})


def list_exact(session: Session, text: str, day: date) -> Sequence[Rider]:
    """Return the riders whose document or phone is exactly ``text``, or who usually ride that plate on ``day``.

    Not scoped, like a look-up by document.
    """
    usual = [rider_of(session, plate, day) for plate in list_meant(session, text)]
    found = {
        one for one in (*list_by_document(session, text), *list_by_phone(session, text), *usual) if one is not None
    }
    return sorted(found, key=lambda rider: rider.id)[:SHOWN_AT_MOST]


def list_by_document(session: Session, text: str) -> Sequence[Rider]:
    """Return the riders with exactly this document: a text may be the number of several kinds of one. Not scoped."""
    keyring = services_of(session).keyring
    hashes = [hashed for key in _possible_keys(text) for hashed in keyring.lookup_hashes(key, ID_NUMBER)]
    return _hashed(session, Rider.id_number_hash, hashes)


def list_by_phone(session: Session, text: str) -> Sequence[Rider]:
    """Return the riders with exactly this phone; there may be several. Not scoped."""
    phone = _or_empty(rules.normalise_phone, text)
    return _hashed(session, Rider.phone_hash, services_of(session).keyring.lookup_hashes(phone, PHONE) if phone else [])


def _hashed(session: Session, column: InstrumentedAttribute[Any], hashes: Sequence[str]) -> Sequence[Rider]:
    if not hashes:
        return []
    query = select(Rider).where(column.in_(hashes)).order_by(Rider.id).limit(SHOWN_AT_MOST)
    return session.scalars(query.options(loaded(Rider.home_area))).all()


def _possible_keys(text: str) -> set[str]:
    keys = set()
    for id_type in rules.IdType:
        try:
            number = rules.normalise_identity(id_type, text, date.max)  # whoever is not born yet is not found either
            keys.add(rules.identity_key(id_type, number))
        except Refusal:
            continue
    return keys


def _or_empty(normalise: rules.Normaliser, text: str) -> str:
    try:
        return normalise(text)
    except Refusal:
        return ""


def list_by_name(session: Session, words: str, by: Actor) -> Page[Rider]:
    """Return the latest riders at home in the post of ``by`` whose name contains ``words``.

    At most :data:`SHOWN_AT_MOST`; of a very common part of a name those among the latest ``reach.WINDOW`` riders of the
    post, and where there are more of these the page says that looking stopped (``looked_to``).
    """
    name = rules.searched_name(words)
    if not name:
        return Page([], 0)
    named = name_contains(name)
    term = rarest(session, RiderTerm.term, name)
    query = select(Rider).where(named, listed_to(by))
    if term is None:
        return _latest(session, query, _at_home(session, by, [named]), SHOWN_AT_MOST)
    ids = session.scalars(select(RiderTerm.rider_id).where(RiderTerm.term == term).order_by(RiderTerm.rider_id.desc()))
    matching: list[Rider] = []
    for some in bulk.batches(ids, SHOWN_AT_MOST * 2):  # of more at once SQLite would rather read all riders
        reach = Reach([Rider.id.in_(some)], rest=[named, listed_to(by)])
        matching += _latest(session, query, reach, SHOWN_AT_MOST - len(matching)).items
        if len(matching) == SHOWN_AT_MOST:
            break
    return Page(matching, len(matching))


def ids_named(session: Session, words: str, most: int) -> list[int] | None:
    """Return the ids of the riders whose name contains ``words``, by the index of its parts.

    None for more than ``most``. Not scoped: for lists of records, which have a scope of their own.
    """
    name = rules.searched_name(words)
    term = rarest(session, RiderTerm.term, name) if name else None
    if term is None:
        return None if name else []
    with_term = session.scalars(select(RiderTerm.rider_id).where(RiderTerm.term == term)).all()
    found: list[int] = []
    for some in bulk.batches(with_term):
        named = select(Rider.id).where(Rider.id.in_(some), name_contains(name))
        found += session.scalars(named.limit(most + 1 - len(found)))
        if len(found) > most:
            return None
    return found


def name_contains(name: str) -> ColumnElement[bool]:
    """Return the condition that a rider's name contains what :func:`rules.searched_name` returned."""
    return or_(*(func.lower(Rider.name).contains(text, autoescape=True) for text in {name, name.lower()}))


def list_recent(session: Session, by: Actor, limit: int = 10) -> Sequence[Rider]:
    """Return the riders last registered among those at home in the post of ``by``.

    Of many areas the latest of each hundred are asked for: looking through the riders of all could stop before one.
    """
    home, order = _at_home(session, by), [Rider.id.desc()]
    if home.column is None:
        return _latest(session, select(Rider).where(listed_to(by)), home, limit).items
    parts = [replace(home, values=some) for some in bulk.batches(home.values, MOST_BRANCHES)]
    latest = sorted((key for part in parts for key in part.first(session, order, limit)), reverse=True)[:limit]
    query = select(Rider).where(Rider.id.in_(latest)).order_by(*order)
    return session.scalars(query.options(loaded(Rider.home_area))).all()


def _at_home(session: Session, by: Actor, rest: Sequence[ColumnElement[bool]] = ()) -> Reach:
    """Return how the riders listed to ``by`` are reached, the latest first."""
    areas = None if by.scope.company_id is not None else ids_in_reach(session, by)
    if areas is None:
        return Reach(rest=[*rest, listed_to(by)])
    return Reach(column=Rider.home_area_id.expression, values=areas, rest=rest)


def _latest(session: Session, query: Select[tuple[Rider]], reach: Reach, limit: int) -> Page[Rider]:
    query = query.options(loaded(Rider.home_area))
    return paginate(session, query, [Rider.id.desc()], per_page=limit, reach=reach)


def id_number_of(session: Session, rider: Rider) -> str:
    """Return the document's number in clear; for documents and checks, never for a page without an audit row."""
    return services_of(session).keyring.decrypt(rider.id_number_cipher, ID_NUMBER)


def phone_of(session: Session, rider: Rider) -> str:
    """Return the phone in clear, or ""; as careful as :func:`id_number_of`."""
    return "" if rider.phone_cipher is None else services_of(session).keyring.decrypt(rider.phone_cipher, PHONE)


def describe(session: Session, rider: Rider) -> MaskedRider:
    """Return what pages show of a rider."""
    return MaskedRider(
        number=rider.number,
        name=rider.name,
        name_masked=rules.mask_name(rider.name),
        id_type=rider.id_type,
        id_masked=mask_identity(id_number_of(session, rider)),
        phone_masked=mask_phone(phone_of(session, rider)),
        home_area_name=rider.home_area.name if rider.home_area else "",
    )


def last_four(session: Session, rider: Rider) -> str:
    """Return the last four characters of the document's number, upper case: what opens the rider's receipt."""
    return id_number_of(session, rider)[-4:].upper()


def find_ids_by_identity_key(session: Session, keys: Collection[str]) -> dict[str, int]:
    """Return rider ids by ``rules.identity_key``, for imports: one query for some thousand keys."""
    keyring = services_of(session).keyring
    by_hash = {hashed: key for key in keys for hashed in keyring.lookup_hashes(key, ID_NUMBER)}
    rows = bulk.find_by_key(session, Rider.id_number_hash, by_hash, Rider.id)
    return {by_hash[hashed]: row.id for hashed, row in rows.items()}
