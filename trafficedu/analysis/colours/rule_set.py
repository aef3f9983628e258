"""A rule set of the five colours: weights, curves, thresholds, vetoes; what a valid one must keep to.

It is plain data (``payload``), kept in the database with the month from which it holds. Shares are in percent,
so that what is stored is what somebody typed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import log
from typing import Any

from trafficedu.core.text import Message, message

DISTRICT, TOWN, VILLAGE, COMPANY = "district", "town", "village", "company"
AREA_KINDS = (DISTRICT, TOWN, VILLAGE)
"""Districts are judged where there are several, against each other."""
KINDS = (*AREA_KINDS, COMPANY)

POINTS, VIOLATIONS, EDUCATION, HELMETS, TREND, FEEDBACK = (
    "points",
    "violations",
    "education",
    "helmets",
    "trend",
    "feedback",
)
OF_AREAS = (POINTS, VIOLATIONS, EDUCATION, HELMETS, TREND)
OF_COMPANIES = (POINTS, VIOLATIONS, EDUCATION, FEEDBACK)

GREEN, BLUE, YELLOW, ORANGE, RED, GREY = "green", "blue", "yellow", "orange", "red", "grey"
COLOURS = (GREEN, BLUE, YELLOW, ORANGE, RED)
"""Best first; grey is not among them."""

EBIKES, STOPS, RIDER_DAYS = "ebikes", "stops", "days"
EXPOSURES = (EBIKES, STOPS)
"""What an area's violations may be related to; a company's are related to engaged rider-days."""

RESPONSIBLE = ("full", "main", "equal", "minor")
"""Responsibility of the e-bike's rider, the gravest first; a veto begins at one of them."""

FIGURES: Mapping[str, tuple[float, float]] = {
    "ratio_best": (0.01, 0.99),
    "ratio_worst": (1.01, 10),
    "score_at_one": (0, 100),
    "on_time_score": (0, 100),
    "least_tasks": (1, 1000),
    "helmets_zero": (0, 99),
    "helmets_full": (1, 100),
    "least_observed": (1, 100_000),
    "least_notices": (1, 1000),
    "least_weight": (1, 100),
    GREEN: (1, 100),
    BLUE: (1, 100),
    YELLOW: (1, 100),
    ORANGE: (0, 100),
    "veto_orange": (0, 99),
    "veto_red": (0, 99),
}
"""NAME -> least and greatest value that may be entered; a veto from 0 accidents on is none."""


@dataclass(frozen=True)
class RatioCurve:
    """From a ratio (observed to expected) to a score: 100 at ``best`` and below, 0 at ``worst`` and above.

    Between them straight lines in the logarithm, through ``at_one`` where as much happened as was expected.
    """

    best: float
    at_one: float
    worst: float

    def score(self, ratio: float) -> float:
        """Return the score of ``ratio``, which is positive."""
        if ratio <= self.best:
            return 100.0
        if ratio >= self.worst:
            return 0.0
        if ratio <= 1.0:
            return 100.0 - (100.0 - self.at_one) * log(ratio / self.best) / log(1.0 / self.best)
        return self.at_one * (1.0 - log(ratio) / log(self.worst))


@dataclass(frozen=True)
class RuleSet:
    """A rule set under its ``code``; attributes are read from the payload, which :func:`faults` has passed."""

    code: str
    payload: Mapping[str, Any]

    def weights(self, kind: str) -> dict[str, float]:
        """Return dimension -> weight (a share of 1) for a kind of target, in the order they are shown."""
        if kind == COMPANY:
            return {name: self.payload["weights_company"][name] / 100 for name in OF_COMPANIES}
        return {name: self.payload["weights_area"][name] / 100 for name in OF_AREAS}

    @property
    def curve(self) -> RatioCurve:
        """The curve of violations and of the accident trend."""
        figures = self.payload
        return RatioCurve(figures["ratio_best"], figures["score_at_one"], figures["ratio_worst"])

    @property
    def exposure(self) -> str:
        """What an area's violations are related to: one of :data:`EXPOSURES`."""
        return str(self.payload["exposure"])

    def figure(self, name: str) -> float:
        """Return one of :data:`FIGURES`."""
        return float(self.payload[name])

    def vetoes_at(self, responsibility: str) -> bool:
        """Tell whether a fatal accident with this responsibility of the rider counts for the veto."""
        if responsibility not in RESPONSIBLE:
            return False
        return RESPONSIBLE.index(responsibility) <= RESPONSIBLE.index(self.payload["veto_responsibility"])


def faults(payload: Mapping[str, Any]) -> dict[str, Message]:
    """Return what is wrong with a payload, field -> sentence; empty where it may hold.

    A field is a name of :data:`FIGURES`, ``exposure``, ``veto_responsibility``, or ``area_<dimension>`` and
    ``company_<dimension>`` for weights.
    """
    found: dict[str, Message] = {}
    for name, (least, most) in FIGURES.items():
        value = payload.get(name)
        if value is None or not _number(value) or not least <= value <= most:
            found[name] = message("Enter a figure from %(least)s to %(most)s.", least=f"{least:g}", most=f"{most:g}")
    for group, names in (("area", OF_AREAS), ("company", OF_COMPANIES)):
        found.update(_weight_faults(group, payload.get(f"weights_{group}") or {}, names))
    if payload.get("exposure") not in EXPOSURES:
        found["exposure"] = message("Choose what violations are measured against.")
    if payload.get("veto_responsibility") not in RESPONSIBLE:
        found["veto_responsibility"] = message(
            "Choose the level of responsibility from which a fatal accident is a veto."
        )
    return found or _order_faults(payload)


def _weight_faults(group: str, weights: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Message]:
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
