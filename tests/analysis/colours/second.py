"""The shipped rule set 2, and pools and targets that can be worked out by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import trafficedu
from trafficedu.analysis.colours.judging import Verdict, judge
from trafficedu.analysis.colours.pools import Pools
from trafficedu.analysis.colours.rule_set import COMPANY, TOWN, VILLAGE, RuleSet

PAYLOAD: dict[str, Any] = json.loads(
    (Path(trafficedu.__file__).parent / "reference/rule_set_2.json").read_text(encoding="utf-8")
)["payload"]
RULES = RuleSet("second", PAYLOAD)
MONTH = "2026-10"
HALF_YEAR = ("2026-05", "2026-06", "2026-07", "2026-08", "2026-09", "2026-10")
YEAR = ("2025-11", "2025-12", "2026-01", "2026-02", "2026-03", "2026-04", *HALF_YEAR)
EVEN = [1.0] * 12


def changed(**figures: Any) -> RuleSet:
    """Return the shipped rules with some figures changed."""
    return RuleSet("changed", {**PAYLOAD, **figures})


def counts(shape: float, rate: float, exposure: str = "ebikes") -> dict[str, Any]:
    """Return the pool of a dimension that counts."""
    one = {"shape": shape, "rate": rate, "rates": {}, "index": EVEN}
    return {"prior": False, "in_use": True, "exposure": {exposure: one}}


def share(mean: float, precision: float, **more: Any) -> dict[str, Any]:
    """Return the pool of a dimension that is a share."""
    return {"prior": False, "in_use": True, "mean": mean, "precision": precision, "means": {}, **more}


POINTS = {"prior": False, "in_use": True, "mean": 80.0, "means": {}, "between": 100.0, "within": 600.0}


def pools(kind: str, **changes: Any) -> Pools:
    """Return pools with round figures."""
    of = {
        "points": POINTS,
        "violations": counts(4.0, 0.01, "days" if kind == COMPANY else "ebikes"),
        "education": share(0.75, 20.0),
    }
    if kind == COMPANY:
        of["feedback"] = share(0.8, 10.0)
    else:
        of["helmets"] = share(0.9, 20.0, site_variance=0.0009)
        of["trend"] = counts(6.0, 0.002)
    for name, change in changes.items():
        of[name] = {**of[name], **change}
    return Pools(kind, YEAR if kind == VILLAGE else HALF_YEAR, (), 20, of)


def monthly(observed: list[float | None], exposure: float, name: str = "ebikes") -> dict[str, Any]:
    """Return counts with the same exposure every month."""
    return {"observed": observed, "exposure": {name: [exposure] * len(observed)}}


def town(**parts: Any) -> dict[str, Any]:
    """Return inputs of a town of 500 e-bikes that lacks nothing."""
    inputs: dict[str, Any] = {
        "window": [HALF_YEAR[0], HALF_YEAR[-1]],
        "points": [[9, 10]] * 6,
        "violations": monthly([6, 7, 5, 8, 4, 6], 500),
        "education": {"due": 60, "on_time": 48, "quiz": 4080},
        "helmets": {"helmeted": 552, "observed": 600, "sites": 3},
        "trend": monthly([1, 0, 1, 2, 0, 0], 500),
        "looked": {"violations": 36, "stops": None},
    }
    return {**inputs, **parts}


def judged(inputs: dict[str, Any], kind: str = TOWN, rules: RuleSet = RULES, **of: Any) -> Verdict:
    """Judge a target by the pools above."""
    return judge(inputs, kind, "330109", MONTH, pools(kind, **of), rules)
