"""The figures of a month behind all targets at once: one statement a dimension, whatever their number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from trafficedu.accidents.queries import figures as accidents
from trafficedu.analysis.colours.first.pools import pool
from trafficedu.analysis.colours.rule_set import COMPANY, EBIKES, RIDER_DAYS, STOPS
from trafficedu.areas.queries.ebikes import ebikes_of_areas
from trafficedu.areas.rules import paths_down_to
from trafficedu.core.actors import SYSTEM
from trafficedu.core.month import Month
from trafficedu.education.queries import rates as education
from trafficedu.evaluation.queries.effort import points_of, stops_by_path
from trafficedu.evaluation.queries.targets import Targets
from trafficedu.feedback.queries import rates as feedback
from trafficedu.helmets.queries import rates as helmets
from trafficedu.helmets.queries.monthly import RateCriteria
from trafficedu.riders.queries import engagements
from trafficedu.violations.queries import figures as violations

Key = tuple[str, str]
"""Kind and code of a target."""


@dataclass
class Facts:
    """Inputs of every target (``analysis.colours.first.scoring``), by kind and code; ``recorded`` events were found."""

    inputs: dict[Key, dict[str, Any]] = field(default_factory=dict)
    recorded: int = 0

    def put(self, key: Key, dimension: str, value: dict[str, Any]) -> None:
        """Add one dimension of a target, if it is one."""
        if key in self.inputs:
            self.inputs[key][dimension] = value


def load_facts(session: Session, targets: Targets, month: Month, as_of: datetime) -> Facts:
    """Return the inputs of all targets for ``month`` but for the accident trend, as known at ``as_of``."""
    facts = Facts({(target.kind, target.code): {} for target in targets.all()})
    _violations(session, facts, targets, month)
    _education(session, facts, targets, month, as_of)
    _helmets(session, facts, targets, month)
    _feedback(session, facts, targets, month, as_of)
    for key, fatal in fatal_of(session, targets, month).items():
        facts.put(key, "fatal", fatal)
    _points(session, facts, targets, month)
    return facts


def by_target(targets: Targets, rows: Iterable[tuple[int, Any]]) -> dict[Key, Counter[Any]]:
    """Add up counters of areas for the districts, the towns and the villages they count for."""
    sums: dict[Key, Counter[Any]] = {}
    for area_id, counts in rows:
        for kind, owners in targets.owners.items():
            code = owners.get(area_id)
            if code is not None:
                sums.setdefault((kind, code), Counter()).update(counts)
    return sums


def _violations(session: Session, facts: Facts, targets: Targets, month: Month) -> None:
    first, last = month.first, month.last
    rows = violations.count_by_area(session, SYSTEM, first, last)
    facts.recorded += sum(row.violations for row in rows)
    seen = by_target(targets, ((targets.paths[row.path], {"n": row.violations}) for row in rows))
    ebikes = ebikes_of_areas(session, "", month, month)[month]
    stops = _with_all_below(stops_by_path(session, month))
    for kind, members in targets.areas.items():
        counts = {target.code: seen.get((kind, target.code), Counter())["n"] for target in members}
        bases = {
            EBIKES: {target.code: float(ebikes.get(target.path) or 0) for target in members},
            STOPS: {target.code: float(stops[target.path]) for target in members} if stops else {},
        }
        _put_violations(facts, kind, counts, bases)
    of_company = violations.count_by_company(session, first, last)
    days = engagements.sum_engaged_days(session, first, last)
    counts = {target.code: of_company.get(target.id, 0) for target in targets.companies}
    _put_violations(
        facts,
        COMPANY,
        counts,
        {RIDER_DAYS: {target.code: float(days.get(target.id, 0)) for target in targets.companies}},
    )


def _with_all_below(counts: Mapping[str, int]) -> Counter[str]:
    """Return what was counted in each area, by path, with all that lies below it."""
    sums: Counter[str] = Counter()
    for path, n in counts.items():
        for above in paths_down_to(path):
            sums[above] += n
    return sums


def _put_violations(
    facts: Facts, kind: str, counts: Mapping[str, float], bases: Mapping[str, Mapping[str, float]]
) -> None:
    pools = {name: pool(counts, base) for name, base in bases.items()}
    for code, observed in counts.items():
        value: dict[str, Any] = {"observed": observed}
        for name, expectations in pools.items():
            if code in expectations:
                expectation = expectations[code]
                value[name] = {
                    "exposure": expectation.exposure,
                    "expected": expectation.expected,
                    "shape": expectation.shape,
                }
        facts.put((kind, code), "violations", value)


def _education(session: Session, facts: Facts, targets: Targets, month: Month, as_of: datetime) -> None:
    first, after = month.first, month.next.first
    rows = education.sum_marks(session, first, after, as_of)
    facts.recorded += sum(due for _, _, _, due, _, _ in rows)
    marks = [(area, {"due": due, "on_time": on_time, "quiz": quiz}) for area, _, _, due, on_time, quiz in rows]
    for key, sums in by_target(targets, marks).items():
        facts.put(key, "education", dict(sums))
    codes = {target.id: target.code for target in targets.companies}
    of_company: dict[str, Counter[str]] = {}
    for _, company, _, due, on_time, quiz in rows:
        if company in codes:
            sums = of_company.setdefault(codes[company], Counter())
            sums.update({"due": due, "on_time": on_time, "quiz": quiz})
    for code, sums in of_company.items():
        facts.put((COMPANY, code), "education", dict(sums))


def _helmets(session: Session, facts: Facts, targets: Targets, month: Month) -> None:
    rows = helmets.count_by_area_and_month(session, RateCriteria.latest(month), SYSTEM)
    counts = ((targets.paths[path], {"helmeted": clear - bare, "observed": clear}) for path, _, bare, clear in rows)
    for key, sums in by_target(targets, counts).items():
        if sums["observed"]:
            facts.put(key, "helmets", {"helmeted": sums["helmeted"], "observed": sums["observed"]})


def _feedback(session: Session, facts: Facts, targets: Targets, month: Month, as_of: datetime) -> None:
    first, after = month.first, month.next.first
    codes = {target.id: target.code for target in targets.companies}
    for company, due, on_time in feedback.count_due_of_companies(session, first, after, as_of):
        if company in codes:
            facts.put((COMPANY, codes[company]), "feedback", {"due": due, "on_time": on_time})


def fatal_of(session: Session, targets: Targets, month: Month) -> dict[Key, dict[str, int]]:
    """Return responsibility of the rider -> fatal accidents of the month, of the targets that had one."""
    first, last = month.first, month.last
    rows = accidents.count_responsible(session, first, last)
    fatal = {key: dict(sums) for key, sums in by_target(targets, ((area, {of: n}) for area, of, n in rows)).items()}
    codes = {target.id: target.code for target in targets.companies}
    for company, responsibility, n in accidents.count_responsible_of_companies(session, first, last):
        if company in codes:
            fatal.setdefault((COMPANY, codes[company]), {})[responsibility] = n
    return fatal


def _points(session: Session, facts: Facts, targets: Targets, month: Month) -> None:
    ledger = points_of(session, month)
    for target in targets.all():
        points = ledger.get((target.kind, target.id))
        if points is not None and points[1] is not None:
            facts.put((target.kind, target.code), "points", {"points": points[0], "expected": points[1]})
