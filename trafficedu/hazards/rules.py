"""The life of a hazard, its plan and its deadlines. Pure, time passed in.

The plan has four parts (四落实): a goal, measures, who is responsible, and a deadline.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from trafficedu.core.errors import Refusal
from trafficedu.core.text import message

REPORTED, PLANNED, FIXING, FIXED, VERIFIED = "reported", "planned", "fixing", "fixed", "verified"
CLOSED, VOIDED = "closed", "voided"
STATES = (REPORTED, PLANNED, FIXING, FIXED, VERIFIED, CLOSED, VOIDED)
UNFIXED = (PLANNED, FIXING)
"""States in which the deadline runs."""
OPEN = (REPORTED, PLANNED, FIXING, FIXED)
"""States in which somebody still has to do something."""

HIGH, MEDIUM, LOW = "high", "medium", "low"
RISKS = (HIGH, MEDIUM, LOW)
BEFORE, AFTER = "before", "after"

REVISED, REJECTED, REOPENED, CORRECTED = "revised", "rejected", "reopened", "corrected"
"""Steps that are no states: the plan changed, a fix sent back, a closed hazard opened again, facts corrected."""

STATE_AFTER = {
    REPORTED: REPORTED,
    PLANNED: PLANNED,
    FIXING: FIXING,
    FIXED: FIXED,
    VERIFIED: VERIFIED,
    CLOSED: CLOSED,
    VOIDED: VOIDED,
    REJECTED: FIXING,
    REOPENED: REPORTED,
}
"""STEP -> the state it leads to; a step that is not here leaves the state as it is."""

ALLOWED_FROM = {
    PLANNED: (REPORTED,),
    REVISED: UNFIXED,
    FIXING: (PLANNED,),
    FIXED: UNFIXED,
    VERIFIED: (FIXED,),
    REJECTED: (FIXED,),
    CLOSED: (REPORTED, PLANNED),
    REOPENED: (CLOSED,),
    CORRECTED: OPEN,
    VOIDED: (REPORTED, PLANNED, FIXING, FIXED, VERIFIED, CLOSED),
}
"""STEP -> the states it may be taken from."""

MOST_PHOTOS = 20
"""Photos of one hazard."""
LONGEST_PLAN_DAYS = 366
"""A deadline lies at most so far ahead: what takes longer is a building project and no hazard's plan."""
LONGEST_PERIOD = 366

SUGGESTED_DAYS = {HIGH: "hazards.days_high", MEDIUM: "hazards.days_medium", LOW: "hazards.days_low"}
"""RISK -> the configured figure of days that a new plan proposes."""


def may(step: str, state: str) -> bool:
    """Tell whether ``step`` may be taken from ``state``."""
    return state in ALLOWED_FROM[step]


def check_plan(goal: str, measures: str, responsible: str, deadline_on: date | None, earliest: date) -> None:
    """Raise Refusal unless all four parts are there and the deadline lies in reach.

    ``earliest`` is the first day the deadline may be: today for a new one, the present deadline for one that stays.
    """
    parts = {
        "goal": (goal, message("Write what the plan is to achieve.")),
        "measures": (measures, message("Write what will be done.")),
        "responsible": (responsible, message("Write who is responsible.")),
    }
    for field, (said, missing) in parts.items():
        if not said.strip():
            raise Refusal(missing, field=field)
    if deadline_on is None:
        raise Refusal(message("Choose the deadline."), field="deadline_on")
    if deadline_on < earliest:
        text = message("The deadline lies before %(day)s. Choose a later day.", day=earliest.isoformat())
        raise Refusal(text, field="deadline_on")
    if (deadline_on - earliest).days > LONGEST_PLAN_DAYS:
        text = message("A deadline lies at most %(days)d days ahead. Check the year.", days=LONGEST_PLAN_DAYS)
        raise Refusal(text, field="deadline_on")


def is_overdue(state: str, deadline_on: date | None, day: date) -> bool:
    """Tell whether a hazard is not fixed though its deadline passed before ``day``."""
    return state in UNFIXED and deadline_on is not None and deadline_on < day


def was_on_time(deadline_on: date, missed_on: date | None, fixed_on: date) -> bool:
    """Tell whether a fix was on time: by its deadline, with no earlier deadline missed before it was moved."""
    return missed_on is None and fixed_on <= deadline_on


def check_period(period_days: int) -> None:
    """Raise Refusal at ``period_days`` for a rolling check more often than daily or rarer than yearly."""
    if not 1 <= period_days <= LONGEST_PERIOD:
        text = message("Enter a number of days from 1 to %(most)d.", most=LONGEST_PERIOD)
        raise Refusal(text, field="period_days", value=str(period_days))


class Taken(Protocol):
    """What is needed of a step to replay it."""

    @property
    def what(self) -> str: ...  # noqa: D102 - named by the class

    @property
    def happened_on(self) -> date: ...  # noqa: D102 - named by the class

    @property
    def deadline_on(self) -> date | None: ...  # noqa: D102 - named by the class


@dataclass(frozen=True)
class Standing:
    """Where a hazard stood at the end of a day."""

    state: str
    deadline_on: date | None


def standing_on(steps: Iterable[Taken], day: date) -> Standing | None:
    """Return where a hazard stood at the end of ``day``, replaying its steps in their order; None: not yet reported.

    So that a month's figures stay what they were, whatever happens to the hazard later.
    """
    state, deadline = "", None
    for step in steps:
        if step.happened_on <= day:
            state = STATE_AFTER.get(step.what, state)
            deadline = step.deadline_on or deadline
    return Standing(state, deadline) if state else None


STATE_NAMES = {
    REPORTED: message("to plan"),
    PLANNED: message("plan made"),
    FIXING: message("being fixed"),
    FIXED: message("to verify"),
    VERIFIED: message("verified"),
    CLOSED: message("no hazard"),
    VOIDED: message("voided"),
}
RISK_NAMES = {HIGH: message("high risk"), MEDIUM: message("medium risk"), LOW: message("low risk")}
STEP_NAMES = {
    REPORTED: message("Reported"),
    PLANNED: message("Plan made"),
    REVISED: message("Plan changed"),
    FIXING: message("Work begun"),
    FIXED: message("Reported as fixed"),
    VERIFIED: message("Verified on site"),
    REJECTED: message("Sent back: not fixed"),
    CLOSED: message("Closed: no hazard"),
    REOPENED: message("Opened again"),
    CORRECTED: message("Facts corrected"),
    VOIDED: message("Voided"),
}
"""What pages, sheets and files call states, risks and steps."""
