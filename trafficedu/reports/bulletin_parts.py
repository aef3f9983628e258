"""The bulletin's parts behind the colours: rates, violations, accidents, campaigns, places, and how far to trust it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from trafficedu.core.text import Message, message
from trafficedu.reports import words
from trafficedu.reports.blocks import Flow
from trafficedu.reports.bulletin_data import (
    BulletinData,
    CampaignLine,
    Change,
    Claim,
    Limits,
    NamedRate,
    Outlook,
    Place,
)
from trafficedu.reports.charts import Columns, Dot, Dots, Line, Lines, draw_columns, draw_dots, draw_lines
from trafficedu.reports.layout import SMALL
from trafficedu.reports.tables import Column, Look, draw_table

MOST_CHANGES = 10
SHOWN_MONTHS = 36
MOST_AREAS = 6
MOST_NAMED = 4
LEAST_EXPECTED = 1.0
"""An area with less than one violation to be expected says nothing by a few: it is drawn only where it lies outside."""
STUDIES = message("Study tasks due in the month completed on time")
ANSWERS = message("Notices due in the month answered on time")


def draw(flow: Flow, data: BulletinData) -> None:
    """Write the parts in their order."""
    _rates(flow, data)
    _violations(flow, data)
    _accidents(flow, data)
    _campaigns(flow, data)
    _places(flow, data)
    flow.heading(message("About these figures"), after=4)
    flow.bullets(data.notes, SMALL)


def _rates(flow: Flow, data: BulletinData) -> None:
    flow.heading(message("Helmets, education, answers"), keep=150, after=4)
    target = 100 * data.helmet_target
    states = Counter(one.state for one in data.helmets_by_area)
    title = message(
        "Helmets worn: target proven met in %(met)s areas, proven missed in %(missed)s, undecided in %(open)s, not "
        "judged in %(few)s (fewer than three sites)",
        met=states["met"],
        missed=states["missed"],
        open=states["not_proven"] + states[""],
        few=states["not_judged"],
    )
    if not any(one.rate.denominator for one in data.helmets_by_area):
        title = message("Helmets worn")
    note = message(
        "Counted on site in %(months)s months. The interval treats each site as one sample, not as many separate "
        "riders; how far sites differ is taken from all towns together.",
        months=data.helmets_months,
    )
    aim = message("target %(target)s %%", target=f"{target:g}")
    _dots(flow, title, data.helmets_by_area, note, (target, aim))
    note = message("An area's study tasks are those for violations that happened in it. Lines: 95 % Wilson intervals.")
    _dots(flow, _apart(STUDIES, data.completion_by_area), data.completion_by_area, note)
    note = message("Companies, with 95 % Wilson intervals.")
    _dots(flow, _apart(ANSWERS, data.feedback_by_company), data.feedback_by_company, note)


def _apart(what: Message, rates: Sequence[NamedRate]) -> Message:
    """Say who is below all of them together by more than chance, and else that nobody is."""
    on_time, due = sum(one.rate.numerator for one in rates), sum(one.rate.denominator for one in rates)
    if not due:
        return what
    said = {"what": what, "rate": words.percentage(on_time, due)}
    below = [one.name for one in rates if one.state == "below"]
    if not below:
        return message("%(what)s: %(rate)s, nobody below it by more than chance", **said)
    if len(below) > MOST_NAMED:
        return message(
            "%(what)s: %(rate)s, %(count)s of %(all)s below it by more than chance",
            **said,
            count=len(below),
            all=len(rates),
        )
    return message("%(what)s: %(rate)s, below it by more than chance: %(names)s", **said, names=", ".join(below))


def _dots(
    flow: Flow, title: Message, rates: Sequence[NamedRate], note: Message, target: tuple[float, Message] | None = None
) -> None:
    say = flow.sheet.say
    known = [one for one in rates if one.rate.denominator]
    if not known:
        flow.paragraph(message("%(title)s: no records.", title=title), SMALL, after=12)
        return
    dots = [_rate_dot(one) for one in known]
    empty = len(rates) - len(known)
    said = [say(note)]
    if empty:
        said.append(say(message("No records: %(count)s.", count=empty)))
    draw_dots(flow, Dots(title, dots, "%", target=target, note=" ".join(said), top=100.0))


STRONG = frozenset(("met", "missed", "below", "above"))
"""What a rate says that is more than chance."""


def _rate_dot(one: NamedRate) -> Dot:
    rate = one.rate
    text = words.percentage(rate.numerator, rate.denominator)
    return Dot(one.name, rate.percent, 100 * rate.low, 100 * rate.high, text, strong=one.state in STRONG)


def _violations(flow: Flow, data: BulletinData) -> None:
    known = any(one.count or one.year_before for one in data.months)
    flow.heading(message("Violations: what changed"), keep=230 if known else 30, after=4)
    if not known:
        text = message("No violations are on record in these %(count)s months.", count=len(data.months))
        flow.paragraph(text, after=12)
        return
    title = data.violations.sentence or message(
        "%(count)s violations in the month: %(verdict)s",
        count=f"{data.violations.now:,}",
        verdict=data.violations.verdict,
    )
    draw_columns(
        flow,
        Columns(
            title,
            [month.name for month in data.months],
            [month.count for month in data.months],
            [month.year_before for month in data.months],
            message("this month and earlier months"),
            message("a year earlier"),
            message("cases"),
            message("Violations depend on enforcement: more patrols record more."),
        ),
    )
    _changes(flow, data.kinds_title, message("Kind"), data.kinds)
    _changes(flow, data.areas_title, message("Area"), data.areas)
    _funnel(flow, data.funnel, data.funnel_title)


def _changes(flow: Flow, title: Message | None, what: Message, changes: Sequence[Change]) -> None:
    if not changes:
        return
    column = Column[Change]
    columns = [
        column(what, 2.8, lambda one: one.name, strong=True),
        column(message("this month"), 1.2, lambda one: words.count(one.now), "right"),
        column(message("previous month"), 1.2, lambda one: words.count(one.month_before), "right"),
        column(message("a year earlier"), 1.2, lambda one: words.count(one.year_before), "right"),
        column(message("Change on a year earlier"), 4.2, lambda one: one.verdict or ""),
    ]
    draw_table(flow, columns, changes[:MOST_CHANGES], title=title or "")


def _funnel(flow: Flow, limits: Sequence[Limits], title: Message | None) -> None:
    """Show who lies outside of what chance and ordinary differences allow."""
    if not limits:
        return
    drawn = [one for one in limits if one.expected >= LEAST_EXPECTED or abs(one.outside) > 1]
    dots = [
        Dot(
            one.name,
            100 * one.count / one.expected,
            None,
            None,
            message("%(count)s, usual %(expected)s", count=f"{one.count:,}", expected=f"{one.expected:,.1f}"),
            bands=(
                (100 * one.low_998 / one.expected, 100 * one.high_998 / one.expected),
                (100 * one.low_95 / one.expected, 100 * one.high_95 / one.expected),
            ),
            strong=abs(one.outside) > 1,
        )
        for one in drawn
    ]
    say = flow.sheet.say
    note = say(
        message(
            "100 is what the area's registered e-bikes would lead to at the common rate. 95 % of similar areas lie "
            "within the dark band, 99.8 % within the light band."
        )
    )
    if left := len(limits) - len(drawn):
        few = message("Not drawn, because less than one violation is to be expected: %(count)s areas.", count=left)
        note = f"{note} {say(few)}"
    heading = title or message("Violations by the number of registered e-bikes")
    draw_dots(flow, Dots(heading, dots, message("% of the usual level"), note=note, from_zero=True, root=True))


def _accidents(flow: Flow, data: BulletinData) -> None:
    flow.heading(message("Accidents: level and trend"), keep=230, after=4)
    if data.outlook is None:
        flow.paragraph(message("Too few months are on record for a trend in casualty accidents."), after=12)
    else:
        _outlook(flow, data.outlook)
    if not data.claims:
        return
    column = Column[Claim]
    columns = [
        column(message("The last twelve months compared with the twelve before"), 3, lambda one: one.what, strong=True),
        column(message("What can be concluded"), 6, lambda one: one.sentence),
    ]
    draw_table(flow, columns, data.claims)


def _outlook(flow: Flow, seen: Outlook) -> None:
    start = max(0, len(seen.months) - SHOWN_MONTHS)
    past: list[float | None] = [None] * (len(seen.months) - start)
    ahead: list[float | None] = [None] * len(seen.ahead)
    bands = (
        ([*past, *seen.low_95], [*past, *seen.high_95]),
        ([*past, *seen.low_80], [*past, *seen.high_80]),
    )
    title = message("E-bike casualty accidents. %(trend)s", trend=seen.statement)
    note = message(
        "80 %% of outcomes are expected within the dark band, 95 %% within the light band. Forecast with: %(method)s.",
        method=seen.method,
    )
    lines = [
        Line(message("actual"), [*seen.counted[start:], *ahead]),
        Line(message("forecast"), [*past, *seen.expected], bands),
        Line(message("expected one month ahead"), [*seen.fitted[start:], *ahead], quiet=True),
    ]
    months = [*seen.months[start:], *seen.ahead]
    draw_lines(flow, Lines(title, months, lines, message("accidents"), note))


def _campaigns(flow: Flow, data: BulletinData) -> None:
    locale = flow.sheet.locale
    flow.heading(message("Campaigns and their effect"), keep=170 if data.campaigns else 40, after=4)
    if not data.campaigns:
        flow.paragraph(message("There was no campaign in the month or in the six months before it."), after=12)
        return
    column = Column[CampaignLine]
    columns = [
        column(message("Campaign"), 2.4, lambda one: one.name, strong=True),
        column(message("Days"), 2.2, lambda one: words.days(one.first, one.last, locale)),
        column(message("Areas covered"), 3.4, lambda one: words.shortest(one.areas, locale, MOST_AREAS)),
        column(message("Estimated effect (not proof of cause)"), 4.8, lambda one: one.effect),
    ]
    draw_table(flow, columns, data.campaigns)


def _places(flow: Flow, data: BulletinData) -> None:
    flow.heading(message("Recommended places for the next month"), keep=120, after=4)
    found = data.recommended
    ranks = {one.code: place for place, one in enumerate(found.places, start=1)}
    flow.paragraph(found.rule, SMALL, after=8)
    if not found.places:
        flow.paragraph(message("No place stands out under this rule."), after=12)
        return
    compared = message("Observed / usual in %(months)s months", months=found.months)
    column = Column[Place]
    columns = [
        column("", 0.6, lambda one: str(ranks[one.code]), "right"),
        column(message("Place"), 3, lambda one: one.name, strong=True),
        column(message("Expected next month"), 1.5, lambda one: f"{one.expected:.1f}", "right"),
        column(compared, 1.8, lambda one: f"{one.observed:,} / {one.usual:,.1f}", "right"),
        column(
            message("Times the usual"), 2.5, lambda one: f"{one.excess:.2f} ({one.low:.2f}–{one.high:.2f})", "right"
        ),
        column(message("Overdue hazards"), 1.4, lambda one: str(one.overdue), "right"),
        column(message("Why it is recommended"), 7.6, lambda one: reasons(one, flow)),
    ]
    draw_table(flow, columns, found.places, Look(smallest=6.5))
    note = message(
        "Casualty accidents. Usual: the level of similar places. Times the usual: the place's own record weighed "
        "against similar places, with the 95 % interval; a place with a bad year usually has a better one next."
    )
    flow.paragraph(note, SMALL, after=12)


def reasons(one: Place, flow: Flow) -> str:
    """Say what speaks for a place, in one line."""
    say, locale = flow.sheet.say, flow.sheet.locale
    said = [say(reason) for reason in one.reasons]
    if one.inside:
        said.append(say(message("mostly in %(names)s", names=words.listed(tuple(one.inside), locale))))
    return ("；" if locale == "zh" else "; ").join(said)
