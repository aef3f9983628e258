"""Recording an accident, and correcting a record: people may die of it days later.

Precondition: the caller checked the permission; the area scope is checked here. Flushes, never commits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any, TypeVar

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from trafficedu.accidents import rules
from trafficedu.accidents.models import Accident
from trafficedu.accidents.queries import duplicates, records
from trafficedu.accidents.services import pairs
from trafficedu.areas.models import Area
from trafficedu.areas.queries.extents import surroundings_of
from trafficedu.areas.queries.tree import AreaRow, find_in_reach
from trafficedu.core import audit, numbers
from trafficedu.core.actors import Actor
from trafficedu.core.corrections import note
from trafficedu.core.errors import Refusal
from trafficedu.core.once import content_digest, require_same
from trafficedu.core.orm import OCCURRED, OCCURRED_COLUMNS, expect_version, occurred_columns
from trafficedu.core.positions import Box, check_position
from trafficedu.core.tables import table_of
from trafficedu.core.text import message
from trafficedu.core.times import Moment
from trafficedu.core.traces import unplain
from trafficedu.violations.models.records import ViolationKind
from trafficedu.violations.queries.kinds import KindRow, find_kind_on

LONGEST_PLACE = 120
AnyKind = TypeVar("AnyKind", ViolationKind, KindRow)


@dataclass(frozen=True)
class NewAccident:
    """What is known of an accident.

    ``killed`` died within 7 days; ``killed_30_days`` and ``ebike_involved`` None are not known yet. ``kinds`` are codes
    of the kinds of violation involved. ``told_apart``: the recorder saw the records close to it and says that this is
    another accident. ``client_reference`` makes a repeated submit give the first record. Without ``hour_known``,
    ``occurred_utc`` is the beginning of the day.
    """

    area_code: str
    occurred_utc: datetime
    severity: str
    killed: int
    injured: int
    ebike_involved: bool | None
    killed_30_days: int | None = None
    place: str = ""
    latitude: float | None = None
    longitude: float | None = None
    rider_helmet: str = rules.Helmet.UNKNOWN
    responsibility: str = rules.Responsibility.UNKNOWN
    kinds: tuple[str, ...] = ()
    told_apart: bool = False
    client_reference: str | None = None
    hour_known: bool = True

    @property
    def occurred(self) -> Moment:
        """When it happened, as far as that is known."""
        return Moment(self.occurred_utc, self.hour_known)


def record(session: Session, new: NewAccident, by: Actor, now: datetime) -> Accident:
    """Record an accident, or return the first record of the same submit.

    Raises
    ------
    Refusal
        A rule says no; ``field`` names the form field. At ``told_apart``: there is a record that may be of the
        same accident (``queries.list_close``), and the recorder has not said that this is another one.
    """
    first = _same_submit(session, new)
    if first is not None:
        return _first_record(session, first, new, by)
    values, kinds = _prepare(session, new, by, now)
    close = duplicates.list_close(session, values["area_id"], new.severity, new.occurred)
    if close and not new.told_apart:
        first = _same_submit(session, new)
        if first is not None:  # the same form, sent at the same moment, was quicker
            return _first_record(session, first, new, by)
        raise Refusal(
            message(
                "There is already a record for this area and severity at about this time. Compare it below. If "
                "this is a different accident, tick the box."
            ),
            field="told_apart",
        )
    accident = Accident(
        number=numbers.new_number("A"),
        client_reference=new.client_reference,
        content_digest=content_digest(session, new) if new.client_reference else None,
        recorded_by_id=by.user_id,
        recorded_utc=now,
        kinds=kinds,
        **values,
    )
    try:
        with session.begin_nested():
            session.add(accident)
    except IntegrityError:
        first = _same_submit(session, new)
        if first is None:
            raise
        return _first_record(session, first, new, by)
    pairs.decide(session, accident, close, rules.PairAct.TELL_APART)
    pairs.renew(session, [accident.area_id], added=[accident.id])
    audit.write(session, "accidents:accident:record", by, subject=accident, told_apart=bool(close))
    return accident


def _prepare(
    session: Session, new: NewAccident, by: Actor, now: datetime
) -> tuple[dict[str, Any], list[ViolationKind]]:
    area_on, kind_on = partial(find_in_reach, session, by=by), partial(find_kind_on, session)
    values, kinds = prepare(new, now, area_on, kind_on, partial(surroundings_of, session))
    return values, list(kinds.values())


def _same_submit(session: Session, new: NewAccident) -> Accident | None:
    """Return what an earlier sending of the same form recorded, as far as it is committed."""
    return records.find_by_client_reference(session, new.client_reference) if new.client_reference else None


def _first_record(session: Session, first: Accident, new: NewAccident, by: Actor) -> Accident:
    if first.recorded_by_id != by.user_id:
        raise Refusal(message("This form was sent by someone else. Open the page again."))
    require_same(session, first, new, first.occurred, first.area.name, first.place)
    return first


def correct(
    session: Session,
    accident: Accident,
    new: NewAccident,
    version: int,
    by: Actor,
    now: datetime,
    reason: str = "",
) -> None:
    """Change what a record says, such as the killed when somebody died later; audited with the fields' names.

    What it said is kept with the ``reason``, and a later file does not bring it back.

    Raises
    ------
    Stale
        Somebody changed the record meanwhile, or it is voided.
    Refusal
        A rule says no; ``field`` names the form field.
    """
    expect_version(accident, version)
    rules.ACCIDENT_LIFE.require(rules.AccidentAct.CORRECT, accident.state)
    values, kinds = _prepare(session, new, by, now)
    before = accident.occurred
    changes = _write(session, accident, values, kinds)
    if accident.occurred != before:
        changes[OCCURRED] = before, accident.occurred
    for name in OCCURRED_COLUMNS:
        changes.pop(name, None)
    if changes:
        note(session, accident, changes, by, now, reason=reason)
        audit.write(session, "accidents:accident:correct", by, subject=accident, fields=list(changes))


def take_source(session: Session, accident: Accident, source: Mapping[str, Any], by: Actor, now: datetime) -> None:
    """Let a record say what its source says of the fields that were corrected.

    Raises
    ------
    Refusal
        With the other fields, that would break a rule; correct the record instead.
    """
    rules.ACCIDENT_LIFE.require(rules.AccidentAct.CORRECT, accident.state)
    table = table_of(Accident)
    values = {name: unplain(table.c[name], value) for name, value in source.items() if name in table.c}
    if OCCURRED in source:
        values |= occurred_columns(Moment.parse(source[OCCURRED]))
    said = {
        name: values.get(name, getattr(accident, name)) for name in ("severity", "killed", "killed_30_days", "injured")
    }
    rules.check_people(said["severity"], said["killed"], said["killed_30_days"], said["injured"])
    kinds = list(accident.kinds)
    if "kinds" in source:
        day = values.get("occurred_on", accident.occurred_on)
        kinds = [find_kind_on(session, code, day) for code in source["kinds"]]
    _write(session, accident, values, kinds)


def _write(
    session: Session, accident: Accident, values: Mapping[str, Any], kinds: list[ViolationKind]
) -> dict[str, tuple[Any, Any]]:
    """Write what a record says, and bring its pairs up to date; returns what became another."""
    before = {name: getattr(accident, name) for name in values}
    changes = {name: (before[name], value) for name, value in values.items() if before[name] != value}
    for name, (_, value) in changes.items():
        setattr(accident, name, value)
    codes = tuple(sorted(kind.code for kind in accident.kinds)), tuple(sorted(kind.code for kind in kinds))
    if codes[0] != codes[1]:
        accident.kinds = kinds
        flag_modified(accident, "severity")  # so that the version rises though only the association changed
        changes["kinds"] = codes
    session.flush()
    if not rules.COMPARED.isdisjoint(changes):
        areas = {before.get("area_id", accident.area_id), accident.area_id}
        pairs.renew(session, areas, changed=[accident.id])
    return changes


def prepare(
    new: NewAccident,
    now: datetime,
    area_on: Callable[[str, date], Area | AreaRow],
    kind_on: Callable[[str, date], AnyKind],
    surroundings: Callable[[str], Box | None],
) -> tuple[dict[str, Any], dict[str, AnyKind]]:
    """Return the facts as they are kept, by column, and the kinds by code; raise Refusal where a rule says no.

    Area, kinds and surroundings are looked up in the session for one record, in memory for the rows of a file.
    """
    rules.check_time(new.occurred_utc, now)
    occurred = Moment(rules.whole_second(new.occurred_utc))
    if not new.hour_known:
        occurred = Moment.of_day(occurred.day)
    day = occurred.day
    area = area_on(new.area_code, day)
    rules.check_people(new.severity, new.killed, new.killed_30_days, new.injured)
    helmet, responsibility = rules.of_the_rider(new.ebike_involved, new.rider_helmet, new.responsibility)
    if new.latitude is not None or new.longitude is not None:
        check_position(new.latitude, new.longitude, surroundings(area.path))
    place = new.place.strip()
    if len(place) > LONGEST_PLACE:
        raise Refusal(message("At most %(max)d characters.", max=LONGEST_PLACE), field="place")
    values = {
        **occurred_columns(occurred),
        "area_id": area.id,
        "place": place,
        "latitude": new.latitude,
        "longitude": new.longitude,
        "severity": rules.Severity(new.severity),
        "killed": new.killed,
        "killed_30_days": new.killed_30_days,
        "injured": new.injured,
        "ebike_involved": new.ebike_involved,
        "rider_helmet": helmet,
        "responsibility": responsibility,
    }
    return values, {code: _kind(kind_on, code, day) for code in sorted(set(new.kinds))}


def _kind(kind_on: Callable[[str, date], AnyKind], code: str, day: date) -> AnyKind:
    try:
        return kind_on(code, day)
    except Refusal as error:
        raise Refusal(error.text, field="kinds", value=code) from error
