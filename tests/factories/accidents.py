"""Accidents for tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from trafficedu.accidents.models import Accident
from trafficedu.accidents.services.recording import NewAccident, correct, record
from trafficedu.areas.models import Area
from trafficedu.core.actors import SYSTEM, Actor

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
"""Friday, 20 November 2026, noon in Shanghai."""


def new_accident(area: Area, **values: Any) -> NewAccident:
    """Return a slight e-bike accident an hour before :data:`NOW`, with what is given changed."""
    given: dict[str, Any] = {
        "area_code": area.code,
        "occurred_utc": datetime(2026, 11, 20, 3, 0, tzinfo=UTC),
        "severity": "slight",
        "killed": 0,
        "injured": 1,
        "ebike_involved": True,
        "place": "市心路口",
        "kinds": ("2007",),
    }
    return NewAccident(**given | values)


def make_accident(session: Session, area: Area, by: Actor = SYSTEM, now: datetime = NOW, **values: Any) -> Accident:
    """Record an accident through the service; one that looks like another is taken for another one."""
    return record(session, new_accident(area, **{"told_apart": True} | values), by, now)


def make_unasked(session: Session, area: Area, by: Actor = SYSTEM, now: datetime = NOW, **values: Any) -> Accident:
    """Record an accident that nobody compared with those close to it, as a file or a correction brings them."""
    new = new_accident(area, **values)
    accident = make_accident(session, area, by, now, occurred_utc=new.occurred_utc - timedelta(days=90))
    correct(session, accident, new, accident.version, by, now)
    return accident


def make_fatal(session: Session, area: Area, occurred: datetime, **values: Any) -> Accident:
    """Record a fatal accident with one killed."""
    given: dict[str, Any] = {"occurred_utc": occurred, "severity": "fatal", "killed": 1, "injured": 0}
    return make_accident(session, area, **given | values)
