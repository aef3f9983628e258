"""The bulletin's part on the five colours: who stands where, how sure that is, and what moved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial

from trafficedu.core.text import Message, message
from trafficedu.reports import words
from trafficedu.reports.badges import GREY, SHADES
from trafficedu.reports.blocks import Flow
from trafficedu.reports.bulletin_data import BulletinData, Ranking, Standing
from trafficedu.reports.charts import Dot, Dots, draw_dots
from trafficedu.reports.layout import SMALL
from trafficedu.reports.tables import Badge, Column, draw_table

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


def draw(flow: Flow, data: BulletinData) -> None:
    """Write the part, or why there is none."""
    flow.heading(message("The five colours"), keep=180, after=4)
    if data.evaluated is None:
        flow.paragraph(message("This month has not been evaluated yet, so no colours can be shown."), after=12)
        return
    flow.paragraph(data.evaluated, SMALL, after=8)
    _counts(flow, data.rankings)
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
    _table(flow, shown)
    if shown is ranking.standings:
        _scores(flow, ranking.kind, shown)


def _of_note(standings: Sequence[Standing]) -> list[Standing]:
    scored = [one for one in standings if one.score is not None]
    lowest = sorted(scored, key=lambda one: one.score or 0.0)[:LOWEST]
    fallen = sorted((one for one in scored if (one.moved or 0.0) < 0), key=lambda one: one.moved or 0.0)
    chosen = {one.code for one in [*lowest, *fallen[:FALLEN]]}
    return [one for one in standings if one.code in chosen]


def _table(flow: Flow, standings: Sequence[Standing]) -> None:
    present = [name for name in DIMENSIONS if any(name in one.dimensions for one in standings)]
    veto = f" ({flow.sheet.say(VETO)})"
    column = Column[Standing]
    columns = [
        column(message("Rank"), 1.2, rank_text, "right"),
        column(
            message("Town, village or company"), 2.8, lambda one: one.name + (veto if one.veto else ""), strong=True
        ),
        column(message("Colour"), 2, lambda one: Badge(one.colour)),
        column(message("score"), 1.3, lambda one: number(one.score), "right"),
        column(message("previous month"), 2.1, lambda one: Badge(one.before[0]) if one.before else "—"),
        column(message("change"), 1.4, lambda one: "—" if one.moved is None else words.signed(one.moved), "right"),
        *(column(DIMENSIONS[name], 1.85, partial(_score_in, name), "right") for name in present),
    ]
    draw_table(flow, columns, standings)


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


def _scores(flow: Flow, kind: str, standings: Sequence[Standing]) -> None:
    """Draw the scores with their intervals: how far a rank may be taken at its word."""
    scored = [one for one in standings if one.score is not None]
    if not scored:
        return
    grey = sum(one.colour == GREY for one in standings)
    dots = [
        Dot(one.name, one.score, one.low, one.high, f"{number(one.score)}  {_limits(one)}", strong=True)
        for one in scored
    ]
    note = message(
        "Line: where the score would be in 95 of 100 months with the same risks, if counts varied by chance alone. "
        "Ranks whose lines overlap cannot be told apart. Without a score: %(grey)s.",
        grey=grey,
    )
    draw_dots(flow, Dots(title_of(kind, scored), dots, message("score"), note=note, top=100.0))


def _limits(one: Standing) -> str:
    return "" if one.low is None or one.high is None else f"{one.low:.0f}–{one.high:.0f}"


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
