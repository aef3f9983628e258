"""Who rides the e-bike with which plate: what a record saw, what is said on a page, what is taken back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Date, bindparam, or_, select, update
from sqlalchemy.orm import Session

from trafficedu.core import audit
from trafficedu.core.actors import Actor
from trafficedu.core.errors import Refusal
from trafficedu.core.numbers import new_number
from trafficedu.core.orm import expect_version, flush_or_refuse
from trafficedu.core.tables import insert_unless_there, table_of
from trafficedu.core.text import message
from trafficedu.riders.models import ONE_AT_A_TIME, PlateUse, Rider, Vehicle
from trafficedu.riders.queries.plates import list_meant, met_use
from trafficedu.riders.queries.vehicles import OPENED, find_by_plate
from trafficedu.riders.rules import USUAL, Answer, Relation, normalise_plate, tail
from trafficedu.riders.services.people import open_rider

_VEHICLE, _USE = table_of(Vehicle), table_of(PlateUse)
_DAY = bindparam("day", type_=Date)
_HOLDERS = (
    select(
        _VEHICLE.c.id,
        *(
            _USE.c[name]
            for name in (
                "id",
                "rider_id",
                "relation",
                "confirmed",
                "used_from",
                "used_to",
                "ended_by",
                "kept_to",
            )
        ),
    )
    .select_from(
        _VEHICLE.outerjoin(
            _USE,
            (_USE.c.vehicle_id == _VEHICLE.c.id)
            & or_(_USE.c.used_from.is_(None), _USE.c.used_from <= _DAY)
            & or_(_USE.c.used_to.is_(None), _USE.c.used_to >= _DAY),
        )
    )
    .where(_VEHICLE.c.plate == bindparam("plate"))
    .with_for_update(of=_VEHICLE)
)
_NEXT = (
    select(_USE.c.used_from, _USE.c.record)
    .where(_USE.c.vehicle_id == bindparam("vehicle_id"), _USE.c.relation.in_(USUAL), _USE.c.used_from > _DAY)
    .order_by(_USE.c.used_from, _USE.c.id)
    .limit(1)
)


@dataclass(frozen=True)
class Seen:
    """A rider on an e-bike on a day, as a record tells it.

    ``record`` is its public number. ``answer`` says what it means where the e-bike is known as another rider's, and
    ``met`` is the number of that rider, as whoever answered was shown. ``confirmed``: somebody saw the two together.
    """

    plate: str
    rider: Rider
    day: date
    record: str = ""
    confirmed: bool = True
    answer: str = ""
    met: str = ""


@dataclass(frozen=True)
class NewUse:
    """A plate that somebody notes on a rider's page, and why; without ``used_to`` the rider rides it still.

    ``takes_over``: whoever was the same to this e-bike until now is it no more.
    """

    plate: str
    relation: str
    used_from: date
    used_to: date | None
    reason: str
    takes_over: bool = False


@dataclass(frozen=True)
class UseChange:
    """The last day of a use, whether somebody vouches for it, and why it is changed."""

    used_to: date | None
    confirmed: bool
    reason: str


class PlateMet(Refusal):
    """The e-bike is known as that of ``usual``, and nobody has said what it means that somebody else rides it."""

    def __init__(self, usual: Rider) -> None:
        super().__init__(
            message("This e-bike is known as that of %(name)s. Say what that means.", name=usual.name),
            field="plate_answer",
            value="",
        )
        self.usual = usual


class _End(NamedTuple):
    """The last day of a use, the record that set it and the last day without that record, as ``PlateUse`` has them."""

    used_to: date | None = None
    ended_by: str | None = None
    kept_to: date | None = None


class _Holder(NamedTuple):
    """A use that holds on a day, without the mapper."""

    id: int
    rider_id: int
    relation: str
    confirmed: bool
    used_from: date | None
    used_to: date | None
    ended_by: str | None
    kept_to: date | None

    @property
    def end(self) -> _End:
        return _End(self.used_to, self.ended_by, self.kept_to)

    @property
    def weight(self) -> tuple[bool, bool, date, int]:
        """Which of several tells the usual rider: the order of ``queries.plates.usual_use``."""
        return self.relation == Relation.REGULAR, self.confirmed, self.used_from or date.min, self.id


def note(session: Session, seen: Seen, by: Actor) -> Rider | None:
    """Note that a rider was seen on an e-bike; whoever was only a passenger must not be given.

    The first rider of an e-bike is its regular one from that day on, up to the day before somebody else's use begins. A
    rider with a use on that day changes nothing. Returns the usual rider, and notes nothing, where the e-bike is known
    as another rider's and nobody has answered for this one what that means.

    Raises
    ------
    Refusal
        At ``plate``: the answer is that it is mistyped.
    """
    vehicle_id, holders = _look(session, seen.plate, seen.day)
    end = _End()
    if vehicle_id is None:
        vehicle_id = _add_vehicle(session, seen.plate, by)
        if vehicle_id is None:  # somebody adds it at this moment
            return note(session, seen, by)
    elif any(holder.rider_id == seen.rider.id for holder in holders):
        return None
    elif others := [holder for holder in holders if holder.relation in USUAL]:
        usual = session.get_one(Rider, max(others, key=lambda holder: holder.weight).rider_id)
        if seen.answer not in tuple(Answer) or seen.met != usual.number:
            return usual
        begun = _answered(session, vehicle_id, seen, others, by)
        return None if begun else note(session, seen, by)
    else:
        following = session.connection().execute(_NEXT, {"vehicle_id": vehicle_id, "day": seen.day}).one_or_none()
        if following is not None:
            end = _End(following.used_from - timedelta(days=1), following.record)
    begun = _begin(session, vehicle_id, seen, Relation.REGULAR, end, by)
    return None if begun else note(session, seen, by)  # somebody else begins at this moment


def _look(session: Session, plate: str, day: date) -> tuple[int | None, list[_Holder]]:
    """Return the id of an e-bike, its row held, and the uses that hold on a day: in one statement, for the kerb."""
    rows = session.connection().execute(_HOLDERS, {"plate": plate, "day": day}).all()
    if not rows:
        return None, []
    return rows[0][0], [_Holder(*row[1:]) for row in rows if row[1] is not None]


def _add_vehicle(session: Session, plate: str, by: Actor) -> int | None:
    """Return the id of the e-bike that is new with this plate; None where there is one, even from this very moment."""
    vehicle_id = insert_unless_there(session, Vehicle, number=new_number("B"), plate=plate, tail=tail(plate))
    if vehicle_id is not None:
        audit.write(session, "riders:vehicle:create", by, subject=(Vehicle, vehicle_id))
    return vehicle_id


def _answered(session: Session, vehicle_id: int, seen: Seen, others: list[_Holder], by: Actor) -> bool:
    """Note what was answered about an e-bike known as that of ``others``; see :func:`_begin`."""
    if seen.answer == Answer.MISTYPED:
        raise Refusal(message("Enter the plate again."), field="plate", value="")
    if seen.answer == Answer.BORROWED:
        return _begin(session, vehicle_id, seen, Relation.BORROWED, _End(seen.day), by)
    for other in others:
        _end(session, other, seen.day, seen.record, by)
    end = max((other.end for other in others), key=lambda end: end.used_to or date.max)
    owned = any(other.relation == Relation.OWNER for other in others)
    return _begin(session, vehicle_id, seen, Relation.OWNER if owned else Relation.REGULAR, end, by)


def _begin(
    session: Session, vehicle_id: int, seen: Seen, relation: Relation, end: _End, by: Actor, **more: Any
) -> bool:
    """Add a use; returns whether it began: nobody else is the same to the e-bike at this very moment."""
    use_id = insert_unless_there(
        session,
        PlateUse,
        number=new_number("D"),
        vehicle_id=vehicle_id,
        rider_id=seen.rider.id,
        relation=relation,
        used_from=seen.day,
        confirmed=seen.confirmed,
        record=seen.record or None,
        **end._asdict(),
        **more,
    )
    if use_id is not None:
        audit.write(session, "riders:use:begin", by, subject=(PlateUse, use_id), rider=seen.rider.id, relation=relation)
    return use_id is not None


def _end(session: Session, other: _Holder, day: date, record: str, by: Actor) -> None:
    """End a use the day before ``day``; one that began that very day keeps it.

    What it is kept to is its last day without any record: another record that ended it later is in what replaces it.
    """
    last = day - timedelta(days=1) if other.used_from is None or other.used_from < day else day
    ended = update(_USE).where(_USE.c.id == other.id)
    kept_to = other.used_to if other.ended_by is None else other.kept_to
    values = {"used_to": last, "ended_by": record or None, "kept_to": kept_to, "version": _USE.c.version + 1}
    session.execute(ended.values(values))
    audit.write(session, "riders:use:end", by, subject=(PlateUse, other.id), rider=other.rider_id)


def take_back(session: Session, record: str, by: Actor) -> None:
    """Take back what a record began and ended: its uses go, and what they had replaced holds again.

    What somebody has vouched for since (``confirmed_by_id``) rests on more than the record, and stays. Nothing happens
    where the record began nothing.
    """
    begun = session.scalars(select(PlateUse).where(PlateUse.record == record).with_for_update()).all()
    if not begun or any(use.confirmed_by_id is not None for use in begun):
        return
    heir = next((use for use in begun if use.relation in USUAL), None)
    for use in begun:
        audit.write(session, "riders:use:take_back", by, subject=use, rider=use.rider_id)
        session.delete(use)
    session.flush()  # before those that follow: one rider at a time is the regular one
    for former in session.scalars(select(PlateUse).where(PlateUse.ended_by == record).with_for_update()):
        _restore(former, heir)
        audit.write(session, "riders:use:restore", by, subject=former, rider=former.rider_id)
    session.flush()


def move(session: Session, record: str, day: date) -> None:
    """Let what a record began and ended follow it to another day."""
    for use in session.scalars(select(PlateUse).where(PlateUse.record == record).with_for_update()):
        use.used_from = day
        if use.relation == Relation.BORROWED or (use.used_to is not None and use.used_to < day):
            use.used_to = day
    for former in session.scalars(select(PlateUse).where(PlateUse.ended_by == record).with_for_update()):
        former.used_to = max(day - timedelta(days=1), former.used_from or date.min)
    session.flush()


def _restore(former: PlateUse, heir: PlateUse | None) -> None:
    """Let a use go on as before; where what replaced it was itself replaced, until then."""
    end, ended_by = (heir.used_to, heir.ended_by) if heir is not None else (None, None)
    if end is not None and (former.kept_to is None or end < former.kept_to):
        former.used_to, former.ended_by = end, ended_by
    else:
        former.used_to, former.ended_by, former.kept_to = former.kept_to, None, None


def add_use(session: Session, rider: Rider, new: NewUse, by: Actor, today: date) -> None:
    """Note on a rider's page what the rider is to an e-bike; whoever says so vouches for it.

    Raises
    ------
    Refusal
        No plate or a broken one, a day to come or days in the wrong order, the rider is that already (``plate``); or
        somebody else is, and nothing says that this one takes over (``takes_over``).
    """
    plate = normalise_plate(new.plate)
    if not plate:
        raise Refusal(message("Enter the plate."), field="plate", value="")
    _check_days(new.used_from, new.used_to, today)
    relation = Relation(new.relation)
    _add_vehicle(session, plate, by)
    vehicle_id, holders = _look(session, plate, new.used_from)
    assert vehicle_id is not None
    same = [holder for holder in holders if holder.relation == relation]
    if any(holder.rider_id == rider.id for holder in same):
        raise _noted_already()
    if relation in USUAL and same:
        _take_over(session, same, new, by)
    more = {"reason": new.reason, "confirmed_by_id": by.user_id}
    if not _begin(session, vehicle_id, Seen(plate, rider, new.used_from), relation, _End(new.used_to), by, **more):
        raise _noted_already()


def _noted_already() -> Refusal:
    return Refusal(
        message("Somebody is noted so for this e-bike on these days. Check the plate."), field="plate", value=""
    )


def _check_days(first: date | None, last: date | None, today: date) -> None:
    for field, day in (("used_from", first), ("used_to", last)):
        if day is not None and day > today:
            raise Refusal(message("This day is in the future. Check the date."), field=field)
    if first is not None and last is not None and last < first:
        raise Refusal(message("The last day is before the first. Check both."), field="used_to")


def _take_over(session: Session, same: list[_Holder], new: NewUse, by: Actor) -> None:
    if not new.takes_over:
        other = session.get_one(Rider, max(same, key=lambda holder: holder.weight).rider_id)
        raise Refusal(
            message(
                "%(relation)s of this e-bike is %(name)s. Choose this to end that the day before.",
                relation=Relation(new.relation).label,
                name=other.name,
            ),
            field="takes_over",
            value="",
        )
    for holder in same:
        _end(session, holder, new.used_from, "", by)


def change_use(session: Session, use: PlateUse, change: UseChange, version: int, by: Actor, today: date) -> None:
    """End a use, let it go on, or vouch for it, and say why.

    Raises Stale where somebody changed it meanwhile, Refusal at ``used_to``.
    """
    expect_version(use, version)
    _check_days(use.used_from, change.used_to, today)
    if change.confirmed != use.confirmed:
        use.confirmed_by_id = by.user_id if change.confirmed else None
    if change.used_to != use.used_to:
        use.ended_by = use.kept_to = None  # what a person says of its end outlives the record that said otherwise
    use.used_to, use.confirmed, use.reason = change.used_to, change.confirmed, change.reason
    taken = message("Somebody else rides this e-bike since. End that first.")
    flush_or_refuse(
        session,
        {"plate_use.vehicle_id": Refusal(taken, field="used_to"), ONE_AT_A_TIME: Refusal(taken, field="used_to")},
    )
    audit.write(
        session,
        "riders:use:update",
        by,
        subject=use,
        rider=use.rider_id,
        ended=use.used_to is not None,
        confirmed=use.confirmed,
    )


def open_vehicle(session: Session, vehicle: Vehicle, by: Actor, via: str) -> None:
    """Note that ``by`` came upon this e-bike with a reason, which opens its page; as ``people.open_rider`` does."""
    audit.write(session, OPENED, by, subject=vehicle, via=via)


def search(session: Session, text: str, by: Actor) -> Vehicle | None:
    """Return the e-bike with exactly this plate, opened to ``by``, or None; whatever is no plate finds none."""
    known = (find_by_plate(session, plate) for plate in list_meant(session, text))
    vehicle = next((vehicle for vehicle in known if vehicle is not None), None)
    if vehicle is not None:
        open_vehicle(session, vehicle, by, "plate")
    return vehicle


def show_met(session: Session, plate: str, rider: Rider | None, day: date, by: Actor) -> PlateUse | None:
    """Return what ``queries.plates.met_use`` finds, with its rider opened to ``by``."""
    use = met_use(session, plate, rider, day)
    if use is not None:
        open_rider(session, use.rider, by, "plate")
    return use
