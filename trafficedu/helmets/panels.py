"""What other pages show of helmets: the rate of an area with its interval, and the key that leads to counting."""

from __future__ import annotations

from flask import render_template

from trafficedu.core.access import actor, panel_for
from trafficedu.core.database import session
from trafficedu.core.month import Period
from trafficedu.helmets.charts import verdict
from trafficedu.helmets.queries import rates
from trafficedu.helmets.queries.monthly import RateCriteria

READ, RECORD = "helmets:survey:read", "helmets:survey:record"


@panel_for(RECORD)
def count_key() -> str:
    """First screen of an officer: the way to the counting page."""
    return render_template("helmets/_count_key.html")


def rate_of_area(area_path: str, period: Period) -> str:
    """Overview: the helmet rate on site of an area over months, and the target."""
    if not actor().may(READ):
        return ""
    found = rates.rate_of(session(), RateCriteria(period, area_path), actor())
    return render_template(
        "helmets/_rate.html",
        line=found.row,
        verdict=verdict(found.row, found.standard),
        area_code=area_path.strip("/").rsplit("/", 1)[-1],
        period=period,
    )
