"""What a scorecard says of a company beyond its score: riders, violations among the companies, kinds, hours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from trafficedu.core.text import Message, message
from trafficedu.reports import words
from trafficedu.reports.blocks import Flow
from trafficedu.reports.bulletin_data import Limits, Rate
from trafficedu.reports.charts import Dot, Dots, draw_dots
from trafficedu.reports.layout import SMALL
from trafficedu.reports.tables import Column, Look, Whisker, draw_table

BAND_HOURS = 3
SHOWN_KINDS = 8
COMPLETED = message("Study tasks due in the month completed on time")
ANSWERED = message("Notices due in the month answered on time")
REPEATED = message("Riders with more than one violation in twelve months, of those with any")


@dataclass(frozen=True)
class KindCount:
    """Violations of one kind in the month and in the twelve months up to its end."""

    name: str
    month: int
    months: int


@dataclass(frozen=True)
class CompanyFigures:
    """What is counted of a company.

    ``riders`` are those engaged on the last day of the month, ``rider_days`` the days of all riders engaged in its
    ``days`` days. ``limits`` are those of its violations around the common rate of all companies per rider-day, None
    where fewer than three companies engage riders; ``companies`` is how many do. ``hours`` are the violations of
    twelve months by hour of the day, ``no_hour`` those of no known hour. Of ``offenders``, riders with a violation in
    these months, ``repeated`` have more than one. ``completion`` and ``answers`` are of what was due in the month.
    """

    riders: int
    rider_days: int
    days: int
    violations: int
    companies: int
    limits: Limits | None
    kinds: Sequence[KindCount]
    hours: Sequence[int]
    no_hour: int
    offenders: int
    repeated: int
    completion: Rate
    answers: Rate

    @property
    def per_100(self) -> float | None:
        """Violations of the month per 100 riders engaged all of it; None without a rider."""
        return self._per_100(self.violations)

    @property
    def common_per_100(self) -> float | None:
        """The same at the common rate of all companies."""
        return self._per_100(self.limits.expected) if self.limits is not None else None

    @property
    def band_per_100(self) -> tuple[float, float] | None:
        """Within which 95 of 100 companies of this size lie at the common rate."""
        if self.limits is None or not self.rider_days:
            return None
        return self._per_100(self.limits.low_95) or 0.0, self._per_100(self.limits.high_95) or 0.0

    def _per_100(self, count: float) -> float | None:
        return 100 * count * self.days / self.rider_days if self.rider_days else None

    @property
    def bands(self) -> list[tuple[str, int]]:
        """The violations by three hours of the day."""
        starts = range(0, len(self.hours), BAND_HOURS)
        return [
            (f"{start:02}:00–{start + BAND_HOURS - 1:02}:59", sum(self.hours[start : start + BAND_HOURS]))
            for start in starts
        ]


def verdict(found: CompanyFigures) -> Message:
    """Say whether the company has more violations than its riders explain."""
    if found.per_100 is None:
        return message("No rider was engaged in the month, so there is no rate per rider.")
    values = {"rate": f"{found.per_100:.1f}", "count": f"{found.violations:,}", "days": f"{found.rider_days:,}"}
    if found.limits is None or found.band_per_100 is None:
        return message(
            "%(rate)s violations per 100 riders in the month (%(count)s in %(days)s rider-days). Too few companies "
            "engage riders to compare with.",
            **values,
        )
    low, high = found.band_per_100
    values |= {
        "common": f"{found.common_per_100:.1f}",
        "low": f"{low:.1f}",
        "high": f"{high:.1f}",
        "all": f"{found.companies:,}",
    }
    if found.limits.outside > 1:
        return message(
            "%(rate)s violations per 100 riders in the month (%(count)s in %(days)s rider-days): more than chance "
            "explains. All %(all)s companies together: %(common)s; 95 of 100 companies of this size would lie "
            "within %(low)s–%(high)s.",
            **values,
        )
    if found.limits.outside < -1:
        return message(
            "%(rate)s violations per 100 riders in the month (%(count)s in %(days)s rider-days): fewer than chance "
            "explains. All %(all)s companies together: %(common)s; 95 of 100 companies of this size would lie "
            "within %(low)s–%(high)s.",
            **values,
        )
    return message(
        "%(rate)s violations per 100 riders in the month (%(count)s in %(days)s rider-days): no more and no fewer than "
        "chance explains. All %(all)s companies together: %(common)s; 95 of 100 companies of this size would lie "
        "within %(low)s–%(high)s.",
        **values,
    )


def list_facts(found: CompanyFigures) -> list[tuple[Message, str]]:
    """Return what is counted in single figures, for page, paper and workbook."""
    return [
        (message("Riders engaged at the end of the month"), f"{found.riders:,}"),
        (COMPLETED, _rate(found.completion)),
        (ANSWERED, _rate(found.answers)),
        (REPEATED, words.percentage(found.repeated, found.offenders)),
    ]


def _rate(rate: Rate) -> str:
    limits = f", {words.interval(rate.low, rate.high)}" if rate.denominator else ""
    return f"{words.percentage(rate.numerator, rate.denominator)}{limits}"


def draw(flow: Flow, found: CompanyFigures) -> None:
    """Write the part below the score."""
    flow.heading(message("Riders and violations"), keep=60, after=4)
    flow.paragraph(verdict(found), after=6)
    if found.limits is not None and found.per_100 is not None:
        _among(flow, found)
    fact = Column[tuple[Message, str]]
    facts = [fact(message("Figure"), 5, lambda one: one[0], strong=True), fact("", 4, lambda one: one[1])]
    draw_table(flow, facts, list_facts(found), Look(smallest=7))
    if not sum(found.hours) + found.no_hour:
        flow.paragraph(message("No violations in the twelve months."), SMALL, after=12)
        return
    _kinds_and_hours(flow, found)


def _among(flow: Flow, found: CompanyFigures) -> None:
    limits = found.limits
    if limits is None or not limits.expected:
        return
    bands = ((limits.low_998, limits.high_998), (limits.low_95, limits.high_95))
    dot = Dot(
        limits.name,
        float(limits.count),
        None,
        None,
        message("%(count)s, usual %(expected)s", count=f"{limits.count:,}", expected=f"{limits.expected:,.1f}"),
        bands=bands,
        strong=True,
    )
    note = message("Dark band: 95 of 100 companies of this size; light band: 998 of 1,000.")
    title = message("Violations of the month within what its riders would bring at the common rate")
    draw_dots(flow, Dots(title, [dot], message("violations"), note=note, from_zero=True))


def _kinds_and_hours(flow: Flow, found: CompanyFigures) -> None:
    top = max((count for _, count in found.bands), default=0)
    kind = Column[KindCount]
    kinds = [
        kind(message("Kind"), 5, lambda one: one.name, strong=True),
        kind(message("this month"), 1.4, lambda one: f"{one.month:,}", "right"),
        kind(message("twelve months"), 1.6, lambda one: f"{one.months:,}", "right"),
    ]
    draw_table(flow, kinds, found.kinds[:SHOWN_KINDS], Look(around=1))
    hour = Column[tuple[str, int]]
    hours = [
        hour(message("Hours, twelve months"), 3, lambda one: one[0], strong=True),
        hour(message("Violations"), 1.4, lambda one: f"{one[1]:,}", "right"),
        hour("", 6, lambda one: Whisker(float(one[1]), 0.0, float(one[1])), scale=(0.0, float(max(top, 1)))),
    ]
    draw_table(flow, hours, found.bands, Look(around=1))
    if found.no_hour:
        flow.paragraph(message("Of no known hour: %(count)s.", count=f"{found.no_hour:,}"), SMALL, after=12)
