"""The arithmetic of points: signs, days, which expectation holds, the keys by which an event counts once. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from trafficedu.core.errors import Refusal
from trafficedu.core.month import Month
from trafficedu.core.states import Word
from trafficedu.core.text import message


class Direction(Word):
    """Whether an activity earns points or costs them."""

    EARNED = "earned", message("earns points")
    LOST = "lost", message("costs points")


class TargetKind(Word):
    """Whose points, as files say it; an area of any level may be called one."""

    DISTRICT = "district", message("district")
    TOWN = "town", message("town")
    VILLAGE = "village", message("village")
    COMPANY = "company", message("company")
    AREA = "area", message("area")


DISTRICT, TOWN, VILLAGE, COMPANY = "district", "town", "village", "company"
AREA_KINDS = (DISTRICT, TOWN, VILLAGE)
KINDS = (*AREA_KINDS, COMPANY)
EVALUATED_KINDS = (TOWN, VILLAGE, COMPANY)
"""Kinds of target that are evaluated, and of which points are expected."""
MOST_POINTS = 1000
OLDEST_DAYS = 366
"""Days back that somebody may still enter an activity; older ones come by file."""

HAZARD_FIXED, HAZARD_OVERDUE, TASK_OVERDUE, OPEN_DAY = "hazard_fixed", "hazard_overdue", "task_overdue", "open_day"
"""Codes of the activities that events enter, and nobody by hand."""

MOST_EVIDENCE_BYTES = 20 << 20
"""A scan of several pages, or a photo of any phone."""
PDF, JPEG = "application/pdf", "image/jpeg"


class EntryOrigin(Word):
    """How an entry came into the ledger; a counter-entry is told apart whoever made it."""

    PAGE = "page", message("by hand")
    FILE = "file", message("from a file")
    EVENT = "event", message("automatic")
    COUNTER = "counter", message("reversal")


class EntryMark(Word):
    """What became of an entry: it takes another back, or was taken back itself."""

    COUNTER = "counter", message("reversal"), "problem"
    TAKEN_BACK = "taken_back", message("withdrawn")


@dataclass(frozen=True)
class MonthPoints:
    """Points of a target in a month beside those expected of it; ``expected`` is None without an expectation."""

    points: int
    expected: int | None


def signed(direction: str, points: int) -> int:
    """Return ``points`` with the sign of the activity's direction."""
    return -points if direction == Direction.LOST else points


def check_day(day: date, today: date, *, by_hand: bool = True) -> None:
    """Raise Refusal at ``occurred_on`` for a day to come, or one too long ago to be entered by hand."""
    if day > today:
        raise Refusal(message("This day is in the future. Check the date."), field="occurred_on")
    if by_hand and (today - day).days > OLDEST_DAYS:
        text = message(
            "Activities must be entered within %(days)d days. Import older ones from a file.", days=OLDEST_DAYS
        )
        raise Refusal(text, field="occurred_on")


def check_points(points: int) -> None:
    """Raise Refusal at ``points`` unless they are from 1 to :data:`MOST_POINTS`."""
    if not 1 <= points <= MOST_POINTS:
        raise Refusal(message("Enter points from 1 to %(most)d.", most=MOST_POINTS), field="points")


def expected_in(month: Month, steps: Iterable[tuple[Month, int | None]]) -> int | None:
    """Return the figure that holds in ``month``: the latest step that begins by then, or None."""
    begun = [step for step in steps if step[0] <= month]
    return max(begun, key=lambda step: step[0])[1] if begun else None


def hazard_fixed_key(hazard_id: int) -> str:
    """Return the key of a hazard fixed on time: once in its life, however often it is looked at again."""
    return f"hazard-fixed:{hazard_id}"


def hazard_overdue_key(hazard_id: int, deadline_on: date) -> str:
    """Return the key of a hazard overdue: once for each deadline it was given."""
    return f"hazard-overdue:{hazard_id}:{deadline_on.isoformat()}"


def task_overdue_key(task_id: int, kind: str) -> str:
    """Return the key of an overdue study, once for its area (``area``) and once for its company (``company``)."""
    return f"task-overdue:{task_id}:{kind}"


def open_day_key(station_id: int, day: date) -> str:
    """Return the key of a station's open day: once a day, however many sessions it held."""
    return f"open-day:{station_id}:{day.isoformat()}"


def media_type(evidence: bytes) -> str:
    """Return the media type of kept evidence: photos were drawn anew as JPEG, all else is a PDF."""
    return PDF if evidence.startswith(b"%PDF-") else JPEG
