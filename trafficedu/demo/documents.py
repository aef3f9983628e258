"""What the invented district has issued: certificates of studies, lists, bulletins and scorecards of past months.

Only what documents say is kept; their files are drawn when somebody first opens them, and kept from then on.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.accounts.models import User
from trafficedu.accounts.queries import actor_of
from trafficedu.accounts.rules import Role
from trafficedu.areas.queries import tree as areas
from trafficedu.bulletin import services as papers
from trafficedu.bulletin.queries.scorecard import Limits
from trafficedu.core.actors import Actor
from trafficedu.core.clock import from_local
from trafficedu.core.errors import Refusal
from trafficedu.core.month import Month
from trafficedu.core.transactions import writing
from trafficedu.education.services.certifying import keep_certificates
from trafficedu.evaluation.models import EvaluationRun
from trafficedu.evaluation.queries.runs import published_run, results_of
from trafficedu.issued.services import issuing
from trafficedu.overview import services as lists

FROZEN_AFTER, PUBLISHED_AFTER = timedelta(days=3, hours=10), timedelta(days=14, hours=10)
"""How long after the end of a month its list was frozen, and published."""
KEPT_SINCE = timedelta(days=60)
"""The certificates of so many days are issued at once; the worker keeps the older ones, as after an update."""
CARDS = ("town", "company")
"""Whose scorecards of the last month are issued already; the others are left to whoever tries it."""


def issue_documents(session: Session, months: int, now: datetime) -> int:
    """Issue the certificates of late and the papers of the last ``months``; returns how many documents."""
    with writing(session):
        count = keep_certificates(session, now - KEPT_SINCE, now)
    analyst = _analyst(session)
    last = published_months(session, months, now)
    if analyst is None:
        return count
    return count + sum(_issue_month(session, run, analyst, now, cards=run is last[-1]) for run in last)


def published_months(session: Session, months: int, now: datetime) -> list[EvaluationRun]:
    """Return the published evaluations of the last full months, the earliest first."""
    running = Month.of(now.date())
    found = [published_run(session, running - back) for back in range(months, 0, -1)]
    return [run for run in found if run is not None]


def _analyst(session: Session) -> Actor | None:
    user = session.scalar(select(User).where(User.role == Role.ANALYST, User.active).order_by(User.id).limit(1))
    return actor_of(user) if user is not None else None


def _issue_month(session: Session, run: EvaluationRun, by: Actor, now: datetime, *, cards: bool) -> int:
    top = areas.root(session)
    if top is None:
        return 0
    month, count = run.month, 0
    then = min(now, _at(month, PUBLISHED_AFTER))
    news = [papers.bulletin_now(session, papers.subject_of(month, top.code), then)]
    if cards:
        limits: Limits = {}
        news += [
            papers.scorecard_now(session, papers.subject_of(month, result.code), then, limits)
            for kind in CARDS
            for result in results_of(session, run, kind)
        ]
    ready = [issuing.prepared(new) for new in news]
    with writing(session):
        for new in ready:
            papers.issue_now(session, new, by, then)
            count += 1
        return count + _publish_list(session, month, by, now)


def _at(month: Month, after: timedelta) -> datetime:
    return from_local(datetime(month.next.year, month.next.number, 1)) + after  # noqa: DTZ001 - the district's clock


def _publish_list(session: Session, month: Month, by: Actor, now: datetime) -> int:
    """Freeze and publish a list as it would have been; one whose time is not over stays frozen."""
    if _at(month, FROZEN_AFTER) > now:
        return 0
    frozen = lists.freeze_list(session, month, by, _at(month, FROZEN_AFTER))
    if _at(month, PUBLISHED_AFTER) > now:
        return 0
    try:
        lists.publish_list(session, frozen, frozen.version, by, _at(month, PUBLISHED_AFTER))
    except Refusal:
        return 0  # a long holiday: protests are still taken
    return 1
