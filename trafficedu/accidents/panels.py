"""What other pages show of accidents: the overview by severity and month, the first screen what may be duplicates.

Whether a change since last year is proven is said with the exact test: a claim such as "fatal accidents down 32.3 %"
may be chance. From 31 to 21 it may well be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from flask import render_template
from flask_babel import gettext as _

from trafficedu.accidents.queries import figures, monthly
from trafficedu.accidents.queries.duplicates import DUPLICATES
from trafficedu.accidents.queries.figures import SeverityCount, Tally
from trafficedu.accidents.rules import CASUALTY, Severity, year_before
from trafficedu.analysis.counts import RateChange, compare_counts
from trafficedu.core.access import actor, panel_for
from trafficedu.core.charts import Chart, Series
from trafficedu.core.clock import today, utc_now
from trafficedu.core.database import session
from trafficedu.core.month import Month, Period

READ = "accidents:accident:read"
SHOWN = 5


@dataclass(frozen=True)
class YearComparison:
    """One count compared with that of the same days a year before, in words that do not over-read it."""

    what: str
    now: int
    before: int
    change: str
    interval: str
    verdict: str
    proven: bool


@panel_for("accidents:accident:void")
def duplicates_due() -> str:
    """Home: records that may be of one accident, the latest first; nothing where there are none."""
    first, total = DUPLICATES.first(session(), actor(), None, SHOWN)
    return render_template("accidents/_home_duplicates.html", pairs=first, total=total) if total else ""


def accidents_of_area(area_path: str, period: Period) -> str:
    """Overview: accidents with an e-bike in an area over months."""
    who = actor()
    if not who.may(READ):
        return ""
    first, end = period.first_day, min(period.last_day, today())
    counted = monthly.tally(session(), who, area_path, period.first, end, utc_now())
    by_month = monthly.count_by_month(session(), who, area_path, period, utc_now())
    before, claims = _compared(area_path, first, end, counted)
    return render_template(
        "accidents/_overview.html",
        counted=counted,
        before=before,
        claims=claims,
        chart=chart_by_month(period.months, by_month, claims) if counted.total else None,
        severities=[(severity, getattr(counted, severity)) for severity in Severity],
        first=first,
        end=end,
        area_code=area_path.strip("/").rsplit("/", 1)[-1],
    )


def _compared(area_path: str, first: date, end: date, counted: Tally) -> tuple[Tally | None, Sequence[YearComparison]]:
    """Return the same days of the year before and the claims.

    Nothing where the records do not reach back, or where the two periods overlap: the test needs counts apart.
    """
    begins = year_before(first)
    if year_before(end) >= first:
        return None, []
    known_from = figures.first_day(session())
    if known_from is None or known_from > Month.of(begins).next.first:
        return None, []
    before = monthly.tally(session(), actor(), area_path, Month.of(begins), year_before(end), utc_now())
    return before, [
        compare_years(_("Fatal accidents"), before.fatal, counted.fatal),
        compare_years(_("Casualty accidents"), before.casualty, counted.casualty),
    ]


def compare_years(what: str, before: int, now: int) -> YearComparison:
    """Say how a count changed since the year before, and whether that is more than chance."""
    if before == now == 0:
        return YearComparison(
            what, now, before, "—", "—", _("None in either year, so there is nothing to compare."), proven=False
        )
    change = compare_counts(before, now)
    return YearComparison(
        what,
        now,
        before,
        "—" if change.ratio is None else percent(change.ratio),
        f"{percent(change.low)} … {'—' if change.high is None else percent(change.high)}",
        _verdict(before, now, change),
        change.proven,
    )


def _verdict(before: int, now: int, change: RateChange) -> str:
    p = probability(change.p_value)
    if not change.proven:
        return str(_("This could be chance (p = %(p)s): no change is proven.", p=p))
    if now < before:
        return str(_("Fewer than a year earlier, by more than chance would explain (p = %(p)s).", p=p))
    return str(_("More than a year earlier, by more than chance would explain (p = %(p)s).", p=p))


def percent(ratio: float) -> str:
    """Write a ratio of counts as a change: 0.677 is -32.3 %, with a true minus."""
    value = round(100 * (ratio - 1), 1)
    sign = "−" if value < 0 else "+" if value > 0 else "±"
    return f"{sign}{abs(value):,.1f} %"


def probability(value: float) -> str:
    """Write a p-value: two digits that count, never 0."""
    return "< 0.001" if value < 0.001 else f"{value:.3f}" if value < 0.1 else f"{value:.2f}"


def chart_by_month(
    months: Sequence[Month], monthly: Sequence[SeverityCount], claims: Sequence[YearComparison]
) -> Chart:
    """Return the chart of accidents by month: those with somebody hurt, and the fatal ones among them."""
    place = {month: index for index, month in enumerate(months)}
    hurt, fatal = [0] * len(months), [0] * len(months)
    for row in monthly:
        if row.severity in CASUALTY:
            hurt[place[row.month]] += row.accidents
        if row.severity == Severity.FATAL:
            fatal[place[row.month]] += row.accidents
    return Chart(
        id="accidents-by-month",
        title=_finding(sum(hurt), sum(fatal), claims),
        kind="line",
        categories=[str(month) for month in months],
        category_label=_("Month"),
        series=[Series(_("casualties"), hurt), Series(_("fatal"), fatal)],
        unit=_("cases"),
        note=_("Accidents involving an e-bike. Deaths are those within 7 days."),
    )


def _finding(hurt: int, fatal: int, claims: Sequence[YearComparison]) -> str:
    """Say what the chart shows; a change is mentioned only where it is proven."""
    counts = {"hurt": f"{hurt:,}", "fatal": f"{fatal:,}"}
    last_year = claims[1] if claims else None
    if last_year is None:
        return str(_("%(hurt)s e-bike casualty accidents, of which %(fatal)s fatal", **counts))
    if not last_year.proven:
        return str(
            _(
                "%(hurt)s e-bike casualty accidents, of which %(fatal)s fatal; no proven change on a year earlier",
                **counts,
            )
        )
    return str(
        _(
            "%(hurt)s e-bike casualty accidents (%(change)s on a year earlier), of which %(fatal)s fatal",
            change=last_year.change,
            **counts,
        )
    )
