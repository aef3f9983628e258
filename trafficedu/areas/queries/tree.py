"""The tree of areas. ``within`` is how every other feature keeps to a subtree."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import ColumnElement, Select, func, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from trafficedu.areas.models import DISTRICT, VILLAGE, Area
from trafficedu.areas.rules import AreaFacts, Level
from trafficedu.core.actors import Actor, at_or_below
from trafficedu.core.called import Called
from trafficedu.core.errors import Missing, Refusal, entered
from trafficedu.core.listing import FIGURES, Column, Listing
from trafficedu.core.loading import loaded
from trafficedu.core.narrowing import Way
from trafficedu.core.text import message
from trafficedu.core.validity import Validity

MANAGE = "areas:area:manage"


@dataclass(frozen=True)
class AreaFilter:
    """What the list of areas is narrowed to; ``on`` is the day on which they exist, None for any day."""

    words: str = ""
    level: str = ""
    below: str = ""
    on: date | None = None


class AreaRow(NamedTuple):
    """What is asked of an area in which a record is placed, without the mapper."""

    id: int
    code: str
    name: str
    path: str
    validity: Validity

    @classmethod
    def of(cls, row: Sequence[Any]) -> AreaRow:
        """Return the area whose :data:`AREA_COLUMNS` are ``row``."""
        key, code, name, path, *days = row
        return cls(key, code, name, path, Validity(*days))


AREA_COLUMNS = (Area.id, Area.code, Area.name, Area.path, Area.valid_from, Area.valid_to)


AnyArea = TypeVar("AnyArea", Area, AreaRow)


def visible_to(by: Actor) -> ColumnElement[bool]:
    """Return the condition that ``by`` sees an area: the own post and below it; all, for who manages the tree."""
    return true() if by.may(MANAGE) else by.scope.condition(area=Area.path)


def is_visible(by: Actor, area: Area) -> bool:
    """Tell whether ``by`` sees ``area``; the same as :func:`visible_to`, of an area already read."""
    return by.may(MANAGE) or by.scope.covers(area.path)


def within(path: str) -> Select[tuple[int]]:
    """Return a subquery of the ids of the area at ``path`` and all below it, for ``Model.area_id.in_(...)``."""
    return select(Area.id).where(at_or_below(Area.path, path))


def ids_in_reach(session: Session, by: Actor, path: str = "") -> Sequence[int] | None:
    """Return the ids of the areas of the post of ``by`` that lie at or below ``path``: by these a list is reached.

    None stands for all there are, the empty path for the whole post.
    """
    own = "" if by.scope.everything else by.scope.area_path
    if own is None or not (path.startswith(own) or own.startswith(path)):
        return []
    deeper = max(own, path, key=len)
    if not deeper:
        return None
    elsewhere = select(Area.id).where(Area.parent_id.is_(None), Area.path != deeper)
    if deeper.count("/") == 1 and session.scalar(elsewhere.limit(1)) is None:
        return None
    return session.scalars(within(deeper)).all()


def lies_in(area_id: InstrumentedAttribute[Any]) -> Callable[[str], ColumnElement[bool]]:
    """Return the condition that a record's area lies at or below a path, as a function of the path."""
    return lambda path: area_id.in_(within(path))


def placed(area_id: InstrumentedAttribute[Any]) -> Way[Any]:
    """Return the way to records by the area they lie in: of the own post, at or below the ``area_path`` of a filter."""
    return Way(
        area_id.expression,
        lambda session, by, chosen: ids_in_reach(session, by, chosen.area_path),
        lambda chosen: [area_id.in_(within(chosen.area_path))] if chosen.area_path else [],
    )


def of_post(area_id: InstrumentedAttribute[Any]) -> Way[Any]:
    """Return the way to records by the areas of the own post, for a list without a filter."""
    return Way(area_id.expression, lambda session, by, _chosen: ids_in_reach(session, by))


def find_area(session: Session, code: str) -> Area:
    """Return the area with ``code``; raise :class:`Missing`."""
    area = session.scalar(select(Area).where(Area.code == code))
    if area is None:
        raise Missing(message("There is no area with the code %(code)s.", code=code))
    return area


def find_valid_area(session: Session, code: str, day: date) -> Area:
    """Return the area with ``code`` if it exists on ``day``; raise Refusal at ``area_code``."""
    with entered("area_code", code):
        area = find_area(session, code)
    return existing_on(area, day)


