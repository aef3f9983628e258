"""Which months a bulletin is made for, and how it chooses places. Pure."""

from __future__ import annotations

from datetime import date

from trafficedu.core.errors import Refusal
from trafficedu.core.month import EARLIEST, Month
from trafficedu.core.text import message

SURE = 0.9
"""Probability from which a place counts as one with more accidents than usual."""
ALWAYS = 3
MOST_PLACES = 10
YEARS_OF_RECORD = 3
CAMPAIGN_MONTHS = 6


def check_month(month: Month, today: date) -> None:
    """Raise Refusal unless ``month`` is over."""
    if not EARLIEST <= month < Month.of(today):
        text = message("%(month)s is not over yet. Choose an earlier month.", month=month)
        raise Refusal(text, field="month")
