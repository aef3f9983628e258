"""The monthly evaluation: evaluate, publish, and the worker's round. Results never change once stored."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from trafficedu.analysis.colours.rule_set import COLOURS, COMPANY, TREND
from trafficedu.analysis.colours.scoring import Verdict, fingerprint, judge
from trafficedu.core import audit, bulk
from trafficedu.core.actors import SYSTEM, Actor
from trafficedu.core.clock import day_bounds, local_date
from trafficedu.core.errors import Refusal, Stale
from trafficedu.core.events import publish
from trafficedu.core.month import EARLIEST, Month
from trafficedu.core.states import CHANGED
from trafficedu.core.text import message
from trafficedu.core.transactions import writing
from trafficedu.evaluation.events import ColourCorrected, ColourWorsened, RunPublished
from trafficedu.evaluation.models import EvaluationResult, EvaluationRun, RuleSetRecord
from trafficedu.evaluation.queries.differences import Said
from trafficedu.evaluation.queries.facts import Facts, load_facts
from trafficedu.evaluation.queries.rule_sets import rule_set_of, rules_from
from trafficedu.evaluation.queries.runs import colours_of, latest_run, published_run
from trafficedu.evaluation.queries.targets import Target, list_targets
from trafficedu.evaluation.rules.calendar import night_of
from trafficedu.evaluation.services.yearly import Keep, trend_inputs

TRIES = 3
"""How often a month is judged for one evaluation, where others store versions of it meanwhile."""
WATCHED_MONTHS = 3
"""Full months that the worker compares with today's data every night."""


@dataclass(frozen=True)
class JudgedTarget:
    """A target with its inputs and its verdict, not stored yet."""

    target: Target
    inputs: Mapping[str, Any]
    verdict: Verdict
    hash: str

    @property
    def said(self) -> Said:
        """What it says, as a stored result does."""
        target, verdict = self.target, self.verdict
        return Said(
            target.kind,
            target.code,
            target.name,
            verdict.colour,
            verdict.score,
            verdict.veto,
            verdict.as_json(),
            self.hash,
        )


@dataclass(frozen=True)
class JudgedMonth:
    """A month as the records of now have it, not stored yet; ``keep`` stores what had to be fitted for it."""

    targets: Sequence[JudgedTarget]
    keep: Sequence[Keep]

    @property
    def digest(self) -> str:
        """What tells it from another: over the hashes of all results, in any order."""
        text = "\n".join(sorted(target.hash for target in self.targets))
        return hashlib.sha256(text.encode()).hexdigest()


def judge_month(session: Session, month: Month, rules: RuleSetRecord, now: datetime) -> JudgedMonth:
    """Judge every town, village and company of ``month`` from the records of now. Only reads.

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
    trends = trend_inputs(session, targets, month, now)
    judged = []
    rule_set = rules_from(rules)
    for target in targets.all():
        inputs = facts.inputs[target.kind, target.code]
        trend = trends.of.get(target.kind, {}).get(target.code)
        if trend is not None:
            inputs[TREND] = trend
        verdict = judge(inputs, target.kind, rule_set)
        mark = fingerprint(str(month), target.kind, target.code, rules.code, inputs, verdict)
        judged.append(JudgedTarget(target, inputs, verdict, mark))
    return JudgedMonth(judged, trends.keep)


def evaluate(session: Session, month: Month, now: datetime, by: Actor = SYSTEM) -> EvaluationRun:
    """Evaluate a month and store it as its next version; the version there is, where nothing is different.

    A month that was evaluated before stays under the rule set of its first version. Judging takes seconds in a large
    district and only reads; what is stored is one short transaction after it, so that nobody waits for the judging.
    Where somebody else stored a version meanwhile, the month is judged again.

    Raises
    ------
    Refusal
        The month lies in the future, nothing is recorded in it, or no rule set holds in it.
    Stale
        Others stored versions each time that it was judged.
    """
    for _ in range(TRIES):
        new = _next_version(session, month, now)
        try:
            with writing(session):
                run = _store(session, new, now, by)
        except IntegrityError:
            continue
        if run is not None:
            return run
    raise Stale(CHANGED)


@dataclass(frozen=True)
class _NextVersion:
    """What a month is judged to be, after the version ``before`` (0 for none), and the rows of its results."""

    month: Month
    before: int
    rule_set_id: int
    complete: bool
    judged: JudgedMonth
    digest: str
    rows: Sequence[dict[str, Any]]


def _next_version(session: Session, month: Month, now: datetime) -> _NextVersion:
    """Judge a month and lay out what is stored of it; only reads."""
    before = latest_run(session, month)
    rules = before.rule_set if before is not None else rule_set_of(session, month)
    judged = judge_month(session, month, rules, now)
    complete = now >= day_bounds(month.next.first)[0]
    number = before.number if before is not None else 0
    return _NextVersion(month, number, rules.id, complete, judged, judged.digest, _rows(judged.targets))


def _store(session: Session, new: _NextVersion, now: datetime, by: Actor) -> EvaluationRun | None:
    """Store a version, or note that the one before still holds; None where it is not the one before any more."""
    before = latest_run(session, new.month)
    if (before.number if before is not None else 0) != new.before:
        return None
    for keep in new.judged.keep:
        keep(session)
    if before is not None:
        before.checked_utc = now
        if before.digest == new.digest and before.complete == new.complete:
            session.flush()
            return before
    run = EvaluationRun(
        month=new.month,
        number=new.before + 1,
        rule_set_id=new.rule_set_id,
        complete=new.complete,
        digest=new.digest,
        computed_utc=now,
        computed_by_id=by.user_id,
        checked_utc=now,
    )
    session.add(run)
    session.flush()
    bulk.load(session, EvaluationResult.__table__, ({"run_id": run.id, **row} for row in new.rows))
    month, number = str(new.month), run.number
    audit.write(session, "evaluation:run:manage", by, subject=run, month=month, number=number, digest=new.digest)
    session.flush()
    return run


def _rows(judged: Sequence[JudgedTarget]) -> list[dict[str, Any]]:
    """Return the rows of the results of a run."""
    return [
        {
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
    ]


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
    known = {(row.kind, row.code): row.colour for row in colours_of(session, other)} if other is not None else {}
    earlier = {}
    previous = published_run(session, run.month - 1)
    if previous is not None:
        earlier = {(result.kind, result.code): result.colour for result in colours_of(session, previous)}
    run.published_utc, run.published_by_id = now, by.user_id
    session.flush()
    audit.write(session, "evaluation:run:publish", by, subject=run, month=str(run.month), number=run.number)
    publish(session, RunPublished(now, by, run.id, run.month))
    _tell_of_corrections(session, run, known, by, now)
    for result in colours_of(session, run):
        was = earlier.get((result.kind, result.code))
        if was in COLOURS and result.colour in COLOURS and COLOURS.index(result.colour) > COLOURS.index(was):
            publish(
                session, ColourWorsened(now, by, result.id, run.month, result.kind, result.code, was, result.colour)
            )


def _tell_of_corrections(
    session: Session, run: EvaluationRun, known: Mapping[tuple[str, str], str], by: Actor, now: datetime
) -> None:
    """Publish which colours people knew of the month are others in this version of it."""
    for result in colours_of(session, run):
        was = known.get((result.kind, result.code))
        if was is not None and was != result.colour:
            publish(session, ColourCorrected(now, by, result.id, run.month, run.number, was))


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
            number = run.number if run is not None else 0
            return int(evaluate(session, month, now).number != number)
        except Refusal:
            continue  # nothing is recorded in it
    return 0
