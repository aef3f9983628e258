"""What a policy would have recommended over the last months, beside another one: asked for, worked out by a job.

It is a count of what happened, not an estimate of what the policy would have changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy.orm import Session

from trafficedu.core import audit, jobs
from trafficedu.core.actors import Actor
from trafficedu.core.clock import local_date
from trafficedu.core.errors import Refusal
from trafficedu.core.jobs import Asked
from trafficedu.core.month import Month, Period
from trafficedu.core.numbers import new_number
from trafficedu.core.text import message
from trafficedu.core.work import Ending, Work
from trafficedu.coverage.queries.coverage import coverage_of
from trafficedu.coverage.rules import FigureKind
from trafficedu.escalation.models import PolicyReplay
from trafficedu.escalation.queries.companies import count_by_month, rules_of
from trafficedu.escalation.queries.replays import area_of, find_replay, riders_stopped
from trafficedu.escalation.rules import REPLAY_MONTHS, CompanyRule, Comparison, StepsOn, Tally
from trafficedu.feedback.queries.choices import find_choice
from trafficedu.feedback.queries.policy import find_draft, list_policies, steps_by_day
from trafficedu.feedback.rules.policy import Escalation, PolicyLine, lines_for
from trafficedu.violations.queries.doubles import nearness

REPLAY = "policy_replay"
"""The kind of a job that replays."""
PERMISSION = "escalation:replay:run"
IN_FORCE = "in_force"
"""What was in force at the time, as one of the two policies of a replay."""
DRAFT = "draft:"


def policy_named(session: Session, named: str) -> dict[str, Any]:
    """Return a policy as a replay keeps it; raise Missing."""
    if named == IN_FORCE:
        return {"name_zh": "当时施行的规则", "name_en": "what was in force", "lines": None, "about": {}}
    if named.startswith(DRAFT):
        draft = find_draft(session, named.removeprefix(DRAFT))
        return {"name_zh": draft.name, "name_en": draft.name, "lines": draft.lines, "about": draft.about}
    choice = find_choice(named)
    lines = [line.packed() for line in choice.lines]
    return {"name_zh": choice.names["zh"], "name_en": choice.names["en"], "lines": lines, "about": choice.about}


def ask(session: Session, first: str, second: str, by: Actor, now: datetime, locale: str) -> str:
    """Ask what two policies would have recommended in the months that are over; returns the number of the replay.

    Raises
    ------
    Refusal
        At ``second``: the same policy twice.
    """
    replay = begin(session, first, second, by, now)
    audit.write(session, PERMISSION, by, subject=replay)
    jobs.ask(session, job_of(replay), by, now, locale)
    return replay.number


def begin(session: Session, first: str, second: str, by: Actor, now: datetime) -> PolicyReplay:
    """Write a replay down that is yet to be worked out; see :func:`ask`."""
    if first == second:
        raise Refusal(message("Choose two different policies."), field="second")
    area, last = area_of(session, by), Month.of(local_date(now)) - 1
    replay = PolicyReplay(
        number=new_number("E"),
        area_id=area.id,
        first_month=str(last - (REPLAY_MONTHS - 1)),
        last_month=str(last),
        first=policy_named(session, first),
        second=policy_named(session, second),
        asked_utc=now,
        asked_by_id=by.user_id,
    )
    session.add(replay)
    session.flush()
    return replay


def job_of(replay: PolicyReplay) -> Asked:
    """Return the job that works a replay out."""
    title = message("Replay of an escalation policy")
    return Asked(REPLAY, title, {"replay": replay.number}, ("escalation:replay:run",))


def compute(work: Work) -> Ending:
    """Work a replay out and keep it: the job's function. What was worked out already stays."""
    replay = find_replay(work.session, work.parameters["replay"], work.by)
    if replay.result is not None:
        return Ending()
    result, key = replayed(work.session, replay, work.now, work.tell), replay.id

    def keep(own: Session) -> None:
        kept = own.get_one(PolicyReplay, key)
        kept.result, kept.computed_utc = result, work.now

    return Ending(write=keep)


def replayed(session: Session, replay: PolicyReplay, now: datetime, tell: Any = lambda *_: None) -> dict[str, Any]:
    """Return what two policies would have recommended, month by month: plain data, without persons.

    Every rider stopped in the months is gone through once, some hundred at a time. The windows reach back before the
    first month, a year at most; stops elsewhere count in them as they do on notices.
    """
    months, near = replay.months, nearness(session)
    first, last = months[0].first, months[-1].last
    history = steps_by_day(session, first, last)
    policies = tuple(_steps_on(kept, history) for kept in (replay.first, replay.second))
    comparison = Comparison((policies[0], policies[1]))
    looked_back = (months[0] - REPLAY_MONTHS).first
    for riders in riders_stopped(session, replay.area, first, last, looked_back, near):
        for groups in riders:
            comparison.add_rider(groups)
        tell(len(riders))
    return {
        "stops": [comparison.stops[month] for month in months],
        "policies": [_told(tally, months) for tally in comparison.tallies],
        "companies": [[company, *counts] for company, counts in sorted(comparison.companies.items())],
        "called_in": [_called_in(session, kept, replay, months) for kept in (replay.first, replay.second)],
        "coverage": _coverage(session, replay, now),
    }


def _steps_on(kept: Mapping[str, Any], history: StepsOn) -> StepsOn:
    if kept["lines"] is None:
        return history
    lines = [PolicyLine.unpacked(line) for line in kept["lines"]]

    @cache
    def steps(receiver: str) -> Sequence[Escalation]:
        return lines_for(receiver, lines)

    return lambda receiver, _day: steps(receiver)


def _told(tally: Tally, months: Sequence[Month]) -> dict[str, Any]:
    by_month = [dict(sorted(tally.months.get(month, {}).items())) for month in months]
    return {"months": by_month, "riders": tally.riders, "off_the_road": tally.off_the_road}


def _called_in(
    session: Session, kept: Mapping[str, Any], replay: PolicyReplay, months: Sequence[Month]
) -> list[list[Any]]:
    """Return month, company, what was counted, how many and how many it takes, for each company called in."""
    asked = {month: _rules_in(session, kept, month) for month in months}
    every = list({rule: None for rules in asked.values() for rule in rules})
    counts = count_by_month(session, every, months[0], months[-1], replay.area.path)
    found = [
        [str(month), company, rule.kind, rule.counted(by_month, month), rule.count]
        for month in months
        for (company, kind), by_month in sorted(counts.items())
        for rule in asked[month]
        if rule.kind == kind and rule.counted(by_month, month) >= rule.count
    ]
    return found


def _rules_in(session: Session, kept: Mapping[str, Any], month: Month) -> list[CompanyRule]:
    """Return what a policy asked of companies in a month: that in force on its last day, where it is of the time."""
    if kept["lines"] is not None:
        return rules_of(kept["about"])
    held = [policy for policy in list_policies(session) if policy.holds_on(month.last)]
    return rules_of(held[0].about) if held else []


def _coverage(session: Session, replay: PolicyReplay, now: datetime) -> dict[str, Any]:
    """Return of how many of the months of how many units violations were reported, month by month."""
    months = replay.months
    found = coverage_of(session, FigureKind.VIOLATIONS, replay.area, Period(months[0], months[-1]), now)
    rows = [
        [states[place] for states in found.states if states[place] is not None] for place in range(len(found.months))
    ]
    return {
        "known": [sum(1 for state in row if state is not None and state.is_known) for row in rows],
        "of": [len(row) for row in rows],
    }
