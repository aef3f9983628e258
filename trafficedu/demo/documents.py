"""What the invented district has issued: receipts, notices, certificates, rosters, and the papers of past months.

Only what documents say is kept; their files are drawn when somebody first opens them, and kept from then on. The list
of the last month is frozen still: protests are taken, and one waits for its decision. The bulletins are asked for, and
issued in the first minute of whoever serves or works.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.accounts.models import User
from trafficedu.accounts.queries import actor_of
from trafficedu.accounts.rules import Role
from trafficedu.areas.queries import tree as areas
from trafficedu.bulletin import services as papers
from trafficedu.bulletin.queries.scorecard import Limits
from trafficedu.core import jobs
from trafficedu.core.actors import Actor
from trafficedu.core.clock import from_local, local_date
from trafficedu.core.errors import Refusal
from trafficedu.core.jobs import Asked
from trafficedu.core.month import Month
from trafficedu.core.text import message
from trafficedu.core.transactions import writing
from trafficedu.demo.accounts import list_documented
from trafficedu.demo.afterwards import EVALUATED_AFTER
from trafficedu.demo.names import INVENTED
from trafficedu.education.models.courses import StudySession
from trafficedu.education.queries.sessions import list_roster
from trafficedu.education.services.certifying import keep_certificates
from trafficedu.education.services.rosters import is_settled, issue_roster
from trafficedu.evaluation.models import EvaluationRun
from trafficedu.evaluation.queries.runs import published_run, results_of
from trafficedu.feedback.services.papers import keep_sent
from trafficedu.issued.services import issuing
from trafficedu.overview import services as lists
from trafficedu.overview.queries.lists import find_list, list_entries
from trafficedu.overview.rules import ListAct, Shade
from trafficedu.public.services import keep_due

FROZEN_AFTER, PUBLISHED_AFTER = timedelta(days=3, hours=10), timedelta(days=14, hours=10)
"""How long after the end of a month its list was frozen, and published."""
FROZEN_SINCE = timedelta(hours=20)
"""Since when the list of the newest month is frozen: its protests are still taken."""
SIGNED_SINCE, SIGNED_AFTER = timedelta(days=5), timedelta(hours=1)
"""The rosters of so many days are signed, each so long after its session."""
BATCH = 100
KEPT_SINCE = timedelta(days=30)
"""The certificates of so many days are issued at once; the worker keeps the older ones, as after an update."""
CARDS = ("town", "company")
"""Whose scorecards of the last month are issued already; the others are left to whoever tries it."""


def issue_documents(session: Session, months: int, now: datetime) -> int:
    """Issue the certificates of late and the papers of the last ``months``; returns how many documents."""
    with writing(session):
        count = keep_certificates(session, now - KEPT_SINCE, now) + _keep_told(session, now)
        count += _sign_rosters(session, local_date(now))
    analyst = _analyst(session)
    last = published_months(session, months, now)
    if analyst is None or not last:
        return count
    for run in last:
        _ask_for_bulletin(session, run.month, analyst, now)
        count += _issue_month(session, run, analyst, now, newest=run is last[-1])
    with writing(session):
        contest_list(session, last[-1].month, now)
    return count


def _keep_told(session: Session, now: datetime) -> int:
    """Keep the receipts and notices of late as of when they were told, as the worker does."""
    count = 0
    for keep in (keep_due, keep_sent):
        while done := keep(session, now, BATCH):
            count += done
            session.expire_all()
    return count


def _sign_rosters(session: Session, today: date) -> int:
    """Issue the rosters of the last days on which everybody is signed off or was not there, by who signs there."""
    query = select(StudySession).where(StudySession.starts_on.between(today - SIGNED_SINCE, today - timedelta(days=1)))
    signers = {
        user.station_id: actor_of(user)
        for user in session.scalars(select(User).where(User.role == Role.STATION).order_by(User.id.desc()))
    }
    count = 0
    for study in session.scalars(query.order_by(StudySession.id)).all():
        if is_settled(list_roster(session, study.id)):
            issue_roster(session, study, signers[study.station_id], study.ends_utc + SIGNED_AFTER)
            count += 1
    return count


def contest_list(session: Session, month: Month, now: datetime) -> None:
    """Let somebody, of the documented accounts if one can, contest that a village of theirs is on the list."""
    frozen = find_list(session, month)
    if frozen is None or not frozen.may(ListAct.PROTEST):
        return
    leaders = session.scalars(select(User).where(User.role == Role.LEADER, User.active).order_by(User.id)).all()
    for user in (*list_documented(session), *leaders):
        by = actor_of(user)
        if not by.may("overview:list:protest") or by.scope.area_path is None:
            continue
        for entry in list_entries(session, frozen, by):
            if entry.shade != Shade.RED and entry.protest is None and not entry.taken_off:
                lists.protest(session, entry, INVENTED["protest"], by, now)
                return


def published_months(session: Session, months: int, now: datetime) -> list[EvaluationRun]:
    """Return the published evaluations of the last full months, the earliest first."""
    running = Month.of(now.date())
    found = [published_run(session, running - back) for back in range(months, 0, -1)]
    return [run for run in found if run is not None]


def _analyst(session: Session) -> Actor | None:
    user = session.scalar(select(User).where(User.role == Role.ANALYST, User.active).order_by(User.id).limit(1))
    return actor_of(user) if user is not None else None


def _ask_for_bulletin(session: Session, month: Month, by: Actor, now: datetime) -> None:
    """Let the analyst have asked for the bulletin of a month just now: what it says takes seconds to fit."""
    top = areas.root(session)
    if top is None:
        return
    title = message("Bulletin of %(area)s, %(month)s, issued", area=top.name, month=str(month))
    asked = Asked(papers.ISSUE_BULLETIN, title, {"subject": papers.subject_of(month, top.code)}, (papers.ISSUE,))
    with writing(session):
        jobs.ask(session, asked, by, now, by.locale)


def _issue_month(session: Session, run: EvaluationRun, by: Actor, now: datetime, *, newest: bool) -> int:
    """Issue the indicators of a month and its list, of the newest month the scorecards too."""
    top = areas.root(session)
    if top is None:
        return 0
    month, then = run.month, min(now, _at(run.month, PUBLISHED_AFTER))
    news = [papers.indicators_now(session, papers.subject_of(month, top.code), then)]
    if newest:
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
        return len(ready) + _publish_list(session, month, by, now, newest=newest)


def _at(month: Month, after: timedelta) -> datetime:
    return from_local(datetime(month.next.year, month.next.number, 1)) + after  # noqa: DTZ001 - the district's clock


def _publish_list(session: Session, month: Month, by: Actor, now: datetime, *, newest: bool) -> int:
    """Freeze and publish a list as it would have been; that of the newest month was frozen lately and stays so."""
    if newest:
        lists.freeze_list(session, month, by, max(now - FROZEN_SINCE, min(now, _at(month, EVALUATED_AFTER))))
        return 0
    frozen = lists.freeze_list(session, month, by, _at(month, FROZEN_AFTER))
    try:
        lists.publish_list(session, frozen, frozen.version, by, _at(month, PUBLISHED_AFTER))
    except Refusal:
        return 0  # a long holiday: protests are still taken
    return 1
