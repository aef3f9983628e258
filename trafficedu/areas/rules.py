"""What a tree of areas must keep to, and how exposure adds up in it. Pure.

The levels are strict, a village in a town in a district in a city, so that a loop cannot be written down; a county may
lie in a province directly. The tree begins with a district, a city or a province. An area keeps its code, its level and
its parent for life: statistical codes contain the parent, and a village that moves gets a new one. It then ends, and
names its successor. Only the top may get a parent: the tree of a district that becomes part of a city's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum, auto

from trafficedu.core.errors import Refusal
from trafficedu.core.month import Month
from trafficedu.core.positions import MARGIN, Box
from trafficedu.core.states import Transitions, Word
from trafficedu.core.text import Message, message
from trafficedu.core.validity import Validity

BEGINNING = date(2000, 1, 1)
"""From when an area counts whose beginning nobody states: earlier than any record this system holds."""

CARRY_MONTHS = 12
"""Months a figure of registered e-bikes is carried forward at most (design: evaluation, "The trend model")."""


class Level(Word):
    """What an area is, from the top down: province, city, district or county, town (镇街), village (村社)."""

    PROVINCE = "province", message("province")
    CITY = "city", message("city")
    DISTRICT = "district", message("district")
    TOWN = "town", message("town")
    VILLAGE = "village", message("village")

    @property
    def may_be_top(self) -> bool:
        """Whether a tree may begin with it."""
        return self not in (Level.TOWN, Level.VILLAGE)

    @property
    def levels_below(self) -> tuple[Level, ...]:
        """The levels that may lie right below, the usual one first."""
        return tuple(level for level, above in PARENT_LEVELS.items() if self in above)


PARENT_LEVELS: Mapping[Level, tuple[Level, ...]] = {
    Level.PROVINCE: (),
    Level.CITY: (Level.PROVINCE,),
    Level.DISTRICT: (Level.CITY, Level.PROVINCE),
    Level.TOWN: (Level.DISTRICT,),
    Level.VILLAGE: (Level.TOWN,),
}
"""LEVEL -> the levels of which one must be the parent's."""

PLURALS: Mapping[Level, Message] = {
    Level.PROVINCE: message("Provinces"),
    Level.CITY: message("Cities"),
    Level.DISTRICT: message("Districts"),
    Level.TOWN: message("Towns"),
    Level.VILLAGE: message("Villages"),
}
"""LEVEL -> the heading over several of them."""


@dataclass(frozen=True)
class AreaFacts:
    """What is said about an area; ``valid_to`` is its last day."""

    code: str
    name: str
    level: str
    parent_code: str
    valid_from: date
    valid_to: date | None = None
    successor: str = ""
    evaluated: bool = True


def check_place(new: AreaFacts, before: AreaFacts | None, parent: AreaFacts | None) -> None:
    """Raise Refusal where level, parent or dates of ``new`` cannot stand; ``before`` is what it said so far."""
    level = Level(new.level)
    if before is not None and before.level != new.level:
        raise Refusal(message("The level of an area cannot be changed. End it and add a new one."), field="level")
    if parent is None and not level.may_be_top:
        raise Refusal(message("There is no area with this code. Add the parent first."), field="parent_code")
    if parent is not None and parent.level not in PARENT_LEVELS[level]:
        raise Refusal(
            message(
                "A village must be in a town, a town in a district, a district in a city or a province. Check the"
                " parent or the level."
            ),
            field="parent_code",
        )
    if before is not None and before.parent_code and before.parent_code != (parent.code if parent else ""):
        raise Refusal(
            message("An area cannot be moved. End it and add one with a new code in its new place."),
            field="parent_code",
        )
    if new.valid_to is not None and new.valid_to < new.valid_from:
        raise Refusal(message("The last day is before the first."), field="valid_to")
    if parent is not None:
        check_within(new, parent)


def check_one_top(new: AreaFacts, areas: Iterable[AreaFacts]) -> None:
    """Raise Refusal where ``new`` would be a second top of the tree that ``areas`` are, on some day."""
    if new.parent_code:
        return
    for other in areas:
        same_days = Validity(new.valid_from, new.valid_to).overlaps(Validity(other.valid_from, other.valid_to))
        if not other.parent_code and other.code != new.code and same_days:
            raise Refusal(
                message(
                    "%(name)s is the top of the tree. Enter the code of the area above this one, or add the area above"
                    " both in the same file.",
                    name=other.name,
                ),
                field="parent_code",
            )


def check_within(new: AreaFacts, parent: AreaFacts) -> None:
    """Raise Refusal unless ``parent`` exists on every day on which ``new`` does."""
    if new.valid_from < parent.valid_from:
        raise Refusal(
            message("%(name)s begins on %(day)s, later than this.", name=parent.name, day=parent.valid_from),
            field="valid_from",
        )
    if parent.valid_to is not None and (new.valid_to is None or new.valid_to > parent.valid_to):
        raise Refusal(
            message("%(name)s ends on %(day)s, earlier than this.", name=parent.name, day=parent.valid_to),
            field="valid_to",
        )


