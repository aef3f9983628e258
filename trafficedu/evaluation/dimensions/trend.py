"""Casualty accidents with an e-bike, beside what the others of the level had for as many e-bikes."""

from __future__ import annotations

from trafficedu.accidents.queries import figures
from trafficedu.analysis.colours.rule_set import EBIKES
from trafficedu.core.actors import SYSTEM
from trafficedu.core.text import Message, message
from trafficedu.coverage.rules import FigureKind
from trafficedu.evaluation.dimensions.base import Dimension, Records, Stored, days
from trafficedu.evaluation.dimensions.reading import Asked, Monthly, Reading

OBSERVED = "observed"


def read(asked: Asked) -> Reading:
    """Return ``observed`` and ``exposure`` month by month, of areas."""
    reading, counts = Reading(), Monthly(asked)
    first, last = asked.period.first_day, asked.period.last_day
    for row in figures.count_by_area_and_month(asked.session, SYSTEM, first, last, casualty_only=True):
        counts.add_path(row.path, row.month, observed=row.accidents)
        reading.recorded += row.accidents if row.month == asked.month else 0
    for target in asked.areas():
        key, known = (target.kind, target.code), asked.known(FigureKind.ACCIDENTS, target)
        for part, places in asked.parts(target.kind):
            observed = counts.by_month(key, OBSERVED, places, known)
            reading.put(part, key, {OBSERVED: observed, "exposure": {EBIKES: asked.ebikes_of(target, places)}})
    return reading


def _seen(expected: float) -> Message:
    return message("%(n)s casualty accidents expected", n=f"{expected:,.1f}")


def _based_on(one: Stored) -> Message:
    if one["basis"].get("exposure") is None:
        return message("Registered e-bikes are not known, so nothing can be expected.")
    return message(
        "%(observed)s casualty accidents; %(expected)s at the rate of the others of these months",
        observed=f"{one['numerator']:,.0f}",
        expected=f"{one['denominator']:,.1f}",
    )


DIMENSION = Dimension(
    read=read,
    title=message("Accident trend"),
    half=message("expected casualty accidents"),
    seen=_seen,
    based_on=_based_on,
    step=message("%(steps)s fewer casualty accidents (of %(most)s)"),
    gather=message("more months: %(more)s more casualty accidents would have to be expected"),
    records=(
        Records(
            message("Accidents"),
            "accidents.index",
            "accidents:accident:read",
            lambda code, months: {"area": code, **days(months)},
        ),
        Records(message("Hazards"), "hazards.index", "hazards:hazard:read", lambda code, _months: {"area": code}),
        Records(
            message("Trends"),
            "evaluation.trends",
            "evaluation:trend:read",
            lambda code, _months: {"series": "casualty", "area": code},
        ),
    ),
)
