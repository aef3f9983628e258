"""Charts of the page of a company's scorecard."""

from __future__ import annotations

from trafficedu.core.charts import Chart, Series
from trafficedu.core.text import message, translate
from trafficedu.reports.company_part import SHOWN_KINDS, CompanyFigures


def kinds_chart(found: CompanyFigures, locale: str) -> Chart | None:
    """Return the kinds of twelve months, the most frequent on top; None without a violation."""
    kinds = found.kinds[:SHOWN_KINDS]
    if not kinds:
        return None
    total = sum(kind.months for kind in found.kinds)
    title = message(
        "Most frequent in twelve months: %(kind)s, %(count)s of %(all)s",
        kind=kinds[0].name,
        count=f"{kinds[0].months:,}",
        all=f"{total:,}",
    )
    return Chart(
        id="kinds",
        title=translate(title, locale),
        kind="bar",
        horizontal=True,
        categories=[kind.name for kind in kinds],
        category_label=translate(message("Kind"), locale),
        series=[Series(translate(message("twelve months"), locale), [float(kind.months) for kind in kinds])],
    )


def hours_chart(found: CompanyFigures, locale: str) -> Chart | None:
    """Return the violations of twelve months by three hours of the day; None where no hour is known."""
    bands, known = found.bands, sum(found.hours)
    if not known:
        return None
    most = max(bands, key=lambda band: band[1])
    title = message(
        "Most between %(hours)s: %(count)s of %(all)s in twelve months",
        hours=most[0],
        count=f"{most[1]:,}",
        all=f"{known:,}",
    )
    note = message("Of no known hour: %(count)s.", count=f"{found.no_hour:,}")
    return Chart(
        id="hours",
        title=translate(title, locale),
        kind="bar",
        categories=[name for name, _ in bands],
        category_label=translate(message("Hours, twelve months"), locale),
        series=[Series(translate(message("Violations"), locale), [float(count) for _, count in bands])],
        note=translate(note, locale) if found.no_hour else "",
    )
