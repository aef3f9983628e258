"""One row of a file of violations, read and checked by the rules that recording uses. Writes nothing.

Whatever repeats (areas, kinds, companies, people, plates) is looked up or checked once and remembered.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.areas.models import Area
from trafficedu.companies.models import Company
from trafficedu.configuration.queries import figure
from trafficedu.core.actors import Actor
from trafficedu.core.clock import from_local, local_date
from trafficedu.core.errors import Refusal
from trafficedu.core.tabular import Row, is_masked
from trafficedu.core.text import message
from trafficedu.riders.rules import (
    age_on,
    birth_date_of,
    identity_key,
    normalise_identity,
    normalise_name,
    normalise_phone,
    normalise_plate,
)
from trafficedu.violations import rules
from trafficedu.violations.models import ViolationKind
from trafficedu.violations.rules import Offender, Source

FIRST_YEAR = 2000
REMEMBERED = 100_000
"""Distinct people and plates kept; beyond it the memory starts anew, so that a long file needs no more of it."""
LENGTHS = {"reference": 60, "place": 120, "officer": 60, "note": 500}


class Place(NamedTuple):
    """An area as imports need it."""

    id: int
    path: str
    valid_from: date
    valid_to: date | None


class Kind(NamedTuple):
    """One version of a kind as imports need it."""

    id: int
    valid_from: date
    valid_to: date | None
    fine_min_yuan: int
    fine_max_yuan: int


class Person(NamedTuple):
    """A rider's document, read and checked; ``key`` is ``rules.identity_key``."""

    key: str
    id_type: str
    id_number: str
    birth_date: date | None


@dataclass(slots=True)
class Candidate:
    """A row that is right in itself. ``person`` is None without a document, or with a masked one (``masked``)."""

    row: Row
    reference: str
    occurred_utc: datetime
    occurred_on: date
    area_id: int
    kind_id: int
    plate: str
    offender: str
    person: Person | None
    masked: bool
    name: str
    phone: str
    company_id: int | None
    source: str
    penalty: str
    fine_yuan: int | None
    latitude: float | None
    longitude: float | None
    minor: bool


class Reader:
    """Reads rows for one import; holds what the district knows and what the file repeats.

    Parameters
    ----------
    by
        Whose import it is: rows outside the area of the post are refused.
    now
        Nothing may have happened later.
    """

    def __init__(self, session: Session, by: Actor, now: datetime) -> None:
        self._by, self._now = by, now
        self._fine_from_age = figure(session, "violations.fine_from_age")
        self._rider_from_age = figure(session, "violations.rider_from_age")
        areas = session.execute(select(Area.code, Area.id, Area.path, Area.valid_from, Area.valid_to))
        self._areas = {code: Place(*place) for code, *place in areas}
        self._companies = {row.code: row.id for row in session.execute(select(Company.code, Company.id))}
        self._kinds: dict[str, list[Kind]] = {}
        for kind in session.scalars(select(ViolationKind)):
            version = Kind(kind.id, kind.valid_from, kind.valid_to, kind.fine_min_yuan, kind.fine_max_yuan)
            self._kinds.setdefault(kind.code, []).append(version)
        self._people: dict[tuple[str, str], Person | Refusal] = {}
        self._plates: dict[str, str | Refusal] = {}

    def read(self, row: Row) -> Candidate:
        """Return the row checked; raise Refusal at the column that is wrong."""
        cell = row.cells.get
        self._check_lengths(row)
        occurred_utc, day = self._time(cell("occurred_at", ""))
        kind = self._kind(cell("kind", ""), day)
        penalty, fine_yuan = cell("penalty", ""), _whole(cell("fine_yuan", ""))
        rules.check_penalty(penalty, fine_yuan, kind.fine_min_yuan, kind.fine_max_yuan)
        offender, source = cell("offender", "") or Offender.RIDER, cell("source", "") or Source.IMPORT
        _check_choice(offender, tuple(Offender), "offender")
        _check_choice(source, tuple(Source), "source")
        latitude, longitude = _position(cell("latitude", ""), cell("longitude", ""))
        person, masked = self._person(cell("id_type", ""), cell("id_number", ""))
        plate = self._plate(cell("plate", ""))
        if person is None and not masked and (source != Source.CAMERA or not plate):
            field = "id_number" if source != Source.CAMERA else "plate"
            raise Refusal(message("Without a rider only a camera record with a plate is taken."), field=field)
        age = age_on(person.birth_date, day) if person is not None and person.birth_date is not None else None
        rules.check_age(age, penalty, self._fine_from_age)
        name, phone = cell("name", ""), cell("phone", "")
        return Candidate(
            row=row,
            reference=row.cells["reference"],
            occurred_utc=occurred_utc,
            occurred_on=day,
            area_id=self._area(cell("area_code", ""), day).id,
            kind_id=kind.id,
            plate=plate,
            offender=offender,
            person=person,
            masked=masked,
            name=name if is_masked(name) or not name else normalise_name(name),
            phone="" if not phone or is_masked(phone) else normalise_phone(phone),
            company_id=self._company(cell("company_code", "")),
            source=source,
            penalty=penalty,
            fine_yuan=fine_yuan,
            latitude=latitude,
            longitude=longitude,
            minor=rules.is_minor(age, offender, self._rider_from_age),
        )

    @staticmethod
    def _check_lengths(row: Row) -> None:
        if not row.cells.get("reference"):
            raise Refusal(message("Every row needs a reference: its key."), field="reference", value="")
        for column, longest in LENGTHS.items():
            if len(row.cells.get(column, "")) > longest:
                raise Refusal(message("At most %(max)d characters.", max=longest), field=column)

    def _time(self, cell: str) -> tuple[datetime, date]:
        occurred = _moment(cell)
        if occurred > self._now:
            raise _in_the_future()
        return occurred, local_date(occurred)

    def _kind(self, code: str, day: date) -> Kind:
        versions = self._kinds.get(code)
        if versions is None:
            text = message("There is no kind of violation with the code %(code)s.", code=code)
            raise Refusal(text, field="kind", value=code)
        for version in versions:
            if version.valid_from <= day and (version.valid_to is None or day <= version.valid_to):
                return version
        rules.check_valid_on(date.max, None, day, code)
        raise AssertionError("a kind that is not valid was refused")

    def _area(self, code: str, day: date) -> Place:
        area = self._areas.get(code)
        scope = self._by.scope
        if area is None or not scope.covers(area.path):
            text = message(
                "There is no village with the code %(code)s in your area. Choose one from the list.", code=code
            )
            raise Refusal(text, field="area_code", value=code)
        if area.valid_from > day or (area.valid_to is not None and area.valid_to < day):
            text = message("%(name)s did not exist on %(day)s.", name=code, day=day.isoformat())
            raise Refusal(text, field="area_code", value=code)
        return area

    def _company(self, code: str) -> int | None:
        if not code:
            return None
        found: int | None = self._companies.get(code)
        if found is None:
            text = message("There is no company with the code %(code)s.", code=code)
            raise Refusal(text, field="company_code", value=code)
        return found

    def _person(self, id_type: str, id_number: str) -> tuple[Person | None, bool]:
        if not id_number:
            return None, False
        if is_masked(id_number):
            return None, True
        found = _remembered(self._people, (id_type, id_number), partial(_person, local_date(self._now)))
        if isinstance(found, Refusal):
            raise found
        return found, False

    def _plate(self, text: str) -> str:
        if not text:
            return ""
        found: str | Refusal = _remembered(self._plates, text, normalise_plate)
        if isinstance(found, Refusal):
            raise found
        return found


