"""Time as the district means it. Everything stored is UTC; every calendar day is a day in Asia/Shanghai."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


def utc_now() -> datetime:
    """Return the present moment, aware, in UTC."""
    return datetime.now(UTC)


def today() -> date:
    """Return today's date in Asia/Shanghai."""
    return datetime.now(SHANGHAI).date()


def local(moment: datetime) -> datetime:
    """Return an aware ``moment`` on the district's clock."""
    return moment.astimezone(SHANGHAI)


def local_date(moment: datetime) -> date:
    """Return the Shanghai date on which ``moment`` falls: the value of every ``occurred_on``."""
    return moment.astimezone(SHANGHAI).date()


def from_local(moment: datetime) -> datetime:
    """Return a moment typed without an offset, read as Shanghai time, in UTC; an aware one is converted.

    Raises
    ------
    ValueError
        In UTC it would lie before the year 1 or after 9999.
    """
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI)).astimezone(UTC)
    except OverflowError as error:
        raise ValueError("the calendar ends before this moment") from error


def day_bounds(day: date) -> tuple[datetime, datetime]:
    """Return the half-open UTC interval that the Shanghai ``day`` covers; the calendar's first day is cut short."""
    try:
        start = datetime.combine(day, time(), SHANGHAI).astimezone(UTC)
    except OverflowError:
        start = datetime.min.replace(tzinfo=UTC)
    return start, start + timedelta(days=1)
