"""Results that take a fit, as pages show them: what is kept at once; a background job computes what is missing or old.

No page waits for a fit, and no page server loads what fits (docs/adr/0010-results-of-fits.md). What is
shown of one is read from the database itself, and so is what the page reads after it: it reads all else first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from trafficedu.areas.models import Area
from trafficedu.areas.queries import tree as areas
from trafficedu.campaigns import queries as campaigns
from trafficedu.campaigns.models import Campaign
from trafficedu.core import jobs
from trafficedu.core.actors import SYSTEM, Actor
from trafficedu.core.jobs import Asked, Job, JobState
from trafficedu.core.text import message
from trafficedu.core.transactions import read_what_was_written
from trafficedu.core.work import Ending, Work, nothing
from trafficedu.evaluation.models import ALARMS, EFFECT, AnalysisResult, RuleSetRecord
from trafficedu.evaluation.queries.results import find_result
from trafficedu.evaluation.queries.rule_sets import find_rule_set
from trafficedu.evaluation.rules.measures import SERIES
from trafficedu.evaluation.services import backtests, results
from trafficedu.evaluation.services.alarms import alarms_hold, alarms_of, keep_and_tell
from trafficedu.evaluation.services.trials import TRIAL, fingerprint, keep_trial

FIT = "fit"
"""The kind of a job that fits."""
READ, SCREEN, RULES = "evaluation:trend:read", "overview:page:read", "evaluation:rule:read"
REST = timedelta(minutes=10)
"""How long after a fit broke off a page does not ask for it again by itself."""


@dataclass(frozen=True)
class BrokeOff:
    """A job of a fit that ended a moment ago without a result: it failed, or somebody cancelled it."""

    number: str
    cancelled: bool


@dataclass(frozen=True)
class Shown:
    """What a page shows of a fit.

    Parameters
    ----------
    kept
        The last result, None before the first.
    due
        What is to be asked for in a transaction that writes; None where the result holds, or is under way.
    under_way
        A job computes it.
    broke_off
        The last job, where it broke off a moment ago and nothing was computed since.
    """

    kept: AnalysisResult | None
    due: Asked | None = None
    under_way: bool = False
    broke_off: BrokeOff | None = None

    @property
    def is_coming(self) -> bool:
        """Whether there will be another result in a moment."""
        return self.under_way or self.due is not None


def trend_shown(session: Session, key: str, root: Area, by: Actor, now: datetime, locale: str) -> Shown:
    """Return the trends of a series in the parts of ``root`` as they are kept, and what is done about them."""
    kept = _kept(session, key, root.id)
    again = jobs.find_latest(session, trend_of_records_now(key, root), by, locale)
    if again is not None and again.is_open:
        return Shown(kept, under_way=True)
    broke_off = _broke_off(again, kept, now)
    if kept is not None and results.trend_holds(kept, now):
        return Shown(kept, broke_off=broke_off)
    shown = _missing(session, kept, _trend(key, root, anew=False), by, now, locale)
    return Shown(kept, broke_off=broke_off) if broke_off and shown.due else shown


def last_counted(campaign: Campaign, day: date) -> date:
    """Return the last day of a campaign that counts on ``day``: the day before it, or its last."""
    return min(campaign.last_day, day - timedelta(days=1))


def effect_shown(session: Session, campaign: Campaign, last_day: date, by: Actor, now: datetime, locale: str) -> Shown:
    """Return the effect of a campaign up to ``last_day`` as it is kept, and what is done about it.

    One of an earlier day is shown meanwhile, one of the campaign as it was before it was changed is not.
    """
    kept = _kept(session, EFFECT, campaign.id)
    if kept is not None and not results.is_same(kept, campaign):
        kept = None
    if kept is not None and results.effect_holds(kept, last_day, now):
        return Shown(kept)
    title = message("Effect of the campaign %(name)s", name=campaign.name)
    given = {"campaign": campaign.number, "version": campaign.version, "until": last_day.isoformat()}
    return _missing(session, kept, Asked(FIT, title, given, (READ,)), by, now, locale)


def alarms_shown(session: Session, root: Area, by: Actor, now: datetime, locale: str) -> Shown:
    """Return the alarms among the parts of ``root`` as they are kept, and what is done about them."""
    kept = _kept(session, ALARMS, root.id)
    if kept is not None and not results.is_current(kept):
        kept = None
    if kept is not None and alarms_hold(session, kept, root, now):
        return Shown(kept)
    title = message("Alarms in %(area)s", area=root.name)
    return _missing(session, kept, Asked(FIT, title, {"alarms": root.code}, (SCREEN,)), by, now, locale)


def trial_shown(session: Session, record: RuleSetRecord, by: Actor, now: datetime, locale: str) -> Shown:
    """Return what a rule set would have changed as it is kept, and what is done about it.

    That of other rules, or of other versions of the months, is not shown.
    """
    kept = _kept(session, TRIAL, record.id)
    if kept is not None and kept.fingerprint == fingerprint(session, record):
        return Shown(kept)
    title = message("Trial of the rule set %(name)s", name=record.title)
    return _missing(session, None, Asked(FIT, title, {"rules": record.code}, (RULES,)), by, now, locale)


def backtest_shown(session: Session, by: Actor, now: datetime, locale: str) -> Shown:
    """Return what the colours of the past foretold as it is kept, and what is done about it."""
    kept = _kept(session, backtests.BACKTEST, backtests.subject_of(session))
    if kept is not None and kept.fingerprint == backtests.fingerprint(session, now):
        return Shown(kept)
    return _missing(session, kept, Asked(FIT, backtests.TITLE, {"backtest": True}, (RULES,)), by, now, locale)


def shown_of(
    session: Session,
    key: tuple[str, int],
    asked: Asked,
    holds: Callable[[AnalysisResult], bool],
    by: Actor,
    now: datetime,
    locale: str,
) -> Shown:
    """Return what is kept under a kind and a subject, and ``asked`` as due where it does not hold any more.

    For what features above work out and keep here; ``asked`` is their own job.
    """
    kept = _kept(session, *key)
    if kept is not None and holds(kept):
        return Shown(kept)
    return _missing(session, kept, asked, by, now, locale)


def trend_of_records_now(key: str, root: Area) -> Asked:
    """Return the job that looks at the records of now, even where the kept result is fresh."""
    return _trend(key, root, anew=True)


def compute(work: Work) -> Ending:
    """Compute a trend, the alarms of an area or the effect of a campaign and keep it: the job's function.

    A trend reads the whole parent area whoever asks; what is shown of it is the asker's part.
    """
    given = work.parameters
    if "campaign" in given:
        campaign = campaigns.find_campaign(work.session, given["campaign"], work.by)
        answer = results.effect_of(work.session, campaign, date.fromisoformat(given["until"]), work.now)
    elif "backtest" in given:
        return Ending(write=backtests.keep_backtest(work.session, work.now))
    elif "rules" in given:
        return Ending(write=keep_trial(work.session, find_rule_set(work.session, given["rules"]), work.now))
    elif "alarms" in given:
        return Ending(write=_alarms_written(work, areas.find_visible_area(work.session, given["alarms"], SYSTEM)))
    else:
        root = areas.find_visible_area(work.session, given["area"], SYSTEM)
        answer = results.trend_of(work.session, given["series"], root, work.now, anew=given["anew"])
    return Ending(write=answer.keep or nothing)


def _alarms_written(work: Work, root: Area) -> Callable[[Session], None]:
    answer = alarms_of(work.session, root, work.now)

    def write(own: Session) -> None:
        keep_and_tell(own, root, answer, work.now)

    return write


def _trend(key: str, root: Area, *, anew: bool) -> Asked:
    title = message("Trend: %(series)s in %(area)s", series=SERIES[key].name, area=root.name)
    return Asked(FIT, title, {"series": key, "area": root.code, "anew": anew}, (READ,))


def _kept(session: Session, kind: str, subject_id: int) -> AnalysisResult | None:
    """Return the kept result, and read from the database itself from here on.

    The replica may know neither the job that was asked for a moment ago nor what it kept.
    """
    read_what_was_written(session)
    return find_result(session, kind, subject_id)


def _missing(
    session: Session, kept: AnalysisResult | None, asked: Asked, by: Actor, now: datetime, locale: str
) -> Shown:
    job = jobs.find_latest(session, asked, by, locale)
    if job is not None and job.is_open:
        return Shown(kept, under_way=True)
    broke_off = _broke_off(job, kept, now)
    return Shown(kept, broke_off=broke_off) if broke_off else Shown(kept, due=asked)


def _broke_off(job: Job | None, kept: AnalysisResult | None, now: datetime) -> BrokeOff | None:
    if job is None or job.ended_utc is None or job.state not in {JobState.FAILED, JobState.CANCELLED}:
        return None
    if job.ended_utc <= now - REST or (kept is not None and kept.checked_utc >= job.ended_utc):
        return None
    return BrokeOff(job.number, job.state == JobState.CANCELLED)
