"""Reads of patrols: who sees which, one, who is out, the list and what it adds up to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session, contains_eager

from trafficedu.accounts.models import User
from trafficedu.areas.models import Area
from trafficedu.areas.queries.tree import lies_in, placed
from trafficedu.core import numbers
from trafficedu.core.actors import Actor
from trafficedu.core.counting import CAP
from trafficedu.core.errors import Missing
from trafficedu.core.listing import FIGURES, Column, Listing
from trafficedu.core.loading import loaded
from trafficedu.core.narrowing import Conditions, Narrowing, days
from trafficedu.core.places import Order
from trafficedu.core.text import message
from trafficedu.patrols.models import Patrol
from trafficedu.patrols.queries import monthly
from trafficedu.patrols.queries.monthly import NO_EFFORT, Effort
from trafficedu.patrols.rules import PatrolState

RECORD = "patrols:patrol:record"


@dataclass(frozen=True)
class PatrolFilter:
    """What the list is narrowed to.

    ``words`` is part of an officer's name, user name or badge, or a patrol's number.
    """

    since: date | None = None
    until: date | None = None
    area_path: str = ""
    state: str = ""
    words: str = ""


def visible_to(by: Actor) -> ColumnElement[bool]:
    """Return the condition that ``by`` sees a patrol: in the own area, and below it."""
    return by.scope.condition(area=lies_in(Patrol.area_id))


def find_patrol(session: Session, number: str, by: Actor) -> Patrol:
    """Return a patrol that ``by`` sees; raise :class:`Missing`."""
    query = (
        select(Patrol)
        .where(Patrol.number == numbers.normalise(number), visible_to(by))
        .options(loaded(Patrol.area), loaded(Patrol.officer), loaded(Patrol.voided_by))
    )
    patrol = session.scalar(query)
    if patrol is None:
        raise Missing(message("This patrol does not exist, or you do not have access to it."))
    return patrol


def running_of(session: Session, by: Actor) -> Patrol | None:
    """Return the running patrol of ``by``, wherever it is: there is at most one."""
    query = (
        select(Patrol)
        .where(Patrol.officer_id == by.user_id, Patrol.ended_utc.is_(None), Patrol.voided_utc.is_(None))
        .options(loaded(Patrol.area))
    )
    return session.scalar(query)


def find_by_client_reference(session: Session, client_reference: str) -> Patrol | None:
    """Return what an earlier sending of the same form began, or None."""
    return session.scalar(select(Patrol).where(Patrol.client_reference == client_reference))


def list_own(session: Session, by: Actor, day: date, limit: int = 20) -> Sequence[Patrol]:
    """Return the ended patrols of ``by`` on ``day``, the latest first."""
    query = (
        select(Patrol)
        .where(Patrol.officer_id == by.user_id, Patrol.started_on == day, *monthly.COUNTS)
        .options(loaded(Patrol.area))
        .order_by(Patrol.started_utc.desc())
        .limit(limit)
    )
    return session.scalars(query).all()


def overlaps(session: Session, by: Actor, started: datetime, ended: datetime) -> bool:
    """Tell whether another patrol of ``by`` lies in that time, one that is running included."""
    query = select(Patrol.id).where(
        Patrol.officer_id == by.user_id,
        Patrol.voided_utc.is_(None),
        Patrol.started_utc < ended,
        or_(Patrol.ended_utc.is_(None), Patrol.ended_utc > started),
    )
    return session.scalar(query.limit(1)) is not None


def last_area(session: Session, by: Actor) -> str:
    """Return the code of the area of the last patrol of ``by``, or an empty string: where the next one likely is."""
    query = select(Area.code).join(Patrol, Patrol.area_id == Area.id).where(Patrol.officer_id == by.user_id)
    return session.scalar(query.order_by(Patrol.started_utc.desc()).limit(1)) or ""


def _rest(chosen: PatrolFilter) -> Conditions:
    """Return what is asked of a patrol beside when and where it was."""
    conditions: Conditions = []
    if chosen.words:
        text = chosen.words.lower()
        officers = select(User.id).where(
            func.lower(User.display_name).contains(text, autoescape=True)
            | (User.username == text)
            | (User.badge == chosen.words)
        )
        conditions.append(Patrol.officer_id.in_(officers) | (Patrol.number == numbers.normalise(chosen.words)))
    states: dict[str, tuple[ColumnElement[bool], ...]] = {
        PatrolState.RUNNING: (Patrol.ended_utc.is_(None), Patrol.voided_utc.is_(None)),
        PatrolState.ENDED: monthly.COUNTS,
        PatrolState.VOIDED: (Patrol.voided_utc.is_not(None),),
    }
    return [*conditions, *states.get(chosen.state, ())]


NARROWING = Narrowing[PatrolFilter](days(Patrol.started_on), [placed(Patrol.area_id)], _rest)


def _filtered(by: Actor, chosen: PatrolFilter) -> Select[tuple[Patrol]]:
    return (
        select(Patrol)
        .join(Patrol.area)
        .join(User, User.id == Patrol.officer_id)
        .where(visible_to(by), *NARROWING.conditions(chosen))
        .options(contains_eager(Patrol.area), contains_eager(Patrol.officer))
    )


PATROLS: Listing[Patrol, PatrolFilter] = Listing(
    _filtered,
    [
        Column(
            "started",
            message("Start of the patrol"),
            value=lambda row: row.started_utc,
            sort=Patrol.started_on.expression,
        ),
        Column("officer", message("Officer"), value=lambda row: row.officer.display_name),
        Column("area", message("Area"), value=lambda row: row.area.name),
        Column("minutes", message("Minutes"), value=lambda row: row.minutes, look=FIGURES),
        Column("stops", message("Riders stopped"), value=lambda row: row.stops, look=FIGURES),
        Column("state", message("State"), value=lambda row: row.state),
    ],
    sort="-started",
    order=[Patrol.started_utc.desc(), Patrol.id.desc()],
    reach=NARROWING.reach,
)


def total_of(session: Session, by: Actor, filters: PatrolFilter, now: datetime) -> Effort | None:
    """Return the effort of a filtered list: only what counts of it. None where it is too long to be added up.

    Whole months of an area are settled, however many patrols they hold; of officers looked for, and of months cut
    short, up to a thousand patrols are read.
    """
    if filters.state in {PatrolState.RUNNING, PatrolState.VOIDED}:
        return NO_EFFORT
    if not filters.words:
        return monthly.effort_between(session, by, filters.area_path, filters.since, filters.until, now)
    looked = NARROWING.reach(session, by, filters).bounded().read(session, Order(PATROLS.order_of(None)), CAP + 1)
    if len(looked) > CAP:
        return None
    return monthly.effort_of_rows(session, [Patrol.id.in_([row[-2] for row in looked if row.fits])])
