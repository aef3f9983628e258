"""How often people look riders up, beside the records that followed: who does so unusually often, one person's list.

A look-up without a record may have the best of reasons; what is said here is where to ask. Who was looked up is not
part of it: that stands in the audit trail.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from trafficedu.accounts.models import User
from trafficedu.areas.models import Area
from trafficedu.configuration.queries import figure
from trafficedu.core.actors import Actor
from trafficedu.core.clock import local
from trafficedu.core.errors import Missing
from trafficedu.core.listing import FIGURES, Column, Listing
from trafficedu.core.narrowing import Narrowing, Way, days, equal
from trafficedu.core.text import Message, message
from trafficedu.riders.models import RiderLookup, RiderLookupDay
from trafficedu.riders.rules import LookupKey

REVIEW = "riders:lookup:review"
FEWEST = 3
"""Colleagues whom somebody is compared with, at least: the middle of two is anybody's chance."""
MOST_COUNTED = 2_000
"""Look-ups of one person that are counted by hour, the latest first."""


@dataclass(frozen=True)
class Person:
    """How often somebody looked riders up in the period, and how many of these a record followed.

    ``usual``: the median of the look-ups without a record of the colleagues of the same role, None where there are too
    few of them.
    """

    username: str
    name: str
    made: int
    followed: int
    usual: float | None
    unusual: bool

    @property
    def without(self) -> int:
        """The look-ups that no record followed."""
        return self.made - self.followed


def is_unusual(without: int, usual: float | None, times: int, floor: int) -> bool:
    """Tell whether somebody's look-ups without a record are unusual beside the colleagues' median.

    More than ``times`` the median, and not below ``floor``: where colleagues look nobody up in vain, a few are no sign.
    Nobody is compared with fewer than :data:`FEWEST` colleagues (``usual`` None).
    """
    return usual is not None and without >= floor and without > times * usual


def first_day(session: Session, day: date) -> date:
    """Return the first day of the period that ends with ``day``."""
    return day - timedelta(days=figure(session, "riders.lookups_days") - 1)


def seen_by(by: Actor) -> ColumnElement[bool]:
    """Return the condition that the post of a user lies within that of ``by``."""
    return by.scope.condition(area=Area.path)


def list_people(session: Session, by: Actor, day: date) -> Sequence[Person]:
    """Return who looked riders up in the period that ends with ``day``, of the post of ``by``: the unusual first.

    Compared with everybody of the same role, wherever their posts are; of those beyond the own nothing else is told.
    """
    made, followed = func.sum(RiderLookupDay.made), func.sum(RiderLookupDay.followed)
    query = (
        select(User.username, User.display_name, User.role, made, followed, seen_by(by))
        .join(User, User.id == RiderLookupDay.user_id)
        .outerjoin(Area, Area.id == User.area_id)
        .where(RiderLookupDay.on_day.between(first_day(session, day), day))
        .group_by(User.id, User.username, User.display_name, User.role, Area.path)
    )
    counted = session.execute(query).all()
    rows = [(username, name, role, int(m), int(f), bool(seen)) for username, name, role, m, f, seen in counted]
    times, floor = figure(session, "riders.lookups_times"), figure(session, "riders.lookups_floor")
    people = []
    for username, name, role, total, found, seen in rows:
        others = [m - f for other, _name, same, m, f, _seen in rows if same == role and other != username]
        usual = statistics.median(others) if len(others) >= FEWEST else None
        if seen:
            people.append(Person(username, name, total, found, usual, is_unusual(total - found, usual, times, floor)))
    return sorted(people, key=lambda one: (not one.unusual, -one.without, one.username))


def find_person(session: Session, username: str, by: Actor) -> User:
    """Return the user whose look-ups ``by`` may review; raise :class:`Missing`."""
    query = select(User).outerjoin(Area, Area.id == User.area_id).where(User.username == username, seen_by(by))
    user = session.scalar(query)
    if user is None:
        raise Missing(message("This account does not exist, or is not of your area."))
    return user


@dataclass(frozen=True)
class LookupFilter:
    """Whose look-ups a list shows, and what it is narrowed to."""

    user_id: int
    since: date | None = None
    until: date | None = None
    key: str = ""


_NARROWING: Narrowing[LookupFilter] = Narrowing(
    ways=[Way.of_value(RiderLookup.user_id, lambda chosen: chosen.user_id)],
    rest=lambda chosen: [*days(RiderLookup.at_on)(chosen), *equal((RiderLookup.key, chosen.key))],
)


def _lookups(by: Actor, chosen: LookupFilter) -> Select[tuple[RiderLookup]]:
    mine = select(User.id).outerjoin(Area, Area.id == User.area_id).where(seen_by(by))
    return select(RiderLookup).where(RiderLookup.user_id.in_(mine), *_NARROWING.conditions(chosen))


def _how(row: RiderLookup) -> Message:
    whole = message("the whole of it")
    part = message("a part of it")
    return whole if row.whole else part


LOOKUPS: Listing[RiderLookup, LookupFilter] = Listing(
    query=_lookups,
    columns=[
        Column("at", message("When"), value=lambda row: row.at_utc),
        Column("key", message("Looked up by"), value=lambda row: row.key),
        Column("how", message("Typed"), value=_how),
        Column("found", message("Riders shown"), value=lambda row: row.found, look=FIGURES),
        Column("followed", message("Recorded afterwards"), value=lambda row: row.followed_utc),
    ],
    order=[RiderLookup.at_utc.desc(), RiderLookup.id.desc()],
    reach=_NARROWING.reach,
    export=REVIEW,
    file="lookups",
)


@dataclass(frozen=True)
class Hours:
    """Look-ups by hour of the day and kind of key; ``cut``: only the latest :data:`MOST_COUNTED` were counted."""

    kinds: Sequence[LookupKey]
    rows: Sequence[tuple[int, Sequence[int]]]
    cut: bool


def count_by_hour(session: Session, chosen: LookupFilter) -> Hours:
    """Return when in the day somebody looks riders up, and by what; hours without any are left out."""
    query = select(RiderLookup.at_utc, RiderLookup.key).where(*_NARROWING.conditions(chosen))
    rows = session.execute(query.order_by(*LOOKUPS.order).limit(MOST_COUNTED)).all()
    counts = Counter((local(at).hour, key) for at, key in rows)
    keys = [key for key in LookupKey if any(key == other for _hour, other in counts)]
    hours = sorted({hour for hour, _key in counts})
    return Hours(keys, [(hour, [counts[hour, key] for key in keys]) for hour in hours], len(rows) == MOST_COUNTED)
