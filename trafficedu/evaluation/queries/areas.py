"""Which area is looked at, and which areas are fitted together with it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.analysis.colours.rule_set import AREA_KINDS, COMPANY, DISTRICT
from trafficedu.areas.models import VILLAGE, Area
from trafficedu.areas.queries import tree as areas
from trafficedu.areas.rules import Level
from trafficedu.core.actors import Actor, at_or_below
from trafficedu.core.errors import Missing
from trafficedu.core.text import message


def find_area(session: Session, code: str, by: Actor) -> Area:
    """Return the area asked for, or the top of what ``by`` sees; raise Missing outside of it."""
    if code:
        return areas.find_visible_area(session, code, by)
    query = select(Area).where(areas.visible_to(by)).order_by(Area.path).limit(1)
    top = session.scalar(query)
    if top is None:
        raise Missing(message("There are no areas yet. Import them first."))
    return top


def kinds_seen(session: Session, by: Actor) -> list[str]:
    """Return the kinds of target that ``by`` can have results of; districts where several are judged.

    A company delivers in all districts: its results are seen by who answers for the whole tree.
    """
    scope = by.scope
    if scope.company_id is not None:
        return [COMPANY]
    if not scope.area_path and not scope.everything:
        return []
    post = session.scalar(select(Area.level).where(Area.path == scope.area_path)) if scope.area_path else None
    levels = list(Level)[list(Level).index(post) if post else 0 :]
    judged = [level.value for level in levels if level in AREA_KINDS]
    if DISTRICT in judged and not areas.has_several_districts(session):
        judged.remove(DISTRICT)
    return [*judged, COMPANY] if scope.everything or str(scope.area_path).count("/") == 1 else judged


def fitted_with(area: Area) -> Area:
    """Return the area whose parts are fitted together to speak of ``area``: its parent; of the root, itself."""
    return area.parent or area


def list_parts(session: Session, root: Area, day: date) -> Sequence[Area]:
    """Return the areas right below ``root`` on ``day``; ``root`` itself where nothing lies below."""
    return areas.list_children(session, root, day) or [root]


def list_roots(session: Session, day: date) -> Sequence[Area]:
    """Return the areas that have parts, from the root down: what the worker computes at night."""
    query = select(Area).where(Area.level != VILLAGE, Area.holds_on(day)).order_by(Area.level, Area.path)
    return session.scalars(query).all()


def owners(session: Session, root: Area, parts: Sequence[Area]) -> dict[str, int]:
    """Return for every area at and below ``root`` the place among ``parts`` that its records count for.

    An area that ended counts for the one that followed it. What lies in no part (recorded for ``root`` itself,
    or ended without a successor) has the place ``len(parts)``.
    """
    query = select(Area).where(at_or_below(Area.path, root.path))
    known = {area.id: area for area in session.scalars(query)}
    places = {part.path: place for place, part in enumerate(parts)}
    place_of: dict[str, int] = {}
    for area in known.values():
        heir: Area | None = area
        for _ in range(len(known)):  # a chain of successors ends; a wrong one must not turn for ever
            own = next(
                (place for path, place in places.items() if heir is not None and heir.path.startswith(path)), None
            )
            if own is not None or heir is None or heir.successor_id is None:
                break
            heir = known.get(heir.successor_id)
        place_of[area.path] = len(parts) if own is None else own
    return place_of
