"""Judging of targets and of months, under the scheme of their rule set. Only reads.

Rule set 1 looks at what one month brought; rule set 2 at what is known of a target over a window, beside the pools of
its level, which are estimated with the first version of a month and kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from trafficedu.analysis.colours import judging as second
from trafficedu.analysis.colours.first import scoring as first
from trafficedu.analysis.colours.pools import History, Pools, estimate
from trafficedu.analysis.colours.rule_set import KINDS, SECOND, TREND, RuleSet
from trafficedu.core.clock import day_bounds, local_date
from trafficedu.core.errors import Refusal
from trafficedu.core.month import EARLIEST, Month
from trafficedu.core.text import Message, message
from trafficedu.evaluation.dimensions.loading import Loaded, load_inputs
from trafficedu.evaluation.models import EvaluationPools, EvaluationResult, RuleSetRecord
from trafficedu.evaluation.queries.differences import Said
from trafficedu.evaluation.queries.facts import Facts, load_facts
from trafficedu.evaluation.queries.rule_sets import rules_from
from trafficedu.evaluation.queries.targets import Target, Targets, list_targets
from trafficedu.evaluation.services.yearly import Keep, trend_inputs

PoolsOf = Mapping[str, Pools]
"""Kind -> pools of a month; empty under rule set 1."""


@dataclass(frozen=True)
class Judgement:
    """What a result says and rests on, as it is stored; ``hash`` is over all of it.

    ``present`` is the share of the weight that is present (rule set 1), or how much is known (rule set 2).
    """

    colour: str
    score: float | None
    present: float
    veto: str
    low: float | None
    high: float | None
    probability: dict[str, float] | None
    firm: str
    dimensions: dict[str, dict[str, Any]]
    hash: str

    @classmethod
    def stored(cls, result: EvaluationResult) -> Judgement:
        """Return what a stored result says."""
        return cls(**{name: getattr(result, name) for name in cls.__dataclass_fields__})


def judge_inputs(
    inputs: Mapping[str, Any], kind: str, code: str, month: Month, rules: RuleSet, pools: PoolsOf
) -> Judgement:
    """Judge one target from its plain inputs."""
    if rules.scheme != SECOND:
        verdict = first.judge(inputs, kind, rules)
        mark = first.fingerprint(str(month), kind, code, rules.code, inputs, verdict)
        rest = (None, None, None, "", verdict.as_json(), mark)
        return Judgement(verdict.colour, verdict.score, verdict.present, verdict.veto, *rest)
    found = second.judge(inputs, kind, code, str(month), pools[kind], rules)
    return Judgement(
        colour=found.colour,
        score=found.score,
        present=found.information,
        veto=found.veto,
        low=found.low,
        high=found.high,
        probability=dict(found.probability) or None,
        firm=found.firm or "",
        dimensions=found.as_json(),
        hash=second.fingerprint(str(month), kind, code, rules.code, inputs, pools[kind], found),
    )


def pools_of(record: EvaluationPools | None) -> dict[str, Pools]:
    """Return the stored pools of a month by kind; none under rule set 1."""
    return {} if record is None else {kind: Pools.from_json(data) for kind, data in record.payload.items()}


@dataclass(frozen=True)
class JudgedTarget:
    """A target with its inputs and how it is judged, not stored yet."""

    target: Target
    inputs: Mapping[str, Any]
    judged: Judgement

    @property
    def said(self) -> Said:
        """What it says, as a stored result does."""
        target, judged = self.target, self.judged
        return Said(
            target.kind,
            target.code,
            target.name,
            judged.colour,
            judged.score,
            judged.veto,
            judged.firm,
            judged.dimensions,
            judged.hash,
        )


@dataclass(frozen=True)
class JudgedMonth:
    """A month as the records of now have it, not stored yet.

    ``keep`` stores what had to be fitted for it; ``pools`` are those that were estimated for it, to be stored with it.
    """

    targets: Sequence[JudgedTarget]
    keep: Sequence[Keep] = ()
    pools: PoolsOf = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """What tells it from another: over the hashes of all results, in any order."""
        text = "\n".join(sorted(target.judged.hash for target in self.targets))
        return hashlib.sha256(text.encode()).hexdigest()


def judge_month(
    session: Session, month: Month, rules: RuleSetRecord, now: datetime, known: EvaluationPools | None = None
) -> JudgedMonth:
    """Judge every town, village and company of ``month`` from the records of now, beside the pools ``known`` of it.

    Raises
    ------
    Refusal
        The month lies in the future, or nothing is recorded in it.
    """
    if month.first > local_date(now):
        raise Refusal(message("%(month)s has not begun yet.", month=month))
    as_of = min(now, day_bounds(month.next.first)[0])
    targets, rule_set = list_targets(session, month), rules_from(rules)
    if rule_set.scheme != SECOND:
        return _first(session, month, rule_set, targets, as_of, now)
    windows = {kind: rule_set.window(kind) for kind in KINDS}
    loaded = load_inputs(session, targets, month, windows, as_of) if month >= EARLIEST else None
    if loaded is None or not loaded.recorded:
        raise Refusal(_nothing(month))
    pools = pools_of(known) or _estimated(loaded, rule_set)
    judged = [
        JudgedTarget(target, inputs, judge_inputs(inputs, target.kind, target.code, month, rule_set, pools))
        for target in targets.all()
        for inputs in [loaded.inputs[target.kind, target.code]]
    ]
    return JudgedMonth(judged, pools={} if known is not None else pools)


def _nothing(month: Month) -> Message:
    return message("Nothing was recorded in %(month)s, so there is nothing to evaluate.", month=month)


def _estimated(loaded: Loaded, rules: RuleSet) -> dict[str, Pools]:
    """Estimate the pools of every kind of target, also of those of which there are none yet."""
    return {
        kind: estimate(
            History(loaded.months_before[kind], loaded.before_of_kind(kind)),
            loaded.of_kind(kind),
            kind,
            rules,
            loaded.window[kind],
        )
        for kind in KINDS
    }


def _first(
    session: Session, month: Month, rules: RuleSet, targets: Targets, as_of: datetime, now: datetime
) -> JudgedMonth:
    """Judge a month under rule set 1."""
    facts = load_facts(session, targets, month, as_of) if month >= EARLIEST else Facts()
    if not facts.recorded:
        raise Refusal(_nothing(month))
    trends = trend_inputs(session, targets, month, now)
    judged = []
    for target in targets.all():
        inputs = facts.inputs[target.kind, target.code]
        trend = trends.of.get(target.kind, {}).get(target.code)
        if trend is not None:
            inputs[TREND] = trend
        said = judge_inputs(inputs, target.kind, target.code, month, rules, {})
        judged.append(JudgedTarget(target, inputs, said))
    return JudgedMonth(judged, trends.keep)
