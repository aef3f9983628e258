"""Entries of points for tests."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from tests.factories import places
from tests.factories.evaluation import NOW
from trafficedu.core.actors import SYSTEM, Actor
from trafficedu.core.month import Month
from trafficedu.points.models import PointEntry
from trafficedu.points.services import catalogue, entries
from trafficedu.points.services.catalogue import ExpectationInput
from trafficedu.points.services.entries import NewEntry

DAY = date(2026, 6, 15)


def entered(session: Session, by: Actor = SYSTEM, **values: Any) -> PointEntry:
    """Enter an activity, by default publicity (5 points) of the usual village, without evidence."""
    given = {"target_kind": "village", "target_code": places.VILLAGE, "activity_code": "publicity"}
    new = NewEntry(**{**given, "occurred_on": DAY, **values})
    return entries.record_entry(session, new, by, NOW)


JANUARY = Month(2026, 1)


def expect(session: Session, kind: str, points: int | None, code: str = "", month: Month = JANUARY) -> None:
    """Say what is expected a month."""
    catalogue.expect_points(session, ExpectationInput(kind, code, month, points), SYSTEM)
