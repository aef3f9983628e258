"""The overview's charts as figures for ``_macros/charts.html``: the title says the finding."""

from __future__ import annotations

from trafficedu.accidents.rules import CASUALTY, Severity
from trafficedu.core.charts import Chart, Series
from trafficedu.core.text import message, translate
from trafficedu.overview.queries.accidents import AccidentFigures
from trafficedu.overview.queries.picture import Picture
from trafficedu.overview.rules import BUSIEST_HOURS, busiest

LINES = 5
ROWS = 12


def by_month(picture: Picture, locale: str) -> Chart:
    """Return violations by month, one line for each of the most frequent kinds and one for the rest.

    Before the records begin nothing is drawn.
    """
    shown, rest = picture.kinds[:LINES], picture.kinds[LINES:]
    known = [picture.begun is not None and picture.begun <= month for month in picture.period.months]
    lines = [(row.kind.name(locale), row.monthly) for row in shown]
    if rest:
        others = [sum(values) for values in zip(*(row.monthly for row in rest), strict=True)]
        lines.append((translate(message("other kinds"), locale), others))
    series = [
        Series(name, [value if there else None for value, there in zip(values, known, strict=True)])
        for name, values in lines
    ]
    return Chart(
        id="by-month",
        title=translate(picture.compared.sentence, locale),
        kind="line",
        categories=[str(month) for month in picture.period.months],
        category_label=translate(message("Month"), locale),
        series=series,
        unit=translate(message("cases"), locale),
    )


def by_hour(picture: Picture, locale: str) -> Chart:
    """Return violations by hour of the day; the title names the hours in a row with the most.

    Those whose hour nobody knows are left out, and said.
    """
    counts, unknown = picture.hours.by_hour, picture.hours.unknown
    first, most = busiest(counts)
    end = first + BUSIEST_HOURS
    words = {
        "first": _clock(first),
        "end": _clock(end if end <= len(counts) else end - len(counts)),
        "most": f"{most:,}",
        "total": f"{sum(counts):,}",
    }
    title = message("Most between %(first)s and %(end)s: %(most)s of %(total)s violations", **words)
    if unknown:
        left_out = message("%(count)s more are left out: their time is not known.", count=f"{unknown:,}")
        note = message("%(left_out)s This also depends on when officers and cameras are at work.", left_out=left_out)
        if not most:
            title = message("At what time of day violations happen is not known")
    else:
        note = message("This also depends on when officers and cameras are at work.")
    return Chart(
        id="by-hour",
        title=translate(title, locale),
        kind="bar",
        categories=[_clock(hour) for hour in range(len(counts))],
        category_label=translate(message("Hour beginning at"), locale),
        series=[Series(translate(message("violations"), locale), counts)],
        unit=translate(message("cases"), locale),
        note=translate(note, locale),
    )


def _clock(hour: int) -> str:
    return f"{hour}:00"


def by_company(picture: Picture, locale: str) -> Chart | None:
    """Return violations by the company that engaged the rider on the day; None where no rider had one."""
    shown = picture.companies
    if shown is None or not shown.companies:
        return None
    rows = [(row.name, row.violations) for row in shown.companies[:ROWS]]
    if rest := sum(row.violations for row in shown.companies[ROWS:]):
        rows.append((translate(message("other companies"), locale), rest))
    counts = {"engaged": f"{shown.engaged:,}", "total": f"{picture.total:,}"}
    note = message(
        "By the company that engaged the rider on that day. Not shown: %(without)s violations by riders without a "
        "company, %(unknown)s by riders not identified yet, %(open)s for which no company is confirmed yet. A company "
        "with more riders has more violations; the evaluation takes that into account.",
        without=f"{shown.without_company:,}",
        unknown=f"{shown.unknown_rider:,}",
        open=f"{shown.open:,}",
    )
    return Chart(
        id="by-company",
        title=translate(message("Riders of companies: %(engaged)s of %(total)s violations", **counts), locale),
        kind="bar",
        horizontal=True,
        categories=[name for name, _ in rows],
        category_label=translate(message("Company"), locale),
        series=[Series(translate(message("violations"), locale), [n for _, n in rows])],
        unit=translate(message("cases"), locale),
        note=translate(note, locale),
    )


def by_area(picture: Picture, locale: str) -> Chart | None:
    """Return violations of the areas below, the most first; None where nothing lies below."""
    if not picture.below:
        return None
    rows = picture.below[:ROWS]
    share = 100 * sum(row.violations for row in rows[:3]) / picture.total if picture.total else 0.0
    names = "、".join(row.name for row in rows[:3]) if locale == "zh" else ", ".join(row.name for row in rows[:3])
    return Chart(
        id="by-area",
        title=translate(
            message("%(names)s: %(share)s %% of the violations", names=names, share=f"{share:.0f}"), locale
        ),
        kind="bar",
        horizontal=True,
        categories=[row.name for row in rows],
        category_label=translate(message("Area"), locale),
        series=[Series(translate(message("violations"), locale), [row.violations for row in rows])],
        unit=translate(message("cases"), locale),
    )


def accidents_by_month(shown: AccidentFigures, locale: str) -> Chart:
    """Return accidents by month: those with somebody hurt, and the fatal ones among them."""
    place = {month: index for index, month in enumerate(shown.months)}
    hurt, fatal = [0] * len(place), [0] * len(place)
    for row in shown.by_month:
        if row.severity in CASUALTY:
            hurt[place[row.month]] += row.accidents
        if row.severity == Severity.FATAL:
            fatal[place[row.month]] += row.accidents
    return Chart(
        id="accidents-by-month",
        title=translate(shown.said[-1].sentence, locale),
        kind="line",
        categories=[str(month) for month in shown.months],
        category_label=translate(message("Month"), locale),
        series=[
            Series(translate(message("casualties"), locale), hurt),
            Series(translate(message("fatal"), locale), fatal),
        ],
        unit=translate(message("cases"), locale),
        note=translate(message("Accidents involving an e-bike. Deaths are those within 7 days."), locale),
    )
