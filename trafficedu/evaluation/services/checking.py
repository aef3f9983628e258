"""Whether stored results are what their inputs say, and what the records of today would say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from trafficedu.core.errors import Refusal
from trafficedu.core.month import Month
from trafficedu.core.text import message
from trafficedu.evaluation.models import EvaluationResult, EvaluationRun
from trafficedu.evaluation.queries.differences import Difference, differences, said_by
from trafficedu.evaluation.queries.rule_sets import rules_from
from trafficedu.evaluation.queries.runs import latest_run, list_versions, results_of
from trafficedu.evaluation.services.judging import Judgement, PoolsOf, judge_inputs, judge_month, pools_of


@dataclass(frozen=True)
class Check:
    """What a check found.

    Parameters
    ----------
    run
        The newest version of the month.
    results
        How many stored results were worked out again, of all versions.
    differences
        Version, kind and code of those that are not what their inputs say: somebody or something changed them.
    drift
        What an evaluation of today's records would change of the newest version: late data.
    """

    run: EvaluationRun
    results: int
    differences: Sequence[dict[str, Any]]
    drift: Sequence[Difference]


def check_month(session: Session, month: Month, now: datetime) -> Check:
    """Work out every stored result of a month again from its stored inputs; changes nothing.

    Raises
    ------
    Refusal
        The month was not evaluated.
    """
    run = latest_run(session, month)
    if run is None:
        raise Refusal(message("%(month)s has no evaluation yet.", month=month))
    changed: list[dict[str, Any]] = []
    number = 0
    for version in list_versions(session, month):
        stored, pools = results_of(session, version), pools_of(version.pools)
        number += len(stored)
        changed += [
            {"version": version.number, "kind": result.kind, "code": result.code}
            for result in stored
            if not is_unchanged(result, version, pools)
        ]
    judged = judge_month(session, month, run.rule_set, now, run.pools)
    drift = differences(map(said_by, results_of(session, run)), (target.said for target in judged.targets))
    return Check(run, number, changed, drift)


def is_unchanged(result: EvaluationResult, run: EvaluationRun, pools: PoolsOf) -> bool:
    """Tell whether a stored result is what its stored inputs say under the rule set of its run, beside its pools."""
    said = judge_inputs(result.inputs, result.kind, result.code, run.month, rules_from(run.rule_set), pools)
    return said == Judgement.stored(result)
