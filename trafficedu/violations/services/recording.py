"""Recording a violation: the one door for the phone page, the API and imports of recent rows.

Precondition: the caller checked the permission; the area scope is checked here. Flushes, never commits.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.areas.queries.extents import surroundings_of
from trafficedu.areas.queries.tree import AreaRow, in_reach
from trafficedu.companies.queries import find_company_id
from trafficedu.configuration.queries import corrections, figure
from trafficedu.core import audit, numbers
from trafficedu.core.actors import Actor
from trafficedu.core.clock import local_date
from trafficedu.core.errors import Refusal
from trafficedu.core.events import publish
from trafficedu.core.once import content_digest, require_same
from trafficedu.core.orm import occurred_columns
from trafficedu.core.positions import Box, check_position
from trafficedu.core.tables import add_unless_there, insert_row
from trafficedu.core.text import message
from trafficedu.core.times import Moment
from trafficedu.core.workdays import add_workdays
from trafficedu.riders.models import Rider
from trafficedu.riders.queries import engagements
from trafficedu.riders.queries import people as riders
from trafficedu.riders.rules import CompanyKnown, Responsible, age_on, normalise_plate, responsible
from trafficedu.riders.services.people import NewRider, find_or_register
from trafficedu.riders.services.plates import PlateMet
from trafficedu.violations.events import ViolationEstablished
from trafficedu.violations.models.records import PhoneNote, Violation
from trafficedu.violations.queries import kinds, records
from trafficedu.violations.queries.doubles import Sighting
from trafficedu.violations.rules import checks
from trafficedu.violations.rules.states import IdentityState, Offender, Penalty, Source, ViolationState
from trafficedu.violations.services import doubles, plates, unnamed
from trafficedu.violations.services.doubles import DoubleSaid
from trafficedu.violations.services.unnamed import Described


@dataclass(frozen=True, slots=True)
class NewViolation:
    """What is known of an offence when it is recorded.

    The rider is either known (``rider_number``) or entered (``rider``); a camera record may have a plate
    alone. ``company_code`` None means "the company that engages the rider that day", ``""`` none, a code that
    company: one that does not engage the rider that day stays named, unconfirmed. Where several engage the rider and
    none is named, ``asks`` refuses the record until one is; otherwise it waits for a decision.
    ``client_reference`` makes a repeated submit give the first record, ``filled_in`` names what nobody typed;
    ``reference`` of its ``reference_source`` is the key of imports and ``officer`` the name an import knows the
    recording officer by. ``plate_answer`` says what it means that the plate is known as another rider's,
    ``plate_met`` is the number of that rider. Without ``hour_known``, ``occurred_utc`` is the beginning of the day.
    ``papers`` says why there are none; without a rider, ``described`` is what is known then of the person.
    ``double`` is what was said of an earlier record that may be of the same offence; None where nobody can be asked.
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
    asks: bool = False
    note: str = ""
    guardian_name: str = ""
    source: str = Source.FIELD
    client_reference: str | None = None
    filled_in: tuple[str, ...] = ()
    reference: str | None = None
    reference_source: str = ""
    officer: str = ""
    plate_answer: str = ""
    plate_met: str = ""
    hour_known: bool = True
    papers: str = ""
    described: Described = Described()
    double: DoubleSaid | None = None

    @property
    def imported(self) -> bool:
        """Whether it comes from a file: that may reach back further, and has no column for the guardian."""
        return self.reference is not None


@dataclass(frozen=True, slots=True)
class Phone:
    """What the phone says beside a record: its clock when it was made, by how much that is ahead, photos to follow."""

    tapped_utc: datetime
    ahead: timedelta = timedelta()
    photos_announced: int = 0


Who = TypeVar("Who")


class Lookups(Protocol[Who]):
    """What recording looks up: for one record in the session, for the rows of a file from memory.

    Each raises Refusal at its field.
    """

    def figure(self, code: str) -> int:
        """Return a configured figure."""

    def kind(self, code: str, day: date) -> kinds.KindRow:
        """Return the version in force."""

    def area(self, code: str, day: date) -> AreaRow:
        """Return the area, within the post of whoever records."""

    def surroundings(self, path: str) -> Box | None:
        """Return where on the map the area at ``path`` lies, as far as that is known."""

    def company(self, code: str) -> int:
        """Return the id of a company."""

    def rider(self, new: NewViolation) -> Who | None:
        """Return the rider, or None where none is told."""

    def birth_date(self, rider: Who) -> date | None:
        """Return when the rider was born, as far as it is known."""


class Prepared(NamedTuple, Generic[Who]):
    """A violation that every rule of recording allows: its rider, and its row by column.

    Who recorded it, when, how it begins and the rider's id are added by whoever writes it.
    """

    new: NewViolation
    rider: Who | None
    values: dict[str, Any]


