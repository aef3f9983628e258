"""What a rule set would have changed in the months evaluated, worked out from their stored inputs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.analysis.colours.rule_set import RuleSet
from trafficedu.analysis.colours.scoring import judge
from trafficedu.core.actors import Actor
from trafficedu.core.month import Month
from trafficedu.evaluation.models import EvaluationResult, EvaluationRun
from trafficedu.evaluation.queries.runs import visible_to

TRIAL_MONTHS = 12


@dataclass(frozen=True)
class TrialRow:
    """One result that would be another colour."""

    month: Month
    kind: str
    code: str
    name: str
    before: str
    after: str
    score_before: float | None
    score_after: float | None


@dataclass(frozen=True)
class RuleTrial:
    """What would change.

    Parameters
    ----------
    months
        The months tried, the latest first.
    judged
        Results looked at.
    moved
        Those whose colour would be another, the latest month first.
    colours
        Kind -> colour -> (results before, after) over all months.
    """

    months: Sequence[Month]
    judged: int
    moved: Sequence[TrialRow]
    colours: dict[str, dict[str, tuple[int, int]]]


def try_rules(session: Session, rules: RuleSet, by: Actor) -> RuleTrial:
    """Judge the last twelve months evaluated by ``rules``: the newest version of each, what ``by`` may see."""
    newest: dict[Month, int] = {}
    runs = select(EvaluationRun.month, EvaluationRun.id).order_by(EvaluationRun.month.desc(), EvaluationRun.number)
    for month, run_id in session.execute(runs):
        newest[month] = run_id
    months = sorted(newest, reverse=True)[:TRIAL_MONTHS]
    of_run = {newest[month]: month for month in months}
    rows = session.execute(
        select(
            EvaluationResult.run_id,
            EvaluationResult.kind,
            EvaluationResult.code,
            EvaluationResult.name,
            EvaluationResult.colour,
            EvaluationResult.score,
            EvaluationResult.inputs,
        )
        .where(EvaluationResult.run_id.in_(of_run), visible_to(by))
        .order_by(EvaluationResult.kind, EvaluationResult.code)
    ).all()
    moved = []
    before: Counter[tuple[str, str]] = Counter()
    after: Counter[tuple[str, str]] = Counter()
    for row in rows:
        verdict = judge(row.inputs, row.kind, rules)
        before[row.kind, row.colour] += 1
        after[row.kind, verdict.colour] += 1
        if verdict.colour != row.colour:
            change = (row.colour, verdict.colour, row.score, verdict.score)
            moved.append(TrialRow(of_run[row.run_id], row.kind, row.code, row.name, *change))
    colours: dict[str, dict[str, tuple[int, int]]] = {}
    for kind, colour in sorted(before.keys() | after.keys()):
        colours.setdefault(kind, {})[colour] = before[kind, colour], after[kind, colour]
    return RuleTrial(months, len(rows), sorted(moved, key=lambda row: row.month, reverse=True), colours)
