"""A replay as a figure: how often each policy would have taken a rider off the road, month by month."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from trafficedu.core.charts import Chart, Series
from trafficedu.core.text import message, translate
from trafficedu.escalation.rules import measure_of
from trafficedu.feedback.rules.policy import OFF_THE_ROAD


def off_the_road(by_measure: Mapping[str, int]) -> int:
    """Return how many recommendations of a month take a rider off the road."""
    return sum(n for key, n in by_measure.items() if (one := measure_of(key)) and one.code in OFF_THE_ROAD)


def replay_chart(names: Sequence[str], months: Sequence[str], result: Mapping[str, Any], locale: str) -> Chart:
    """Return the two policies month by month."""
    values = [[off_the_road(month) for month in policy["months"]] for policy in result["policies"]]
    title = message(
        "%(second)s: off the road recommended %(b)d times. %(first)s: %(a)d times",
        first=names[0],
        second=names[1],
        a=sum(values[0]),
        b=sum(values[1]),
    )
    return Chart(
        id="replay",
        title=translate(title, locale),
        kind="bar",
        categories=months,
        category_label=translate(message("Month"), locale),
        series=[Series(name, list(counts)) for name, counts in zip(names, values, strict=True)],
        unit=translate(message("recommendations"), locale),
    )
