"""The series that anything is said of: what is counted, in which unit, and whether less of it is better."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, auto

from trafficedu.core.text import Message, message


class Polarity(StrEnum):
    """Which way a change of a series is good."""

    LESS = auto()
    MORE = auto()
    NEITHER = auto()
    """What is recorded depends on how much is looked for."""


@dataclass(frozen=True)
class Series:
    """What a series counts.

    Parameters
    ----------
    key
        Its name in addresses and stores.
    name
        As a heading.
    what
        What is counted, as a noun in a sentence (for a share, the failures).
    unit
        Of a chart.
    polarity
        Which way a change is good.
    share
        Whether it is a share of successes in a denominator; the trend of one is fitted to the failures.
    caution
        What a reader might over-read.
    """

    key: str
    name: Message
    what: Message
    unit: Message
    polarity: Polarity
    share: bool = False
    caution: Message | None = None


FATAL = Series(
    "fatal",
    message("Fatal accidents"),
    message("fatal accidents"),
    message("accidents"),
    Polarity.LESS,
)
CASUALTY = Series(
    "casualty",
    message("Casualty accidents"),
    message("casualty accidents"),
    message("accidents"),
    Polarity.LESS,
    caution=message("Recorded e-bike casualty accidents are counted. Unreported accidents are not included."),
)
ACCIDENTS = Series(
    "accidents",
    message("All accidents"),
    message("accidents"),
    message("accidents"),
    Polarity.LESS,
    caution=message("Slight accidents are not always reported. A change in reporting habits can look like a trend."),
)
VIOLATIONS = Series(
    "violations",
    message("Violations"),
    message("violations"),
    message("cases"),
    Polarity.NEITHER,
    caution=message("Violations depend on enforcement: more patrols record more. They do not measure behaviour alone."),
)
EDUCATION = Series(
    "education",
    message("Education completed on time"),
    message("tasks not completed on time"),
    message("% of the tasks due"),
    Polarity.MORE,
    share=True,
    caution=message(
        "Study tasks due in the month are counted. The forecast is of tasks not completed on time; the share "
        "shown is the rest."
    ),
)
HELMETS = Series(
    "helmets",
    message("Helmet wearing"),
    message("people without a helmet"),
    message("% of those observed"),
    Polarity.MORE,
    share=True,
    caution=message("On-site counts only. Months with different sites or hours can look like a change in behaviour."),
)
COMPLETED = Series(
    "completed",
    message("Education completed"),
    message("tasks not completed"),
    message("% of the tasks opened"),
    Polarity.MORE,
    share=True,
)
ANSWERED = Series(
    "answered",
    message("Notices answered"),
    message("notices not answered"),
    message("% of the notices sent"),
    Polarity.MORE,
    share=True,
)
BY_KEY = {one.key: one for one in (FATAL, CASUALTY, ACCIDENTS, VIOLATIONS, EDUCATION, HELMETS, COMPLETED, ANSWERED)}
"""KEY -> series."""
