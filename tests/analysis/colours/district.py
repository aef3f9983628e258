"""The shipped rules, and inputs to judge by them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import trafficedu
from trafficedu.analysis.colours.rule_set import RuleSet

SHIPPED = Path(trafficedu.__file__).parent / "reference" / "rule_set.json"
PAYLOAD: dict[str, Any] = json.loads(SHIPPED.read_text(encoding="utf-8"))["payload"]
RULES = RuleSet("default", PAYLOAD)


def changed(**figures: Any) -> RuleSet:
    """Return the shipped rules with some figures changed."""
    return RuleSet("changed", {**PAYLOAD, **figures})


def town(**parts: Any) -> dict[str, Any]:
    """Return inputs of a town that lacks nothing: composite 82.00, blue."""
    inputs: dict[str, Any] = {
        "points": {"points": 90, "expected": 100},
        "violations": {"observed": 10, "ebikes": {"exposure": 1000.0, "expected": 10.0, "shape": 4.0}},
        "education": {"due": 10, "on_time": 8, "quiz": 800},
        "helmets": {"helmeted": 920, "observed": 1000},
        "trend": {"observed": 12, "expected": 12.0, "shape": 6.0},
    }
    return {**inputs, **parts}
