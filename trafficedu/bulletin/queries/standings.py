"""The stored evaluation of a month as a ranking, with the limits that chance sets to scores and ranks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from trafficedu.analysis.colours.first.chance import LEVEL as CHANCE_LEVEL
from trafficedu.analysis.colours.first.chance import ScoreLimits, StoredScore, score_limits
from trafficedu.analysis.colours.judging import LEVEL as KNOWN_LEVEL
from trafficedu.analysis.colours.ranking import rank_limits
from trafficedu.analysis.colours.rule_set import COMPANY, DISTRICT, SECOND, TOWN, VILLAGE, RuleSet
from trafficedu.areas.models import Area
from trafficedu.areas.queries import tree as areas
from trafficedu.areas.rules import Level
from trafficedu.core.actors import Actor
from trafficedu.core.text import Message, message
from trafficedu.evaluation.models import EvaluationResult, EvaluationRun
from trafficedu.evaluation.queries.rule_sets import rules_from
from trafficedu.evaluation.queries.runs import results_of, shown_run
from trafficedu.evaluation.services.judging import pools_of
from trafficedu.helmets.queries import rates as helmets
from trafficedu.reports import words
from trafficedu.reports.bulletin_data import Ranking, Standing

Key = tuple[str, str]


def read_results(session: Session, run: EvaluationRun | None, by: Actor) -> dict[Key, EvaluationResult]:
    """Return the results of a run that ``by`` may see, by kind and code; nothing without a run."""
    rows = results_of(session, run, by=by) if run is not None else ()
    return {(one.kind, one.code): one for one in rows}


def limits_of(session: Session, run: EvaluationRun, results: Sequence[EvaluationResult]) -> Mapping[Key, ScoreLimits]:
    """Return the limits of those with a score among ``results``, which are all of one level."""
    scored = [one for one in results if one.score is not None]
    rules = rules_from(run.rule_set)
    if rules.scheme == SECOND:
        return _limits_known(run, scored, rules)
    judged = [
        StoredScore(
            one.kind,
            one.inputs,
            {name: part["score"] for name, part in one.dimensions.items() if part["score"] is not None},
            {name: part["weight"] for name, part in one.dimensions.items()},
        )
        for one in scored
    ]
    found = score_limits(judged, rules, helmet_deff=helmets.standard(session).deff)
    return {(one.kind, one.code): limits for one, limits in zip(scored, found, strict=True)}


def _limits_known(run: EvaluationRun, scored: Sequence[EvaluationResult], rules: RuleSet) -> Mapping[Key, ScoreLimits]:
    """Return the intervals stored with results under rule set 2, and the ranks that go with them."""
    if not scored:
        return {}
    kind = str(scored[0].kind)
    inputs = {one.code: one.inputs for one in scored}
    ranks = rank_limits(inputs, kind, str(run.month), pools_of(run.pools)[kind], rules)
    return {
        (one.kind, one.code): ScoreLimits(one.low, one.high, *ranks[one.code])
        for one in scored
        if one.low is not None and one.high is not None
    }


_KINDS_OF: Mapping[Level, tuple[str, ...]] = {
    Level.PROVINCE: (DISTRICT,),
    Level.CITY: (DISTRICT, TOWN),
    Level.DISTRICT: (TOWN, VILLAGE),
    Level.TOWN: (VILLAGE,),
    Level.VILLAGE: (VILLAGE,),
}


def list_rankings(session: Session, area: Area, run: EvaluationRun, by: Actor) -> list[Ranking]:
    """Return the rankings of ``area``: its towns, villages and companies as far as ``by`` sees them.

    A company works in all districts: companies stand in the bulletin of the top alone. A city's bulletin ranks its
    districts and towns, not its thousands of villages. Ranks are those
    among the targets shown.
    """
    results = read_results(session, run, by)
    earlier = read_results(session, shown_run(session, run.month - 1, by), by)
    kinds = _KINDS_OF[area.level]
    if area.parent_id is None:
        kinds += (COMPANY,)
    inside = {None, *session.scalars(areas.within(area.path))}
    rankings = []
    for kind in kinds:
        rows = [one for one in results.values() if one.kind == kind and one.area_id in inside]
        limits = limits_of(session, run, rows)
        standings = [_standing(one, earlier.get((kind, one.code)), limits.get((kind, one.code))) for one in rows]
        rankings.append(Ranking(kind, sorted(standings, key=_order)))
    return [ranking for ranking in rankings if ranking.standings or ranking.kind != COMPANY]


def _order(one: Standing) -> tuple[bool, float, str]:
    return one.score is None, -(one.score or 0.0), one.code


def chances(limits: ScoreLimits | None, score: float | None) -> dict[str, Any]:
    """Return score and rank as far as chance goes, None where there is no score.

    Another month with the same risks may lie apart from this one (nobody does worse than a place without violations,
    and most of its months would be worse): the limits reach to the score itself.
    """
    if limits is None or score is None:
        return dict.fromkeys(("low", "high", "best", "worst"))
    low, high = min(limits.low, score), max(limits.high, score)
    return {"low": low, "high": high, "best": limits.best, "worst": limits.worst}


def _standing(one: EvaluationResult, before: EvaluationResult | None, limits: ScoreLimits | None) -> Standing:
    return Standing(
        code=one.code,
        name=one.name,
        colour=one.colour,
        score=one.score,
        before=(before.colour, before.score) if before is not None else None,
        dimensions={
            name: (part["score"], part["numerator"], part["denominator"]) for name, part in one.dimensions.items()
        },
        **chances(limits, one.score),
        veto=one.veto,
    )


LINE = message(
    "Line beside a score: where it lies with a probability of %(level)s %%, by what was recorded. Ranks whose lines "
    "overlap cannot be told apart."
)
LINE_OF_CHANCE = message(
    "Line beside a score: the score, and where it could as well have been in %(level)s of 100 months with the same "
    "risks, if counts varied by chance alone. Ranks whose lines overlap cannot be told apart."
)
BETWEEN = message("By what was recorded it lies between %(low)s and %(high)s with a probability of %(level)s %%.")
BETWEEN_BY_CHANCE = message(
    "By chance alone the score could as well be %(low)s to %(high)s (%(level)s of 100 months with the same risks)."
)


def interval_means(run: EvaluationRun) -> Message:
    """Say what the interval of a score is: where it lies (rule set 2), or how far chance in the counts goes."""
    if rules_from(run.rule_set).scheme == SECOND:
        return LINE.filled(level=f"{100 * KNOWN_LEVEL:g}")
    return LINE_OF_CHANCE.filled(level=f"{100 * CHANCE_LEVEL:g}")


def how_sure(run: EvaluationRun, one: EvaluationResult, limits: ScoreLimits | None) -> Message | None:
    """Say of a single score what its interval says; None where it has none."""
    shown = chances(limits, one.score)
    if shown["low"] is None:
        return None
    values = {name: f"{shown[name]:.0f}" for name in ("low", "high")}
    if rules_from(run.rule_set).scheme == SECOND:
        return BETWEEN.filled(level=f"{100 * KNOWN_LEVEL:g}", **values)
    return BETWEEN_BY_CHANCE.filled(level=f"{100 * CHANCE_LEVEL:g}", **values)


def about_run(run: EvaluationRun, locale: str) -> Message:
    """Say which evaluation the colours come from."""
    values = {
        "rules": run.rule_set.title,
        "number": run.number,
        "when": words.moment(run.published_utc or run.computed_utc, locale),
    }
    if run.published:
        return message("Rule set %(rules)s, version %(number)s, published %(when)s.", **values)
    return message("Rule set %(rules)s, version %(number)s, computed %(when)s and not yet published.", **values)