def record(session: Session, new: NewViolation, by: Actor, now: datetime, phone: Phone | None = None) -> Violation:
    """Record a violation, or return the first record of the same submit, or the one that it is the same offence as.

    Registers the rider where there is a new one, and remembers the plate. A camera record waits for review; any other
    counts at once and publishes ViolationEstablished if its rider is known. What ``phone`` said is kept beside it, and
    is no part of what the form said.

    Raises
    ------
    Refusal
        A rule says no, the plate is known as another rider's (``plate_answer``), or an earlier record may be of the
        same offence (``double_answer``); ``field`` names the form field (``kind``, ``area_code``, ``occurred_at``,
        ``penalty``, ``fine_yuan``, ``plate``, ``id_number``, ``company_code``, ``guardian_name`` ...).
    """
    lookups = SessionLookups(session, new, by, now)
    if lookups.first_id is not None:
        return _first_record(session, session.get_one(Violation, lookups.first_id), new, by)
    ready = prepare(new, lookups, now)
    company = _company_on(session, ready)
    own = {"number": numbers.new_number("V"), "rider_id": ready.rider.id if ready.rider is not None else None}
    if not new.imported:
        doubles.take_turn(session, ready.rider.id if ready.rider is not None else None, ready.values["plate"])
    met = doubles.ask(session, Sighting.of(ready.values | own), new.double, new.client_reference, by)
    if met.same is not None:
        return met.same
    violation, made = _insert(session, new, ready.values | own | company | _state(session, ready, by, now), by)
    if made:
        audit.write(session, "violations:violation:record", by, subject=violation, source=new.source)
        if violation.identity is not None:
            unnamed.describe(session, violation, new.described)
        if phone is not None:
            _note_phone(session, violation, phone)
        _note_plate(session, violation, new, by)
        waits = doubles.note(session, violation, met, by, now)
        establish(session, violation, by, now, waits)
    return violation


def _note_phone(session: Session, violation: Violation, phone: Phone) -> None:
    insert_row(
        session,
        PhoneNote,
        violation_id=violation.id,
        tapped_utc=phone.tapped_utc,
        ahead_seconds=round(phone.ahead.total_seconds()),
        photos_announced=phone.photos_announced,
    )


def _note_plate(session: Session, violation: Violation, new: NewViolation, by: Actor) -> None:
    """Note the rider on the plate; only who saw the two together can be asked about a plate of somebody else."""
    if new.imported or new.source == Source.CAMERA:
        plates.note_or_list(session, violation, by)
        return
    usual = plates.note(session, violation, by, new.plate_answer, new.plate_met)
    if usual is not None:
        raise PlateMet(usual)


def prepare(new: NewViolation, lookups: Lookups[Who], now: datetime) -> Prepared[Who]:
    """Check a violation by every rule of recording, and return it with what was looked up; see :func:`record`."""
    occurred = Moment(new.occurred_utc) if new.hour_known else Moment.of_day(local_date(new.occurred_utc))
    day = occurred.day
    checks.check_time(new.occurred_utc, now, None if new.imported else lookups.figure("violations.latest_days_back"))
    kind = lookups.kind(new.kind_code, day)
    area = lookups.area(new.area_code, day)
    checks.check_penalty(new.penalty, new.fine_yuan, kind.fine_min_yuan, kind.fine_max_yuan)
    if new.latitude is not None or new.longitude is not None:
        check_position(new.latitude, new.longitude, lookups.surroundings(area.path))
    checks.check_choices(new.offender, new.source)
    plate = normalise_plate(new.plate)
    rider = lookups.rider(new)
    if rider is None and new.papers:
        said = new.described
        checks.check_described(new.papers, plate, said.name, said.phone, said.appearance, new.reference or "")
    elif rider is None:
        checks.check_someone(new.source, plate)
    born = lookups.birth_date(rider) if rider is not None else None
    age = age_on(born, day) if born else None
    checks.check_age(age, new.penalty, lookups.figure("violations.fine_from_age"))
    riding_age = lookups.figure("violations.rider_from_age")
    minor = checks.is_minor(age, new.offender, riding_age)
    if not new.imported:
        checks.check_guardian(minor, new.guardian_name, riding_age)
    values = {
        **_values(new),
        "reference_year": day.year if new.imported else None,
        **occurred_columns(occurred),
        "area_id": area.id,
        "kind_id": kind.id,
        "plate": plate,
        "named_company_id": lookups.company(new.company_code) if new.company_code else None,
        "minor": minor,
        "papers": new.papers or None,
    }
    return Prepared(new, rider, values)


def _values(new: NewViolation) -> dict[str, Any]:
    """Return what is kept as it was given."""
    return {
        "reference": new.reference,
        "reference_source": new.reference_source,
        "client_reference": new.client_reference,
        "place": new.place.strip(),
        "latitude": new.latitude,
        "longitude": new.longitude,
        "offender": new.offender,
        "source": new.source,
        "penalty": new.penalty,
        "fine_yuan": new.fine_yuan,
        "officer": new.officer,
        "note": new.note.strip(),
        "guardian_name": new.guardian_name.strip(),
    }


