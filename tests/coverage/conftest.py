from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.factories.accidents import make_accident
from tests.factories.officers import acting
from tests.factories.violations import District, make_district
from trafficedu.areas.models import Area
from trafficedu.core.clock import today
from trafficedu.core.month import Month

__all__ = ["acting"]

LAST = Month.of(today()) - 1
"""A month that is over whatever day it is."""


@pytest.fixture
def here(session: Session) -> District:
    return make_district(session)


def fill(session: Session, area: Area, months: list[Month], each: int, **values: Any) -> None:
    """Record so many accidents in each month, on days of their own."""
    for month in months:
        for day in range(1, each + 1):
            moment = datetime.combine(date(month.year, month.number, day), datetime.min.time(), UTC).replace(hour=3)
            make_accident(session, area, occurred_utc=moment, now=moment, **values)
