"""Reads of hazards: one, a list, its steps and its photos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import Select, func, literal, or_, select
from sqlalchemy.orm import Session, contains_eager

from trafficedu.areas.models import Area
from trafficedu.areas.queries.tree import placed
from trafficedu.core import numbers
from trafficedu.core.actors import Actor
from trafficedu.core.clock import day_bounds
from trafficedu.core.errors import Missing
from trafficedu.core.listing import AGO, Column, Listing, late
from trafficedu.core.loading import loaded
from trafficedu.core.narrowing import Conditions, Narrowing, equal
from trafficedu.core.orm import among
from trafficedu.core.reach import Reach
from trafficedu.core.terms import contains, rarest
from trafficedu.core.text import message
from trafficedu.hazards.models import SEARCHED, Hazard, HazardKind, HazardPhoto, HazardStep, HazardTerm
from trafficedu.hazards.queries.scope import overdue_on, visible_to
from trafficedu.hazards.rules import OPEN, HazardAct, PhotoTime


@dataclass(frozen=True)
class HazardFilter:
    """What the list is narrowed to.

    ``state`` may also be ``open``: whatever still waits for somebody. ``overdue_on``: late on that day. ``words``
    is looked for in place and description, or is a number.
    """

    words: str = ""
    state: str = ""
    risk: str = ""
    kind_code: str = ""
    area_path: str = ""
    overdue_on: date | None = None
    since: date | None = None
    until: date | None = None


OPEN_ONES = "open"


def find_hazard(session: Session, number: str, by: Actor) -> Hazard:
    """Return a hazard that ``by`` may see; raise Missing."""
    query = (
        select(Hazard)
        .where(Hazard.number == numbers.normalise(number), visible_to(by))
        .options(
            loaded(Hazard.area, Area.parent),
            loaded(Hazard.kind),
            loaded(Hazard.reported_by),
            loaded(Hazard.fixed_by),
            loaded(Hazard.verified_by),
        )
    )
    hazard = session.scalar(query)
    if hazard is None:
        raise Missing(message("This hazard does not exist, or you do not have access to it."))
    return hazard


def find_by_client_reference(session: Session, client_reference: str | None) -> Hazard | None:
    """Return what an earlier submit with the same reference made, or None."""
    if not client_reference:
        return None
    return session.scalar(select(Hazard).where(Hazard.client_reference == client_reference))


def hazards_on(day: date) -> Listing[Hazard, HazardFilter]:
    """Return the list of hazards as it reads on ``day``: some are overdue."""
    return Listing(
        _filtered,
        [
            Column("number", message("Number"), value=lambda row: row.number, in_file_only=True),
            Column("place", message("Place"), value=lambda row: row.place),
            Column("area_code", message("Area code"), value=lambda row: row.area.code, in_file_only=True),
            Column("area", message("Area"), value=lambda row: _with_town(row.area)),
            Column("kind", message("Kind of hazard"), value=lambda row: row.kind.name),
            Column("risk", message("Risk"), value=lambda row: row.risk.label),
            Column("state", message("State"), value=lambda row: [row.state, *late(row.is_overdue(day))]),
            Column(
                "deadline", message("Deadline"), value=lambda row: row.deadline_on, sort=Hazard.sorted_on.expression
            ),
            Column("responsible", message("Responsible"), value=lambda row: row.responsible),
            Column(
                "reported",
                message("Reported at"),
                value=lambda row: row.reported_utc,
                sort=Hazard.reported_utc.expression,
                look=AGO,
            ),
            *_DETAILS,
        ],
        sort="-reported",
        order=[Hazard.id.desc()],
        reach=_reach,
        export="hazards:hazard:export",
        file="hazards",
    )


def _with_town(area: Area) -> str:
    return f"{area.parent.name} {area.name}" if area.parent else area.name


_ON_TIME = {None: None, True: message("yes"), False: message("no")}
_DETAILS: list[Column[Hazard]] = [
    Column("latitude", message("Latitude"), value=lambda row: row.latitude, in_file_only=True),
    Column("longitude", message("Longitude"), value=lambda row: row.longitude, in_file_only=True),
    Column("goal", message("Goal"), value=lambda row: row.goal, in_file_only=True),
    Column("measures", message("Measures"), value=lambda row: row.measures, in_file_only=True),
    Column("fixed_on", message("Fixed on"), value=lambda row: row.fixed_on, in_file_only=True),
    Column("verified_on", message("Verified on"), value=lambda row: row.verified_on, in_file_only=True),
    Column("on_time", message("on time"), value=lambda row: _ON_TIME[row.on_time], in_file_only=True),
]
"""What the page of a hazard says more, and a file of the list too."""


WHOLE = [Hazard.id > literal(0, literal_execute=True)]
"""What a list of all hazards says, to be led by their index."""


def _part(chosen: HazardFilter) -> Conditions:
    """Return what leads to the open hazards, which have indexes of their own, or to the late ones among them."""
    if chosen.overdue_on:
        return [overdue_on(chosen.overdue_on)]
    return [among(Hazard.state, *OPEN)] if chosen.state == OPEN_ONES or chosen.state in OPEN else []


def _rest(chosen: HazardFilter) -> Conditions:
    """Return what no index answers. Voided ones show when asked for."""
    kinds = select(HazardKind.id).where(HazardKind.code == chosen.kind_code)
    conditions: Conditions = [Hazard.kind_id.in_(kinds)] if chosen.kind_code else []
    if chosen.words:
        conditions.append(or_(*(contains(field, chosen.words) for field in SEARCHED)))
    state = "" if chosen.state == OPEN_ONES else chosen.state
    return conditions + equal((Hazard.state, state), (Hazard.risk, chosen.risk))


def _whole_number(chosen: HazardFilter) -> Conditions:
    number = numbers.normalise(chosen.words)
    return [Hazard.number == number] if numbers.is_number(number, "D") else []


NARROWING = Narrowing[HazardFilter](_part, [placed(Hazard.area_id)], _rest, exact=_whole_number)


def _reported(chosen: HazardFilter) -> Conditions:
    """Return the days of the report: the list has other orders, in which no index answers them."""
    if _whole_number(chosen):
        return []
    after = [] if chosen.since is None else [Hazard.reported_utc >= day_bounds(chosen.since)[0]]
    return after if chosen.until is None else [*after, Hazard.reported_utc < day_bounds(chosen.until)[1]]


def _reach(session: Session, by: Actor, chosen: HazardFilter) -> Reach:
    """Return how the indexes of words, of areas, or of all, reach the hazards of a filter."""
    if chosen.words and not _whole_number(chosen) and (term := rarest(session, HazardTerm.term, chosen.words)):
        with_term = session.scalars(select(HazardTerm.hazard_id).where(HazardTerm.term == term)).all()
        return Reach(
            [Hazard.id.in_(with_term)], rest=[visible_to(by), *NARROWING.conditions(chosen), *_reported(chosen)]
        )
    return replace(NARROWING.reach(session, by, chosen), whole=WHOLE, period=_reported(chosen))


def _filtered(by: Actor, chosen: HazardFilter) -> Select[tuple[Hazard]]:
    return (
        select(Hazard)
        .join(Hazard.area)
        .join(Hazard.kind)
        .where(visible_to(by), *NARROWING.conditions(chosen), *_reported(chosen))
        .options(contains_eager(Hazard.area).joinedload(Area.parent), contains_eager(Hazard.kind))
    )


def list_steps(session: Session, hazard: Hazard) -> Sequence[HazardStep]:
    """Return the steps of a hazard in their order, with who took them; no scope: the caller shows the hazard."""
    query = select(HazardStep).where(HazardStep.hazard_id == hazard.id).options(loaded(HazardStep.by))
    return session.scalars(query.order_by(HazardStep.id)).all()


def photos_of(session: Session, hazard: Hazard) -> Sequence[HazardPhoto]:
    """Return the photos of a hazard that were not withdrawn; no scope: the caller shows the hazard."""
    query = select(HazardPhoto).where(HazardPhoto.hazard_id == hazard.id, HazardPhoto.withdrawn_utc.is_(None))
    return session.scalars(query.order_by(HazardPhoto.position)).all()


def find_photo(session: Session, number: str, position: int, by: Actor) -> HazardPhoto:
    """Return a photo, not withdrawn, of a hazard that ``by`` may see; raise Missing."""
    query = (
        select(HazardPhoto)
        .join(HazardPhoto.hazard)
        .where(
            Hazard.number == numbers.normalise(number),
            visible_to(by),
            HazardPhoto.position == position,
            HazardPhoto.withdrawn_utc.is_(None),
        )
        .options(contains_eager(HazardPhoto.hazard))
    )
    photo = session.scalar(query)
    if photo is None:
        raise Missing(message("This photo does not exist, or you do not have access to it."))
    return photo


def has_photo_of_fix(session: Session, hazard: Hazard) -> bool:
    """Tell whether a photo shows the place after the present fix: one taken before a rejection shows an older one."""
    rejected = select(func.max(HazardStep.at_utc)).where(
        HazardStep.hazard_id == hazard.id, HazardStep.what == HazardAct.REJECTED
    )
    query = select(HazardPhoto.id).where(
        HazardPhoto.hazard_id == hazard.id, HazardPhoto.taken == PhotoTime.AFTER, HazardPhoto.withdrawn_utc.is_(None)
    )
    last = session.scalar(rejected)
    return session.scalar((query if last is None else query.where(HazardPhoto.added_utc > last)).limit(1)) is not None
