"""The monthly evaluation: evaluate, publish, and the worker's round. Results never change once stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from trafficedu.analysis.colours.rule_set import COLOURS, COMPANY, FIRMLY_GOOD, SECOND
from trafficedu.core import audit, bulk
from trafficedu.core.actors import SYSTEM, Actor
from trafficedu.core.clock import day_bounds, local_date
from trafficedu.core.errors import Refusal, Stale
from trafficedu.core.events import publish
from trafficedu.core.month import Month
from trafficedu.core.states import CHANGED
from trafficedu.core.text import message
from trafficedu.core.transactions import writing
from trafficedu.evaluation.events import ColourCorrected, ColourWorsened, RunPublished
from trafficedu.evaluation.models import EvaluationPools, EvaluationResult, EvaluationRun
from trafficedu.evaluation.queries.rule_sets import rule_set_of, rules_from
from trafficedu.evaluation.queries.runs import (
    ResultSaid,
    count_pools,
    latest_run,
    published_run,
    results_said,
    same_scheme,
)
from trafficedu.evaluation.rules.calendar import night_of
from trafficedu.evaluation.services.judging import JudgedMonth, JudgedTarget, Judgement, judge_month

TRIES = 3
"""How often a month is judged for one evaluation, where others store versions of it meanwhile."""
LONGEST_REASON = 500
WATCHED_MONTHS = 3
"""Full months that the worker compares with today's data every night."""


def evaluate(
    session: Session, month: Month, now: datetime, by: Actor = SYSTEM, *, pools_anew: str = ""
) -> EvaluationRun:
    """Evaluate a month and store it as its next version; the version there is, where nothing is different.

    A month that was evaluated before stays under the rule set of its first version, and beside the pools of its first
    complete one; with ``pools_anew``, the reason, these are estimated anew. Judging takes seconds in a large district
    and only reads; what is stored is one short transaction after it, so that nobody waits for the judging. Where
    somebody else stored a version meanwhile, the month is judged again.

    Raises
    ------
    Refusal
        The month lies in the future, nothing is recorded in it, or no rule set holds in it.
    Stale
        Others stored versions each time that it was judged.
    """
    for _ in range(TRIES):
        new = _next_version(session, month, now, pools_anew)
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
    pools_id: int | None
    pools_anew: str
    complete: bool
    judged: JudgedMonth
    digest: str
    rows: Sequence[dict[str, Any]]


def _next_version(session: Session, month: Month, now: datetime, pools_anew: str) -> _NextVersion:
    """Judge a month and lay out what is stored of it; only reads."""
    before = latest_run(session, month)
    rules = before.rule_set if before is not None else rule_set_of(session, month)
    pools = before.pools if before is not None and before.complete and not pools_anew else None
    judged = judge_month(session, month, rules, now, pools)
    complete = now >= day_bounds(month.next.first)[0]
    number = before.number if before is not None else 0
    kept = pools.id if pools is not None else None
    return _NextVersion(
        month, number, rules.id, kept, pools_anew, complete, judged, judged.digest, _rows(judged.targets)
    )


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
        pools_id=new.pools_id if new.pools_id is not None else _store_pools(session, new, now, by),
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


def _store_pools(session: Session, new: _NextVersion, now: datetime, by: Actor) -> int | None:
    """Store the pools that a month was judged beside for the first time; None under rule set 1."""
    if not new.judged.pools:
        return None
    pools = EvaluationPools(
        month=new.month,
        number=count_pools(session, new.month) + 1,
        payload={kind: each.as_json() for kind, each in new.judged.pools.items()},
        reason=new.pools_anew,
        made_utc=now,
        made_by_id=by.user_id,
    )
    session.add(pools)
    session.flush()
    return pools.id


def estimate_pools_anew(session: Session, month: Month, reason: str, now: datetime, by: Actor) -> EvaluationRun:
    """Evaluate a month beside pools that are estimated anew from today's records: every result of it may move.

    Nobody else sees it before it is published.

    Raises
    ------
    Refusal
        At ``reason``: none was given; the month was not evaluated yet, or under rule set 1, which has no pools.
    """
    before = latest_run(session, month)
    if before is None or before.pools_id is None:
        raise Refusal(message("This month has no stored pools to estimate anew."))
    if not reason.strip():
        raise Refusal(message("Say why: everybody's results may move."), field="reason")
    return evaluate(session, month, now, by, pools_anew=reason.strip()[:LONGEST_REASON])


def _rows(judged: Sequence[JudgedTarget]) -> list[dict[str, Any]]:
    """Return the rows of the results of a run."""
    return [
        {
            "kind": row.target.kind,
            "area_id": None if row.target.kind == COMPANY else row.target.id,
            "company_id": row.target.id if row.target.kind == COMPANY else None,
            "code": row.target.code,
            "name": row.target.name,
            "inputs": dict(row.inputs),
            **{name: getattr(row.judged, name) for name in Judgement.__dataclass_fields__},
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
    known = {row.key: row for row in results_said(session, other)} if other is not None else {}
    previous = published_run(session, run.month - 1)
    comparable = previous is not None and same_scheme(previous, run)
    earlier = {row.key: row for row in results_said(session, previous)} if previous is not None and comparable else {}
    run.published_utc, run.published_by_id = now, by.user_id
    session.flush()
    audit.write(session, "evaluation:run:publish", by, subject=run, month=str(run.month), number=run.number)
    publish(session, RunPublished(now, by, run.id, run.month))
    for result in results_said(session, run):
        was = known.get(result.key)
        if was is not None and was.colour != result.colour:
            publish(session, ColourCorrected(now, by, result.id, run.month, run.number, was.colour))
        before = earlier.get(result.key)
        if before is not None and _worsened(before, result) and (_states(result) or not _is_second(run)):
            change = before.colour, result.colour
            publish(session, ColourWorsened(now, by, result.id, run.month, result.kind, result.code, *change))


def _worsened(before: ResultSaid, result: ResultSaid) -> bool:
    """Tell whether a colour is worse than another; grey says nothing."""
    ranks = [COLOURS.index(each.colour) if each.colour in COLOURS else None for each in (before, result)]
    return None not in ranks and ranks[1] > ranks[0]  # type: ignore[operator]  # neither is None


def _states(result: ResultSaid) -> bool:
    """Tell whether it is more than to watch: firm, or a veto."""
    return bool(result.veto) or result.firm not in ("", FIRMLY_GOOD)


def _is_second(run: EvaluationRun) -> bool:
    return rules_from(run.rule_set).scheme == SECOND


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
