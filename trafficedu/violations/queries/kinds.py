"""Reads of the catalogue of kinds, and of the villages where violations are recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import NoReturn

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from trafficedu.areas.models import DISTRICT, TOWN, Area
from trafficedu.core.errors import Missing, Refusal, entered
from trafficedu.core.text import message
from trafficedu.violations import rules
from trafficedu.violations.models import Violation, ViolationKind


@dataclass(frozen=True)
class Village:
    """A village, or a town without villages, as lists offer it."""

    id: int
    code: str
    name: str
    town: str
    path: str


def list_kinds(session: Session, day: date | None = None) -> Sequence[ViolationKind]:
    """Return the kinds valid on ``day`` (all versions without one): large keys first, then by code and validity."""
    query = select(ViolationKind).order_by(
        case((ViolationKind.position.is_(None), 1), else_=0),
        ViolationKind.position,
        ViolationKind.code,
        ViolationKind.valid_from,
    )
    return session.scalars(query if day is None else query.where(ViolationKind.holds_on(day))).all()


def find_kind(session: Session, code: str) -> ViolationKind:
    """Return the latest version of a kind; raise Missing."""
    query = select(ViolationKind).where(ViolationKind.code == code).order_by(ViolationKind.valid_from.desc()).limit(1)
    kind = session.scalar(query)
    if kind is None:
        raise Missing(message("There is no kind of violation with the code %(code)s.", code=code))
    return kind


def find_kind_on(session: Session, code: str, day: date) -> ViolationKind:
    """Return the version of a kind valid on ``day``; raise Refusal at ``kind``."""
    kind = session.scalar(select(ViolationKind).where(ViolationKind.code == code, ViolationKind.holds_on(day)).limit(1))
    if kind is None:
        refuse_kind(session, code, day)
    return kind


def refuse_kind(session: Session, code: str, day: date) -> NoReturn:
    """Say why no version of a kind holds on ``day``: an unknown code, or the days of its latest version."""
    with entered("kind", code):
        last = find_kind(session, code)
    rules.check_valid_on(last.valid_from, last.valid_to, day, code)
    raise Refusal(message("There is no kind of violation with the code %(code)s.", code=code), field="kind", value=code)


def list_kinds_ending(session: Session, since: date, until: date) -> Sequence[ViolationKind]:
    """Return the kinds whose validity ends in a period without a later version."""
    later = select(ViolationKind.code, func.max(ViolationKind.valid_from).label("last")).group_by(ViolationKind.code)
    last = later.subquery()
    query = (
        select(ViolationKind)
        .join(last, (last.c.code == ViolationKind.code) & (last.c.last == ViolationKind.valid_from))
        .where(ViolationKind.valid_to.between(since, until))
        .order_by(ViolationKind.valid_to)
    )
    return session.scalars(query).all()


def kind_is_used_from(session: Session, code: str, day: date) -> bool:
    """Tell whether a violation of the kind happened on ``day`` or later: its version can no longer end before."""
    query = select(Violation.id).join(Violation.kind).where(ViolationKind.code == code, Violation.occurred_on >= day)
    return session.scalar(query.limit(1)) is not None


def list_villages(session: Session, day: date) -> list[Village]:
    """Return all villages that exist on ``day`` in the order of the tree, and towns that have none."""
    query = select(Area).where(Area.holds_on(day), Area.level != DISTRICT).order_by(Area.path)
    areas = session.scalars(query).all()
    towns = {area.id: area.name for area in areas if area.level == TOWN}
    parents = {area.parent_id for area in areas}
    return [
        Village(area.id, area.code, area.name, towns.get(area.parent_id or 0, area.name), area.path)
        for area in areas
        if area.level != TOWN or area.id not in parents
    ]
