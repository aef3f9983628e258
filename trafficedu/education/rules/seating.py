"""Until when a rider changes a seat, how long none is given by itself, which seat is too far. Pure."""

from __future__ import annotations

from datetime import date, datetime, timedelta


def last_change(starts_utc: datetime, hours: int) -> datetime:
    """Return the moment until which a rider may move or give up the seat of a session."""
    return starts_utc - timedelta(hours=hours)


def choice_ends(now: datetime, days: int, hour: int, last: datetime) -> datetime | None:
    """Return until when riders of a session that was moved choose another one; None where no time is left to.

    ``now`` is on the district's clock: until ``hour`` of that day in ``days``, never after ``last``, until when a seat
    may be left at all. Who says nothing keeps the seat: silence may mean that the message was never read.
    """
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    end = min(midnight + timedelta(days=days, hours=hour), last)
    return end if end > now else None


def pause_after_giving_up(today: date, days: int, due_on: date) -> date:
    """Return until when no seat is given by itself to a rider who gave one up: some days, never past the due date."""
    return min(today + timedelta(days=days), due_on)


def pause_after_absences(today: date, days: int, absences: int, final: int) -> date | None:
    """Return when a rider who missed too many seats gets one again by itself; None for never.

    After ``days`` without one, where these are not 0, unless ``final`` or more seats were missed.
    """
    return today + timedelta(days=days) if days > 0 and absences < final else None


def is_too_far(seat_on: date, due_on: date, today: date, far_days: int) -> bool:
    """Tell whether a seat is later than an overdue rider should wait for: more than ``far_days`` ahead."""
    return due_on < today and seat_on > today + timedelta(days=far_days)
