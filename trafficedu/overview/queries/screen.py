"""The one screen: how the areas below stand, the key figures, and what waits today.

Colours are read from the stored evaluation of the month. The key figures are those of the overview and the bulletin:
of all areas, evaluated or not, from the sums of months that are over, as fast in a district of a million records as in
one of ten thousand.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from trafficedu.analysis.colours.rule_set import FIRMLY_ORANGE_OR_WORSE, FIRMLY_RED, ORANGE, RED
from trafficedu.analysis.said.figures import Share, share
from trafficedu.analysis.said.result import Said
from trafficedu.areas.models import Area
from trafficedu.areas.queries import tree as areas
from trafficedu.areas.queries.outlines import Rings, outline_of, outlines_below
from trafficedu.areas.rules import Level
from trafficedu.core.actors import Actor
from trafficedu.core.ageing import Ageing
from trafficedu.core.clock import local_date
from trafficedu.core.month import Month, Period
from trafficedu.core.outlines import Drawn, draw_outlines
from trafficedu.core.text import Message, message
from trafficedu.coverage.rules import FigureKind
from trafficedu.education.queries import monthly as studies
from trafficedu.education.queries.ageing import age_overdue
from trafficedu.education.queries.sessions import count_sessions_of_day
from trafficedu.evaluation.models import EvaluationResult, EvaluationRun
from trafficedu.evaluation.queries import runs as evaluation
from trafficedu.evaluation.queries.claims import Observer
from trafficedu.evaluation.rules.measures import VIOLATIONS
from trafficedu.evaluation.rules.names import FIRM_NAMES
from trafficedu.feedback.queries import monthly as answers
from trafficedu.feedback.queries.ageing import age_late
from trafficedu.feedback.rules.policy import Receiver
from trafficedu.hazards.queries import figures as hazards
from trafficedu.helmets.queries import rates as helmets
from trafficedu.helmets.queries.monthly import RateCriteria
from trafficedu.overview.rules import RANKS
from trafficedu.violations.queries import monthly as violations

COMPANY = "company"
BAD = (ORANGE, RED)


@dataclass(frozen=True)
class Tile:
    """One area or company on the screen: how it stands, and how it stood the month before (``""``: unknown).

    ``veto`` is the colour that it cannot be better than this month whatever its score, ``""`` without one. ``firm`` is
    what may be stated of it, ``""`` for nothing (to watch); None under rule set 1, which knows nothing of that.
    """

    kind: str
    code: str
    name: str
    colour: str
    score: float | None
    before: str
    veto: str = ""
    firm: str | None = None

    @property
    def is_named(self) -> bool:
        """Whether it may be named as bad: what is firm, and a veto, a fact; under rule set 1 every bad colour."""
        if self.veto:
            return True
        return self.colour in BAD if self.firm is None else self.firm in (FIRMLY_RED, FIRMLY_ORANGE_OR_WORSE)

    @property
    def is_watched(self) -> bool:
        """Whether it stands on a bad colour that is not firm."""
        return self.colour in BAD and not self.is_named

    @property
    def note(self) -> Message | None:
        """What stands beside the colour: a veto, or whether a bad colour is firm."""
        if self.veto:
            return message("veto")
        if self.firm is None or not (self.is_named or self.is_watched):
            return None
        if self.colour == RED and self.firm == FIRMLY_ORANGE_OR_WORSE:
            return message("orange: firm")
        return message("firm") if self.is_named else FIRM_NAMES[self.firm]

    @property
    def moved(self) -> int:
        """Colours it fell (positive) or rose (negative) since the month before; 0 where one of them says nothing."""
        known = self.colour in RANKS and self.before in RANKS
        return RANKS[self.colour] - RANKS[self.before] if known else 0


@dataclass(frozen=True)
class KeyFigures:
    """The month's figures of the whole area, each rate with both its parts, as the overview and the bulletin have them.

    Parameters
    ----------
    violations
        Those of the month; ``compared`` says how they stand to the same days a year before, ``reported`` how many
        towns reported them.
    outside
        How many of them lie in areas right below that are not evaluated, whose names are ``not_evaluated``.
    on_time
        Study tasks completed on time, of those due.
    helmets
        Helmets worn over three months, with the interval of its sites.
    feedback
        Companies' notices answered on time, of those due.
    """

    violations: int
    compared: Said
    reported: Message
    outside: int
    not_evaluated: Sequence[str]
    on_time: Share
    helmets: Share
    helmets_reported: Message
    feedback: Share


@dataclass(frozen=True)
class Waiting:
    """What has to be done today: nothing of it belongs to the month looked at.

    Everybody who sees the area sees the same figures: whose they are to mend, the lists say.
    """

    sessions: int
    seats: int
    booked: int
    company_notices: Ageing
    village_notices: Ageing
    tasks: Ageing
    overdue_hazards: int
    open_hazards: int

    @property
    def notices(self) -> Ageing:
        """The notices of both."""
        return self.company_notices + self.village_notices


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
    """By code: the areas below whose outline is known, and the area itself where its own is."""
    height: float
    companies: Sequence[Tile]
    figures: KeyFigures
    waiting: Waiting

    @property
    def mapped(self) -> Sequence[Tile]:
        """The tiles whose outline is known."""
        return [tile for tile in self.tiles if tile.code in self.drawn]

    @property
    def unmapped(self) -> Sequence[Tile]:
        """The tiles whose outline is not known: they have no place on a map."""
        return [tile for tile in self.tiles if tile.code not in self.drawn]

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
    drawn, height = draw_outlines(_outlines(session, area, shown, now))
    companies = [result for key, result in results.items() if key[0] == COMPANY]
    visible_parent = area.parent if area.parent and areas.is_visible(by, area.parent) else None
    at_top = area.parent_id is None
    return Screen(
        area=area,
        parent=visible_parent,
        month=month,
        run=run,
        own=_tile(own, colours) if own is not None else None,
        tiles=sorted(tiles, key=_worst_first),
        level=level,
        drawn=drawn,
        height=height,
        companies=sorted((_tile(each, colours) for each in companies), key=_worst_first) if at_top else [],
        figures=_figures(session, by, area, below, month, now),
        waiting=_count_waiting(session, by, area, now),
    )


def _level_below(session: Session, run: EvaluationRun | None, area: Area) -> Level | None:
    """Return the first level below ``area`` that is evaluated; before an evaluation that of the areas right below."""
    levels = list(Level)[list(Level).index(area.level) + 1 :]
    if run is None:
        return levels[0] if levels else None
    evaluated = evaluation.list_kinds(session, run)
    return next((level for level in levels if level in evaluated), None)


def _worst_first(tile: Tile) -> tuple[int, bool, float, str]:
    return -RANKS.get(tile.colour, -1), not tile.is_named, tile.score or 0.0, tile.code


def _outlines(session: Session, area: Area, shown: Collection[str], now: datetime) -> dict[str, Rings]:
    below = outlines_below(session, area, local_date(now))
    own = outline_of(session, area)
    return ({area.code: own} if own is not None else {}) | {code: below[code] for code in below if code in shown}


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
    before = colours.get((row.kind, row.code), "")
    firm = row.firm if row.low is not None or row.firm else None
    return Tile(row.kind, row.code, row.name, row.colour, row.score, before, row.veto, firm)


def _figures(session: Session, by: Actor, area: Area, below: Sequence[Area], month: Month, now: datetime) -> KeyFigures:
    period = Period(month, month)
    left_out = [one for one in below if not one.evaluated]
    outside = violations.count_below(session, by, area.path, left_out, period, now)
    completion = studies.count_completion(session, by, area.path, period, now)
    companies = next(row for row in answers.count_feedback(session, by, area.path, period, now) if not row.of_villages)
    criteria = RateCriteria.latest(month, area.path)
    worn, observer = helmets.rate_of(session, criteria, by).row, Observer(session, area, by, now)
    return KeyFigures(
        violations=violations.count_by_month(session, by, area.path, period, now).total(),
        compared=observer.compare_year(VIOLATIONS, period),
        reported=observer.reported(FigureKind.VIOLATIONS, period),
        helmets_reported=observer.reported(FigureKind.HELMETS, criteria.period),
        outside=outside.total(),
        not_evaluated=[one.name for one in left_out if outside[one.id]],
        on_time=share(completion.completed_on_time, completion.due),
        helmets=share(worn.helmeted, worn.clear, (worn.rate.low, worn.rate.high)),
        feedback=share(companies.answered_on_time, companies.due),
    )


def _count_waiting(session: Session, by: Actor, area: Area, now: datetime) -> Waiting:
    today = local_date(now)
    sessions, seats, booked = count_sessions_of_day(session, by, today, area.path)
    return Waiting(
        sessions=sessions,
        seats=seats,
        booked=booked,
        company_notices=age_late(session, by, now, area.path, Receiver.COMPANY),
        village_notices=age_late(session, by, now, area.path, Receiver.VILLAGE),
        tasks=age_overdue(session, by, now, area.path),
        overdue_hazards=hazards.count_overdue(session, by, area.path, today),
        open_hazards=hazards.count_open(session, by, area.path),
    )
