"""What a phone's own clock is worth: held against the server's while it sends what it kept."""

from __future__ import annotations

from datetime import datetime, timedelta

TOLERANCE = timedelta(minutes=1)
"""By how much a phone's clock may be off before what it wrote down is put right: people's watches differ as much."""


def to_put_right(device_utc: datetime, now: datetime, tolerance: timedelta = TOLERANCE) -> timedelta:
    """Return what has to be taken off the times of a phone that says ``device_utc`` at the server's ``now``."""
    wrong = device_utc - now
    return wrong if abs(wrong) > tolerance else timedelta()


def minutes_fast(ahead_seconds: int) -> int:
    """Return by how many minutes a phone's clock was fast (slow: negative); 0 where it was as good as a watch."""
    return round(ahead_seconds / 60) if abs(ahead_seconds) > TOLERANCE.total_seconds() else 0
