"""Scales and round numbers for the axis of a chart. Pure arithmetic."""

from __future__ import annotations

import math
from dataclasses import dataclass

STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True)
class Axis:
    """A straight scale: values from ``low`` to ``high`` lie from ``start`` to ``end`` on the page."""

    low: float
    high: float
    start: float
    end: float
    ticks: tuple[float, ...]

    def at(self, value: float) -> float:
        """Return where ``value`` lies; what is beyond an end lies at that end."""
        inside = min(max(value, self.low), self.high)
        return self.start + (inside - self.low) / (self.high - self.low) * (self.end - self.start)

    def tick_text(self, value: float) -> str:
        """Write a tick with as many digits as the steps need."""
        step = self.ticks[1] - self.ticks[0]
        places = 0 if step >= 1 and step == int(step) else 1
        return f"{value:,.{places}f}"


def axis(low: float, high: float, start: float, end: float, *, most_ticks: int = 6, top: float | None = None) -> Axis:
    """Return a scale with round ends around ``low`` and ``high``, and ticks on round numbers.

    ``top`` is a value the scale never goes beyond: 100 for percentages.
    """
    if high <= low:
        high = low + 1.0
    rough = (high - low) / max(1, most_ticks - 1)
    magnitude = 10.0 ** math.floor(math.log10(rough))
    step = next(one * magnitude for one in STEPS if one * magnitude >= rough * 0.999)
    first, last = math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step
    if top is not None:
        last = min(last, top)
    count = round((last - first) / step)
    ticks = tuple(round(first + place * step, 6) for place in range(count + 1))
    if len(ticks) < 2:
        ticks = (first, last)
    return Axis(ticks[0], max(ticks[-1], last), start, end, ticks)