def check_successor(area: AreaFacts, areas: Mapping[str, AreaFacts]) -> None:
    """Raise Refusal where the successor of ``area`` is unknown, of another level, gone too, or leads back."""
    if not area.successor:
        return
    if area.valid_to is None:
        raise Refusal(message("Only an area that ends can have a successor. Enter its last day."), field="valid_to")
    successor = areas.get(area.successor)
    if successor is None:
        raise Refusal(message("There is no area with this code."), field="successor")
    if successor.level != area.level:
        raise Refusal(message("The successor must have the same level."), field="successor")
    if successor.valid_to is not None and successor.valid_to <= area.valid_to:
        raise Refusal(message("The successor must last longer than this area."), field="successor")
    seen = {area.code}
    code = area.successor
    while code:
        if code in seen:
            raise Refusal(message("The successors lead in a circle back to this area."), field="successor")
        seen.add(code)
        code = areas[code].successor if code in areas else ""


def paths_down_to(path: str) -> list[str]:
    """Return the path of an area and of those above it, from the top down."""
    codes = path.strip("/").split("/")
    return ["/".join(codes[:length]) + "/" for length in range(1, len(codes) + 1)]


def carried(figures: Mapping[Month, int], month: Month) -> int | None:
    """Return the figure of ``month``, else the latest of the 12 months before it, else None."""
    return _latest(figures, _reaching(month))


def _reaching(month: Month) -> list[Month]:
    """Return the months whose figure may stand for ``month``, the latest first."""
    return [month - back for back in range(CARRY_MONTHS + 1)]


def _latest(figures: Mapping[Month, int], months: Sequence[Month]) -> int | None:
    for month in months if figures else ():
        if (figure := figures.get(month)) is not None:
            return figure
    return None


@dataclass(frozen=True)
class Exposed:
    """An area for :func:`exposure`: its path, whether it must have a figure, and its figures by month."""

    path: str
    evaluated: bool
    figures: Mapping[Month, int]


def exposure(areas: Iterable[Exposed], month: Month) -> dict[str, int | None]:
    """Return the e-bikes registered in each area in ``month``, by path.

    An area's own figure (carried forward) counts; without one, the sum of the areas right below it. The sum is
    None, not too small, when an evaluated area below has no figure; one that is not evaluated may lack it.
    """
    totals: dict[str, int | None] = {}
    below: dict[str, list[tuple[bool, int | None]]] = {}
    months = _reaching(month)
    for area in sorted(areas, key=lambda area: area.path.count("/"), reverse=True):
        total = _latest(area.figures, months)
        if total is None:
            parts = below.get(area.path, [])
            missing = not parts or any(evaluated and part is None for evaluated, part in parts)
            total = None if missing else sum(part or 0 for _, part in parts)
        totals[area.path] = total
        parent = area.path.rstrip("/").rpartition("/")[0] + "/"
        below.setdefault(parent, []).append((area.evaluated, total))
    return totals


class OutlinesState(Word):
    """What became of a file of outlines."""

    TRIED = "tried", message("not imported yet"), "open"
    TAKEN = "taken", message("imported"), "done"
    BACK = "back", message("taken back")


class OutlinesAct(StrEnum):
    """What is done with a file of outlines that was tried."""

    TAKE = auto()
    TAKE_BACK = auto()


OUTLINES_LIFE = Transitions(
    {
        OutlinesAct.TAKE: ((OutlinesState.TRIED,), OutlinesState.TAKEN),
        OutlinesAct.TAKE_BACK: ((OutlinesState.TAKEN,), OutlinesState.BACK),
    }
)

ALIKE = 1 / 3
"""An outline is of an area whose own rectangle is known where they have so much of both together in common: a district
redrawn keeps more, a neighbour of it (Binjiang beside Xiaoshan: a twentieth) far less."""


def check_outline(name: str, outline: Box, own: Box | None, around: Box | None) -> None:
    """Raise Refusal at ``file`` where an outline is of another place than the area it is said to be of.

    ``own`` is the rectangle known of the area itself, ``around`` that of an area above: it has to lie in it.
    """
    known = around or own
    if known is None or _fits(outline, own, around):
        return
    swapped = Box(outline.west, outline.south, outline.east, outline.north)
    if _fits(swapped, own, around):
        text = message(
            "The outline of %(name)s: longitude and latitude are swapped. In GeoJSON the longitude comes first.",
            name=name,
        )
        raise Refusal(text, field="file")
    raise Refusal(
        message(
            "The outline of %(name)s is of another place: it lies at %(there)s, the area at %(here)s. Nothing was "
            "imported.",
            name=name,
            there=described(outline),
            here=described(known),
        ),
        field="file",
    )


def _fits(outline: Box, own: Box | None, around: Box | None) -> bool:
    if around is not None:
        wide = around.widened(MARGIN)
        return wide.holds(outline.south, outline.west) and wide.holds(outline.north, outline.east)
    return own is None or _in_common(outline, own) >= ALIKE


def _in_common(one: Box, other: Box) -> float:
    """Return the surface that two rectangles share, over that of both together."""
    high = max(0.0, min(one.north, other.north) - max(one.south, other.south))
    wide = max(0.0, min(one.east, other.east) - max(one.west, other.west))
    both = sum((box.north - box.south) * (box.east - box.west) for box in (one, other)) - high * wide
    return high * wide / both if both > 0 else 0.0


def described(box: Box) -> Message:
    """Say where a rectangle lies."""
    return message(
        "latitude %(south)s to %(north)s, longitude %(west)s to %(east)s",
        **{name: f"{value:.2f}" for name, value in box._asdict().items()},
    )
