"""The last full month of an area beside the same month a year before: what the analyst reads first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from trafficedu.analysis.said import series
from trafficedu.analysis.said.many import changes_title
from trafficedu.analysis.said.result import Said
from trafficedu.analysis.said.spans import Pair
from trafficedu.areas.models import Area
from trafficedu.areas.queries import tree as areas
from trafficedu.core.actors import Actor
from trafficedu.core.clock import local_date
from trafficedu.core.month import Month, Period
from trafficedu.core.text import Message, message
from trafficedu.coverage.rules import FigureKind
from trafficedu.education.queries import monthly as studies
from trafficedu.education.rules.reckoning import CompletionCounts
from trafficedu.evaluation.queries.claims import Observer
from trafficedu.evaluation.rules.measures import VIOLATIONS
from trafficedu.feedback.queries import monthly as answers
from trafficedu.feedback.queries.rates import FeedbackCounts
from trafficedu.overview.queries.picture import find_area
from trafficedu.violations.queries import monthly as violations
from trafficedu.violations.queries.kinds import list_kinds

LONGEST = 6


@dataclass(frozen=True)
class ViolationChange:
    """Violations of a kind or an area in the month, and in the month before (None: not known).

    ``said`` is what may be said of them beside the same month a year before.
    """

    code: str
    name: str
    now: int
    month_before: int | None
    said: Said

    @property
    def year_before(self) -> int | None:
        """Those of the same month a year before, the comparison that seasons allow; None where they are not known."""
        return self.said.shown_before

    @property
    def difference(self) -> int | None:
        """How many more than a year before."""
        return None if self.year_before is None else self.now - self.year_before


@dataclass(frozen=True)
class Changes:
    """The kinds or areas that changed most, those by more than chance first; the title says how many there are."""

    title: Message
    rows: Sequence[ViolationChange]


@dataclass(frozen=True)
class MonthFigures:
    """The figures of one month; rates as they stand now, beside those of the month before."""

    area_name: str
    period: Period
    reported: Message
    """How many towns reported the violations of the month."""
    total: ViolationChange
    completion: CompletionCounts
    completion_before: CompletionCounts
    completed: Said
    on_time: Said
    feedback: Sequence[tuple[FeedbackCounts, FeedbackCounts | None]]
    answered: Sequence[tuple[FeedbackCounts, Said]]
    kinds: Changes
    below: Changes


def read_month(session: Session, by: Actor, now: datetime, locale: str) -> MonthFigures:
    """Return the last full month of what ``by`` sees, and what changed most in it."""
    last = Month.of(local_date(now)) - 1
    area = find_area(session, "", by)
    return read_month_of(session, by, area, last, now, locale)


def read_month_of(session: Session, by: Actor, area: Area, last: Month, now: datetime, locale: str) -> MonthFigures:
    """Return the month ``last`` of an area in the scope of ``by``, and what changed most in it."""
    month, before = Period(last, last), Period(last - 1, last - 1)
    observer = Observer(session, area, by, now)
    completion, completion_before = (
        studies.count_completion(session, by, area.path, period, now) for period in (month, before)
    )
    answered, answered_before = (
        answers.count_feedback(session, by, area.path, period, now) for period in (month, before)
    )
    earlier = {row.receiver_kind: row for row in answered_before}
    between = observer.pair(before, month)
    return MonthFigures(
        area_name=area.name,
        period=month,
        reported=observer.reported(FigureKind.VIOLATIONS, month),
        total=_total(observer, last),
        completion=completion,
        completion_before=completion_before,
        **_studied(observer, between, completion_before, completion),
        feedback=[(row, earlier.get(row.receiver_kind)) for row in answered],
        answered=[(row, _answered(observer, between, earlier.get(row.receiver_kind), row)) for row in answered],
        kinds=_kinds(observer, last, locale),
        below=_below(observer, last),
    )


def _total(observer: Observer, last: Month) -> ViolationChange:
    month = Period(last, last)
    said = observer.compare_year(VIOLATIONS, month)
    before = Period(last - 1, last - 1)
    count, count_before = (
        violations.count_by_month(observer.session, observer.by, observer.area.path, period, observer.now).total()
        for period in (month, before)
    )
    known = _known(observer, last - 1, count_before)
    return ViolationChange(observer.area.code, observer.area.name, count, known, said)


def _known(observer: Observer, month: Month, count: int) -> int | None:
    """Return a count, None where nothing was on record yet in the month."""
    since = observer.begun(VIOLATIONS)
    return count if since is not None and since <= month else None


def _studied(observer: Observer, between: Pair, before: CompletionCounts, here: CompletionCounts) -> dict[str, Said]:
    """Say how the rates of study stand to the month before: not while some of what was opened is not due yet."""
    completed = ((before.completed, before.opened), (here.completed, here.opened))
    on_time = ((before.completed_on_time, before.due), (here.completed_on_time, here.due))
    return {
        "completed": observer.compare_rates(series.COMPLETED, between, *completed, not_due=here.not_yet_due),
        "on_time": observer.compare_rates(series.EDUCATION, between, *on_time),
    }


def _answered(observer: Observer, between: Pair, before: FeedbackCounts | None, here: FeedbackCounts) -> Said:
    earlier = (before.answered, before.sent) if before else (0, 0)
    now = (here.answered, here.sent)
    return observer.compare_rates(series.ANSWERED, between, earlier, now, not_due=here.not_yet_due)


def _kinds(observer: Observer, last: Month, locale: str) -> Changes:
    names = {kind.code: kind.name(locale) for kind in list_kinds(observer.session)}

    def counted(month: Month) -> dict[str, int]:
        rows = violations.count_by_kind_and_month(
            observer.session, observer.by, observer.area.path, Period(month, month), observer.now
        )
        return {code: sum(row.violations for row in rows if row.kind_code == code) for code in names}

    counts = [counted(last - back) for back in (0, 1, 12)]
    return _changes(observer, message("Kinds"), names, counts, last, {})


def _below(observer: Observer, last: Month) -> Changes:
    children = areas.list_children(observer.session, observer.area, last.last)

    def counted(month: Month) -> dict[str, int]:
        counts = violations.count_below(
            observer.session, observer.by, observer.area.path, children, Period(month, month), observer.now
        )
        return {child.code: counts[child.id] for child in children}

    names, paths = ({child.code: getattr(child, name) for child in children} for name in ("name", "path"))
    counts = [counted(last - back) for back in (0, 1, 12)]
    return _changes(observer, message("Areas"), names, counts, last, paths)


def _changes(
    observer: Observer,
    what: Message,
    names: Mapping[str, str],
    counts: Sequence[dict[str, int]],
    last: Month,
    paths: Mapping[str, str],
) -> Changes:
    """Compare all with a year before, and return those that changed most; without a year before, the largest."""
    here, month_before, year_before = counts
    period = Period(last, last)
    between = observer.pair(period.year_before, period)
    said = observer.compare_parts(VIOLATIONS, between, year_before, here, paths)
    rows = [
        ViolationChange(code, names[code], here[code], _known(observer, last - 1, month_before[code]), one)
        for code, one in said.items()
    ]
    changed = [row for row in rows if row.difference != 0]
    order = sorted(changed, key=lambda row: (not row.said.proven, -abs(row.difference or row.now), row.code))
    return Changes(changes_title(what, list(said.values())), order[:LONGEST])
