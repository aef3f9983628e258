"""Recording a violation: the one door for the phone page, the API and imports of recent rows.

Precondition: the caller checked the permission; the area scope is checked here. Flushes, never commits.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.companies.models import Company
from trafficedu.configuration.queries import corrections, figure
from trafficedu.core import audit, numbers
from trafficedu.core.actors import Actor
from trafficedu.core.clock import local_date
from trafficedu.core.errors import Refusal
from trafficedu.core.events import publish
from trafficedu.core.tables import add_unless_there
from trafficedu.core.text import message
from trafficedu.core.validity import Validity
from trafficedu.core.workdays import add_workdays
from trafficedu.riders import queries as riders
from trafficedu.riders.models import Rider
from trafficedu.riders.rules import age_on, normalise_plate
from trafficedu.riders.services.engagements import NewEngagement, engage
from trafficedu.riders.services.people import NewRider, find_or_register
from trafficedu.riders.services.plates import remember_plate
from trafficedu.violations import rules
from trafficedu.violations.events import ViolationEstablished
from trafficedu.violations.models import Violation
from trafficedu.violations.queries import kinds, records
from trafficedu.violations.rules import Offender, Penalty, Source, ViolationState


@dataclass(frozen=True)
class NewViolation:
    """What is known of an offence when it is recorded.

    The rider is either known (``rider_number``) or entered (``rider``); a camera record may have a plate
    alone. ``company_code`` None means "the company that engaged the rider that day", ``""`` none, a code that
    company; where it did not engage the rider that day, an engagement is opened with ``legal_basis``.
    ``client_reference`` makes a repeated submit give the first record; ``reference`` is the key of imports and
    ``officer`` the name an import knows the recording officer by.
    """

    kind_code: str
    occurred_utc: datetime
    area_code: str
    penalty: str = Penalty.WARNING
    fine_yuan: int | None = None
    place: str = ""
    latitude: float | None = None
    longitude: float | None = None
    plate: str = ""
    offender: str = Offender.RIDER
    rider: NewRider | None = None
    rider_number: str = ""
    company_code: str | None = None
    legal_basis: str | None = None
    note: str = ""
    guardian_name: str = ""
    source: str = Source.FIELD
    client_reference: str | None = None
    reference: str | None = None
    officer: str = ""


def record(session: Session, new: NewViolation, by: Actor, now: datetime) -> Violation:
    """Record a violation, or return the first record of the same submit.

    Registers the rider and the engagement where they are new, and remembers the plate. A camera record waits
    for review; any other counts at once and publishes ViolationEstablished if its rider is known.

    Raises
    ------
    Refusal
        A rule says no; ``field`` names the form field (``kind``, ``area_code``, ``occurred_at``, ``penalty``,
        ``fine_yuan``, ``plate``, ``id_number``, ``company_code``, ``guardian_name`` ...).
    """
    day = local_date(new.occurred_utc)
    ground = records.find_ground(session, new.kind_code, new.area_code, day, new.client_reference)
    if ground.first_id is not None:
        return _first_record(session.get_one(Violation, ground.first_id), by)
    _check_time(session, new, now)
    if ground.kind_id is None:
        kinds.refuse_kind(session, new.kind_code, day)
    _check_area(ground, new.area_code, day, by)
    rules.check_penalty(new.penalty, new.fine_yuan, ground.fine_min_yuan, ground.fine_max_yuan)
    rules.check_position(new.latitude, new.longitude)
    _check_choices(new)
    plate = normalise_plate(new.plate)
    rider = _rider_of(session, new, plate, by, now)
    minor = _check_ages(session, new, rider, day)
    company_id = _company_on(session, new, rider, by, now)
    if rider is not None and plate and new.source != Source.CAMERA:
        remember_plate(session, plate, rider, by)
    values = _values(new, ground, rider) | {"plate": plate, "minor": minor, "company_id": company_id}
    violation, made = _insert(session, values | _state(session, new, day, by, now), by)
    if made:
        audit.write(session, "violations:violation:record", by, subject=violation, source=new.source)
        establish(session, violation, by, now)
    return violation


def _first_record(first: Violation, by: Actor) -> Violation:
    if first.officer_id != by.user_id:
        raise Refusal(message("This form was sent by somebody else. Open the record page anew."))
    return first


def _check_area(ground: records.Ground, code: str, day: date, by: Actor) -> None:
    """Raise unless the area exists on ``day`` within the post; the two faults are told apart for one's own only."""
    if ground.area_id is None or not by.scope.covers(ground.area_path):
        raise Refusal(
            message("There is no village with the code %(code)s in your area. Choose one from the list.", code=code),
            field="area_code",
            value=code,
        )
    if not Validity(ground.area_from, ground.area_to).holds_on(day):
        raise Refusal(
            message("%(name)s did not exist on %(day)s.", name=ground.area_name, day=day.isoformat()),
            field="area_code",
            value=code,
        )


def _check_time(session: Session, new: NewViolation, now: datetime) -> None:
    """Check the time; how far back an import may reach is not limited: it decides itself what is history."""
    limit = figure(session, "violations.latest_days_back") if new.reference is None else None
    rules.check_time(new.occurred_utc, now, limit)


