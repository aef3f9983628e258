"""A hazard reported, its facts corrected, its photos kept.

Precondition: the caller checked the permission; the area scope is checked here. Flushes, never commits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from trafficedu.areas.models import VILLAGE
from trafficedu.areas.queries.extents import surroundings_of
from trafficedu.areas.queries.tree import find_in_reach
from trafficedu.core import audit
from trafficedu.core.actors import Actor
from trafficedu.core.clock import local_date
from trafficedu.core.errors import Refusal, entered
from trafficedu.core.numbers import new_number
from trafficedu.core.once import content_digest, require_same
from trafficedu.core.pictures import redrawn
from trafficedu.core.positions import check_position
from trafficedu.core.services import services_of
from trafficedu.core.text import message
from trafficedu.hazards import rules
from trafficedu.hazards.models import Hazard, HazardPhoto
from trafficedu.hazards.queries import kinds, records
from trafficedu.hazards.rules import PhotoTime
from trafficedu.hazards.services.steps import reason_given, require, short, take

NUMBER_KIND = "D"
LONGEST_PLACE = 120
LONGEST_DESCRIPTION = 500


@dataclass(frozen=True)
class NewHazard:
    """What the finder says; ``photos`` are the files as they came. ``client_reference``: see ``report``."""

    area_code: str
    place: str
    kind_code: str
    risk: str
    description: str = ""
    latitude: float | None = None
    longitude: float | None = None
    photos: tuple[bytes, ...] = ()
    client_reference: str | None = None


@dataclass(frozen=True)
class Noticed:
    """What a phone says of a hazard that waited on it: when it was filled in, put right, and how far ahead it was."""

    at_utc: datetime
    ahead: timedelta


def report(session: Session, new: NewHazard, by: Actor, now: datetime, noticed: Noticed | None = None) -> Hazard:
    """Enter a hazard with its photos, or return the first record of the same submit.

    ``noticed`` is no part of what was said: the same report may be sent by a form first, and then from the phone.

    Raises
    ------
    Refusal
        A rule says no; ``field`` names the form field (``photos`` for a file that is no photo).
    """
    first = records.find_by_client_reference(session, new.client_reference)
    if first is not None:
        return _first_record(session, first, new, by)
    values = _checked(session, new, local_date(now), by)
    pictures = [redrawn(photo) for photo in new.photos]
    hazard = Hazard(
        number=new_number(NUMBER_KIND),
        client_reference=new.client_reference,
        content_digest=content_digest(session, new) if new.client_reference else None,
        reported_by_id=by.user_id,
        reported_utc=now,
        reported_on=local_date(now),
        state=rules.HazardState.REPORTED,
        noticed_utc=noticed.at_utc if noticed else None,
        phone_ahead_seconds=round(noticed.ahead.total_seconds()) if noticed else None,
        **values,
    )
    try:
        with session.begin_nested():
            session.add(hazard)
    except IntegrityError:
        first = records.find_by_client_reference(session, new.client_reference)
        if first is None:
            raise
        return _first_record(session, first, new, by)
    keep_photos(session, hazard, pictures, PhotoTime.BEFORE, by, now)
    take(session, hazard, rules.HazardAct.REPORTED, by, now, risk=hazard.risk, photos=len(pictures))
    return hazard


def _first_record(session: Session, first: Hazard, new: NewHazard, by: Actor) -> Hazard:
    if first.reported_by_id != by.user_id:
        raise Refusal(message("This form was sent by someone else. Open the page again."))
    require_same(session, first, new, first.reported_utc, first.area.name, first.place)
    return first


def correct(session: Session, hazard: Hazard, new: NewHazard, version: int, by: Actor, now: datetime) -> None:
    """Change what an open hazard says: place, kind, risk, description; audited with the fields' names.

    Raises
    ------
    Stale
        Somebody changed the record meanwhile, or it is no longer open.
    Refusal
        A rule says no; ``field`` names the form field.
    """
    require(rules.HazardAct.CORRECTED, hazard, version)
    values = _checked(session, new, hazard.reported_on, by, hazard)
    changed = [name for name, value in values.items() if getattr(hazard, name) != value]
    for name in changed:
        setattr(hazard, name, values[name])
    if changed:
        take(session, hazard, rules.HazardAct.CORRECTED, by, now, fields=changed)


def _checked(session: Session, new: NewHazard, day: date, by: Actor, before: Hazard | None = None) -> dict[str, Any]:
    """Return the facts as they are kept, by column; raise Refusal where a rule says no."""
    area = find_in_reach(session, new.area_code, day, by)
    if area.level != VILLAGE and (before is None or before.area_id != area.id):
        raise Refusal(message("Choose the village where the hazard is."), field="area_code", value=area.code)
    place = short(new.place, LONGEST_PLACE, "place")
    if not place:
        raise Refusal(message("Say where it is: the road and any landmark nearby."), field="place")
    with entered("kind", new.kind_code):
        kind = kinds.find_kind(session, new.kind_code)
    if not kind.active and (before is None or before.kind_id != kind.id):
        raise Refusal(message("This kind is no longer used. Choose another."), field="kind", value=kind.code)
    if new.risk not in tuple(rules.Risk):
        raise Refusal(message("Choose the risk."), field="risk", value=new.risk)
    check_position(new.latitude, new.longitude, surroundings_of(session, area.path))
    return {
        "area_id": area.id,
        "place": place,
        "kind_id": kind.id,
        "risk": rules.Risk(new.risk),
        "description": short(new.description, LONGEST_DESCRIPTION, "description"),
        "latitude": new.latitude,
        "longitude": new.longitude,
    }


def add_photos(
    session: Session, hazard: Hazard, photos: Sequence[bytes], taken: PhotoTime, by: Actor, now: datetime
) -> int:
    """Add photos to an open hazard; returns how many.

    Raises Refusal at ``photos`` where there is none, one cannot be read, or there are too many; Stale where the
    hazard is no longer open.
    """
    require(rules.HazardAct.CORRECTED, hazard, hazard.version)
    if not photos:
        raise Refusal(message("Choose at least one photo."), field="photos")
    keep_photos(session, hazard, [redrawn(photo) for photo in photos], taken, by, now)
    audit.write(session, "hazards:photo:add", by, subject=hazard, photos=len(photos), taken=taken)
    return len(photos)


def keep_photos(
    session: Session, hazard: Hazard, pictures: Sequence[bytes], taken: PhotoTime, by: Actor, now: datetime
) -> None:
    """Save pictures, already drawn anew, in the store of evidence and note them; the same picture is noted once."""
    known = session.execute(
        select(HazardPhoto.key, HazardPhoto.taken).where(
            HazardPhoto.hazard_id == hazard.id, HazardPhoto.withdrawn_utc.is_(None)
        )
    ).all()
    seen = {(row.key, row.taken) for row in known}
    last = session.scalar(select(func.max(HazardPhoto.position)).where(HazardPhoto.hazard_id == hazard.id)) or 0
    if last + len(pictures) > rules.MOST_PHOTOS:
        text = message("A hazard can have at most %(most)d photos. Choose fewer.", most=rules.MOST_PHOTOS)
        raise Refusal(text, field="photos")
    for picture in pictures:
        key = services_of(session).evidence.save(picture)
        if (key, taken) in seen:
            continue
        seen.add((key, taken))
        last += 1
        photo = HazardPhoto(
            hazard_id=hazard.id, position=last, taken=taken, key=key, added_utc=now, added_by_id=by.user_id
        )
        session.add(photo)
    session.flush()
    session.expire(hazard, ["photos"])


def withdraw_photo(session: Session, photo: HazardPhoto, reason: str, by: Actor, now: datetime) -> None:
    """Take a photo from every page, with a reason; the file and its row stay, and the verified result with them.

    Raises Refusal at ``reason`` where nothing is said; a photo withdrawn already stays as it is.
    """
    why = short(reason_given(reason), 200, "reason")
    if photo.withdrawn_utc is not None:
        return
    photo.withdrawn_utc, photo.withdrawn_by_id, photo.withdrawn_reason = now, by.user_id, why
    session.flush()
    audit.write(session, "hazards:photo:withdraw", by, subject=photo, hazard=photo.hazard_id)
