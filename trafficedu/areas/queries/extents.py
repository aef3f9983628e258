"""The surroundings of an area: where on the map what happened in it can lie."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from trafficedu.areas.models import TOWN, VILLAGE, Area, AreaExtent
from trafficedu.areas.queries.tree import visible_to
from trafficedu.areas.rules import paths_down_to
from trafficedu.core.actors import Actor
from trafficedu.core.positions import Box

SIDES = (AreaExtent.south, AreaExtent.west, AreaExtent.north, AreaExtent.east)


def surroundings_of(session: Session, path: str) -> Box | None:
    """Return the rectangle of the area at ``path``, else of the nearest one above that has one, else None."""
    query = (
        select(*SIDES)
        .join(Area, Area.id == AreaExtent.area_id)
        .where(Area.path.in_(paths_down_to(path)))
        .order_by(func.length(Area.path).desc())
        .limit(1)
    )
    row = session.execute(query).first()
    return None if row is None else Box(*row)


def list_centres(session: Session, by: Actor, day: date) -> dict[str, tuple[float, float]]:
    """Return the middle (latitude, longitude) of each area ``by`` sees on ``day`` of which the rectangle is known."""
    query = (
        select(Area.code, *SIDES)
        .join(Area, Area.id == AreaExtent.area_id)
        .where(visible_to(by), Area.holds_on(day), Area.level.in_((TOWN, VILLAGE)))
        .order_by(Area.path)
    )
    rows = session.execute(query)
    return {
        code: (round((south + north) / 2, 5), round((west + east) / 2, 5)) for code, south, west, north, east in rows
    }


def _middle(one: float, other: float) -> float:
    return round((one + other) / 2, 5)


class RememberedSurroundings:
    """:func:`surroundings_of` for the rows of a file: every rectangle is read once."""

    def __init__(self, session: Session) -> None:
        rows = session.execute(select(Area.path, *SIDES).join(Area, Area.id == AreaExtent.area_id))
        self._boxes: dict[str, Box | None] = {path: Box(*sides) for path, *sides in rows}

    def of(self, path: str) -> Box | None:
        """Return the rectangle."""
        if path not in self._boxes:
            self._boxes[path] = next(self._above(path), None)
        return self._boxes[path]

    def _above(self, path: str) -> Iterator[Box]:
        """Yield the rectangles of the areas above, the nearest first."""
        yield from (box for above in reversed(paths_down_to(path)) if (box := self._boxes.get(above)) is not None)
