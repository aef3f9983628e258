"""Reads of areas. ``within`` is how every other feature keeps to a subtree."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session

from trafficedu.areas.models import TOWN, VILLAGE, Area
from trafficedu.core.errors import DomainError, Missing
from trafficedu.core.text import message


def within(path: str) -> Select[tuple[int]]:
    """Return a subquery of the ids of the area at ``path`` and all below it, for ``Model.area_id.in_(...)``."""
    return select(Area.id).where(Area.path.startswith(path, autoescape=True))


def valid_on(day: date) -> ColumnElement[bool]:
    """Return the condition that an area exists on ``day``."""
    return (Area.valid_from <= day) & or_(Area.valid_to.is_(None), Area.valid_to >= day)


def find_area(session: Session, code: str) -> Area:
    """Return the area with ``code``; raise :class:`Missing`."""
    area = session.scalar(select(Area).where(Area.code == code))
    if area is None:
        raise Missing(message("There is no area with the code %(code)s.", code=code), field="area_code", value=code)
    return area


def find_valid_area(session: Session, code: str, day: date) -> Area:
    """Return the area with ``code`` if it exists on ``day``; raise DomainError at ``area_code``."""
    area = find_area(session, code)
    if area.valid_from > day or (area.valid_to is not None and area.valid_to < day):
        raise DomainError(
            message("%(name)s did not exist on %(day)s.", name=area.name, day=day.isoformat()),
            field="area_code",
            value=code,
        )
    return area


def list_below(session: Session, path: str, day: date, level: str | None = None) -> Sequence[Area]:
    """Return the areas at and below ``path`` that exist on ``day``, in the order of the tree."""
    query = select(Area).where(Area.path.startswith(path, autoescape=True), valid_on(day)).order_by(Area.path)
    return session.scalars(query if level is None else query.where(Area.level == level)).all()


def root(session: Session) -> Area | None:
    """Return the top of the tree, or None in an empty installation."""
    return session.scalar(select(Area).where(Area.parent_id.is_(None)).order_by(Area.path).limit(1))


def choices(session: Session, path: str = "") -> list[tuple[int, str]]:
    """Return id and indented name of every living area below ``path``, for lists to choose from."""
    depth = {TOWN: "　", VILLAGE: "　　"}
    query = (
        select(Area.id, Area.name, Area.level, Area.code)
        .where(Area.valid_to.is_(None), Area.path.startswith(path, autoescape=True))
        .order_by(Area.path)
    )
    return [(row.id, f"{depth.get(row.level, '')}{row.name} {row.code}") for row in session.execute(query)]
