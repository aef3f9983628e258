"""Safety-management points: those of the ledger beside those expected."""

from __future__ import annotations

from trafficedu.analysis.colours.rule_set import COMPANY
from trafficedu.core.month import Period
from trafficedu.core.text import Message, message
from trafficedu.evaluation.dimensions.base import Dimension, Records, Stored
from trafficedu.evaluation.dimensions.reading import Asked, Reading
from trafficedu.points.queries.balances import points_by_month
from trafficedu.points.queries.catalogue import expectations


def read(asked: Asked) -> Reading:
    """Return ``[points, expected]`` month by month; None where nothing was entered, or nothing is expected.

    A target's points are its own: a town's are not those of its villages.
    """
    reading = Reading()
    ledger = points_by_month(asked.session, asked.period)
    expected = expectations(asked.session, asked.month)
    for target in asked.targets.all():
        own = ledger.get((target.kind == COMPANY, target.id)) or {}
        for part, places in asked.parts(target.kind):
            row = [
                [own[month], wanted]
                if month in own and (wanted := expected.of(target.kind, target.id, month))
                else None
                for month in asked.months[places]
            ]
            if any(row):
                reading.put(part, (target.kind, target.code), row)
    return reading


def _seen(months: float) -> Message:
    return message("%(n)s months with entries", n=f"{months:,.0f}")


def _based_on(one: Stored) -> Message:
    if not one["denominator"]:
        return message("Nothing was entered in the ledger.")
    return message(
        "%(points)s points of %(expected)s expected, in %(months)s months with entries",
        points=f"{one['numerator']:,.0f}",
        expected=f"{one['denominator']:,.0f}",
        months=f"{one['seen']:,.0f}",
    )


def _month(_code: str, months: Period) -> dict[str, str]:
    return {"month": str(months.last)}


DIMENSION = Dimension(
    read=read,
    title=message("Safety-management points"),
    half=message("months with entries"),
    seen=_seen,
    based_on=_based_on,
    step=message("%(steps)s more points (of %(most)s missing)"),
    gather=message("%(more)s more months with entries in the ledger"),
    records=(Records(message("Safety points"), "points.index", "points:entry:read", _month, _month),),
)
