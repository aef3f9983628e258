"""Escalation policies of the invented district: a history, a draft, a replay that is worked out already."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from trafficedu.accounts.queries import actor_of
from trafficedu.accounts.rules import Role
from trafficedu.core.actors import Actor
from trafficedu.core.clock import local_date
from trafficedu.core.month import Month
from trafficedu.demo.accounts import list_documented
from trafficedu.escalation.services.replaying import IN_FORCE, begin, replayed
from trafficedu.feedback.queries.choices import find_choice
from trafficedu.feedback.queries.policy import policy_on
from trafficedu.feedback.rules.policy import Measure, MeasureKind, PolicyLine, Receiver
from trafficedu.feedback.services import policies

MONTHS_IN_FORCE = 4
"""So many full months ago the policy changed: it asks the same of riders, and something of companies besides."""
DECIDED_BEFORE = timedelta(days=6)
CHOSEN, REPLAYED = "ningbo", "qingdao"
REASON = "支队会议决定：对驾驶人的档次不变，增加对企业的公布和约谈。"
DRAFT = "本区草案：第二次即停单一天"


def enter_policies(session: Session, now: datetime) -> int:
    """Put the second policy in force, begin a draft and work a replay out; returns how many policies there were."""
    administrator, analyst = (_who(session, role) for role in (Role.ADMINISTRATOR, Role.ANALYST))
    first_day = (Month.of(local_date(now)) - MONTHS_IN_FORCE).first
    decided = now - (local_date(now) - first_day) - DECIDED_BEFORE
    new = policies.chosen(CHOSEN, first_day, REASON)
    policies.adopt(session, new, local_date(decided), administrator, decided)
    policies.begin_draft(session, DRAFT, [_milder(line) for line in find_choice("default").lines], administrator, now)
    asked = begin(session, IN_FORCE, REPLAYED, analyst, now)
    asked.result, asked.computed_utc = replayed(session, asked, now), now
    session.flush()
    return 2 if policy_on(session, local_date(now)) is not None else 0


def _milder(line: PolicyLine) -> PolicyLine:
    """Return a line of the draft: a day off the second time."""
    if line.receiver == Receiver.COMPANY and line.escalation.violations_from == 2:
        return replace(line, escalation=replace(line.escalation, measure=Measure(MeasureKind.SUSPENDED, 1)))
    return line


def _who(session: Session, role: Role) -> Actor:
    return actor_of(next(user for user in list_documented(session) if user.role == role))