def existing_on(area: AnyArea, day: date) -> AnyArea:
    """Return an area; raise Refusal at ``area_code`` unless it exists on ``day``."""
    if not area.validity.holds_on(day):
        text = message("%(name)s did not exist on %(day)s.", name=area.name, day=day.isoformat())
        raise Refusal(text, field="area_code", value=area.code)
    return area


def find_in_reach(session: Session, code: str, day: date, by: Actor) -> Area:
    """Return the area if it exists on ``day`` within the post of ``by``; raise Refusal at ``area_code``.

    For records: unlike :func:`find_visible_area` it knows no right to manage the tree.
    """
    return in_reach(session.scalar(select(Area).where(Area.code == code)), code, day, by)


def in_reach(area: AnyArea | None, code: str, day: date, by: Actor) -> AnyArea:
    """Return what was found under ``code`` if a record may be placed there; see :func:`find_in_reach`.

    What lies outside the post is as if it did not exist.
    """
    if area is None or not by.scope.covers(area.path):
        text = message("There is no village with the code %(code)s in your area. Enter its name or code.", code=code)
        raise Refusal(text, field="area_code", value=code)
    return existing_on(area, day)


def names_of(areas: Iterable[AreaRow]) -> Iterator[tuple[str, str]]:
    """Yield code and name of areas, and their names with the parent's before them: villages are often called alike."""
    by_path = {area.path: area for area in areas}
    for area in by_path.values():
        yield area.code, area.name
        parent = by_path.get(area.path.removesuffix(f"{area.code}/"))
        if parent is not None:
            yield area.code, parent.name + area.name


def list_names(session: Session, condition: ColumnElement[bool]) -> Iterator[tuple[str, str]]:
    """Yield code and names of the areas for which ``condition`` holds; see :func:`names_of`."""
    return names_of(AreaRow.of(row) for row in session.execute(select(*AREA_COLUMNS).where(condition)))


class RememberedAreas:
    """:func:`find_in_reach` for the rows of a file: every area of the post is read once."""

    def __init__(self, session: Session, by: Actor) -> None:
        self._by = by
        query = select(*AREA_COLUMNS).where(by.scope.condition(area=Area.path))
        self._areas = {row.code: AreaRow.of(row) for row in session.execute(query)}
        self.ids = frozenset(area.id for area in self._areas.values())
        self._called = Called(self._areas, lambda: names_of(self._areas.values()))

    def code_of(self, text: str, field: str = "area_code") -> str:
        """Return the code of the area that a file names by its code, its name or, with its town's before it, both."""
        return self._called.code_of(text, field)

    def find(self, code: str, day: date) -> AreaRow:
        """Return the area; raise Refusal at ``area_code``."""
        return in_reach(self._areas.get(code), code, day, self._by)


def list_below(session: Session, path: str, day: date, level: str | None = None) -> Sequence[Area]:
    """Return the areas at and below ``path`` that exist on ``day``, in the order of the tree."""
    query = select(Area).where(at_or_below(Area.path, path), Area.holds_on(day)).order_by(Area.path)
    return session.scalars(query if level is None else query.where(Area.level == level)).all()


def chosen_path(session: Session, code: str | None, by: Actor) -> str:
    """Return the path of an area chosen in a filter, "" for none; raise :class:`Missing` for one out of sight."""
    return find_visible_area(session, code, by).path if code else ""


def root(session: Session) -> Area | None:
    """Return the top of the tree, or None in an empty installation; a top that ended only where none followed."""
    tops = select(Area).where(Area.parent_id.is_(None)).order_by(Area.valid_to.is_not(None), Area.path)
    return session.scalar(tops.limit(1))


def list_levels(session: Session, by: Actor) -> list[Level]:
    """Return the levels of which ``by`` sees several areas, from the top down."""
    counted = select(Area.level).where(visible_to(by)).group_by(Area.level).having(func.count() > 1)
    several = set(session.scalars(counted))
    return [level for level in Level if level in several]


def has_several_districts(session: Session) -> bool:
    """Tell whether the tree has several districts below its top."""
    query = select(Area.id).where(Area.level == DISTRICT, Area.parent_id.is_not(None))
    return len(session.scalars(query.limit(2)).all()) > 1


def find_visible_area(session: Session, code: str, by: Actor) -> Area:
    """Return the area with ``code`` if ``by`` sees it; raise :class:`Missing`."""
    area = session.scalar(select(Area).where(Area.code == code, visible_to(by)))
    if area is None:
        raise Missing(message("There is no area with the code %(code)s.", code=code))
    return area