def _remembered(memory: dict[Any, Any], key: Any, find: Callable[[Any], Any]) -> Any:
    """Return what ``find`` says of ``key``, or the Refusal it raises; asked once as long as it is remembered."""
    found = memory.get(key)
    if found is None:
        if len(memory) >= REMEMBERED:
            memory.clear()
        try:
            found = find(key)
        except Refusal as error:
            found = error
        memory[key] = found
    return found


def _person(today: date, document: tuple[str, str]) -> Person:
    id_type, text = document
    number = normalise_identity(id_type, text, today)
    return Person(identity_key(id_type, number), id_type, number, birth_date_of(id_type, number))


def _moment(text: str) -> datetime:
    """Read RFC 3339, or the district's clock without an offset, with dashes or slashes."""
    try:
        occurred = datetime.fromisoformat(text)
    except ValueError:
        occurred = _slashed(text)
    if occurred.year < FIRST_YEAR:
        raise Refusal(message("This day lies too far back. Check the year."), field="occurred_at")
    try:
        return occurred.astimezone(UTC) if occurred.tzinfo else from_local(occurred)
    except OverflowError as error:  # the last day of the year 9999, west of here
        raise _in_the_future() from error


def _in_the_future() -> Refusal:
    return Refusal(message("This time lies in the future. Check the date and the hour."), field="occurred_at")


def _slashed(text: str) -> datetime:
    for pattern in ("%Y/%m/%d %H:%M", "%Y/%m/%d %H:%M:%S"):
        try:
            return datetime.strptime(text, pattern)  # noqa: DTZ007 - the district's clock, given its zone by the caller
        except ValueError:
            continue
    raise Refusal(message("Write the date and time like 2026-11-23 21:05."), field="occurred_at")


def _whole(text: str) -> int | None:
    if not text:
        return None
    if not text.isdecimal() or len(text) > 6:
        raise Refusal(message("Write the amount as a whole number of yuan."), field="fine_yuan")
    return int(text)


def _position(latitude: str, longitude: str) -> tuple[float | None, float | None]:
    """Return both coordinates in degrees, or None twice where the row has no position."""
    position = _degrees(latitude, "latitude"), _degrees(longitude, "longitude")
    if position != (None, None):
        rules.check_position(*position)
    return position


def _degrees(text: str, column: str) -> float | None:
    if not text:
        return None
    try:
        return float(text)
    except ValueError as error:
        raise Refusal(message("Write degrees as a number, such as 30.1785."), field=column) from error


def _check_choice(value: str, values: tuple[str, ...], column: str) -> None:
    if value not in values:
        raise Refusal(message("Write one of: %(values)s.", values=", ".join(values)), field=column)
