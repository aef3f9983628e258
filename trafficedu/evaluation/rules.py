"""The series whose trend is shown, the calendar of the fits, and what a comparison may claim. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum, auto
from typing import Any

from trafficedu.core.clock import SHANGHAI, local
from trafficedu.core.states import Transitions, Word
from trafficedu.core.text import Message, message

CASUALTY, ACCIDENTS, VIOLATIONS, EDUCATION, HELMETS = "casualty", "accidents", "violations", "education", "helmets"


class RuleSetState(Word):
    """A draft is changed freely; what is in force, or was given up, never changes again."""

    DRAFT = "draft", message("draft"), "open"
    IN_FORCE = "in_force", message("in force"), "done"
    DISCARDED = "discarded", message("discarded")


class RuleSetAct(StrEnum):
    """What is done to a rule set."""

    CHANGE = auto()
    RELEASE = auto()
    DISCARD = auto()


RULE_SET_LIFE = Transitions(
    {
        RuleSetAct.CHANGE: ((RuleSetState.DRAFT,), None),
        RuleSetAct.RELEASE: ((RuleSetState.DRAFT,), RuleSetState.IN_FORCE),
        RuleSetAct.DISCARD: ((RuleSetState.DRAFT,), RuleSetState.DISCARDED),
    }
)
HORIZON = 12
MOST_MONTHS = 120
SHORT_MONTHS = 24
LEAST_MONTHS = 3
"""Below this nothing is fitted: not even a mean would say anything."""
NIGHT_BEGINS, NIGHT_ENDS = time(1), time(5)


@dataclass(frozen=True)
class Series:
    """What a series counts.

    Parameters
    ----------
    name
        Of the series, as a heading.
    what
        What is counted (for a rate, the failures).
    unit
        Of the chart.
    rate
        Whether it is a share: shown as the share of successes, fitted as failures out of a denominator.
    caution
        What a reader might over-read.
    """

    name: Message
    what: Message
    unit: Message
    rate: bool
    caution: Message


SERIES = {
    CASUALTY: Series(
        message("Casualty accidents"),
        message("casualty accidents"),
        message("accidents"),
        False,
        message("Recorded e-bike casualty accidents are counted. Unreported accidents are not included."),
    ),
    ACCIDENTS: Series(
        message("All accidents"),
        message("accidents"),
        message("accidents"),
        False,
        message("Slight accidents are not always reported. A change in reporting habits can look like a trend."),
    ),
    VIOLATIONS: Series(
        message("Violations"),
        message("violations"),
        message("cases"),
        False,
        message("Violations depend on enforcement: more patrols record more. They do not measure behaviour alone."),
    ),
    EDUCATION: Series(
        message("Education completed on time"),
        message("tasks not completed on time"),
        message("% of the tasks due"),
        True,
        message(
            "Study tasks due in the month are counted. The forecast is of tasks not completed on time; the share "
            "shown is the rest."
        ),
    ),
    HELMETS: Series(
        message("Helmet wearing"),
        message("people without a helmet"),
        message("% of those observed"),
        True,
        message("On-site counts only. Months with different sites or hours can look like a change in behaviour."),
    ),
}
"""KEY -> series, in the order of the list."""

FATAL_ONLY = "fatal"
MEASURES = {
    FATAL_ONLY: message("Fatal accidents"),
    CASUALTY: message("Casualty accidents"),
    ACCIDENTS: message("All accidents"),
    VIOLATIONS: message("Violations"),
}
"""What two periods may be compared by: counts of events, not of people, since one event may hurt several."""


COLOUR_NAMES = {
    "green": message("green"),
    "blue": message("blue"),
    "yellow": message("yellow"),
    "orange": message("orange"),
    "red": message("red"),
    "grey": message("grey"),
}
"""COLOUR -> word, best first; grey is not enough data."""

KIND_NAMES = {"town": message("town"), "village": message("village"), "company": message("company")}
TAB_NAMES = {"town": message("Towns"), "village": message("Villages"), "company": message("Companies")}

DIMENSION_NAMES = {
    "points": message("Safety-management points"),
    "violations": message("Violations"),
    "education": message("Safety education"),
    "helmets": message("Helmet wearing"),
    "trend": message("Accident trend"),
    "feedback": message("On-time answers"),
}


def night_of(now: datetime) -> datetime | None:
    """Return when the night's computing began (Shanghai), None outside of it."""
    here = local(now)
    if not NIGHT_BEGINS <= here.time() < NIGHT_ENDS:
        return None
    return datetime.combine(here.date(), NIGHT_BEGINS, SHANGHAI)


@dataclass(frozen=True)
class PeriodComparison:
    """Two counts compared: the sentence, and the figures behind it. ``percent`` is None where nothing was before."""

    before: int
    after: int
    percent: float | None
    low: float | None
    high: float | None
    p_value: float
    proven: bool

    @property
    def p_text(self) -> str:
        """The p-value as written: two digits, never 0."""
        return "< 0.001" if self.p_value < 0.001 else f"= {self.p_value:.2g}"

    @property
    def sentence(self) -> Message:
        """Say what may be claimed, and no more."""
        values = {"before": self.before, "after": self.after, "p": self.p_text}
        if self.percent is None:
            return message(
                "%(before)s → %(after)s, p %(p)s: none in the earlier period, so no change in %% can be given", **values
            )
        values["change"] = f"{self.percent:+.1f}"
        if self.proven:
            return message("%(before)s → %(after)s (%(change)s %%), p %(p)s: unlikely to be chance", **values)
        return message("%(before)s → %(after)s (%(change)s %%), p %(p)s: could be chance", **values)


def effect_sentence(effect: Mapping[str, Any]) -> Message:
    """Say what may be claimed of a campaign (``services.effects``), and no more.

    The direction is said with its probability only where the interval does not settle it.
    """
    fewer = effect["percent"] < 0
    share = effect["falling"] if fewer else 1 - effect["falling"]
    values = {
        "percent": f"{effect['percent']:+.1f}",
        "low": f"{effect['low']:+.1f}",
        "high": f"{effect['high']:+.1f}",
        "probability": ">99" if share > 0.99 else f"{100 * share:.0f}",
    }
    if effect["proven"] and fewer:
        return message(
            "Fewer than expected without the campaign: %(percent)s %%, with 95 %% confidence between %(low)s and "
            "%(high)s %%. This is unlikely to be chance.",
            **values,
        )
    if effect["proven"]:
        return message(
            "More than expected without the campaign: %(percent)s %%, with 95 %% confidence between %(low)s and "
            "%(high)s %%. This is unlikely to be chance.",
            **values,
        )
    if fewer:
        return message(
            "Not proven: %(percent)s %% compared with what was expected, with 95 %% confidence between %(low)s and "
            "%(high)s %%; fewer than expected with %(probability)s %% probability.",
            **values,
        )
    return message(
        "Not proven: %(percent)s %% compared with what was expected, with 95 %% confidence between %(low)s and "
        "%(high)s %%; more than expected with %(probability)s %% probability.",
        **values,
    )
