"""What a bulletin may say of counts and rates, and which months it is made for. Pure."""

from __future__ import annotations

from datetime import date

from trafficedu.core.errors import Refusal
from trafficedu.core.month import EARLIEST, Month
from trafficedu.core.text import Message, message

SURE = 0.9
"""Probability from which a place counts as one with more accidents than usual."""
ALWAYS = 3
MOST_PLACES = 10
YEARS_OF_RECORD = 3
CAMPAIGN_MONTHS = 6
HELMET_MONTHS = 3


def check_month(month: Month, today: date) -> None:
    """Raise Refusal unless ``month`` is over."""
    if not EARLIEST <= month < Month.of(today):
        text = message("%(month)s is not over yet. Choose an earlier month.", month=month)
        raise Refusal(text, field="month")


def verdict(p_value: str, proven: bool, now: int, before: int) -> Message:
    """Say whether a change since the same month a year before is more than chance; ``p_value`` as written."""
    if now == before == 0:
        return message("none in either year")
    if not proven:
        return message("change over the year could be chance (p %(p)s)", p=p_value)
    if now < before:
        return message("fewer than a year earlier, unlikely to be chance (p %(p)s)", p=p_value)
    return message("more than a year earlier, unlikely to be chance (p %(p)s)", p=p_value)
