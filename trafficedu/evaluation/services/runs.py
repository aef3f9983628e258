"""The monthly evaluation: evaluate, publish, and the worker's round. Results never change once stored."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from trafficedu.analysis.colours.rule_set import COLOURS, COMPANY, TREND
from trafficedu.analysis.colours.scoring import Verdict, fingerprint, judge
from trafficedu.core import audit, bulk
from trafficedu.core.actors import SYSTEM, Actor
from trafficedu.core.clock import day_bounds, local_date
from trafficedu.core.errors import Refusal
from trafficedu.core.events import publish
from trafficedu.core.month import EARLIEST, Month
from trafficedu.core.text import message
from trafficedu.core.transactions import writing
from trafficedu.evaluation.events import ColourWorsened, RunPublished
from trafficedu.evaluation.models import EvaluationResult, EvaluationRun, RuleSetRecord
from trafficedu.evaluation.queries.facts import Facts, load_facts
from trafficedu.evaluation.queries.rule_sets import rule_set_of, rules_from
from trafficedu.evaluation.queries.runs import latest_run, published_run, results_of
from trafficedu.evaluation.queries.targets import Target, list_targets
from trafficedu.evaluation.rules.calendar import night_of
from trafficedu.evaluation.services.yearly import trend_inputs

WATCHED_MONTHS = 3
"""Full months that the worker compares with today's data every night."""


@dataclass(frozen=True)
class JudgedTarget:
    """A target with its inputs and its verdict, not stored yet."""

    target: Target
    inputs: Mapping[str, Any]
    verdict: Verdict
    hash: str


def judge_month(session: Session, month: Month, rules: RuleSetRecord, now: datetime) -> list[JudgedTarget]:
    """Judge every town, village and company of ``month`` from the records of now.

    Raises
    ------
    Refusal
        The month lies in the future, or nothing is recorded in it.
    """
    if month.first > local_date(now):
        raise Refusal(message("%(month)s has not begun yet.", month=month))
    as_of = min(now, day_bounds(month.next.first)[0])
    targets = list_targets(session, month)
    facts = load_facts(session, targets, month, as_of) if month >= EARLIEST else Facts()
    if not facts.recorded:
        raise Refusal(message("Nothing was recorded in %(month)s, so there is nothing to evaluate.", month=month))
    trends = trend_inputs(session, targets, month, now).of
    judged = []
    rule_set = rules_from(rules)
    for target in targets.all():
        inputs = facts.inputs[target.kind, target.code]
        trend = trends.get(target.kind, {}).get(target.code)
        if trend is not None:
            inputs[TREND] = trend
        verdict = judge(inputs, target.kind, rule_set)
        mark = fingerprint(str(month), target.kind, target.code, rules.code, inputs, verdict)
        judged.append(JudgedTarget(target, inputs, verdict, mark))
    return judged


def evaluate(session: Session, month: Month, now: datetime, by: Actor = SYSTEM) -> EvaluationRun:
    """Evaluate a month and store it as its next version; the version there is, where nothing is different.

    A month that was evaluated before stays under the rule set of its first version.

    Raises
    ------
    Refusal
        The month lies in the future, nothing is recorded in it, or no rule set holds in it.
    """
    before = latest_run(session, month)
    rules = before.rule_set if before is not None else rule_set_of(session, month)
    judged = judge_month(session, month, rules, now)
    digest = _digest(judged)
    complete = now >= day_bounds(month.next.first)[0]
    if before is not None:
        before.checked_utc = now
        if before.digest == digest and before.complete == complete:
            session.flush()
            return before
    run = EvaluationRun(
        month=month,
        number=before.number + 1 if before is not None else 1,
        rule_set_id=rules.id,
        complete=complete,
        digest=digest,
        changes=changes_between(results_of(session, before), judged) if before is not None else [],
        computed_utc=now,
        computed_by_id=by.user_id,
        checked_utc=now,
    )
    session.add(run)
    session.flush()
    _store(session, run, judged)
    audit.write(session, "evaluation:run:manage", by, subject=run, month=str(month), number=run.number, digest=digest)
    session.flush()
    return run


