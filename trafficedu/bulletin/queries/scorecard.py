"""The scorecard of one target: its stored result, what is behind each score, and what would lift its colour."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.analysis.colours.first.chance import ScoreLimits
from trafficedu.analysis.colours.first.explaining import contributions, moves, outlook
from trafficedu.analysis.colours.next_colour import NextColour
from trafficedu.analysis.colours.rule_set import EDUCATION, SECOND, RuleSet
from trafficedu.analysis.colours.settling import outlook as known_outlook
from trafficedu.areas.queries import tree as areas
from trafficedu.areas.queries.letters import with_places
from trafficedu.bulletin.queries.company import days_of, read_company
from trafficedu.bulletin.queries.standings import Key, about_run, chances, how_sure, limits_of
from trafficedu.bulletin.rules import check_month
from trafficedu.core.actors import Actor
from trafficedu.core.clock import local, local_date
from trafficedu.core.errors import Missing
from trafficedu.core.month import Month
from trafficedu.core.text import Message, message
from trafficedu.evaluation.dimensions.registry import DIMENSIONS, TITLES
from trafficedu.evaluation.models import EvaluationResult, EvaluationRun
from trafficedu.evaluation.queries.rule_sets import rules_from
from trafficedu.evaluation.queries.runs import history_of, result_of, results_of, shown_run, visible_to
from trafficedu.evaluation.rules.names import COLOUR_NAMES
from trafficedu.evaluation.services.judging import pools_of
from trafficedu.helmets.charts import verdict as helmet_verdict
from trafficedu.helmets.queries import rates as helmets
from trafficedu.helmets.queries.monthly import RateCriteria
from trafficedu.reports import words
from trafficedu.reports.company_part import CompanyFigures
from trafficedu.reports.scorecard import Part, PastMonth, ScorecardData

SHOWN_MONTHS = 12
LEVELS = dict(
    district=message("district"), town=message("town"), village=message("village"), company=message("company")
)
MORE = dict(
    points=message("%(steps)s more points"),
    violations=message("%(steps)s fewer violations"),
    education=message("%(steps)s more study tasks completed on time"),
    helmets=message("%(steps)s more riders observed with a helmet"),
    trend=message("%(steps)s fewer casualty accidents in twelve months"),
    feedback=message("%(steps)s more notices answered on time"),
)
"""DIMENSION -> what a step to the next colour means."""


Limits = dict[str, Mapping[Key, ScoreLimits]]
"""Level -> the limits that chance sets to the scores of all its targets: worked out once for many scorecards."""


def gather(
    session: Session,
    by: Actor,
    code: str,
    month: Month,
    now: datetime,
    locale: str,
    known: Limits | None = None,
) -> ScorecardData:
    """Return the scorecard of the town, village or company with ``code``; ``known`` are limits of the same month.

    Raises
    ------
    Refusal
        The month is not over.
    Missing
        The month is not evaluated, or there is no such result in the scope of ``by``.
    """
    check_month(month, local_date(now))
    run = shown_run(session, month, by)
    if run is None:
        raise Missing(message("%(month)s has not been evaluated yet.", month=month))
    found = _find(session, run, code, by)
    earlier = shown_run(session, month - 1, by)
    before = result_of(session, earlier, found.kind, code, by) if earlier is not None else None
    peers = results_of(session, run, found.kind)
    limits = _limits(session, run, peers, {} if known is None else known).get((found.kind, found.code))
    rules = rules_from(run.rule_set)
    data = ScorecardData(
        district=_district(session, found),
        kind=LEVELS[found.kind],
        code=found.code,
        name=found.name,
        month=month,
        as_of=local(run.computed_utc),
        colour=found.colour,
        score=found.score,
        **chances(limits, found.score),
        peers=sum(one.score is not None for one in peers),
        evaluated=about_run(run, locale),
        how_sure=how_sure(run, found, limits),
        veto=_veto(found),
        parts=_parts(found, before),
        history=_history(session, found, month, by),
        why=[*_moved(found, before), *_lifts(_outlook(found, run, rules))],
        notes=[*_notes(found, rules), *_helmet_target(session, found, month, by)],
        company=_of_company(session, found, peers, month, now, locale),
    )
    return with_places(session, data, found.area.path if found.area is not None else "", locale)


def _of_company(
    session: Session,
    found: EvaluationResult,
    peers: Sequence[EvaluationResult],
    month: Month,
    now: datetime,
    locale: str,
) -> CompanyFigures | None:
    """Return what is counted of a company beyond its score; None of an area."""
    if found.company is None:
        return None
    return read_company(session, found.company, month, days_of(peers), now, locale)


def _limits(
    session: Session, run: EvaluationRun, peers: Sequence[EvaluationResult], known: Limits
) -> Mapping[Key, ScoreLimits]:
    """Return the limits of all targets of a level, worked out once for many scorecards."""
    kind = peers[0].kind
    if kind not in known:
        known[kind] = limits_of(session, run, peers)
    return known[kind]


def _find(session: Session, run: EvaluationRun, code: str, by: Actor) -> EvaluationResult:
    """Return the result of a code: an area's before a company's, should both have it."""
    query = select(EvaluationResult).where(
        EvaluationResult.run_id == run.id, EvaluationResult.code == code, visible_to(by)
    )
    found = session.scalars(query.order_by(EvaluationResult.kind.desc())).first()
    if found is None:
        raise Missing(message("No evaluated town, village or company has the code %(code)s.", code=code))
    return found


def _district(session: Session, found: EvaluationResult) -> str:
    """Return the name of the district of an area; of a company, which works in all of them, that of the top."""
    if found.area is not None:
        return found.area.district.name
    top = areas.root(session)
    return top.name if top else ""


def _veto(found: EvaluationResult) -> Message | None:
    if not found.veto:
        return None
    return message(
        "A fatal accident for which the rider was responsible caps the colour at %(colour)s.",
        colour=COLOUR_NAMES[found.veto],
    )


def _parts(found: EvaluationResult, before: EvaluationResult | None) -> list[Part]:
    earlier: Mapping[str, Mapping[str, Any]] = before.dimensions if before is not None else {}
    shares = {one.dimension: one for one in contributions(found.dimensions)}
    return [
        Part(
            name=TITLES[name],
            score=one["score"],
            weight=one["weight"],
            brings=shares[name].points if found.score is not None else None,
            counted=_counted(name, one),
            before=earlier.get(name, {}).get("score"),
        )
        for name, one in found.dimensions.items()
    ]


def _counted(name: str, one: Mapping[str, Any]) -> Message:
    """Say what a score rests on; under rule set 2 the dimension itself knows."""
    if "basis" in one:
        return DIMENSIONS[name].based_on(one)
    return counted(name, one["numerator"], one["denominator"])


def counted(name: str, numerator: float, denominator: float) -> Message:
    """Say what a score was counted from."""
    values = {"n": _figure(numerator), "d": _figure(denominator)}
    if name == EDUCATION:
        return message("%(n)s marks for %(d)s tasks due", **values)
    if not denominator:
        return message("too few records")
    said: Mapping[str, Message] = dict(
        points=message("%(n)s points of %(d)s expected", **values),
        violations=message("%(n)s violations, %(d)s expected at the others' rate", **values),
        helmets=message("%(n)s of %(d)s observed in three months wore a helmet", **values),
        trend=message("%(n)s casualty accidents in twelve months, %(d)s expected", **values),
        feedback=message("%(n)s of %(d)s notices due answered on time", **values),
    )
    return said[name]


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"


def _history(session: Session, found: EvaluationResult, month: Month, by: Actor) -> list[PastMonth]:
    rows = dict(history_of(session, found.kind, found.code, month, by, SHOWN_MONTHS))
    rows[month] = found  # also where it is not published yet
    return [
        PastMonth(str(one), rows[one].colour, rows[one].score) if one in rows else PastMonth(str(one))
        for one in Month.range(month - (SHOWN_MONTHS - 1), month)
    ]


def _moved(found: EvaluationResult, before: EvaluationResult | None) -> Iterator[Message]:
    if before is None:
        yield message("The previous month was not evaluated, so there is nothing to compare with.")
        return
    if found.score is None or before.score is None:
        yield message("Without a score in this month and the one before, nothing can be said of what moved it.")
        return
    for move in moves(before.dimensions, found.dimensions):
        if not move.points:
            continue
        yield message(
            "%(dimension)s changed the score by %(points)s, from %(before)s to %(after)s.",
            dimension=TITLES[move.dimension],
            points=words.signed(move.points),
            before="—" if move.before is None else f"{move.before:.1f}",
            after="—" if move.after is None else f"{move.after:.1f}",
        )


def _outlook(found: EvaluationResult, run: EvaluationRun, rules: RuleSet) -> NextColour:
    if rules.scheme != SECOND:
        return outlook(found.inputs, found.kind, rules)
    pools = pools_of(run.pools)[found.kind]
    return known_outlook(found.inputs, found.kind, found.code, str(run.month), pools, rules, found.veto)


def _lifts(ways: NextColour) -> Iterator[Message]:
    if ways.vetoed:
        yield message("The fatal accident caps the colour, whatever the figures.")
    elif ways.target:
        for lift in ways.lifts:
            yield message(
                "Enough for %(colour)s on its own: %(change)s.",
                colour=COLOUR_NAMES[ways.target],
                change=MORE[lift.dimension].filled(steps=lift.steps),
            )
        if not ways.lifts:
            yield message("No single dimension is enough for %(colour)s.", colour=COLOUR_NAMES[ways.target])


def _notes(found: EvaluationResult, rules: RuleSet) -> Iterator[Message]:
    if rules.scheme == SECOND:
        yield message(
            "A colour needs at least %(least)s %% of what could be known; here it is %(present)s %%.",
            least=f"{rules.figure('least_information'):g}",
            present=f"{100 * found.present:.0f}",
        )
        return
    absent = [TITLES[name] for name, one in found.dimensions.items() if one["score"] is None]
    for name in absent:
        yield message("%(dimension)s has too little data for a score; its weight goes to the others.", dimension=name)
    if found.present >= 1:
        return
    yield message(
        "A colour needs dimensions with at least %(least)s %% of the weight; here only %(present)s %% is available.",
        least=f"{rules.figure('least_weight'):g}",
        present=f"{100 * found.present:g}",
    )


def _helmet_target(session: Session, found: EvaluationResult, month: Month, by: Actor) -> Iterator[Message]:
    """Say of an area where helmets were counted whether they reach the target, as every page does."""
    if found.area is None:
        return
    rate = helmets.rate_of(session, RateCriteria.latest(month, found.area.path), by)
    if rate.row.rate.rate is not None:
        yield helmet_verdict(rate.row, rate.standard)
