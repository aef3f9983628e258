"""When the administrator is warned. Pure."""

from __future__ import annotations

from datetime import date, timedelta

WORKER_LATE = timedelta(minutes=15)
"""After how long without a round the worker counts as stopped."""
WARN_FROM_MONTH = 11
"""The State Council publishes the holidays of a year in the November before it."""


def calendar_warning_due(today: date, known_until: int) -> bool:
    """Tell whether working days will be counted without published holidays soon.

    True in a year that is not published itself, and from November on when the next one is not.
    """
    return known_until < today.year or (known_until == today.year and today.month >= WARN_FROM_MONTH)
