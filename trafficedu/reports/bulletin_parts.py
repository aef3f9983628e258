"""The bulletin's parts behind the colours: rates, violations, accidents, campaigns, places, and how far to trust it."""

from __future__ import annotations

from collections.abc import Sequence

from trafficedu.core.text import Message, message
from trafficedu.reports import words
from trafficedu.reports.blocks import Flow
from trafficedu.reports.bulletin_data import BulletinData, Change, Limits, NamedRate, Outlook, Place
from trafficedu.reports.charts import Columns, Dot, Dots, Line, Lines, draw_columns, draw_dots, draw_lines
from trafficedu.reports.layout import SMALL
from trafficedu.reports.tables import Column, draw_table

MOST_CHANGES = 10
SHOWN_MONTHS = 36
MOST_AREAS = 6
FUNNEL_TOP = 300.0
"""Limits of areas with next to no e-bikes reach far: the scale ends here, unless an area lies beyond."""


def draw(flow: Flow, data: BulletinData) -> None:
    """Write the parts in their order."""
    _rates(flow, data)
    _violations(flow, data)
    _accidents(flow, data)
    _campaigns(flow, data)
    _places(flow, data)
    _notes(flow, data)


def _rates(flow: Flow, data: BulletinData) -> None:
    say = flow.sheet.say
    flow.heading(message("Helmets, education, feedback"), keep=min(400.0, 80 + 13 * len(data.helmets_by_area)))
    flow.gap(4)
    target = 100 * data.helmet_target
    aim = (target, say(message("target %(target)s %%", target=f"{target:g}")))
    missed = [one.name for one in data.helmets_by_area if one.state == "missed"]
    met = [one.name for one in data.helmets_by_area if one.state == "met"]
    title = message(
        "Helmets worn: the target is proven met in %(met)s areas, proven missed in %(missed)s, open in the others",
        met=len(met),
        missed=len(missed),
    )
    note = message(
        "Counted on site in %(months)s months. The interval knows that a site is one place, not many riders.",
        months=data.helmets_months,
    )
    _dots(flow, title, data.helmets_by_area, note, aim)
    title = message("Education completed on time, of the tasks due in the month")
    _dots(flow, title, data.completion_by_area, message("An area's tasks are those of violations that happened in it."))
    title = message("Feedback in time, of the notices due in the month")
    _dots(flow, title, data.feedback_by_company, message("Companies, with Wilson's interval of 95 %."))


def _dots(
    flow: Flow, title: Message, rates: Sequence[NamedRate], note: Message, target: tuple[float, str] | None = None
) -> None:
    say = flow.sheet.say
    known = [one for one in rates if one.rate.denominator]
    if not known:
        flow.paragraph(say(message("%(title)s: nothing on record.", title=title)), SMALL)
        flow.gap(12)
        return
    dots = [_rate_dot(one) for one in known]
    empty = len(rates) - len(known)
    said = [say(note)]
    if empty:
        said.append(say(message("Nothing on record: %(count)s.", count=empty)))
    draw_dots(flow, Dots(say(title), say(title), dots, "%", target=target, note=" ".join(said), top=100.0))


def _rate_dot(one: NamedRate) -> Dot:
    rate = one.rate
    text = words.percentage(rate.numerator, rate.denominator)
    return Dot(one.name, rate.percent, 100 * rate.low, 100 * rate.high, text, strong=one.state != "")


def _violations(flow: Flow, data: BulletinData) -> None:
    say = flow.sheet.say
    flow.heading(message("Violations: what changed"), keep=230)
    flow.gap(4)
    months = data.months
    title = message(
        "%(count)s violations in the month: %(verdict)s",
        count=f"{data.violations.now:,}",
        verdict=data.violations.verdict,
    )
    draw_columns(
        flow,
        Columns(
            say(title),
            say(title),
            [month.name for month in months],
            [float(month.count) for month in months],
            [None if month.year_before is None else float(month.year_before) for month in months],
            say(message("this month and those before")),
            say(message("a year before")),
            say(message("cases")),
            say(message("Violations depend on how much one enforces: more patrols record more.")),
        ),
    )
    _changes(flow, message("Kinds that changed most"), data.kinds)
    _changes(flow, message("Areas that changed most"), data.areas)
    _funnel(flow, data.funnel)


def _changes(flow: Flow, title: Message, changes: Sequence[Change]) -> None:
    if not changes:
        return
    say = flow.sheet.say
    columns = [
        Column(say(title), 4, strong=True),
        Column(say(message("this month")), 1.5, "right"),
        Column(say(message("month before")), 1.5, "right"),
        Column(say(message("a year before")), 1.5, "right"),
        Column(say(message("more than a year before")), 1.5, "right"),
    ]
    rows = [
        [
            one.name,
            f"{one.now:,}",
            f"{one.month_before:,}",
            f"{one.year_before:,}",
            words.signed(one.now - one.year_before, 0),
        ]
        for one in changes[:MOST_CHANGES]
    ]
    draw_table(flow, columns, rows)