class SessionLookups:
    """What one record looks up in the session; registers the rider where it is a new one."""

    def __init__(self, session: Session, new: NewViolation, by: Actor, now: datetime) -> None:
        self._session, self._by, self._now = session, by, now
        day = local_date(new.occurred_utc)
        self._kind, self._area, self.first_id = records.find_for_recording(
            session, new.kind_code, new.area_code, day, new.client_reference
        )

    def figure(self, code: str) -> int:
        """Return a configured figure."""
        return figure(self._session, code)

    def kind(self, code: str, day: date) -> kinds.KindRow:
        """Return the version in force."""
        if self._kind is None:
            kinds.refuse_kind(self._session, code, day)
        return self._kind

    def area(self, code: str, day: date) -> AreaRow:
        """Return the area, within the post of whoever records."""
        return in_reach(self._area, code, day, self._by)

    def surroundings(self, path: str) -> Box | None:
        """Return where on the map the area lies."""
        return surroundings_of(self._session, path)

    def company(self, code: str) -> int:
        """Return the id of a company."""
        return find_company_id(self._session, code)

    def rider(self, new: NewViolation) -> Rider | None:
        """Return the rider, registered where it is a new one."""
        if new.rider is not None:
            return find_or_register(self._session, new.rider, self._by, self._now)
        if not new.rider_number:
            return None
        number = numbers.normalise(new.rider_number)
        seen = riders.visible_to(self._by, self._now)
        rider = self._session.scalar(select(Rider).where(Rider.number == number, seen))
        if rider is None:
            raise Refusal(
                message("The rider's details are no longer available. Look up the rider again."),
                field="id_number",
                value="",
            )
        return rider

    def birth_date(self, rider: Rider) -> date | None:
        """Return when the rider was born, as far as it is known."""
        return rider.birth_date


def _first_record(session: Session, first: Violation, new: NewViolation, by: Actor) -> Violation:
    if first.officer_id != by.user_id:
        raise Refusal(message("This form was sent by someone else. Open the record page again."))
    require_same(session, first, new, first.occurred, first.area.name, first.place)
    return first


def company_of(new: NewViolation, named: int | None, engaging: Collection[int] | None) -> dict[str, Any]:
    """Return which company answers for a record, by column; ``engaging`` is None where no rider is known."""
    if engaging is None:
        found = Responsible(CompanyKnown.NOBODY)
    elif new.company_code == "":
        found = Responsible(CompanyKnown.NONE)
    else:
        found = responsible(engaging, named)
    return {"company_id": found.company_id, "company_known": found.known}


def _company_on(session: Session, ready: Prepared[Rider]) -> dict[str, Any]:
    """Return :func:`company_of` of one record; raise Refusal where it is to be asked for."""
    engaging = None
    if ready.rider is not None:
        engaging = engagements.companies_on(session, ready.rider.id, ready.values["occurred_on"])
    company = company_of(ready.new, ready.values["named_company_id"], engaging)
    if ready.new.asks and company["company_known"] == CompanyKnown.AMBIGUOUS:
        text = message("Several companies engage this rider on that day. Choose the one the rider was working for.")
        raise Refusal(text, field="company_code", value="")
    return company


def _state(session: Session, ready: Prepared[Rider], by: Actor, now: datetime) -> dict[str, Any]:
    """Return who recorded it and how it begins: a camera record is no evidence before its review."""
    new, camera = ready.new, ready.new.source == Source.CAMERA
    workdays = figure(session, "violations.review_workdays")
    return {
        "officer_id": None if new.imported else by.user_id,
        "content_digest": content_digest(session, new) if new.client_reference else None,
        "recorded_utc": now,
        "identity": IdentityState.WANTED if ready.rider is None and new.papers else None,
        "state": ViolationState.PENDING if camera else ViolationState.CONFIRMED,
        "review_due_on": add_workdays(local_date(now), workdays, corrections(session)) if camera else None,
        "receipt_due": True,
    }


def _insert(session: Session, new: NewViolation, values: dict[str, Any], by: Actor) -> tuple[Violation, bool]:
    """Add the row, or return the first one of the same submit: two at the same moment make one (unique key)."""
    violation = add_unless_there(session, Violation, **values)
    if violation is not None:
        return violation, True
    first = records.find_by_client_reference(session, values["client_reference"] or "")
    if first is None:
        raise Refusal(
            message(
                "There is already a violation with the reference %(reference)s.", reference=values["reference"] or ""
            ),
            field="reference",
            value=values["reference"] or "",
        )
    return _first_record(session, first, new, by), False


def establish(session: Session, violation: Violation, by: Actor, now: datetime, waits: bool | None = None) -> None:
    """Tell the rooms above that a violation counts, once its rider is known and it is not history."""
    if violation.state == ViolationState.CONFIRMED and violation.rider_id is not None and not violation.historic:
        publish(session, ViolationEstablished(now, by, violation.id, waits))