def _digest(judged: Sequence[JudgedTarget]) -> str:
    text = "\n".join(sorted(judgement.hash for judgement in judged))
    return hashlib.sha256(text.encode()).hexdigest()


def _store(session: Session, run: EvaluationRun, judged: Sequence[JudgedTarget]) -> None:
    rows = (
        {
            "run_id": run.id,
            "kind": row.target.kind,
            "area_id": None if row.target.kind == COMPANY else row.target.id,
            "company_id": row.target.id if row.target.kind == COMPANY else None,
            "code": row.target.code,
            "name": row.target.name,
            "colour": row.verdict.colour,
            "score": row.verdict.score,
            "present": row.verdict.present,
            "veto": row.verdict.veto,
            "inputs": dict(row.inputs),
            "dimensions": row.verdict.as_json(),
            "hash": row.hash,
        }
        for row in judged
    )
    bulk.load(session, EvaluationResult.__table__, rows)


def changes_between(stored: Sequence[EvaluationResult], judged: Sequence[JudgedTarget]) -> list[dict[str, Any]]:
    """Return what is different from a stored version: kind, code, colour and score before and after, dimensions.

    ``before`` or ``after`` is None for a target that only one of them has.
    """
    old = {(row.kind, row.code): row for row in stored}
    new = {(row.target.kind, row.target.code): row for row in judged}
    changes = []
    for key in sorted(old.keys() | new.keys()):
        was, now = old.get(key), new.get(key)
        if was is not None and now is not None and was.hash == now.hash:
            continue
        shown = now.verdict.as_json() if now is not None else {}
        kept = was.dimensions if was is not None else {}
        changes.append(
            {
                "kind": key[0],
                "code": key[1],
                "name": now.target.name if now is not None else was.name if was is not None else "",
                "before": None if was is None else [was.colour, was.score],
                "after": None if now is None else [now.verdict.colour, now.verdict.score],
                "dimensions": sorted(name for name in kept.keys() | shown.keys() if kept.get(name) != shown.get(name)),
            }
        )
    return changes


def publish_run(session: Session, run: EvaluationRun, by: Actor, now: datetime) -> None:
    """Publish a version: from now on everybody sees it, with the colours that worsened told.

    Raises
    ------
    Refusal
        It is published already, an older version than one published, or its month is not over.
    """
    if run.published_utc is not None:
        raise Refusal(message("This version has already been published."))
    if not run.complete:
        raise Refusal(message("The month was not over when this was evaluated. Evaluate it again, then publish."))
    other = published_run(session, run.month)
    if other is not None and other.number > run.number:
        raise Refusal(message("A later version has already been published."))
    earlier = {}
    previous = published_run(session, run.month - 1)
    if previous is not None:
        earlier = {(result.kind, result.code): result.colour for result in results_of(session, previous)}
    run.published_utc, run.published_by_id = now, by.user_id
    session.flush()
    audit.write(session, "evaluation:run:publish", by, subject=run, month=str(run.month), number=run.number)
    publish(session, RunPublished(now, by, run.id, run.month))
    for result in results_of(session, run):
        was = earlier.get((result.kind, result.code))
        if was in COLOURS and result.colour in COLOURS and COLOURS.index(result.colour) > COLOURS.index(was):
            publish(
                session, ColourWorsened(now, by, result.id, run.month, result.kind, result.code, was, result.colour)
            )


def evaluate_due(session: Session, now: datetime) -> int:
    """Evaluate the last full months where due, one a round so that other chores are not kept waiting.

    The worker's chore: a month without an evaluation at once, the others again every night: what came in late
    makes a new version. Returns how many versions were made.
    """
    running = Month.of(local_date(now))
    begun = night_of(now)
    for month in (running - back for back in range(1, WATCHED_MONTHS + 1)):
        run = latest_run(session, month)
        if run is not None and (begun is None or run.checked_utc >= begun):
            continue
        try:
            with writing(session):
                made = evaluate(session, month, now)
                return int(run is None or made.id != run.id)
        except Refusal:
            continue  # nothing is recorded in it
    return 0
