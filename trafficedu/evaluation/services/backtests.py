"""Does a colour mean anything? What the stored months foretold: the next window, and the three months after.

Windows that overlap agree because they share months, so that only months are taken whose windows do not. Months under
different schemes are never put together.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from trafficedu.analysis.colours import backtest as analysis
from trafficedu.analysis.colours.rule_set import EBIKES, KINDS, RIDER_DAYS, SECOND
from trafficedu.areas.queries import tree as areas
from trafficedu.core.clock import local_date
from trafficedu.core.month import Month
from trafficedu.core.text import message
from trafficedu.evaluation.dimensions import trend, violations
from trafficedu.evaluation.dimensions.reading import Asked, Key, Reading
from trafficedu.evaluation.models import EvaluationRun
from trafficedu.evaluation.queries.rule_sets import rules_from
from trafficedu.evaluation.queries.runs import list_known_runs, results_said
from trafficedu.evaluation.queries.targets import Targets, list_targets
from trafficedu.evaluation.services.results import keeping
from trafficedu.violations.queries.figures import riders_by_place

BACKTEST = "backtest"
AFTER_MONTHS = 3
CAME = {"violations": violations.read, "accidents": trend.read}
"""What came after a colour -> how it is read; e-bikes or rider-days tell what was to be expected."""


def backtest(session: Session, now: datetime) -> dict[str, Any]:
    """Return what the colours of the stored months foretold, as plain data; changes nothing.

    Returns
    -------
    ``schemes``: for each scheme, the newest first, ``scheme`` and ``kinds``: kind -> ``length`` of the window,
    ``months`` (whose windows do not overlap), ``correlation``, ``again``, and of ``violations``, ``accidents``:
    ``rows`` by colour and ``contrast``; ``reoffence`` by colour. What cannot be said is None or empty.
    """
    by_scheme: dict[int, list[EvaluationRun]] = {}
    for run in list_known_runs(session):
        by_scheme.setdefault(rules_from(run.rule_set).scheme, []).append(run)
    running = Month.of(local_date(now))
    aftermaths = _Aftermaths(session, running, now)
    return {
        "schemes": [
            {"scheme": scheme, "kinds": _of_scheme(session, by_scheme[scheme], aftermaths)}
            for scheme in sorted(by_scheme, reverse=True)
        ]
    }


def _of_scheme(session: Session, runs: Sequence[EvaluationRun], aftermaths: _Aftermaths) -> dict[str, Any]:
    judged: dict[str, list[analysis.Judged]] = {}
    for run in runs:
        for said in results_said(session, run):
            one = analysis.Judged(said.code, run.month.index, said.colour, said.firm or None, said.score)
            judged.setdefault(str(said.kind), []).append(one)
    rules = rules_from(runs[-1].rule_set)
    found = {}
    for kind in KINDS:
        if rows := judged.get(kind):
            length = rules.window(kind) if rules.scheme == SECOND else 1
            found[kind] = _of_kind(kind, rows, length, aftermaths)
    return found


def _of_kind(kind: str, rows: Sequence[analysis.Judged], length: int, aftermaths: _Aftermaths) -> dict[str, Any]:
    months = analysis.apart((row.month for row in rows), length)
    chosen = analysis.apart((row.month for row in rows if aftermaths.is_over(row.month)), max(length, AFTER_MONTHS))
    told = [row for row in rows if row.month in chosen]
    correlation, again = analysis.rank_correlation(rows, length), analysis.firm_again(rows, length)
    body: dict[str, Any] = {
        "length": length,
        "months": [str(Month.at(month)) for month in months],
        "correlation": asdict(correlation) if correlation is not None else None,
        "again": asdict(again) if again is not None else None,
        "after_months": [str(Month.at(month)) for month in chosen],
    }
    for name in CAME:
        after = [came for row in told if (came := aftermaths.after(name, kind, row)) is not None]
        contrast = analysis.contrast(after)
        body[name] = {
            "rows": [{**asdict(one), "differs": one.differs} for one in analysis.aftermath(after)],
            "contrast": {**asdict(contrast), "predicts": contrast.predicts} if contrast is not None else None,
        }
    riders = [came for row in told for came in aftermaths.riders(kind, row)]
    body["reoffence"] = {colour: asdict(share) for colour, share in analysis.reoffence(riders).items()}
    return body


@dataclass
class _After:
    """What came in the months after one: counts and exposure by target, and who offended again."""

    readings: Mapping[str, Reading]
    again: Mapping[Key, Sequence[bool]]


class _Aftermaths:
    """What came after months, each read once."""

    def __init__(self, session: Session, running: Month, now: datetime) -> None:
        self._session, self._running, self._now = session, running, now
        self._known: dict[int, _After] = {}

    def is_over(self, index: int) -> bool:
        """Tell whether the three months after a month are over."""
        return Month.at(index) + AFTER_MONTHS < self._running

    def after(self, name: str, kind: str, row: analysis.Judged) -> analysis.After | None:
        """Return what came after a result, and what was to be expected at the rate of the others of its kind."""
        sums = self._sums(name, kind, row.month)
        own = sums.get(row.code)
        if own is None:
            return None
        count, base = (sum(pair[place] for pair in sums.values()) for place in (0, 1))
        others = base - own[1]
        if others <= 0:
            return None
        return analysis.After(row.code, row.colour, own[0], own[1] * (count - own[0]) / others)

    def riders(self, kind: str, row: analysis.Judged) -> Iterator[tuple[str, str, bool]]:
        """Yield for each rider recorded at a target in the month whether there was another violation after it."""
        for again in self._of(row.month).again.get((kind, row.code), ()):
            yield row.code, row.colour, again

    def _sums(self, name: str, kind: str, index: int) -> dict[str, tuple[float, float]]:
        """Return code -> count and exposure of the targets of a kind, over the months in which both are known."""
        sums = {}
        for (each, code), part in self._of(index).readings[name].window.items():
            exposure = part["exposure"].get(EBIKES) or part["exposure"].get(RIDER_DAYS) or ()
            pairs = [(y, e) for y, e in zip(part["observed"], exposure, strict=False) if y is not None and e]
            if each == kind and pairs:
                sums[code] = float(sum(y for y, _ in pairs)), float(sum(e for _, e in pairs))
        return sums

    def _of(self, index: int) -> _After:
        if index not in self._known:
            month = Month.at(index)
            last = month + AFTER_MONTHS
            targets = list_targets(self._session, month)
            asked = Asked(self._session, targets, last, dict.fromkeys(KINDS, AFTER_MONTHS), self._now, prior=0)
            readings = {name: read(asked) for name, read in CAME.items()}
            self._known[index] = _After(readings, self._again(targets, month, last))
        return self._known[index]

    def _again(self, targets: Targets, month: Month, last: Month) -> dict[Key, list[bool]]:
        later = {rider for rider, _, _ in riders_by_place(self._session, month.next.first, last.last)}
        companies = {target.id: (str(target.kind), target.code) for target in targets.companies}
        found: dict[Key, list[bool]] = {}
        for rider, area, company in riders_by_place(self._session, month.first, month.last):
            keys = [(str(kind), owners[area]) for kind, owners in targets.owners.items() if area in owners]
            if company in companies:
                keys.append(companies[company])
            for key in keys:
                found.setdefault(key, []).append(rider in later)
        return found


def fingerprint(session: Session, now: datetime) -> str:
    """Return the digest of what a backtest rests on: the versions of the months, and which months are over."""
    runs = [(run.id, run.digest) for run in list_known_runs(session)]
    return hashlib.sha256(repr((runs, str(Month.of(local_date(now))))).encode()).hexdigest()


def subject_of(session: Session) -> int:
    """Return what a kept backtest is about: the top of the tree; 0 before there is one."""
    top = areas.root(session)
    return top.id if top is not None else 0


def keep_backtest(session: Session, now: datetime) -> Callable[[Session], None]:
    """Work a backtest out and return what stores it."""
    payload = backtest(session, now)
    return keeping(BACKTEST, subject_of(session), local_date(now), fingerprint(session, now), payload, now)


TITLE = message("What the colours of the past foretold")
