"""The one screen: how the areas below stand, the key figures, and what waits today.

Colours and figures of a month are read from its stored evaluation, never counted anew: the screen answers as
fast in a district of a million records as in one of ten thousand, and says what the evaluation says.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from trafficedu.areas.models import DISTRICT, Area
from trafficedu.areas.queries import tree as areas
from trafficedu.areas.rules import Drawn, Level, draw_outlines
from trafficedu.core.actors import Actor
from trafficedu.core.clock import local_date
from trafficedu.core.month import Month
from trafficedu.education.queries import tasks
from trafficedu.education.queries.sessions import count_sessions_of_day
from trafficedu.evaluation.models import EvaluationResult, EvaluationRun
from trafficedu.evaluation.queries import runs as evaluation
from trafficedu.feedback.queries import notices as feedback
from trafficedu.hazards.queries import figures as hazards
from trafficedu.overview.queries.picture import Share, share
from trafficedu.overview.rules import RANKS

COMPANY = "company"
MAP_WIDTH = 640.0


@dataclass(frozen=True)
class Tile:
    """One area or company on the screen: how it stands, and how it stood the month before (``""``: unknown)."""

    kind: str
    code: str
    name: str
    colour: str
    score: float | None
    before: str

    @property
    def moved(self) -> int:
        """Colours it fell (positive) or rose (negative) since the month before; 0 where one of them says nothing."""
        known = self.colour in RANKS and self.before in RANKS
        return RANKS[self.colour] - RANKS[self.before] if known else 0


@dataclass(frozen=True)
class KeyFigures:
    """Sums of the month's evaluation over the areas shown, each rate with both its parts."""

    violations: int
    on_time: Share
    helmets: Share
    feedback: Share


@dataclass(frozen=True)
class Waiting:
    """What has to be done today: nothing of it belongs to the month looked at."""

    sessions: int
    seats: int
    booked: int
    late_feedback: int
    overdue_hazards: int
    overdue_tasks: int


@dataclass(frozen=True)
class Screen:
    """Everything the one screen shows of ``area``; ``run`` is None before the month is evaluated."""

    area: Area
    parent: Area | None
    month: Month
    run: EvaluationRun | None
    own: Tile | None
    tiles: Sequence[Tile]
    level: Level | None
    """What the tiles are."""
    drawn: Mapping[str, Drawn]
    height: float
    companies: Sequence[Tile]
    figures: KeyFigures
    waiting: Waiting

    @property
    def counts(self) -> Counter[str]:
        """How many of the areas below stand on each colour."""
        return Counter(tile.colour for tile in self.tiles)


def draw_screen(session: Session, by: Actor, area: Area, month: Month, now: datetime) -> Screen:
    """Gather the one screen of ``area``, which the caller found within the scope of ``by``."""
    run = evaluation.shown_run(session, month, by)
    before = evaluation.shown_run(session, month - 1, by)
    below = areas.list_children(session, area, local_date(now))
    level = _level_below(session, run, area)
    results = _results(session, run, by, area, level)
    colours = {key: result.colour for key, result in _results(session, before, by, area, level).items()}
    shown = {area.code for area in below if area.evaluated}
    between = bool(below) and below[0].level != level  # a province: its districts are shown, not its cities
    tiles = [_tile(row, colours) for key, row in results.items() if key[0] == level and (between or key[1] in shown)]
    own = results.get((area.level, area.code))
    outlines = areas.outlines_below(session, area, local_date(now))
    drawn, height = draw_outlines({code: rings for code, rings in outlines.items() if code in shown}, MAP_WIDTH)
    companies = [result for key, result in results.items() if key[0] == COMPANY]
    visible_parent = area.parent if area.parent and areas.is_visible(by, area.parent) else None
    counted = [own] if own is not None else [results[tile.kind, tile.code] for tile in tiles]
    return Screen(
        area=area,
        parent=visible_parent,
        month=month,
        run=run,
        own=_tile(own, colours) if own is not None else None,
        tiles=sorted(tiles, key=_worst_first if level == DISTRICT else _by_code),
        level=level,
        drawn=drawn,
        height=height,
        companies=[_tile(result, colours) for result in companies] if area.parent_id is None else [],
        figures=_figures(counted, companies),
        waiting=_count_waiting(session, by, area, now),
    )


def _level_below(session: Session, run: EvaluationRun | None, area: Area) -> Level | None:
    """Return the first level below ``area`` that is evaluated; before an evaluation that of the areas right below."""
    levels = list(Level)[list(Level).index(area.level) + 1 :]
    if run is None:
        return levels[0] if levels else None
    evaluated = evaluation.list_kinds(session, run)
    return next((level for level in levels if level in evaluated), None)


def _worst_first(tile: Tile) -> tuple[int, float, str]:
    return -RANKS.get(tile.colour, -1), tile.score or 0.0, tile.code


def _by_code(tile: Tile) -> str:
    return tile.code


def _results(
    session: Session, run: EvaluationRun | None, by: Actor, area: Area, below: Level | None
) -> dict[tuple[str, str], EvaluationResult]:
    """Return the results that the screen of ``area`` shows: its own, those of the level below, the companies'."""
    if run is None:
        return {}
    kinds = {str(area.level), str(below or area.level), COMPANY}
    rows = [row for kind in sorted(kinds) for row in evaluation.results_of(session, run, kind, by, area.path)]
    return {(row.kind, row.code): row for row in rows}


def _tile(row: EvaluationResult, colours: Mapping[tuple[str, str], str]) -> Tile:
    return Tile(row.kind, row.code, row.name, row.colour, row.score, colours.get((row.kind, row.code), ""))


def _figures(counted: Iterable[EvaluationResult], companies: Iterable[EvaluationResult]) -> KeyFigures:
    sums: Counter[str] = Counter()
    for result in counted:
        _add(sums, result, ("violations", "education", "helmets"))
    for result in companies:
        _add(sums, result, ("feedback",))
    return KeyFigures(
        violations=sums["violations.observed"],
        on_time=share(sums["education.on_time"], sums["education.due"]),
        helmets=share(sums["helmets.helmeted"], sums["helmets.observed"]),
        feedback=share(sums["feedback.on_time"], sums["feedback.due"]),
    )


def _add(sums: Counter[str], result: EvaluationResult, dimensions: Iterable[str]) -> None:
    for dimension in dimensions:
        for name, value in result.inputs.get(dimension, {}).items():
            if isinstance(value, int):
                sums[f"{dimension}.{name}"] += value


def _count_waiting(session: Session, by: Actor, area: Area, now: datetime) -> Waiting:
    today = local_date(now)
    sessions, seats, booked = count_sessions_of_day(session, by, today, area.path)
    return Waiting(
        sessions=sessions,
        seats=seats,
        booked=booked,
        late_feedback=feedback.count_late(session, by, now, area.path),
        overdue_hazards=hazards.count_overdue(session, by, area.path, today),
        overdue_tasks=tasks.count_overdue(session, by, today, area.path),
    )
