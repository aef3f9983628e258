"""What other pages show of patrols: the effort behind the violations of an area, and the key of who is out."""

from __future__ import annotations

from dataclasses import dataclass

from flask import render_template

from trafficedu.core.access import actor, panel_for
from trafficedu.core.clock import today, utc_now
from trafficedu.core.database import session
from trafficedu.core.month import Month, Period
from trafficedu.patrols.queries import monthly, records
from trafficedu.patrols.queries.monthly import NO_EFFORT, Effort
from trafficedu.violations.queries import monthly as violations

READ, RECORD = "patrols:patrol:read", "patrols:patrol:record"


@dataclass(frozen=True)
class EffortLine:
    """A month's, or the period's, violations beside the effort; ``per_hour`` is None without patrols."""

    violations: int
    effort: Effort
    month: Month | None = None

    @property
    def per_hour(self) -> float | None:
        """Confirmed violations, however they were found, for each hour of patrols."""
        return self.violations / self.effort.hours if self.effort.hours else None


@panel_for(RECORD)
def patrol_key() -> str:
    """First screen of an officer: the way to the phone page, and whether a patrol is running."""
    return render_template("patrols/_key.html", running=records.running_of(session(), actor()))


def effort_of_area(area_path: str, period: Period) -> str:
    """Overview: patrols beside violations of an area over months."""
    who = actor()
    if not who.may(READ):
        return ""
    by_month = monthly.effort_by_month(session(), who, area_path, period, utc_now())
    first, end = period.first_day, min(period.last_day, today())
    counts = violations.count_by_month(session(), who, area_path, period, utc_now())
    lines = [
        EffortLine(counts.get(month, 0), by_month.get(month, NO_EFFORT), month)
        for month in sorted({*counts, *by_month})
    ]
    total = EffortLine(sum(counts.values()), monthly.together(list(by_month.values())))
    code = area_path.strip("/").rsplit("/", 1)[-1]
    return render_template("patrols/_effort.html", lines=lines[::-1], total=total, area_code=code, first=first, end=end)
