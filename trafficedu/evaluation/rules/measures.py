"""The series whose trend is shown, and what two periods are compared by."""

from __future__ import annotations

from dataclasses import dataclass

from trafficedu.core.text import Message, message

CASUALTY, ACCIDENTS, VIOLATIONS, EDUCATION, HELMETS = "casualty", "accidents", "violations", "education", "helmets"


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
