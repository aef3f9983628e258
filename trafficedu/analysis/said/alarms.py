"""What may be said of early warnings: an alarm, that there is none, what was not judged, and what is promised."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trafficedu.analysis.said.series import BY_KEY
from trafficedu.core.text import Message, message

SHORT, UNKNOWN = "short", "unknown"
"""Why a part is not judged in a series: too few months on record, or the month is not reported."""
WATCHED_FROM = 25
"""Months on record from which on the last one is judged: 24 to forecast it from, or a year of such forecasts."""


@dataclass(frozen=True)
class Alarm:
    """One area and series above its limit in the last ``months`` months: counted, expected and the limit."""

    series: str
    code: str
    name: str
    months: int
    count: int
    expected: float
    limit: int


def read_alarms(payload: Mapping[str, Any]) -> list[Alarm]:
    """Return the alarms of a payload of ``services.alarms``."""
    return [Alarm(**values) for values in payload["alarms"]]


def alarm_title(alarm: Alarm, month: str) -> Message:
    """Head a message about one alarm."""
    what = BY_KEY[alarm.series].what
    return message("%(area)s: unusually many %(what)s in %(month)s", area=alarm.name, what=what, month=month)


def alarm_sentence(alarm: Alarm, month: str) -> Message:
    """Say what was counted, expected and usual; without the name of the area."""
    values = {
        "count": alarm.count,
        "what": BY_KEY[alarm.series].what,
        "month": month,
        "expected": f"{alarm.expected:.1f}",
        "limit": alarm.limit,
    }
    if alarm.months == 1:
        return message("%(count)s %(what)s in %(month)s; %(expected)s expected, up to %(limit)s usual", **values)
    return message(
        "%(count)s %(what)s in the %(months)s months to %(month)s; %(expected)s expected, up to %(limit)s usual",
        months=alarm.months,
        **values,
    )


def none_sentence(payload: Mapping[str, Any]) -> Message:
    """Say that there is no alarm where something was judged, and that nothing was where nothing was."""
    if not payload["judged"]:
        return message("%(month)s could not be judged: there is too little to compare with.", month=payload["month"])
    return message(
        "%(month)s: nothing unusual in what was judged (%(judged)s series of %(parts)s areas).",
        month=payload["month"],
        judged=payload["judged"],
        parts=payload["parts"],
    )


def not_judged_sentences(payload: Mapping[str, Any]) -> list[Message]:
    """Say how many series were not judged, and why."""
    found, not_judged = [], payload["not_judged"]
    if not_judged[SHORT]:
        found.append(
            message(
                "Not judged: %(count)s series with under %(months)s months of records.",
                count=not_judged[SHORT],
                months=WATCHED_FROM,
            )
        )
    if not_judged[UNKNOWN]:
        found.append(
            message(
                "Not judged: %(count)s series of which %(month)s has not been reported.",
                count=not_judged[UNKNOWN],
                month=payload["month"],
            )
        )
    return found


def promise_sentences(payload: Mapping[str, Any]) -> list[Message]:
    """Say how many tests were made, how often all together raise a false alarm, and what they can see at all."""
    if not payload["judged"]:
        return []
    doubling = payload["doubling"]
    return [
        message(
            "%(tests)s tests were made of this month. All together they raise about one false alarm a year.",
            tests=payload["tests"],
        ),
        message(
            "If numbers doubled, it would be seen (with 80 %% probability or more) in the first month in %(one)s of "
            "the %(judged)s series judged, within three months in %(three)s, within six in %(six)s.",
            judged=payload["judged"],
            one=doubling["1"],
            three=doubling["3"],
            six=doubling["6"],
        ),
    ]
