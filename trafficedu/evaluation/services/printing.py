"""An evaluation and a check as the command line prints them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from trafficedu.analysis.colours.rule_set import COLOURS, GREY, KINDS
from trafficedu.core.month import Month
from trafficedu.core.text import Message, message
from trafficedu.evaluation.models import EvaluationRun
from trafficedu.evaluation.queries.differences import Said
from trafficedu.evaluation.queries.runs import results_of
from trafficedu.evaluation.rules.names import COLOUR_NAMES, KIND_NAMES
from trafficedu.evaluation.services.checking import Check
from trafficedu.settled import services as settling
from trafficedu.settled.models import Figure
from trafficedu.settled.services import Difference

SHOWN_CHANGES = 20
"""So many changes of colour are named; the others are counted. ``--json`` has all of them."""


def as_json(session: Session, run: EvaluationRun, check: Check | None = None) -> dict[str, Any]:
    """Return what ``evaluate --json`` prints; a check adds what it found under ``check``."""
    body: dict[str, Any] = {
        "month": str(run.month),
        "rule_set": run.rule_set.code,
        "results": [
            {
                "kind": result.kind,
                "code": result.code,
                "colour": result.colour,
                "score": result.score,
                "dimensions": {name: _dimension(one) for name, one in result.dimensions.items()},
                "interval": None if result.low is None else [result.low, result.high],
                "probability": result.probability or {},
                "firm": result.firm or None,
                "veto": result.veto or None,
                "hash": result.hash,
            }
            for result in results_of(session, run)
        ],
    }
    if check is not None:
        drift = [each.as_json() for each in check.drift]
        body["check"] = {"results": check.results, "differences": check.differences, "drift": drift}
    return body


def _dimension(one: Mapping[str, Any]) -> dict[str, Any]:
    """Return a dimension as it is printed; rule set 1 knows nothing of information."""
    return {name: one.get(name) for name in ("score", "numerator", "denominator", "weight", "information")}


def summary(session: Session, run: EvaluationRun) -> list[Message]:
    """Return the sentences that ``evaluate`` prints: the version, and the colours of each kind of target."""
    lines = [
        message(
            "%(month)s, version %(number)d, rule set %(rules)s",
            month=run.month,
            number=run.number,
            rules=run.rule_set.code,
        )
    ]
    counted = Counter((result.kind, result.colour) for result in results_of(session, run))
    for kind in KINDS:
        for colour in (*COLOURS, GREY):
            if counted[kind, colour]:
                lines.append(
                    message(
                        "%(kind)s: %(colour)s %(number)d",
                        kind=KIND_NAMES[kind],
                        colour=COLOUR_NAMES[colour],
                        number=counted[kind, colour],
                    )
                )
    return lines


def check_in_words(check: Check) -> list[Message]:
    """Return the sentences of a check: what is not what its inputs say, and what late data would change."""
    if check.differences:
        lines = [
            message(
                "Changed since it was stored: version %(version)d, %(kind)s %(code)s",
                version=change["version"],
                kind=KIND_NAMES[change["kind"]],
                code=change["code"],
            )
            for change in check.differences
        ]
    else:
        lines = [message("All %(number)d stored results match their inputs.", number=check.results)]
    return [*lines, *_drift_in_words(check)]


def _drift_in_words(check: Check) -> list[Message]:
    """Return what the records of today would change: colours and vetoes by name, the rest counted."""
    if not check.drift:
        return [message("Today's records give the same results.")]
    lines = [
        message(
            "Today's records would change %(number)d results; evaluate again to store them as the next version.",
            number=len(check.drift),
        )
    ]
    telling = [change for change in check.drift if change.of_colour or change.of_veto]
    for change in telling[:SHOWN_CHANGES]:
        lines.append(
            message(
                "%(kind)s %(code)s %(name)s: %(before)s → %(after)s",
                kind=KIND_NAMES[change.said.kind],
                code=change.said.code,
                name=change.said.name,
                before=_side(change.before),
                after=_side(change.after),
            )
        )
    if more := len(telling[SHOWN_CHANGES:]):
        lines.append(message("… and %(number)d more with another colour or veto.", number=more))
    if firmness := sum(change.of_firmness for change in check.drift):
        lines.append(message("Colours stay, but something else is firm: %(number)d results.", number=firmness))
    if rest := len(check.drift) - len(telling) - firmness:
        text = message("Colours stay: %(number)d results differ in their score or their counts only.", number=rest)
        lines.append(text)
    return lines


def _side(said: Said | None) -> Message | str:
    if said is None:
        return "-"
    colour = COLOUR_NAMES[said.colour]
    return colour if said.score is None else message("%(colour)s %(score).2f", colour=colour, score=said.score)


def sums_in_words(
    session: Session, figures: Sequence[Figure], month: Month, wrong: Sequence[Difference], now: datetime
) -> list[Message]:
    """Return the sentences about the sums of a month that pages show: those that differ, those not compared."""
    lines = []
    if wrong:
        text = message("%(number)d sums of this month differ from a full count of its records.", number=len(wrong))
        lines.append(text)
    if unsettled := settling.not_compared(session, figures, now, month):
        lines.append(
            message(
                "Not compared, because %(month)s is not settled to its end: %(number)d of %(all)d figures (%(names)s). "
                "Pages count them as they are read.",
                month=month,
                number=len(unsettled),
                all=len(figures),
                names=", ".join(unsettled),
            )
        )
    if waiting := settling.list_waiting(session, figures, now):
        lines.append(
            message(
                "%(number)d months wait for the worker to settle them: %(first)s to %(last)s.",
                number=len(waiting),
                first=waiting[0],
                last=waiting[-1],
            )
        )
    return lines


def backtest_in_words(found: Mapping[str, Any]) -> list[Message]:
    """Return the sentences of what the colours of the past foretold, level by level."""
    lines = [
        line
        for scheme in found["schemes"]
        for kind, one in scheme["kinds"].items()
        for line in _backtest_of(scheme["scheme"], kind, one)
    ]
    return lines or [message("No month has been evaluated yet.")]


def _backtest_of(scheme: int, kind: str, one: Mapping[str, Any]) -> Iterator[Message]:
    yield message(
        "%(kind)s, rule set %(scheme)d: %(months)s",
        kind=KIND_NAMES[kind],
        scheme=scheme,
        months=", ".join(one["months"]),
    )
    order, again = one["correlation"], one["again"]
    if order is None:
        yield message("  Whether the order is kept cannot be said: it takes two windows with at least five units.")
    else:
        yield message("  Order kept: %(value).2f (95 %%: %(low).2f to %(high).2f), %(targets)d units", **order)
    if again is not None:
        yield message("  Firmly red or orange, and so again: %(number)d of %(cases)d", **again)
    for name, title in AFTERWARDS.items():
        contrast = one[name]["contrast"]
        if contrast is not None:
            said = FORETOLD if contrast["predicts"] else FORETOLD_NOTHING
            yield said.filled(
                what=title, ratio=f"{contrast['ratio']:.2f}", limits="{low:.2f}-{high:.2f}".format(**contrast)
            )


AFTERWARDS = {"violations": message("violations"), "accidents": message("casualty accidents")}
FORETOLD = message("  After red or orange more %(what)s: %(ratio)s times as many (95 %%: %(limits)s)")
FORETOLD_NOTHING = message("  The colour foretold nothing of %(what)s: %(ratio)s times as many (95 %%: %(limits)s)")
