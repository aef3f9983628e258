"""What a rule set would have changed in the months evaluated, worked out from their stored inputs.

Months that were judged under another scheme have other inputs: the records of now are read for them. It takes seconds
for each month, so that a background job works it out and it is kept, as a fit is (docs/adr/0010-results-of-fits.md).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.analysis.colours.effective import effective_weights
from trafficedu.analysis.colours.rule_set import COLOURS, FIRM, GREY, KINDS, RuleSet
from trafficedu.core.month import Month
from trafficedu.evaluation.models import EvaluationRun, RuleSetRecord
from trafficedu.evaluation.queries.rule_sets import rules_from
from trafficedu.evaluation.queries.runs import latest_run, results_of
from trafficedu.evaluation.services.judging import judge_inputs, judge_month, pools_of
from trafficedu.evaluation.services.results import keeping

TRIAL = "trial"
TRIAL_MONTHS = 6
"""Each takes seconds to judge; the page says how many there were."""
SHOWN_MOVED = 100


@dataclass(frozen=True)
class _Tried:
    """One target in one month: as it was judged, None where it was not, and as the rules tried would judge it."""

    kind: str
    code: str
    name: str
    before: tuple[str, float | None, str] | None
    after: tuple[str, float | None, str]
    weights_before: Mapping[str, Any]
    weights_after: Mapping[str, Any]


def months_tried(session: Session) -> list[Month]:
    """Return the last months evaluated, the latest first."""
    query = select(EvaluationRun.month).distinct().order_by(EvaluationRun.month.desc()).limit(TRIAL_MONTHS)
    return list(session.scalars(query))


def fingerprint(session: Session, record: RuleSetRecord) -> str:
    """Return the digest of what a trial rests on: the rules tried and the newest version of each month."""
    runs = [latest_run(session, month) for month in months_tried(session)]
    text = repr((record.payload, [(run.id, run.digest) for run in runs if run is not None]))
    return hashlib.sha256(text.encode()).hexdigest()


def try_rules(session: Session, record: RuleSetRecord, now: datetime) -> dict[str, Any]:
    """Judge the last months evaluated by ``record``; returns plain data.

    Returns
    -------
    ``months`` (latest first), ``judged``, ``moved`` (how many) and the first of them, and by ``kinds``: ``colours``
    (before, after), ``firm`` (before, after), ``effective`` weights, ``turnover`` (changes of colour from one month to
    the next, of so many pairs, before and after).
    """
    rules, months = rules_from(record), months_tried(session)
    tried = {month: _try_month(session, month, record, rules, now) for month in months}
    moved = [
        {"month": str(month), "kind": one.kind, "code": one.code, "name": one.name}
        | {"before": one.before[:2], "after": one.after[:2]}
        for month in months
        for one in tried[month]
        if one.before is not None and one.before[0] != one.after[0]
    ]
    return {
        "months": [str(month) for month in months],
        "judged": sum(one.before is not None for rows in tried.values() for one in rows),
        "moved": len(moved),
        "first_moved": moved[:SHOWN_MOVED],
        "kinds": {
            kind: _summary({month: [one for one in tried[month] if one.kind == kind] for month in months})
            for kind in KINDS
            if any(one.kind == kind for rows in tried.values() for one in rows)
        },
    }


def _try_month(session: Session, month: Month, record: RuleSetRecord, rules: RuleSet, now: datetime) -> list[_Tried]:
    run = latest_run(session, month)
    assert run is not None  # it is one of the months evaluated
    stored = {(one.kind, one.code): one for one in results_of(session, run)}
    if rules_from(run.rule_set).scheme == rules.scheme:
        pools = pools_of(run.pools)
        after = {
            key: (one.name, judge_inputs(one.inputs, one.kind, one.code, month, rules, pools))
            for key, one in stored.items()
        }
    else:
        judged = judge_month(session, month, record, now)
        after = {(one.target.kind, one.target.code): (one.target.name, one.judged) for one in judged.targets}
    return [
        _Tried(
            kind=str(key[0]),
            code=key[1],
            name=name,
            before=(was.colour, was.score, was.firm) if (was := stored.get(key)) is not None else None,
            after=(judged.colour, judged.score, judged.firm),
            weights_before=was.dimensions if was is not None and was.score is not None else {},
            weights_after=judged.dimensions if judged.score is not None else {},
        )
        for key, (name, judged) in after.items()
    ]


def _summary(months: Mapping[Month, Sequence[_Tried]]) -> dict[str, Any]:
    """Return what is said of one kind of target; ``months`` are the latest first."""
    rows = [one for month in months.values() for one in month]
    was = [one.before for one in rows if one.before is not None]
    now = [one.after for one in rows]
    newest = next(iter(months.values()), ())
    return {
        "colours": {colour: _pair(was, now, 0, colour) for colour in (*COLOURS, GREY)},
        "firm": {firm: _pair(was, now, 2, firm) for firm in FIRM},
        "effective": {
            "before": _effective(one.weights_before for one in newest),
            "after": _effective(one.weights_after for one in newest),
        },
        "turnover": {
            "before": turnover(
                {at: {one.code: one.before[0] for one in rows if one.before} for at, rows in months.items()}
            ),
            "after": turnover({at: {one.code: one.after[0] for one in rows} for at, rows in months.items()}),
        },
        "number": len(newest),
    }


Side = tuple[str, float | None, str]


def _pair(before: Sequence[Side], after: Sequence[Side], place: int, word: str) -> tuple[int, int]:
    """Return how many say a word at a place before and after."""
    return sum(said[place] == word for said in before), sum(said[place] == word for said in after)


def _effective(dimensions: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return nominal and effective weights of the newest month; grey targets have none."""
    known = [one for one in dimensions if one]
    filled = [
        {name: {"information": 0.0, "low": None, "high": None, **part} for name, part in one.items()} for one in known
    ]
    return [asdict(one) for one in effective_weights(filled)]


def turnover(months: Mapping[Month, Mapping[str, str]]) -> tuple[int, int]:
    """Return how often a colour (code -> colour) was another than the month before, of so many pairs.

    Grey is no colour. A month whose month before was not evaluated has nothing to compare with.
    """
    changed = pairs = 0
    for month, later in months.items():
        earlier = months.get(month - 1, {})
        for code, colour in later.items():
            if colour in COLOURS and earlier.get(code) in COLOURS:
                pairs += 1
                changed += colour != earlier[code]
    return changed, pairs


def keep_trial(session: Session, record: RuleSetRecord, now: datetime) -> Callable[[Session], None]:
    """Work a trial out and return what stores it."""
    payload = try_rules(session, record, now)
    return keeping(TRIAL, record.id, now.date(), fingerprint(session, record), payload, now)
