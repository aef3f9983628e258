"""A share as it is shown: both its parts, and its interval where one belongs."""

from __future__ import annotations

from dataclasses import dataclass

SMALL_DENOMINATOR = 1000
"""Below this an interval is at least some three points wide around 90 %: then it is shown beside the rate."""


@dataclass(frozen=True)
class Share:
    """A rate with both parts; ``low`` and ``high`` are its 95 % interval, None where none is shown."""

    numerator: int
    denominator: int
    low: float | None = None
    high: float | None = None


def share(numerator: int, denominator: int, interval: tuple[float, float] | None = None) -> Share:
    """Return a share as it is shown.

    ``interval`` is that of observations in clusters, shown whatever the size; without one it is Wilson's, where the
    denominator is small, and none where it is large or zero.
    """
    if not denominator:
        return Share(numerator, denominator)
    if interval is not None:
        return Share(numerator, denominator, *interval)
    if denominator >= SMALL_DENOMINATOR:
        return Share(numerator, denominator)
    from trafficedu.analysis.proportions import wilson  # noqa: PLC0415 - numpy loads only where it is used

    return Share(numerator, denominator, *wilson(numerator, denominator))
