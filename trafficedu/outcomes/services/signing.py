"""Who signed more of what stands out than chance allows by the share of the others: plain data, with ids of signers.

A finding is a reason to look at the cases, not a proof: the others are no measure of what is right.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from trafficedu.analysis.unusual import exceeding
from trafficedu.areas.models import Area
from trafficedu.core.month import Period
from trafficedu.outcomes.queries.signatures import Signed, list_signed, list_taken_back
from trafficedu.outcomes.rules import AT_MINIMUM, BY_EXCEPTION, BY_HAND, NO_QUIZ, REVISION, SHARED_PHONE, TAKEN_BACK

CASES_SHOWN = 20
LEAST_TOTAL = 5
"""Whoever has signed fewer is counted among the others and not looked at."""
Case = tuple[int, str, bool]
"""Whose it is, the number it is opened by, and whether it is one that stands out."""


def signatures_of(
    session: Session, area: Area, period: Period, _now: datetime, tell: Callable[..., Any] = lambda *_: None
) -> dict[str, Any]:
    """Return, for each thing that stands out, its share by signer beside that of the others. Changes nothing."""
    signed = list_signed(session, area.path, period)
    tell(len(signed))
    measures: Mapping[str, Iterable[Case]] = {
        AT_MINIMUM: _sessions_at_minimum(signed),
        NO_QUIZ: [(one.signer, one.task, one.no_quiz) for one in signed if one.no_quiz is not None],
        BY_HAND: [(one.signer, one.task, one.by_hand) for one in signed if one.no_quiz is False],
        SHARED_PHONE: _shared_phones(signed),
        BY_EXCEPTION: [(one.signer, one.task, one.by_exception) for one in signed],
        TAKEN_BACK: [(one.signer, one.task, one.revoked) for one in list_taken_back(session, area.path, period)],
    }
    return {
        "revision": REVISION,
        "riders": Counter(one.signer for one in signed).most_common(),
        "measures": {name: _judged(cases) for name, cases in measures.items()},
    }


def _sessions_at_minimum(signed: Sequence[Signed]) -> list[Case]:
    """Return the sessions of each signer, and whether most riders of it studied the bare minimum of every part.

    Riders of a room begin and end together: the session is what happened once.
    """
    of: dict[tuple[int, str], list[bool]] = defaultdict(list)
    for one in signed:
        if one.at_minimum is not None:
            of[one.signer, one.session].append(one.at_minimum)
    return [(signer, number, 2 * sum(at) > len(at)) for (signer, number), at in of.items()]


def _shared_phones(signed: Sequence[Signed]) -> list[Case]:
    """Return who checked in alone by a phone, and whether another rider was checked in by the same phone."""
    riders: dict[str, set[int]] = defaultdict(set)
    for one in signed:
        if one.phone is not None:
            riders[one.phone].add(one.rider)
    return [(one.signer, one.task, len(riders[one.phone]) > 1) for one in signed if one.phone is not None]


def _judged(cases: Iterable[Case]) -> list[dict[str, Any]]:
    """Return each signer's cases, total, what was to be expected and p, who is beyond chance first."""
    totals: Counter[int] = Counter()
    outstanding: dict[int, list[str]] = defaultdict(list)
    for signer, number, is_case in cases:
        totals[signer] += 1
        if is_case:
            outstanding[signer].append(number)
    looked_at = sorted(signer for signer, total in totals.items() if total >= LEAST_TOTAL)
    others = [signer for signer in totals if totals[signer] < LEAST_TOTAL]
    rest = (sum(len(outstanding[one]) for one in others), sum(totals[one] for one in others))
    found = exceeding(
        [*(len(outstanding[one]) for one in looked_at), *([rest[0]] if others else [])],
        [*(totals[one] for one in looked_at), *([rest[1]] if others else [])],
    )
    rows = [
        asdict(one) | {"signer": signer, "beyond": one.is_beyond_chance, "numbers": outstanding[signer][-CASES_SHOWN:]}
        for signer, one in zip(looked_at, found, strict=False)
    ]
    return sorted(rows, key=lambda row: (row["p_value"], -row["cases"], row["signer"]))
