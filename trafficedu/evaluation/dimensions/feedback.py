"""Notices due: answered on time."""

from __future__ import annotations

from trafficedu.core.text import Message, message
from trafficedu.evaluation.dimensions.base import Dimension, Records, Stored, days
from trafficedu.evaluation.dimensions.reading import Asked, Monthly, Reading
from trafficedu.feedback.queries import rates
from trafficedu.reports.words import percentage

COUNTS = ("due", "on_time")


def read(asked: Asked) -> Reading:
    """Return ``due`` and ``on_time`` of the companies with notices due."""
    reading, counts = Reading(), Monthly(asked)
    keys = {target.id: (target.kind, target.code) for target in asked.targets.companies}
    first, after = asked.period.first_day, asked.period.after
    for company, month, due, on_time in rates.count_due_of_companies_by_month(asked.session, first, after, asked.as_of):
        if company in keys:
            counts.add(keys[company], month, due=due, on_time=on_time)
    counts.put_sums(asked, reading, COUNTS)
    return reading


def _seen(notices: float) -> Message:
    return message("%(n)s notices due", n=f"{notices:,.0f}")


def _based_on(one: Stored) -> Message:
    if not one["denominator"]:
        return message("No notice was due.")
    return message("answered on time %(rate)s", rate=percentage(int(one["numerator"]), int(one["denominator"])))


DIMENSION = Dimension(
    read=read,
    title=message("On-time answers"),
    half=message("notices due"),
    seen=_seen,
    based_on=_based_on,
    step=message("%(steps)s more notices answered on time (of %(most)s that were not)"),
    gather=message("%(more)s more notices due"),
    records=(
        Records(
            message("Notices"),
            "feedback.notices",
            "feedback:notice:read",
            None,
            lambda _code, months: days(months),
        ),
    ),
)