def _funnel(flow: Flow, limits: Sequence[Limits]) -> None:
    """Show who lies outside of what chance and ordinary differences allow."""
    if not limits:
        return
    say = flow.sheet.say
    more = [one.name for one in limits if one.outside > 0]
    named = words.listed(tuple(more[:4]), flow.sheet.locale)
    if more:
        title = message("More violations than their e-bikes explain: %(names)s", names=named)
    else:
        title = message("No area has more violations than its e-bikes and chance explain")
    dots = [
        Dot(
            one.name,
            100 * one.count / one.expected,
            None,
            None,
            say(message("%(count)s, usual %(expected)s", count=f"{one.count:,}", expected=f"{one.expected:,.1f}")),
            bands=(
                (100 * one.low_998 / one.expected, 100 * one.high_998 / one.expected),
                (100 * one.low_95 / one.expected, 100 * one.high_95 / one.expected),
            ),
            strong=one.outside != 0,
        )
        for one in limits
    ]
    note = message(
        "100 is what the area's registered e-bikes would bring at the common rate. Dark band: 95 % of areas like it "
        "lie in it. Light band: 99.8 %."
    )
    unit = say(message("% of what is usual"))
    top = max(FUNNEL_TOP, max(dot.value or 0.0 for dot in dots))
    draw_dots(flow, Dots(say(title), say(title), dots, unit, note=say(note), from_zero=True, top=top))


def _accidents(flow: Flow, data: BulletinData) -> None:
    say = flow.sheet.say
    flow.heading(message("Accidents and where they are going"), keep=230)
    flow.gap(4)
    if data.outlook is None:
        flow.paragraph(say(message("Too few months are on record for a trend of accidents with somebody hurt.")))
        flow.gap(12)
    else:
        _outlook(flow, data.outlook)
    if not data.claims:
        return
    columns = [
        Column(say(message("Twelve months against the twelve before")), 3, strong=True),
        Column(say(message("What may be claimed")), 6),
    ]
    draw_table(flow, columns, [[say(one.what), say(one.sentence)] for one in data.claims])


def _outlook(flow: Flow, seen: Outlook) -> None:
    say = flow.sheet.say
    start = max(0, len(seen.months) - SHOWN_MONTHS)
    past: list[float | None] = [None] * (len(seen.months) - start)
    ahead: list[float | None] = [None] * len(seen.ahead)
    bands = (
        ([*past, *seen.low_95], [*past, *seen.high_95]),
        ([*past, *seen.low_80], [*past, *seen.high_80]),
    )
    title = message("E-bike accidents with somebody hurt. %(trend)s", trend=seen.statement)
    note = message(
        "Dark band: 80 %% of outcomes are expected in it. Light band: 95 %%. Forecast with: %(method)s.",
        method=seen.method,
    )
    lines = [
        Line(say(message("counted")), [*seen.counted[start:], *ahead]),
        Line(say(message("forecast")), [*past, *seen.expected], bands),
        Line(say(message("expected one month before")), [*seen.fitted[start:], *ahead], quiet=True),
    ]
    months = [*seen.months[start:], *seen.ahead]
    draw_lines(flow, Lines(say(title), say(title), months, lines, say(message("accidents")), say(note)))


def _campaigns(flow: Flow, data: BulletinData) -> None:
    say, locale = flow.sheet.say, flow.sheet.locale
    flow.heading(message("Campaigns and their effect"), keep=80)
    flow.gap(4)
    if not data.campaigns:
        flow.paragraph(say(message("There was no campaign in the month or in the six months before it.")))
        flow.gap(12)
        return
    columns = [
        Column(say(message("Campaign")), 3, strong=True),
        Column(say(message("Days")), 2),
        Column(say(message("Where it runs")), 2.4),
        Column(say(message("Effect, estimated and not asserted")), 4.6),
    ]
    rows = [
        [
            one.name,
            words.days(one.first, one.last, locale),
            words.shortest(one.areas, locale, MOST_AREAS),
            say(one.effect),
        ]
        for one in data.campaigns
    ]
    draw_table(flow, columns, rows)


def _places(flow: Flow, data: BulletinData) -> None:
    say = flow.sheet.say
    flow.heading(message("Recommended places for the next month"), keep=120)
    flow.gap(4)
    found = data.recommended
    flow.paragraph(say(found.rule), SMALL)
    flow.gap(8)
    if not found.places:
        flow.paragraph(say(message("No place stands out by this rule.")))
        flow.gap(12)
        return
    columns = [
        Column("", 0.6, "right"),
        Column(say(message("Place")), 2.6, strong=True),
        Column(say(message("Expected next month")), 1.5, "right"),
        Column(say(message("Seen / usual in %(months)s months", months=found.months)), 1.8, "right"),
        Column(say(message("Times the usual")), 2.4, "right"),
        Column(say(message("Overdue hazards")), 1.3, "right"),
        Column(say(message("What speaks for it")), 4.4),
    ]
    rows = [_place_row(flow, place, one) for place, one in enumerate(found.places, start=1)]
    draw_table(flow, columns, rows)
    note = message(
        "Accidents with somebody hurt. Usual: what places like it bring. Times the usual: the place's own record "
        "weighed against places like it, with the 95 % interval; a place with a bad year mostly has a better one next."
    )
    flow.paragraph(say(note), SMALL)
    flow.gap(12)


def _place_row(flow: Flow, rank: int, one: Place) -> list[str]:
    return [
        str(rank),
        one.name,
        f"{one.expected:.1f}",
        f"{one.observed:,} / {one.usual:,.1f}",
        f"{one.excess:.2f} ({one.low:.2f}–{one.high:.2f})",
        str(one.overdue),
        reasons(one, flow),
    ]


def reasons(one: Place, flow: Flow) -> str:
    """Say what speaks for a place, in one line."""
    say, locale = flow.sheet.say, flow.sheet.locale
    said = [say(reason) for reason in one.reasons]
    if one.inside:
        said.append(say(message("most of it in %(names)s", names=words.listed(tuple(one.inside), locale))))
    return ("；" if locale == "zh" else "; ").join(said)


def _notes(flow: Flow, data: BulletinData) -> None:
    flow.heading(message("About these figures"))
    flow.gap(4)
    for note in data.notes:
        flow.paragraph(f"•\N{NO-BREAK SPACE}{flow.sheet.say(note)}", SMALL)
