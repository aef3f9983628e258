"""What a rule set must keep to before it may hold: its figures and their bounds, weights, order of thresholds.

Of scheme 2 the figures of a dimension are declared in that dimension's own file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from trafficedu.analysis.colours.registry import DIMENSIONS
from trafficedu.analysis.colours.rule_set import (
    BLACK_RULES,
    BLUE,
    COMPANY,
    EXPOSURES,
    FIRST,
    GREEN,
    KINDS,
    OF_AREAS,
    OF_COMPANIES,
    ORANGE,
    RESPONSIBLE,
    SECOND,
    VILLAGE,
    YELLOW,
)
from trafficedu.core.text import Message, message

Bounds = Mapping[str, tuple[float, float]]

_COLOURS: Bounds = {
    GREEN: (1, 100),
    BLUE: (1, 100),
    YELLOW: (1, 100),
    ORANGE: (0, 100),
    "veto_orange": (0, 99),
    "veto_red": (0, 99),
}
_FIRST: Bounds = {
    "ratio_best": (0.01, 0.99),
    "ratio_worst": (1.01, 10),
    "score_at_one": (0, 100),
    "on_time_score": (0, 100),
    "helmets_zero": (0, 99),
    "helmets_full": (1, 100),
    "least_tasks": (1, 1000),
    "least_observed": (1, 100_000),
    "least_notices": (1, 1000),
    "least_weight": (1, 100),
    **_COLOURS,
}
WINDOWS: Bounds = {f"window_{kind}": (1, 24) for kind in KINDS}
"""Months by which a kind of target is judged: whole ones."""
_SECOND: Bounds = {
    **WINDOWS,
    "least_information": (1, 100),
    "in_use": (1, 100),
    "firm_level": (51, 99),
    "looked_violations": (0, 1000),
    "looked_stops": (0, 100_000),
    **{name: bounds for one in DIMENSIONS for name, bounds in one.figures.items()},
    **_COLOURS,
}
"""``least_information``, ``in_use`` and ``firm_level`` are in percent."""


def figures(scheme: int) -> Bounds:
    """Return NAME -> least and greatest value that may be entered; a veto from 0 accidents on is none."""
    return _FIRST if scheme == FIRST else _SECOND


def weighted(kind: str, scheme: int) -> Sequence[str]:
    """Return the dimensions that a rule set of this scheme weighs for a kind of target, in the order shown."""
    if scheme == FIRST:
        return OF_COMPANIES if kind == COMPANY else OF_AREAS
    return tuple(one.name for one in DIMENSIONS if kind in one.kinds)


def faults(payload: Mapping[str, Any]) -> dict[str, Message]:
    """Return what is wrong with a payload, field -> sentence; empty where it may hold.

    A field is a name of :func:`figures`, ``scheme``, ``exposure``, ``veto_responsibility``, ``black_rule``, or
    ``area_<dimension>`` and ``company_<dimension>`` for weights.
    """
    scheme = payload.get("scheme", FIRST)
    if isinstance(scheme, bool) or scheme not in (FIRST, SECOND):
        return {"scheme": message("There is no such scheme of judging.")}
    found: dict[str, Message] = {}
    for name, (least, most) in figures(scheme).items():
        value = payload.get(name)
        if value is None or not _number(value) or not least <= value <= most:
            found[name] = message("Enter a figure from %(least)s to %(most)s.", least=f"{least:g}", most=f"{most:g}")
        elif name in WINDOWS and value != int(value):
            found[name] = message("Enter whole months.")
    for group, kind in (("area", VILLAGE), ("company", COMPANY)):
        found.update(_weight_faults(group, payload.get(f"weights_{group}") or {}, weighted(kind, scheme)))
    found.update(_choice_faults(payload, scheme))
    return found or _order_faults(payload)


def _choice_faults(payload: Mapping[str, Any], scheme: int) -> dict[str, Message]:
    found: dict[str, Message] = {}
    if payload.get("exposure") not in EXPOSURES:
        found["exposure"] = message("Choose what violations are measured against.")
    if payload.get("veto_responsibility") not in RESPONSIBLE:
        found["veto_responsibility"] = message(
            "Choose the level of responsibility from which a fatal accident is a veto."
        )
    if scheme == SECOND and payload.get("black_rule") not in BLACK_RULES:
        found["black_rule"] = message("Choose what puts a village on the black list.")
    return found


def _weight_faults(group: str, weights: Mapping[str, Any], names: Sequence[str]) -> dict[str, Message]:
    wrong = {
        f"{group}_{name}": message("Enter a weight from 0 to 100 percent.")
        for name in names
        if not _number(weights.get(name)) or not 0 <= weights[name] <= 100
    }
    if wrong:
        return wrong
    total = round(sum(weights[name] for name in names), 6)
    if total == 100:
        return {}
    text = message("The weights add up to %(total)s %%, not 100 %%. Change one of them.", total=f"{total:g}")
    return {f"{group}_{names[-1]}": text}


def _order_faults(payload: Mapping[str, Any]) -> dict[str, Message]:
    found: dict[str, Message] = {}
    for better, worse in ((GREEN, BLUE), (BLUE, YELLOW), (YELLOW, ORANGE)):
        if not payload[better] > payload[worse]:
            found[worse] = message("Each threshold must be lower than the one before it.")
    if not payload["helmets_full"] > payload["helmets_zero"]:
        found["helmets_full"] = message("The rate for full marks must be above the rate for no marks.")
    if payload["veto_red"] and payload["veto_red"] <= payload["veto_orange"]:
        found["veto_red"] = message("Red must need more fatal accidents than orange.")
    return found


def _number(value: object) -> bool:
    """Tell whether ``value`` is a usable number: neither a truth value nor infinite."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e9
