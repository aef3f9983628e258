"""Areas to choose from: names as a list or a search field offers them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session, aliased

from trafficedu.areas.models import TOWN, Area
from trafficedu.areas.queries.tree import visible_to
from trafficedu.areas.rules import paths_down_to
from trafficedu.core.actors import Actor, at_or_below

INDENT = "\u3000"
"""What stands before a name in a list that shows the tree, once for each level below the first."""


def choices_below(session: Session, day: date, by: Actor) -> list[tuple[str, str]]:
    """Return code and indented name of the areas ``by`` sees that exist on ``day``, in the order of the tree."""
    query = select(Area.code, Area.name, Area.path).where(visible_to(by), Area.holds_on(day)).order_by(Area.path)
    rows = session.execute(query).all()
    return [(row.code, name) for row, name in zip(rows, indented(rows), strict=True)]


def indented(areas: Sequence[Any]) -> list[str]:
    """Return the names of areas (anything with a name and a path) as they stand in a list that shows the tree."""
    edge = min((area.path.count("/") for area in areas), default=0)
    return [INDENT * (area.path.count("/") - edge) + area.name for area in areas]


NAMED_AT_MOST = 13
"""One more than a filter shows (``core.fields.MATCHES_SHOWN``)."""


def list_named(session: Session, text: str, day: date, by: Actor) -> list[tuple[str, str]]:
    """Return code and name of the areas ``by`` sees that ``text`` may mean: its last word is the code, or it is a name.

    A name that is the whole of one goes before those that contain it; each stands with the area above it.
    """
    above = aliased(Area)
    query = (
        select(Area.code, Area.name, above.name)
        .outerjoin(above, above.id == Area.parent_id)
        .where(visible_to(by))
        .order_by(Area.path)
        .limit(NAMED_AT_MOST)
    )
    existing = query.where(Area.holds_on(day))
    ways = (
        query.where(Area.code == text.split()[-1]),
        existing.where(Area.name == text),
        existing.where(Area.name.contains(text, autoescape=True)),
    )
    for way in ways:
        if rows := session.execute(way).all():
            return [(code, f"{town} · {name}" if town else name) for code, name, town in rows]
    return []


def code_choices(session: Session, day: date, level: str | None = None) -> list[tuple[str, str]]:
    """Return code, indented name and code of every area (of ``level``) below the top that exists on ``day``."""
    query = select(Area.code, Area.name, Area.path).where(Area.holds_on(day)).order_by(Area.path)
    narrowed = query.where(Area.parent_id.is_not(None)) if level is None else query.where(Area.level == level)
    rows = session.execute(narrowed).all()
    return [(row.code, f"{name} {row.code}") for row, name in zip(rows, indented(rows), strict=True)]


def town_choices(session: Session, by: Actor) -> list[tuple[str, str]]:
    """Return path and name of every town that ``by`` sees, for filters; with its district, where they see several."""
    parent = aliased(Area)
    query = (
        select(Area.path, Area.name, parent.name.label("district"))
        .join(parent, parent.id == Area.parent_id)
        .where(Area.level == TOWN, visible_to(by))
        .order_by(Area.path)
    )
    rows = session.execute(query).all()
    several = len({row.district for row in rows}) > 1
    return [(row.path, f"{row.district} {row.name}" if several else row.name) for row in rows]


def choices(session: Session, path: str = "") -> list[tuple[int, str]]:
    """Return id and indented name of every living area below ``path``, for lists to choose from."""
    query = (
        select(Area.id, Area.name, Area.path, Area.code)
        .where(Area.valid_to.is_(None), at_or_below(Area.path, path))
        .order_by(Area.path)
    )
    rows = session.execute(query).all()
    return [(row.id, f"{name} {row.code}") for row, name in zip(rows, indented(rows), strict=True)]


def choices_around(session: Session, top: Area, area: Area, day: date) -> list[tuple[str, str]]:
    """Return code and indented name of ``top``, of the areas on the way down to ``area``, and of all right below these.

    In a district: its towns, and the villages of the town chosen. In a city: its districts, and so on down.
    """
    line = [path for path in paths_down_to(area.path) if path.startswith(top.path)]
    on_line = select(Area.id).where(Area.path.in_(line))
    query = select(Area.code, Area.name, Area.path).where(
        or_(Area.id == top.id, Area.path.in_(line), and_(Area.parent_id.in_(on_line), Area.holds_on(day)))
    )
    rows = session.execute(query.order_by(Area.path)).all()
    return [(row.code, name) for row, name in zip(rows, indented(rows), strict=True)]
