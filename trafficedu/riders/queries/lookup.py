"""Who a rider is, at the kerb: by plate, document or phone, whole or by its end, and by a part of the name.

The whole of one finds any rider of the installation, as ``list_exact`` does: whoever has the plate, the document or the
phone before them has to record its bearer. An end or a part of a name finds whom ``by`` may open anyhow, for it finds
people who do not stand there too (docs/adr/0007-who-sees-a-rider.md).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from trafficedu.configuration.queries import wording
from trafficedu.core import typed
from trafficedu.core.actors import Actor
from trafficedu.core.loading import loaded
from trafficedu.core.services import services_of
from trafficedu.riders import rules
from trafficedu.riders.models import PlateUse, Rider, Vehicle
from trafficedu.riders.queries.people import (
    ID_TAIL,
    PHONE_TAIL,
    id_number_of,
    list_by_document,
    list_by_name,
    list_by_phone,
    phone_of,
    visible_to,
)
from trafficedu.riders.queries.plates import PLACE, list_meant, usual_of
from trafficedu.riders.rules import LookupKey

MOST = 8
"""Riders that a look-up shows, to choose from with one tap; of more it says to type more."""
LOOKED_AT = 200
"""Riders, or e-bikes, with one end that are compared with what was typed, the latest first."""
_END = re.compile(r"[0-9A-Z]{4,17}")
_END_OF_PHONE = re.compile(r"[0-9]{4,10}")
_END_OF_PLATE = re.compile(r"(?=(?:[A-Z]*[0-9]){3})[0-9A-Z]{4,8}")
_SIGN = re.compile(r"[^0-9A-Z]+")


@dataclass(frozen=True)
class Found:
    """Whom a look-up found, at most :data:`MOST`, and whether there are more; ``whole``: by a whole number or plate.

    ``plates``: id of the rider -> the plate by which each was found, as it is stored.
    """

    key: LookupKey
    riders: Sequence[Rider] = ()
    whole: bool = False
    more: bool = False
    plates: Mapping[int, str] = field(default_factory=dict)

    @classmethod
    def of(cls, key: LookupKey, riders: Sequence[Rider], *, whole: bool = False, more: bool = False) -> Found:
        """Return the first of ``riders``, of which one more than is shown may have been read."""
        return cls(key, riders[:MOST], whole, more or len(riders) > MOST)

    @classmethod
    def riding(cls, uses: Sequence[PlateUse], *, whole: bool = False, more: bool = False) -> Found:
        """Return the riders of the first of these uses; one who rides several e-bikes has the plate of the first."""
        plates = {use.rider_id: use.vehicle.plate for use in reversed(uses)}
        riders = list(dict.fromkeys(use.rider for use in uses))
        return cls(LookupKey.PLATE, riders[:MOST], whole, more or len(riders) > MOST, plates)


def is_enough(key: LookupKey, text: str) -> bool:
    """Tell whether ``text`` is enough to look for: less would name half a town."""
    if key is LookupKey.NAME:
        name = rules.searched_name(text)
        return len(name) >= (3 if name.isascii() else 2)
    compact = typed.compact(text)
    if key is LookupKey.PHONE:
        return sum(sign.isdigit() for sign in compact) >= rules.TAIL
    if key is LookupKey.PLATE:
        return bool(rules.searched_plate(text) or _END_OF_PLATE.fullmatch(compact))
    return len(compact) >= rules.TAIL


def find(session: Session, key: LookupKey, text: str, by: Actor, now: datetime, day: date) -> Found:
    """Return whom ``text`` means; by a plate it is who usually rides that e-bike on ``day``. Nobody by too little."""
    if not is_enough(key, text):
        return Found(key)
    if key is LookupKey.NAME:
        return Found.of(key, list_by_name(session, text, by).items)
    finders = {LookupKey.PLATE: _by_plate, LookupKey.DOCUMENT: _by_document, LookupKey.PHONE: _by_phone}
    return finders[key](session, text, by, now, day)


def _by_document(session: Session, text: str, by: Actor, now: datetime, _day: date) -> Found:
    if exact := list_by_document(session, text):
        return Found.of(LookupKey.DOCUMENT, exact, whole=True)
    end = typed.compact(text).replace("×", "X")
    if not _END.fullmatch(end):
        return Found(LookupKey.DOCUMENT)
    hashes = services_of(session).keyring.lookup_hashes(rules.tail(end), ID_TAIL)
    some = _with_tail(session, Rider.id_tail_hash.in_(hashes), by, now)
    matching = [rider for rider in some if len(end) == rules.TAIL or id_number_of(session, rider).endswith(end)]
    return Found.of(LookupKey.DOCUMENT, matching, more=len(some) == LOOKED_AT)


def _by_phone(session: Session, text: str, by: Actor, now: datetime, _day: date) -> Found:
    if exact := list_by_phone(session, text):
        return Found.of(LookupKey.PHONE, exact, whole=True)
    end = typed.compact(text)
    if not _END_OF_PHONE.fullmatch(end):
        return Found(LookupKey.PHONE)
    hashes = services_of(session).keyring.lookup_hashes(rules.tail(end), PHONE_TAIL)
    some = _with_tail(session, Rider.phone_tail_hash.in_(hashes), by, now)
    matching = [rider for rider in some if len(end) == rules.TAIL or phone_of(session, rider).endswith(end)]
    return Found.of(LookupKey.PHONE, matching, more=len(some) == LOOKED_AT)


def _with_tail(session: Session, has_it: ColumnElement[bool], by: Actor, now: datetime) -> Sequence[Rider]:
    query = select(Rider).where(has_it, visible_to(by, now)).order_by(Rider.id.desc()).limit(LOOKED_AT)
    return session.scalars(query.options(loaded(Rider.home_area))).all()


def _by_plate(session: Session, text: str, by: Actor, now: datetime, day: date) -> Found:
    """Find by a plate; its letters and digits are the whole of it, with or without the name of a place before them.

    The end of one may stand behind the district's own name, which the page puts before whatever looks like a plate.
    """
    known = [Vehicle.plate == plate for plate in list_meant(session, text)]
    named = [vehicle for condition in known for vehicle in _vehicles(session, condition)]
    end = typed.compact(text).removeprefix(wording(session, PLACE))
    if not named and _END_OF_PLATE.fullmatch(end):
        ends = _vehicles(session, (Vehicle.tail == rules.tail(end)) & Vehicle.plate.endswith(end, autoescape=True))
        named = [vehicle for vehicle in ends if _SIGN.sub("", vehicle.plate) == end]
        if not named:
            uses = usual_of(session, [vehicle.id for vehicle in ends], day, visible_to(by, now))
            return Found.riding(uses, more=len(ends) == LOOKED_AT)
    return Found.riding(usual_of(session, [vehicle.id for vehicle in named], day), whole=True)


def _vehicles(session: Session, condition: ColumnElement[bool]) -> Sequence[Vehicle]:
    return session.scalars(select(Vehicle).where(condition).order_by(Vehicle.id.desc()).limit(LOOKED_AT)).all()
