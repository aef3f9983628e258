"""Figures that join features: what a leader's villages owe, now and a month ago."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from trafficedu.analysis.said.result import Said
from trafficedu.areas.models import VILLAGE
from trafficedu.areas.queries.tree import find_area, list_below, within
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import local_date
from trafficedu.core.month import Month, Period
from trafficedu.education.models.tasks import StudyTask
from trafficedu.education.queries.tasks import overdue_on
from trafficedu.evaluation.queries.claims import Observer
from trafficedu.evaluation.rules.measures import VIOLATIONS
from trafficedu.feedback.models import Notice
from trafficedu.violations.queries.monthly import count_below


@dataclass(frozen=True)
class VillageRow:
    """One village: its open duties at present, and its violations in the last full month and the one before."""

    name: str
    code: str
    overdue_tasks: int
    unanswered: int
    late: int
    last_month: int
    month_before: int
    said: Said | None
    """What may be said of the two months; None where neither brought any."""

    @property
    def more(self) -> bool:
        """Whether the last full month brought more violations than the one before, by more than chance explains."""
        return self.said is not None and self.said.proven and self.said.rises

    @property
    def quiet(self) -> bool:
        """Whether there is nothing to say about it."""
        return not (self.overdue_tasks or self.unanswered or self.last_month or self.month_before)


def list_villages(session: Session, path: str, now: datetime) -> Sequence[VillageRow]:
    """Return the villages at and below ``path``: by more violations than chance explains, then by what is overdue.

    Study counts where the violation happened, notices where the village has to answer.
    """
    today = local_date(now)
    last = Month.of(today) - 1
    tasks = _overdue(session, path, today)
    notices = _unanswered(session, path, now)
    villages = list_below(session, path, today, VILLAGE)
    new, old = (count_below(session, SYSTEM, path, villages, Period(month, month), now) for month in (last, last - 1))
    observer = Observer(session, find_area(session, path.strip("/").rsplit("/", 1)[-1]), SYSTEM, now)
    between = observer.pair(Period(last - 1, last - 1), Period(last, last))
    codes = {row.id: row.code for row in villages}
    before, after = ({codes[key]: n for key, n in counts.items()} for counts in (old, new))
    paths = {row.code: row.path for row in villages}
    said = observer.compare_parts(VIOLATIONS, between, before, after, paths)
    rows = [
        VillageRow(
            row.name,
            row.code,
            tasks.get(row.id, 0),
            *notices.get(row.id, (0, 0)),
            new[row.id],
            old[row.id],
            said.get(row.code),
        )
        for row in villages
    ]
    return sorted(
        (row for row in rows if not row.quiet),
        key=lambda row: (not row.more, -row.overdue_tasks, -row.unanswered, -row.last_month, row.code),
    )


def _overdue(session: Session, path: str, today: date) -> dict[int, int]:
    query = (
        select(StudyTask.area_id, func.count())
        .where(
            StudyTask.area_id.in_(within(path)),
            overdue_on(today),
        )
        .group_by(StudyTask.area_id)
    )
    return {area_id: count for area_id, count in session.execute(query)}


def _unanswered(session: Session, path: str, now: datetime) -> dict[int, tuple[int, int]]:
    late = func.sum(case((Notice.due_utc < now, 1), else_=0))
    query = (
        select(Notice.area_id, func.count(), late)
        .where(Notice.area_id.in_(within(path)), Notice.unanswered())
        .group_by(Notice.area_id)
    )
    return {area_id: (count, overdue) for area_id, count, overdue in session.execute(query) if area_id is not None}