def visible_root(session: Session, by: Actor) -> Area | None:
    """Return the top of the tree if ``by`` sees it: a page offers no way that ends at a closed door."""
    top = root(session)
    return top if top is not None and session.scalar(select(Area.id).where(Area.id == top.id, visible_to(by))) else None


def _filtered(by: Actor, chosen: AreaFilter) -> Select[tuple[Area]]:
    query = select(Area).where(visible_to(by)).options(loaded(Area.parent))
    if chosen.words:
        text = chosen.words.lower()
        query = query.where(
            or_(func.lower(Area.name).contains(text, autoescape=True), Area.code.startswith(text, autoescape=True))
        )
    if chosen.level:
        query = query.where(Area.level == chosen.level)
    if chosen.below:
        query = query.where(at_or_below(Area.path, chosen.below))
    return query if chosen.on is None else query.where(Area.holds_on(chosen.on))


AREAS: Listing[Area, AreaFilter] = Listing(
    _filtered,
    [
        Column("name", message("Area"), value=lambda row: row.name, sort=Area.name.expression),
        Column("code", message("Code"), value=lambda row: row.code, sort=Area.path.expression),
        Column("level", message("Level"), value=lambda row: row.level.label),
        Column("parent", message("Belongs to"), value=lambda row: row.parent.name if row.parent else None),
        Column("villages", message("Villages"), look=FIGURES),
        Column("from", message("First day"), value=lambda row: row.valid_from, sort=Area.valid_from.expression),
        Column("to", message("Last day"), value=lambda row: row.valid_to, sort=Area.valid_to.expression),
        Column("evaluated", message("Evaluated"), value=lambda row: message("yes") if row.evaluated else message("no")),
    ],
    sort="code",
    order=[Area.path.expression],
)


def count_villages(session: Session, areas: Sequence[Area], day: date | None) -> dict[str, int]:
    """Return how many villages exist (on ``day``) below each of ``areas``, by path; a village has no such number."""
    query = select(Area.path).where(Area.level == VILLAGE)
    paths = session.scalars(query if day is None else query.where(Area.holds_on(day))).all()
    return {area.path: sum(path.startswith(area.path) for path in paths) for area in areas if area.level != VILLAGE}


def list_children(session: Session, area: Area, day: date) -> Sequence[Area]:
    """Return the areas right below ``area`` that exist on ``day``."""
    return session.scalars(select(Area).where(Area.parent_id == area.id, Area.holds_on(day)).order_by(Area.path)).all()


def list_predecessors(session: Session, area: Area) -> Sequence[Area]:
    """Return the areas that ended in favour of ``area``."""
    return session.scalars(select(Area).where(Area.successor_id == area.id).order_by(Area.path)).all()


def list_line(session: Session, area: Area) -> Sequence[Area]:
    """Return the areas above ``area``, from the root down."""
    codes = area.path.strip("/").split("/")[:-1]
    return session.scalars(select(Area).where(Area.code.in_(codes)).order_by(Area.path)).all()


def list_ending_with(session: Session, area: Area, last_day: date) -> Sequence[Area]:
    """Return the areas below ``area`` that would have to end with it on ``last_day``."""
    later = Validity(last_day + timedelta(days=1))
    query = select(Area).where(Area.path.startswith(area.path), Area.id != area.id, Area.overlaps(later))
    return session.scalars(query.order_by(Area.path)).all()


def facts_by_code(session: Session, by: Actor | None = None) -> dict[str, AreaFacts]:
    """Return what is said about every area (that ``by`` sees), by code, for rules and files."""
    parent, successor = aliased(Area), aliased(Area)
    query = (
        select(Area, func.coalesce(parent.code, ""), func.coalesce(successor.code, ""))
        .outerjoin(parent, parent.id == Area.parent_id)
        .outerjoin(successor, successor.id == Area.successor_id)
        .where(true() if by is None else visible_to(by))
    )
    return {
        area.code: AreaFacts(
            code=area.code,
            name=area.name,
            level=area.level,
            parent_code=parent_code,
            valid_from=area.valid_from,
            valid_to=area.valid_to,
            successor=successor_code,
            evaluated=area.evaluated,
        )
        for area, parent_code, successor_code in session.execute(query)
    }
