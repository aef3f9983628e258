"""The bulletin's part on the five colours: who stands where, how sure that is, and what moved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from trafficedu.core.text import Message, message
from trafficedu.reports import words
from trafficedu.reports.badges import GREY, SHADES
from trafficedu.reports.blocks import Flow
from trafficedu.reports.bulletin_data import BulletinData, Ranking, Standing
from trafficedu.reports.charts import Dot, Dots, draw_dots
from trafficedu.reports.layout import SMALL
from trafficedu.reports.tables import Badge, Cell, Column, draw_table

KINDS = dict(town=message("Towns"), village=message("Villages"), company=message("Companies"))
DIMENSIONS = dict(
    points=message("Points"),
    violations=message("Violations"),
    education=message("Education"),
    helmets=message("Helmets"),
    trend=message("Trend"),
    feedback=message("Feedback"),
)
"""The dimensions of the evaluation in their order, as short as a column's head."""
MOST_ROWS = 40
LOWEST, FALLEN = 15, 10
ORDER = tuple(SHADES)


def draw(flow: Flow, data: BulletinData) -> None:
    """Write the part, or why there is none."""
    flow.heading(message("The five colours"), keep=180)
    flow.gap(4)
    if data.evaluated is None:
        flow.paragraph(flow.sheet.say(message("This month has not been evaluated yet: no colours can be shown.")))
        flow.gap(12)
        return
    flow.paragraph(flow.sheet.say(data.evaluated), SMALL)
    flow.gap(8)
    _counts(flow, data.rankings)
    for ranking in data.rankings:
        _ranking(flow, ranking)


def _counts(flow: Flow, rankings: Sequence[Ranking]) -> None:
    """Show how many targets have which colour, this month and the month before."""
    say = flow.sheet.say
    columns = [Column(say(message("Colour")), 2)]
    for ranking in rankings:
        columns += [
            Column(say(KINDS[ranking.kind]), 1.5, "right"),
            Column(say(message("month before")), 1.5, "right"),
        ]
    now = [Counter(one.colour for one in ranking.standings) for ranking in rankings]
    before = [Counter(one.before[0] for one in ranking.standings if one.before) for ranking in rankings]
    rows: list[list[Cell]] = []
    for colour in ORDER:
        row: list[Cell] = [Badge(colour)]
        for this, earlier in zip(now, before, strict=True):
            row += [str(this[colour]), str(earlier[colour]) if earlier else "—"]
        rows.append(row)
    draw_table(flow, columns, rows)


def _ranking(flow: Flow, ranking: Ranking) -> None:
    say = flow.sheet.say
    flow.heading(KINDS[ranking.kind], level=3, keep=min(130.0, 40 + 16 * len(ranking.standings)))
    if not ranking.standings:
        flow.paragraph(say(message("There is none here that is evaluated.")))
        flow.gap(12)
        return
    shown = ranking.standings
    if len(shown) > MOST_ROWS and all(one.score is None for one in shown):
        flow.paragraph(say(message("None of the %(all)s has enough data for a score.", all=len(shown))))
        flow.gap(12)
        return
    if len(shown) > MOST_ROWS:
        shown = _of_note(shown)
        flow.paragraph(
            say(
                message(
                    "Shown are %(shown)s of %(all)s: the lowest scores and those that fell most. All are in the annex.",
                    shown=len(shown),
                    all=len(ranking.standings),
                )
            ),
            SMALL,
        )
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
    say = flow.sheet.say
    present = [name for name in DIMENSIONS if any(name in one.dimensions for one in standings)]
    columns = [
        Column(say(message("Rank")), 1.2, "right"),
        Column(say(message("Town, village or company")), 2.8, strong=True),
        Column(say(message("Colour")), 2),
        Column(say(message("score")), 1.3, "right"),
        Column(say(message("month before")), 2.1),
        Column(say(message("moved by")), 1.4, "right"),
        *(Column(say(DIMENSIONS[name]), 1.85, "right") for name in present),
    ]
    draw_table(flow, columns, [_row(one, present, say(message("veto"))) for one in standings])


def _row(one: Standing, present: Sequence[str], veto: str) -> list[Cell]:
    name = f"{one.name} ({veto})" if one.veto else one.name
    moved = one.moved
    scores = [one.dimensions.get(key, (None, None, None))[0] for key in present]
    return [
        rank_text(one),
        name,
        Badge(one.colour),
        number(one.score),
        Badge(one.before[0]) if one.before else "—",
        "—" if moved is None else words.signed(moved),
        *(number(score) for score in scores),
    ]


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
    title = title_of(kind, scored)
    note = message(
        "Line: where the score would lie in 95 of 100 months with the same risks, counts varying by chance alone. "
        "Ranks whose lines overlap are not told apart. Without a score: %(grey)s.",
        grey=grey,
    )
    say = flow.sheet.say
    draw_dots(flow, Dots(say(title), say(title), dots, say(message("score")), note=say(note), top=100.0))


def _limits(one: Standing) -> str:
    return "" if one.low is None or one.high is None else f"{one.low:.0f}–{one.high:.0f}"


def title_of(kind: str, scored: Sequence[Standing]) -> Message:
    """Say whether the first and the last can be told apart."""
    first, last = scored[0], scored[-1]
    if len(scored) < 2:
        return message("%(kind)s: the score and how sure it is", kind=KINDS[kind])
    if first.low is not None and last.high is not None and first.low > last.high:
        return message(
            "%(kind)s: %(first)s is ahead of %(last)s, more than chance explains",
            kind=KINDS[kind],
            first=first.name,
            last=last.name,
        )
    return message("%(kind)s: chance alone could reorder them all", kind=KINDS[kind])
