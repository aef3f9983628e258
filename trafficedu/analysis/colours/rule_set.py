"""A rule set of the five colours: weights, curves, thresholds, vetoes.

It is plain data (``payload``), kept in the database with the month from which it holds. Shares are in percent,
so that what is stored is what somebody typed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import log
from typing import Any

import numpy as np

from trafficedu.analysis.arrays import FloatArray

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

FIRST, SECOND = 1, 2
"""Schemes: judged from what one month brought (1), or by what is known of a target over a window (2)."""
FIRMLY_RED, FIRMLY_ORANGE_OR_WORSE, FIRMLY_GOOD = "red", "orange_or_worse", "good"
FIRM = (FIRMLY_RED, FIRMLY_ORANGE_OR_WORSE, FIRMLY_GOOD)
"""What scheme 2 may state firmly; yellow states nothing."""
BLACK_RULES = (FIRMLY_ORANGE_OR_WORSE, FIRMLY_RED)
"""What puts a village on the black list under scheme 2."""


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

    def scores(self, ratios: FloatArray) -> FloatArray:
        """Return the scores of many ratios, shape of the input, zero or more."""
        steps = (log(self.best), 0.0, log(self.worst))
        return np.asarray(np.interp(np.log(np.maximum(ratios, 1e-300)), steps, (100.0, self.at_one, 0.0)))


@dataclass(frozen=True)
class RuleSet:
    """A rule set under its ``code``; attributes are read from the payload, which ``validity.faults`` has passed."""

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

    @property
    def scheme(self) -> int:
        """:data:`FIRST` or :data:`SECOND`."""
        return int(self.payload.get("scheme", FIRST))

    @property
    def black_rule(self) -> str:
        """What puts a village on the black list: one of :data:`BLACK_RULES`. Scheme 2 only."""
        return str(self.payload["black_rule"])

    def figure(self, name: str) -> float:
        """Return one of the figures that :func:`trafficedu.analysis.colours.validity.figures` names."""
        return float(self.payload[name])

    def colour_of(self, score: float) -> str:
        """Return the colour of a composite score, vetoes aside."""
        return next((colour for colour in COLOURS[:-1] if score >= self.figure(colour)), RED)

    def weight(self, kind: str, dimension: str) -> float:
        """Return the weight of a dimension (a share of 1) for a kind of target, 0 where the rules know no such one."""
        group = "weights_company" if kind == COMPANY else "weights_area"
        return float(self.payload[group].get(dimension, 0)) / 100

    def window(self, kind: str) -> int:
        """Return how many months, the one judged being the last, a kind of target is judged by. Scheme 2 only."""
        return int(self.payload[f"window_{kind}"])

    def veto(self, fatal: Mapping[str, int]) -> str:
        """Return the colour that fatal accidents (responsibility of the rider -> number) cap at, or ""."""
        number = sum(count for responsibility, count in fatal.items() if self.vetoes_at(responsibility))
        for colour in (RED, ORANGE):
            least = self.figure(f"veto_{colour}")
            if least and number >= least:
                return colour
        return ""

    def vetoes_at(self, responsibility: str) -> bool:
        """Tell whether a fatal accident with this responsibility of the rider counts for the veto."""
        if responsibility not in RESPONSIBLE:
            return False
        return RESPONSIBLE.index(responsibility) <= RESPONSIBLE.index(self.payload["veto_responsibility"])