def _check_choices(new: NewViolation) -> None:
    if new.offender not in tuple(Offender):
        raise Refusal(message("Choose rider or passenger."), field="offender", value=new.offender)
    if new.source not in tuple(Source):
        raise Refusal(message("Choose field, camera, import or api."), field="source", value=new.source)


def _rider_of(session: Session, new: NewViolation, plate: str, by: Actor, now: datetime) -> Rider | None:
    if new.rider is not None:
        return find_or_register(session, new.rider, by, now)
    if new.rider_number:
        wanted = numbers.normalise(new.rider_number)
        known = session.scalar(select(Rider).where(Rider.number == wanted, riders.visible_to(by, now)))
        if known is None:
            raise Refusal(
                message("This rider is no longer at hand. Look the rider up again."), field="id_number", value=""
            )
        return known
    if new.source != Source.CAMERA:
        raise Refusal(
            message("Enter the rider: identity number and name, or look the rider up."), field="id_number", value=""
        )
    if not plate:
        raise Refusal(message("A camera record needs a plate or a rider."), field="plate", value="")
    return None


def _check_ages(session: Session, new: NewViolation, rider: Rider | None, day: date) -> bool:
    """Check penalty and guardian against the rider's age; return whether the rider is too young to ride."""
    age = age_on(rider.birth_date, day) if rider is not None and rider.birth_date else None
    rules.check_age(age, new.penalty, figure(session, "violations.fine_from_age"))
    riding_age = figure(session, "violations.rider_from_age")
    minor = rules.is_minor(age, new.offender, riding_age)
    if new.reference is None:  # an import has no column for the guardian
        rules.check_guardian(minor, new.guardian_name, riding_age)
    return minor


def _company_on(session: Session, new: NewViolation, rider: Rider | None, by: Actor, now: datetime) -> int | None:
    if new.company_code == "" or (rider is None and new.company_code is None):
        return None
    day = local_date(new.occurred_utc)
    engaged_by = riders.company_on(session, rider.id, day) if rider is not None else None
    if new.company_code is None:
        return engaged_by
    company = session.scalar(select(Company).where(Company.code == new.company_code))
    if company is None:
        raise Refusal(
            message("There is no company with the code %(code)s.", code=new.company_code),
            field="company_code",
            value=new.company_code,
        )
    if rider is not None and engaged_by != company.id:
        _engage(session, rider, NewEngagement(company.id, day, None, new.legal_basis), by, now)
    return company.id


def _engage(session: Session, rider: Rider, new: NewEngagement, by: Actor, now: datetime) -> None:
    """Open an engagement; what the riders' room calls ``company_id`` is this form's ``company_code``."""
    try:
        engage(session, rider, new, by, now)
    except Refusal as error:
        field = {"company_id": "company_code", "engaged_from": "company_code"}.get(error.field or "", error.field)
        raise Refusal(error.text, field=field, value=error.value) from error


def _values(new: NewViolation, ground: records.Ground, rider: Rider | None) -> dict[str, Any]:
    return {
        "number": numbers.new_number("V"),
        "reference": new.reference,
        "client_reference": new.client_reference,
        "occurred_utc": new.occurred_utc,
        "occurred_on": local_date(new.occurred_utc),
        "area_id": ground.area_id,
        "place": new.place.strip(),
        "latitude": new.latitude,
        "longitude": new.longitude,
        "kind_id": ground.kind_id,
        "offender": new.offender,
        "rider_id": rider.id if rider is not None else None,
        "source": new.source,
        "penalty": new.penalty,
        "fine_yuan": new.fine_yuan,
        "note": new.note.strip(),
        "guardian_name": new.guardian_name.strip(),
        "officer": new.officer,
    }


def _state(session: Session, new: NewViolation, day: date, by: Actor, now: datetime) -> dict[str, Any]:
    """Return who recorded it and how it begins: a camera record is no evidence before its review."""
    camera = new.source == Source.CAMERA
    workdays = figure(session, "violations.review_workdays")
    return {
        "officer_id": None if new.reference is not None else by.user_id,
        "recorded_utc": now,
        "state": ViolationState.PENDING if camera else ViolationState.CONFIRMED,
        "review_due_on": add_workdays(local_date(now), workdays, corrections(session)) if camera else None,
    }


def _insert(session: Session, values: dict[str, Any], by: Actor) -> tuple[Violation, bool]:
    """Add the row, or return the first one of the same submit: two at the same moment make one (unique key)."""
    violation = add_unless_there(session, Violation, **values)
    if violation is not None:
        return violation, True
    first = records.find_by_client_reference(session, values["client_reference"] or "")
    if first is None:
        raise Refusal(
            message(
                "A violation with the reference %(reference)s exists already.", reference=values["reference"] or ""
            ),
            field="reference",
            value=values["reference"] or "",
        )
    return _first_record(first, by), False


def establish(session: Session, violation: Violation, by: Actor, now: datetime) -> None:
    """Tell the rooms above that a violation counts, once its rider is known and it is not history."""
    if violation.state == ViolationState.CONFIRMED and violation.rider_id is not None and not violation.historic:
        publish(session, ViolationEstablished(now, by, violation.id))
