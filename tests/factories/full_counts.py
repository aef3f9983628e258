"""What pages read from sums of months, counted over all rows instead: what the sums are compared with."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.areas.queries.tree import within
from trafficedu.configuration.queries import figure
from trafficedu.core.clock import local_date
from trafficedu.core.month import Month, Period
from trafficedu.education.models.tasks import StudyTask
from trafficedu.education.rules.reckoning import CompletionCounts, ReoffenceCounts
from trafficedu.education.rules.states import LEFT_OUT
from trafficedu.helmets.models import HelmetCount, HelmetSheet, HelmetSite, HelmetSurvey
from trafficedu.helmets.queries.monthly import RateCriteria
from trafficedu.violations.models.records import Violation


def count_completion(session: Session, path: str, period: Period, now: datetime) -> CompletionCounts:
    """Count the tasks of an area one by one."""
    query = select(StudyTask).where(StudyTask.area_id.in_(within(path)), StudyTask.state.not_in(LEFT_OUT))
    tasks = session.scalars(query).all()
    today = local_date(now)
    opened = [task for task in tasks if period.first_day <= task.opened_on <= period.last_day]
    due = [task for task in tasks if period.first_day <= task.due_on <= period.last_day and task.due_on < today]
    return CompletionCounts(
        opened=len(opened),
        completed=sum(task.is_completed for task in opened),
        not_yet_due=sum(task.due_on >= today and not task.is_completed for task in opened),
        due=len(due),
        completed_on_time=sum(task.completed_on is not None and task.completed_on <= task.due_on for task in due),
    )


def count_helmets(session: Session, criteria: RateCriteria) -> dict[tuple[int, Month, str], tuple[int, int, int, int]]:
    """Add up the counts of each survey: site, month and method -> helmeted, bare, unclear, surveys that saw anybody."""
    period = criteria.period
    query = (
        select(HelmetSurvey)
        .join(HelmetSite, HelmetSurvey.site_id == HelmetSite.id)
        .where(HelmetSurvey.state == "counted", HelmetSite.area_id.in_(within(criteria.area_path)))
        .where(HelmetSurvey.occurred_on.between(period.first_day, period.last_day))
        .execution_options(populate_existing=True)
    )
    found: dict[tuple[int, Month, str], tuple[int, int, int, int]] = {}
    for survey in session.scalars(query).all():
        counts = select(HelmetCount).join(HelmetSheet).where(HelmetSheet.survey_id == survey.id)
        rows = [
            row
            for row in session.scalars(counts.execution_options(populate_existing=True))
            if criteria.group in ("", row.group) and criteria.role in ("", row.role)
        ]
        heads = [sum(getattr(row, head) for row in rows) for head in ("helmeted", "bare", "unclear")]
        if any(heads) and criteria.method in ("", survey.method):
            key = survey.site_id, Month.of(survey.occurred_on), str(survey.method)
            before = found.get(key, (0, 0, 0, 0))
            found[key] = (before[0] + heads[0], before[1] + heads[1], before[2] + heads[2], before[3] + 1)
    return found


def count_reoffence(session: Session, path: str, period: Period, now: datetime) -> ReoffenceCounts:
    """Count the riders of an area one by one, each with the first completion in the period."""
    days, today = timedelta(days=figure(session, "education.reoffence_days")), local_date(now)
    query = (
        select(StudyTask.rider_id, StudyTask.completed_on)
        .where(StudyTask.area_id.in_(within(path)), StudyTask.state == "completed")
        .where(StudyTask.completed_on.between(period.first_day, period.last_day))
        .order_by(StudyTask.completed_on.desc())
    )
    first = {rider_id: day for rider_id, day in session.execute(query) if day is not None}
    observed = {rider_id: day for rider_id, day in first.items() if day + days < today}
    offences = session.execute(select(Violation.rider_id, Violation.occurred_on).where(Violation.state == "confirmed"))
    again = {
        rider_id
        for rider_id, day in offences
        if rider_id in observed and observed[rider_id] < day <= observed[rider_id] + days
    }
    return ReoffenceCounts(len(observed), len(again), len(first) - len(observed))
