"""A survey entered whole, by form or later by the API, and voiding one found wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.companies.models import Company
from trafficedu.core import audit
from trafficedu.core.actors import Actor
from trafficedu.core.clock import local_date
from trafficedu.core.errors import Refusal, entered
from trafficedu.core.numbers import new_number
from trafficedu.core.once import content_digest, require_same
from trafficedu.core.orm import expect_version, flush_or_refuse
from trafficedu.core.text import message
from trafficedu.helmets.models import HelmetCount, HelmetSheet, HelmetSurvey
from trafficedu.helmets.queries.sites import find_site
from trafficedu.helmets.queries.surveys import find_by_reference
from trafficedu.helmets.rules import SURVEY_LIFE, CountMethod, SurveyAct, SurveySource, check_started
from trafficedu.helmets.services import tallies

RECORD, VOIDING = "helmets:survey:record", "helmets:survey:void"


@dataclass(frozen=True)
class Counted:
    """Riders of one group and role; ``company_code`` only for delivery."""

    group: str
    role: str
    helmeted: int = 0
    bare: int = 0
    unclear: int = 0
    company_code: str = ""

    @property
    def observed(self) -> int:
        """All that were seen."""
        return self.helmeted + self.bare + self.unclear


@dataclass(frozen=True)
class NewSurvey:
    """A survey as one observer or a video evaluation reports it; ``reference`` is the reporter's own key."""

    reference: str
    site_code: str
    started_utc: datetime
    minutes: int
    method: str
    counts: Sequence[Counted]


def add_survey(
    session: Session, new: NewSurvey, by: Actor, now: datetime, source: SurveySource = SurveySource.FORM
) -> HelmetSurvey:
    """Add a survey with one sheet; what arrives again under a reference already known changes nothing.

    Raises
    ------
    Missing
        The site does not exist or lies outside the post.
    Refusal
        Nobody was counted (at ``helmeted``), it lies in the future, a company is unknown, or the form said something
        else when it arrived first.
    """
    by.require(RECORD)
    known = find_by_reference(session, new.reference)
    if known is not None:
        require_same(session, known, new, known.started_utc, known.site.name)
        return known
    if not any(count.observed for count in new.counts):
        raise Refusal(message("Enter at least one rider who was observed."))
    check_started(new.started_utc, now)
    with entered("site_code", new.site_code):
        site = find_site(session, new.site_code, by)
    survey = HelmetSurvey(
        number=new_number("H"),
        reference=new.reference,
        reference_year=local_date(new.started_utc).year,
        site=site,
        started_utc=new.started_utc,
        occurred_on=local_date(new.started_utc),
        minutes=new.minutes,
        method=CountMethod(new.method),
        source=source,
        content_digest=content_digest(session, new) if source == SurveySource.FORM else None,
    )
    sheet = HelmetSheet(
        key=f"whole-{new.reference}",
        observer_id=by.user_id,
        started_utc=new.started_utc,
        ended_utc=now,
        counts=[_count(session, count) for count in new.counts if count.observed],
    )
    survey.sheets.append(sheet)
    session.add(survey)
    arrived = Refusal(message("This survey has just been received. Look for it in the list."))
    flush_or_refuse(session, {"helmet_survey.reference": arrived})
    tallies.renew(session, [survey.id])
    session.expire(survey)
    audit.write(session, RECORD, by, subject=survey, method=new.method)
    return survey


def _count(session: Session, count: Counted) -> HelmetCount:
    company_id = None
    if count.company_code:
        company_id = session.scalar(select(Company.id).where(Company.code == count.company_code))
        if company_id is None:
            raise Refusal(message("There is no company with the code %(code)s.", code=count.company_code))
    return HelmetCount(
        group=count.group,
        role=count.role,
        company_id=company_id,
        helmeted=count.helmeted,
        bare=count.bare,
        unclear=count.unclear,
    )


def void(session: Session, survey: HelmetSurvey, reason: str, version: int, by: Actor, now: datetime) -> None:
    """Take a survey out of every figure, with the reason; it stays readable. Raises Stale, Refusal."""
    by.require(VOIDING)
    expect_version(survey, version)
    if not SURVEY_LIFE.may(SurveyAct.VOID, survey.state):
        raise Refusal(message("This survey has already been voided."), field="reason")
    survey.state = SURVEY_LIFE.after(SurveyAct.VOID, survey.state)
    survey.void_reason, survey.voided_utc, survey.voided_by_id = reason, now, by.user_id
    session.flush()
    audit.write(session, VOIDING, by, subject=survey)
