"""The life of a hazard, its plan and its deadlines. Pure, time passed in.

The plan has four parts (四落实): a goal, measures, who is responsible, and a deadline.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from trafficedu.core.errors import Refusal
from trafficedu.core.states import Transitions, Word
from trafficedu.core.text import message


class HazardState(Word):
    """Where a hazard stands, in the order of its life."""

    REPORTED = "reported", message("to plan"), "open"
    PLANNED = "planned", message("plan made")
    FIXING = "fixing", message("being fixed")
    FIXED = "fixed", message("to verify"), "open"
    VERIFIED = "verified", message("verified"), "done"
    CLOSED = "closed", message("not a hazard")
    VOIDED = "voided", message("voided"), "problem"


class HazardAct(Word):
    """What happens to a hazard; each is a step of its life."""

    REPORTED = "reported", message("Reported")
    PLANNED = "planned", message("Plan made")
    REVISED = "revised", message("Plan changed")
    FIXING = "fixing", message("Work begun")
    FIXED = "fixed", message("Reported as fixed")
    VERIFIED = "verified", message("Verified on site")
    REJECTED = "rejected", message("Sent back: not fixed")
    CLOSED = "closed", message("Closed: not a hazard")
    REOPENED = "reopened", message("Reopened")
    CORRECTED = "corrected", message("Details corrected")
    VOIDED = "voided", message("Voided")


class Risk(Word):
    """How dangerous a hazard is, the worst first."""

    HIGH = "high", message("high risk")
    MEDIUM = "medium", message("medium risk")
    LOW = "low", message("low risk")


class PhotoTime(Word):
    """When a photo was taken: before the work or after it."""

    BEFORE = "before", message("before the work")
    AFTER = "after", message("after the work")


class WatchEnd(Word):
    """What an area is that is no longer under check."""

    ENDED = "ended", message("removed from the list")


UNFIXED = (HazardState.PLANNED, HazardState.FIXING)
"""States in which the deadline runs."""
OPEN = (HazardState.REPORTED, *UNFIXED, HazardState.FIXED)
"""States in which somebody still has to do something."""

HAZARD_LIFE = Transitions(
    {
        HazardAct.REPORTED: ((), HazardState.REPORTED),
        HazardAct.PLANNED: ((HazardState.REPORTED,), HazardState.PLANNED),
        HazardAct.REVISED: (UNFIXED, None),
        HazardAct.FIXING: ((HazardState.PLANNED,), HazardState.FIXING),
        HazardAct.FIXED: (UNFIXED, HazardState.FIXED),
        HazardAct.VERIFIED: ((HazardState.FIXED,), HazardState.VERIFIED),
        HazardAct.REJECTED: ((HazardState.FIXED,), HazardState.FIXING),
        HazardAct.CLOSED: ((HazardState.REPORTED, HazardState.PLANNED), HazardState.CLOSED),
        HazardAct.REOPENED: ((HazardState.CLOSED,), HazardState.REPORTED),
        HazardAct.CORRECTED: (OPEN, None),
        HazardAct.VOIDED: ((*OPEN, HazardState.VERIFIED, HazardState.CLOSED), HazardState.VOIDED),
    },
    message("The state of this hazard has changed. Check what it says now."),
)

MOST_PHOTOS = 20
"""Photos of one hazard."""
LONGEST_PLAN_DAYS = 366
"""A deadline lies at most so far ahead: what takes longer is a building project and no hazard's plan."""
LONGEST_PERIOD = 366

SUGGESTED_DAYS = {
    Risk.HIGH: "hazards.days_high",
    Risk.MEDIUM: "hazards.days_medium",
    Risk.LOW: "hazards.days_low",
}
"""RISK -> the configured figure of days that a new plan proposes."""


def check_plan(goal: str, measures: str, responsible: str, deadline_on: date | None, earliest: date) -> None:
    """Raise Refusal unless all four parts are there and the deadline lies in reach.

    ``earliest`` is the first day the deadline may be: today for a new one, the present deadline for one that stays.
    """
    parts = {
        "goal": (goal, message("Say what the plan should achieve.")),
        "measures": (measures, message("Say what will be done.")),
        "responsible": (responsible, message("Say who is responsible.")),
    }
    for field, (said, missing) in parts.items():
        if not said.strip():
            raise Refusal(missing, field=field)
    if deadline_on is None:
        raise Refusal(message("Choose the deadline."), field="deadline_on")
    if deadline_on < earliest:
        text = message("The deadline is before %(day)s. Choose a later day.", day=earliest.isoformat())
        raise Refusal(text, field="deadline_on")
    if (deadline_on - earliest).days > LONGEST_PLAN_DAYS:
        text = message("A deadline can be at most %(days)d days ahead. Check the year.", days=LONGEST_PLAN_DAYS)
        raise Refusal(text, field="deadline_on")


def is_overdue(state: HazardState, deadline_on: date | None, day: date) -> bool:
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
    def what(self) -> HazardAct: ...  # noqa: D102 - named by the class

    @property
    def happened_on(self) -> date: ...  # noqa: D102 - named by the class

    @property
    def deadline_on(self) -> date | None: ...  # noqa: D102 - named by the class


@dataclass(frozen=True)
class StateOnDay:
    """Where a hazard stood at the end of a day."""

    state: HazardState
    deadline_on: date | None


def state_on(steps: Iterable[Taken], day: date) -> StateOnDay | None:
    """Return where a hazard stood at the end of ``day``, replaying its steps in their order; None: not yet reported.

    So that a month's figures stay what they were, whatever happens to the hazard later.
    """
    state: HazardState | None = None
    deadline: date | None = None
    for step in steps:
        if step.happened_on <= day:
            state = HAZARD_LIFE.table[step.what][1] or state
            deadline = step.deadline_on or deadline
    return StateOnDay(state, deadline) if state else None
