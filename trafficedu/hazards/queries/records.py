"""Reads of hazards: one, a list, its steps and its photos."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, or_, select
from sqlalchemy.orm import Session, contains_eager, joinedload

from trafficedu.areas.models import Area
from trafficedu.areas.queries import within
from trafficedu.core import numbers
from trafficedu.core.actors import Actor
from trafficedu.core.errors import Missing
from trafficedu.core.paging import Page, paginate
from trafficedu.core.text import message
from trafficedu.hazards.models import Hazard, HazardKind, HazardPhoto, HazardStep
from trafficedu.hazards.queries.scope import overdue_on, visible_to
from trafficedu.hazards.rules import OPEN, HazardAct, HazardState, PhotoTime, Risk


@dataclass(frozen=True)
class HazardFilter:
    """What the list is narrowed to; ``sort`` is a column's key, with "-" before it descending.

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
    sort: str = "-reported"


SORTS: dict[str, ColumnElement[Any]] = {
    "reported": Hazard.reported_utc.expression,
    "area": Area.path.expression,
    "risk": case({risk: place for place, risk in enumerate(Risk)}, value=Hazard.risk),
    "state": case({state: place for place, state in enumerate(HazardState)}, value=Hazard.state),
    "deadline": func.coalesce(Hazard.deadline_on, date.max),
}
OPEN_ONES = "open"


def find_hazard(session: Session, number: str, by: Actor) -> Hazard:
    """Return a hazard that ``by`` may see; raise Missing."""
    query = (
        select(Hazard)
        .where(Hazard.number == numbers.normalise(number), visible_to(by))
        .options(
            joinedload(Hazard.area).joinedload(Area.parent),
            joinedload(Hazard.kind),
            joinedload(Hazard.reported_by),
            joinedload(Hazard.fixed_by),
            joinedload(Hazard.verified_by),
        )
    )
    found = session.scalar(query)
    if found is None:
        raise Missing(message("There is no such hazard, or it is not yours to see."))
    return found


def find_by_client_reference(session: Session, client_reference: str | None) -> Hazard | None:
    """Return what an earlier submit with the same reference made, or None."""
    if not client_reference:
        return None
    return session.scalar(select(Hazard).where(Hazard.client_reference == client_reference))


def list_hazards(session: Session, by: Actor, wanted: HazardFilter, page: int) -> Page[Hazard]:
    """Return a page of the hazards that ``by`` may see, narrowed and sorted."""
    return paginate(session, _filtered(by, wanted), page)


def list_filtered(session: Session, by: Actor, wanted: HazardFilter) -> Iterator[Hazard]:
    """Yield all hazards of :func:`list_hazards`, for files."""
    yield from session.scalars(_filtered(by, wanted).execution_options(yield_per=500))


def _filtered(by: Actor, wanted: HazardFilter) -> Select[tuple[Hazard]]:
    column = SORTS.get(wanted.sort.removeprefix("-"), SORTS["reported"])
    return (
        select(Hazard)
        .join(Hazard.area)
        .join(Hazard.kind)
        .where(visible_to(by), *filter_conditions(wanted))
        .options(contains_eager(Hazard.area).joinedload(Area.parent), contains_eager(Hazard.kind))
        .order_by(column.desc() if wanted.sort.startswith("-") else column.asc(), Hazard.id.desc())
    )


def filter_conditions(wanted: HazardFilter) -> list[ColumnElement[bool]]:
    """Return the conditions of a filter on Hazard; a whole number beats the rest. Voided ones show when asked for."""
    if numbers.is_number(numbers.normalise(wanted.words), "D"):
        return [Hazard.number == numbers.normalise(wanted.words)]
    conditions: list[ColumnElement[bool]] = []
    if wanted.words:
        text = wanted.words.lower()
        fields = (Hazard.place, Hazard.description, Hazard.responsible)
        conditions.append(or_(*(func.lower(field).contains(text, autoescape=True) for field in fields)))
    equal: list[tuple[str, ColumnElement[Any]]] = [
        (wanted.state.replace(OPEN_ONES, ""), Hazard.state.expression),
        (wanted.risk, Hazard.risk.expression),
        (wanted.kind_code, HazardKind.code.expression),
    ]
    conditions += [column == value for value, column in equal if value]
    if wanted.state == OPEN_ONES:
        conditions.append(Hazard.state.in_(OPEN))
    if wanted.area_path:
        conditions.append(Hazard.area_id.in_(within(wanted.area_path)))
    if wanted.overdue_on:
        conditions.append(overdue_on(wanted.overdue_on))
    return [*conditions, *_reported(wanted.since, wanted.until)]


def _reported(since: date | None, until: date | None) -> list[ColumnElement[bool]]:
    after = [] if since is None else [Hazard.reported_on >= since]
    return after if until is None else [*after, Hazard.reported_on <= until]


def list_steps(session: Session, hazard: Hazard) -> Sequence[HazardStep]:
    """Return the steps of a hazard in their order, with who took them; no scope: the caller shows the hazard."""
    query = select(HazardStep).where(HazardStep.hazard_id == hazard.id).options(joinedload(HazardStep.by))
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
    found = session.scalar(query)
    if found is None:
        raise Missing(message("There is no such photo, or it is not yours to see."))
    return found


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
