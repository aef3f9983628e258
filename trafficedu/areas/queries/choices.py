"""Areas to choose from: names as a list or a search field offers them."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session, aliased

from trafficedu.areas.models import TOWN, VILLAGE, Area
from trafficedu.areas.queries.tree import visible_to
from trafficedu.areas.rules import Level
from trafficedu.core.actors import Actor, at_or_below

INDENT = "\u3000"
"""What stands before a name in a list that shows the tree, once for each level below the first."""


class Place(NamedTuple):
    """An area as a field offers it: ``name`` is its own and that of the area above it."""

    id: int
    code: str
    name: str


@dataclass(frozen=True)
class Eligible:
    """Which areas a field takes.

    ``everywhere``: also those that the person does not see, such as a rider's home. ``levels``: only of these, where
    any is named. ``recorded``: what records name is offered, a village, or a town that has none; the code of any other
    area is taken all the same, and left to the rules of the record.
    """

    everywhere: bool = False
    levels: tuple[Level, ...] = ()
    recorded: bool = False

    def conditions(self, by: Actor) -> list[Any]:
        """Return the conditions that keep a query of areas to those that may be taken."""
        seen = [] if self.everywhere else [visible_to(by)]
        return [*seen, Area.level.in_(self.levels)] if self.levels else seen

    def offered(self, day: date | None) -> list[Any]:
        """Return the further conditions on those that are offered by name on ``day``, None for those of any day."""
        existing = [] if day is None else [Area.holds_on(day)]
        if not self.recorded:
            return existing
        below = aliased(Area)
        childless = and_(Area.level == TOWN, ~select(below.id).where(below.parent_id == Area.id).exists())
        return [*existing, or_(Area.level == VILLAGE, childless)]


LONGEST_NAME = 200
"""Characters: two names of 80, a code of 20, and what stands between them."""
_ABOVE = aliased(Area)
_PLACE = (
    select(Area.id, Area.code, Area.name, _ABOVE.name.label("above"))
    .outerjoin(_ABOVE, _ABOVE.id == Area.parent_id)
    .order_by(Area.path)
)


def _places(session: Session, query: Select[Any]) -> list[Place]:
    rows = session.execute(query).all()
    return [Place(row.id, row.code, f"{row.above} · {row.name}" if row.above else row.name) for row in rows]


def list_meant(session: Session, text: str, eligible: Eligible, day: date | None, by: Actor, limit: int) -> list[Place]:
    """Return the areas that ``text`` may mean, ``limit`` at most, in the order of the tree.

    Its last word is the code; or it is a name, a part of one, or a part of the name above and one of the own, of what
    exists on ``day`` (None for any day). The first of these that anything fits goes before the others.
    """
    words = re.split(r"[\s·]+", text.strip(" ·"))
    if len(text) > LONGEST_NAME or not words[-1]:
        return []
    query = _PLACE.where(*eligible.conditions(by)).limit(limit)
    offered = query.where(*eligible.offered(day))
    ways = [
        query.where(Area.code == words[-1]),
        offered.where(Area.name == text),
        offered.where(Area.name.contains(text, autoescape=True)),
    ]
    if len(words) > 1:
        above = _ABOVE.name.contains(words[0], autoescape=True)
        ways.append(offered.where(above, Area.name.contains(words[-1], autoescape=True)))
    return next((places for way in ways if (places := _places(session, way))), [])


def list_named(session: Session, text: str, limit: int, day: date, by: Actor) -> list[tuple[str, str]]:
    """Return code and name of the areas ``by`` sees that ``text`` may mean; see :func:`list_meant`."""
    return [(place.code, place.name) for place in list_meant(session, text, Eligible(), day, by, limit)]


def list_coded(
    session: Session, codes: Collection[str], eligible: Eligible, by: Actor, day: date | None = None
) -> list[Place]:
    """Return the areas of these codes that may be taken (and exist on ``day``), in the order of the tree."""
    query = _PLACE.where(Area.code.in_(codes), *eligible.conditions(by))
    return _places(session, query if day is None else query.where(Area.holds_on(day)))


def find_place(session: Session, area_id: int) -> Place | None:
    """Return the area with an id."""
    return next(iter(_places(session, _PLACE.where(Area.id == area_id))), None)


def find_only(session: Session, eligible: Eligible, day: date, by: Actor) -> Place | None:
    """Return the area that is offered where no other one is."""
    offered = _places(session, _PLACE.where(*eligible.conditions(by), *eligible.offered(day)).limit(2))
    return offered[0] if len(offered) == 1 else None


def list_names(session: Session, path: str, day: date) -> list[tuple[str, str, int, Level]]:
    """Return code, name, place of the parent in this list (-1 for none) and level of the areas at and below ``path``.

    Those that exist on ``day``, in the order of the tree.
    """
    query = select(Area.code, Area.name, Area.path, Area.level).where(at_or_below(Area.path, path), Area.holds_on(day))
    rows = session.execute(query.order_by(Area.path)).all()
    places = {row.path: place for place, row in enumerate(rows)}
    return [
        (row.code, row.name, places.get(f"{row.path.rstrip('/').rpartition('/')[0]}/", -1), row.level) for row in rows
    ]


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
