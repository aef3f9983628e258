"""The overview of one area and period: what the features below count, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from trafficedu.analysis.said.result import Said
from trafficedu.areas.models import Area
from trafficedu.areas.queries import tree as areas
from trafficedu.areas.queries.ebikes import ebikes_of_areas
from trafficedu.companies.queries import names_of
from trafficedu.core.actors import Actor
from trafficedu.core.errors import Missing
from trafficedu.core.month import Month, Period
from trafficedu.core.text import Message, message
from trafficedu.coverage.rules import FigureKind
from trafficedu.education.queries import monthly as studies
from trafficedu.education.queries import reoffence
from trafficedu.education.rules.reckoning import CompletionCounts, ReoffenceCounts
from trafficedu.evaluation.queries.claims import Observer
from trafficedu.evaluation.rules.measures import VIOLATIONS
from trafficedu.feedback.queries import monthly as answers
from trafficedu.feedback.queries.rates import FeedbackCounts
from trafficedu.violations.models.records import ViolationKind
from trafficedu.violations.queries import monthly as violations
from trafficedu.violations.queries.figures import KindMonthCount
from trafficedu.violations.queries.kinds import list_kinds
from trafficedu.violations.queries.monthly import HourCounts


@dataclass(frozen=True)
class KindSeries:
    """Violations of one kind in each month of the period, months ascending."""

    kind: ViolationKind
    monthly: list[int]

    @property
    def total(self) -> int:
        """Violations of the kind in the whole period."""
        return sum(self.monthly)


@dataclass(frozen=True)
class AreaFigures:
    """One area below the one looked at; ``rate`` is violations per 1,000 registered e-bikes, None without any."""

    code: str
    name: str
    violations: int
    ebikes: int | None

    @property
    def rate(self) -> float | None:
        """Violations per 1,000 e-bikes registered at the end of the period."""
        return 1000 * self.violations / self.ebikes if self.ebikes else None


@dataclass(frozen=True)
class CompanyFigures:
    """Violations of the riders whom a company engaged on the day."""

    code: str
    name: str
    violations: int


@dataclass(frozen=True)
class CompanyPicture:
    """Violations by company, the most first; beside them those without one, of unknown riders, and open ones."""

    companies: Sequence[CompanyFigures]
    without_company: int
    unknown_rider: int
    open: int

    @property
    def engaged(self) -> int:
        """Violations of riders whom a company engaged."""
        return sum(row.violations for row in self.companies)


READ_COMPANIES = "companies:company:read"


@dataclass(frozen=True)
class Counts:
    """What grows with the number of records."""

    by_kind: Sequence[KindMonthCount]
    completion: CompletionCounts
    reoffence: ReoffenceCounts
    feedback: Sequence[FeedbackCounts]


@dataclass(frozen=True)
class Picture:
    """Everything the overview shows of ``area`` in ``period``."""

    area: Area
    parent: Area | None
    period: Period
    counted_utc: datetime
    kinds: Sequence[KindSeries]
    below: Sequence[AreaFigures]
    hours: HourCounts
    companies: CompanyPicture | None
    """None for those who may not read companies."""
    total: int
    compared: Said
    """The violations beside those of the same days a year before."""
    reported: Message
    """How many towns reported them."""
    begun: Month | None
    """The first month that violations are known of; None where nothing is."""
    ebikes: int | None
    completion: CompletionCounts
    reoffence: ReoffenceCounts
    feedback: Sequence[FeedbackCounts]


def find_area(session: Session, code: str, by: Actor) -> Area:
    """Return the area asked for, or the top of what ``by`` sees; raise Missing outside of it."""
    if code:
        area = areas.find_area(session, code)
    elif by.scope.area_path:
        area = areas.find_area(session, by.scope.area_path.rstrip("/").rsplit("/", 1)[-1])
    else:
        top = areas.root(session)
        if top is None:
            raise Missing(message("There are no areas yet. Import them first."))
        area = top
    if not areas.is_visible(by, area):
        raise Missing(message("There is no area with the code %(code)s.", code=code))
    return area


def draw(session: Session, by: Actor, area: Area, period: Period, as_of: datetime) -> Picture:
    """Gather the overview of ``area``; what lies outside the scope of ``by`` is not counted anywhere."""
    counts, observer = _count(session, by, area, period, as_of), Observer(session, area, by, as_of)
    kinds = _kinds(session, counts, period)
    exposure = ebikes_of_areas(session, area.path, period.last, period.last)[period.last]
    visible_parent = area.parent if area.parent and areas.is_visible(by, area.parent) else None
    return Picture(
        area=area,
        parent=visible_parent,
        period=period,
        counted_utc=as_of,
        kinds=kinds,
        below=_below(session, by, area, period, exposure, as_of),
        hours=violations.count_by_hour(session, by, area.path, period, as_of),
        companies=_companies(session, by, area, period, as_of) if by.may(READ_COMPANIES) else None,
        total=sum(series.total for series in kinds),
        compared=observer.compare_year(VIOLATIONS, period),
        reported=observer.reported(FigureKind.VIOLATIONS, period),
        begun=observer.begun(VIOLATIONS),
        ebikes=exposure.get(area.path),
        completion=counts.completion,
        reoffence=counts.reoffence,
        feedback=counts.feedback,
    )


def _count(session: Session, by: Actor, area: Area, period: Period, as_of: datetime) -> Counts:
    return Counts(
        by_kind=violations.count_by_kind_and_month(session, by, area.path, period, as_of),
        completion=studies.count_completion(session, by, area.path, period, as_of),
        reoffence=reoffence.count_reoffence(session, by, area.path, period, as_of),
        feedback=answers.count_feedback(session, by, area.path, period, as_of),
    )


def _kinds(session: Session, counts: Counts, period: Period) -> list[KindSeries]:
    """Return the kinds seen in the period, the most frequent first."""
    latest = {kind.code: kind for kind in list_kinds(session)}
    position = {month: number for number, month in enumerate(period.months)}
    monthly: dict[str, list[int]] = {}
    for count in counts.by_kind:
        monthly.setdefault(count.kind_code, [0] * len(position))[position[count.month]] = count.violations
    series = [KindSeries(latest[code], values) for code, values in monthly.items()]
    return sorted(series, key=lambda row: (-row.total, row.kind.code))


def _below(
    session: Session, by: Actor, area: Area, period: Period, exposure: dict[str, int | None], as_of: datetime
) -> list[AreaFigures]:
    """Return the areas right below, also those without any violation, the most violations first."""
    children = areas.list_children(session, area, period.last_day)
    if not children:
        return []
    counts = violations.count_below(session, by, area.path, children, period, as_of)
    rows = [AreaFigures(child.code, child.name, counts[child.id], exposure.get(child.path)) for child in children]
    return sorted(rows, key=lambda row: (-row.violations, row.code))


def _companies(session: Session, by: Actor, area: Area, period: Period, as_of: datetime) -> CompanyPicture:
    """Return the violations by company, those of companies that ended included."""
    counts = violations.count_by_company(session, by, area.path, period, as_of)
    names = names_of(session, counts.by_company)
    rows = [CompanyFigures(*names[company_id], n) for company_id, n in counts.by_company.items()]
    ordered = sorted(rows, key=lambda row: (-row.violations, row.code))
    return CompanyPicture(ordered, counts.without_company, counts.unknown_rider, counts.open)
