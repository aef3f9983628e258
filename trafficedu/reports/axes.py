"""Scales and round numbers for the axis of a chart. Pure arithmetic."""

from __future__ import annotations

import math
from dataclasses import dataclass

STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
ROOT_TICKS = (25.0, 50.0, 100.0, 200.0, 300.0, 400.0, 600.0, 800.0, 1000.0, 1500.0, 2000.0, 3000.0)
LEAST_APART = 22.0
"""Points between two ticks on a scale of roots."""


@dataclass(frozen=True)
class Axis:
    """A scale: ``low`` to ``high`` lie from ``start`` to ``end`` on the page, with ``root`` by their square roots."""

    low: float
    high: float
    start: float
    end: float
    ticks: tuple[float, ...]
    root: bool = False

    def at(self, value: float) -> float:
        """Return where ``value`` lies; what is beyond an end lies at that end."""
        inside, low, high = min(max(value, self.low), self.high), self.low, self.high
        if self.root:
            inside, low, high = math.sqrt(inside), math.sqrt(low), math.sqrt(high)
        return self.start + (inside - low) / (high - low) * (self.end - self.start)

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


def root_axis(high: float, start: float, end: float) -> Axis:
    """Return a scale of square roots from 0 to at least ``high`` (at least 200), ticks where they find room."""
    top = next((one for one in ROOT_TICKS if one >= max(high, 200.0)), math.ceil(high / 1000.0) * 1000.0)
    room = (end - start) / math.sqrt(top)
    ticks = [0.0]
    for tick in (*ROOT_TICKS, top):
        if ticks[-1] < tick <= top and (math.sqrt(tick) - math.sqrt(ticks[-1])) * room >= LEAST_APART:
            ticks.append(tick)
    return Axis(0.0, top, start, end, tuple(ticks), root=True)
