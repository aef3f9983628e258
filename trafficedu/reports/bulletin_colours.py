"""The bulletin's part on the five colours: who stands where, how sure that is, and what moved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial

from trafficedu.core.text import Message, message
from trafficedu.reports import words
from trafficedu.reports.axes import axis
from trafficedu.reports.badges import SHADES
from trafficedu.reports.blocks import Flow
from trafficedu.reports.bulletin_data import BulletinData, Ranking, Standing
from trafficedu.reports.layout import SMALL, Text
from trafficedu.reports.tables import Badge, Column, Look, Whisker, draw_table

KINDS = dict(
    district=message("Districts"), town=message("Towns"), village=message("Villages"), company=message("Companies")
)
DIMENSIONS = dict(
    points=message("Points"),
    violations=message("Violations"),
    education=message("Education"),
    helmets=message("Helmets"),
    trend=message("Trend"),
    feedback=message("Answers"),
)
"""The dimensions of the evaluation in their order, as short as a column's head."""
VETO = message("veto")
MOST_ROWS = 40
LOWEST, FALLEN = 15, 10
ORDER = tuple(SHADES)
INTERVAL = message("Line beside a score: its interval. Ranks whose lines overlap cannot be told apart.")
"""Of documents that do not say what theirs means."""
LOOK = Look(around=1, smallest=6)
"""A row of a ranking takes one line, however long the name."""


def draw(flow: Flow, data: BulletinData) -> None:
    """Write the part, or why there is none."""
    flow.heading(message("The five colours"), keep=180, after=4)
    if data.evaluated is None:
        flow.paragraph(message("This month has not been evaluated yet, so no colours can be shown."), after=12)
        return
    flow.paragraph(data.evaluated, SMALL, after=8)
    _counts(flow, data.rankings)
    if any(one.low is not None for ranking in data.rankings for one in ranking.standings):
        flow.paragraph(data.interval_means or INTERVAL, SMALL, after=12)
    for ranking in data.rankings:
        _ranking(flow, ranking)


def _counts(flow: Flow, rankings: Sequence[Ranking]) -> None:
    """Show how many targets have which colour, this month and the month before."""
    columns: list[Column[str]] = [Column(message("Colour"), 2, Badge)]
    for ranking in rankings:
        now = Counter(one.colour for one in ranking.standings)
        before = Counter(one.before[0] for one in ranking.standings if one.before)
        columns += [
            Column(KINDS[ranking.kind], 1.5, partial(_count, now), "right"),
            Column(message("previous month"), 1.5, partial(_count, before) if before else lambda _: "—", "right"),
        ]
    draw_table(flow, columns, ORDER)


def _count(counts: Counter[str], colour: str) -> str:
    return str(counts[colour])


def _ranking(flow: Flow, ranking: Ranking) -> None:
    flow.heading(KINDS[ranking.kind], level=3, keep=min(130.0, 40 + 16 * len(ranking.standings)))
    if not ranking.standings:
        flow.paragraph(message("Nothing here is evaluated."), after=12)
        return
    shown = ranking.standings
    if len(shown) > MOST_ROWS and all(one.score is None for one in shown):
        flow.paragraph(message("None of the %(all)s has enough data for a score.", all=len(shown)), after=12)
        return
    if len(shown) > MOST_ROWS:
        shown = _of_note(shown)
        note = message(
            "Showing %(shown)s of %(all)s: the lowest scores and the largest falls. The annex lists them all.",
            shown=len(shown),
            all=len(ranking.standings),
        )
        flow.paragraph(note, SMALL)
    _table(flow, shown, _finding(ranking))


def _of_note(standings: Sequence[Standing]) -> list[Standing]:
    scored = [one for one in standings if one.score is not None]
    lowest = sorted(scored, key=lambda one: one.score or 0.0)[:LOWEST]
    fallen = sorted((one for one in scored if (one.moved or 0.0) < 0), key=lambda one: one.moved or 0.0)
    chosen = {one.code for one in [*lowest, *fallen[:FALLEN]]}
    return [one for one in standings if one.code in chosen]


def _finding(ranking: Ranking) -> Text:
    scored = [one for one in ranking.standings if one.score is not None]
    return title_of(ranking.kind, scored) if len(scored) > 1 else ""


def _table(flow: Flow, standings: Sequence[Standing], title: Text) -> None:
    present = [name for name in DIMENSIONS if any(name in one.dimensions for one in standings)]
    veto = f" ({flow.sheet.say(VETO)})"
    column = Column[Standing]
    columns = [
        column(message("Rank"), 2.1, rank_text, "right"),
        column(
            message("Town, village or company"), 5.2, lambda one: one.name + (veto if one.veto else ""), strong=True
        ),
        column(message("Colour"), 2.2, lambda one: Badge(one.colour)),
        column(message("score"), 1.3, lambda one: number(one.score), "right"),
        column(message("interval"), 2.6, lambda one: Whisker(one.score, one.low, one.high), scale=_scale(standings)),
        column(message("previous month"), 2.2, lambda one: Badge(one.before[0]) if one.before else "—"),
        column(message("change"), 1.4, lambda one: "—" if one.moved is None else words.signed(one.moved), "right"),
        *(column(DIMENSIONS[name], 1.8, partial(_score_in, name), "right") for name in present),
    ]
    draw_table(flow, columns, standings, LOOK, title)


def _scale(standings: Sequence[Standing]) -> Sequence[float]:
    """Return the round values that the intervals of these scores reach over."""
    seen = [value for one in standings for value in (one.score, one.low, one.high) if value is not None]
    return axis(min(seen, default=0.0), 100.0, 0.0, 1.0, most_ticks=4, top=100.0).ticks


def _score_in(dimension: str, one: Standing) -> str:
    return number(one.dimensions.get(dimension, (None, None, None))[0])


def rank_text(one: Standing) -> str:
    """Write the ranks a score may belong to: one, or from and to."""
    if one.best is None or one.worst is None:
        return "—"
    return str(one.best) if one.best == one.worst else f"{one.best}–{one.worst}"


def number(value: float | None) -> str:
    """Write a score with one digit."""
    return "—" if value is None else f"{value:.1f}"


def title_of(kind: str, scored: Sequence[Standing]) -> Message:
    """Say whether the first and the last can be told apart."""
    first, last = scored[0], scored[-1]
    if len(scored) < 2:
        return message("%(kind)s: the score and how certain it is", kind=KINDS[kind])
    if first.low is not None and last.high is not None and first.low > last.high:
        return message(
            "%(kind)s: %(first)s is ahead of %(last)s by more than chance would explain",
            kind=KINDS[kind],
            first=first.name,
            last=last.name,
        )
    return message("%(kind)s: chance alone could change every rank", kind=KINDS[kind])
