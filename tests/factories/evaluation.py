"""Months of accidents, violations, tasks and surveys by the hundred, written in bulk."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from sqlalchemy.orm import Session

import trafficedu
from trafficedu.accidents.models import Accident
from trafficedu.areas.models import Area
from trafficedu.core import bulk
from trafficedu.core.clock import SHANGHAI
from trafficedu.core.month import EARLIEST, Month
from trafficedu.core.numbers import new_number
from trafficedu.evaluation.models import RuleSetRecord
from trafficedu.evaluation.rules.rule_sets import RuleSetState

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
"""Friday, 20 November 2026, noon in Shanghai: the last full month is October."""
TODAY = date(2026, 11, 20)
LAST = Month(2026, 10)

_minutes = itertools.count()


def noon(day: date) -> datetime:
    """Return noon of a day in Shanghai, a minute of its own."""
    minute = next(_minutes) % 360
    return datetime(day.year, day.month, day.day, 12 + minute // 60, minute % 60, tzinfo=SHANGHAI).astimezone(UTC)


def spread(month: Month, count: int) -> list[date]:
    """Return ``count`` days of a month, evenly."""
    return [month.first.replace(day=1 + place * month.last.day // max(count, 1)) for place in range(count)]


def add_accidents(
    session: Session, counts: Mapping[Area, Sequence[int]], first: Month, severity: str = "slight"
) -> None:
    """Add accidents: for every area a count for each month from ``first`` on."""
    rows = (
        {
            "number": new_number("A"),
            "occurred_utc": noon(day),
            "occurred_on": day,
            "area_id": area.id,
            "severity": severity,
            "killed": int(severity == "fatal"),
            "injured": int(severity in {"slight", "serious"}),
            "ebike_involved": True,
            "recorded_utc": NOW,
        }
        for area, monthly in counts.items()
        for place, count in enumerate(monthly)
        for day in spread(first + place, int(count))
    )
    bulk.load(session, Accident.__table__, rows)


def put_first_rules_in_force(session: Session) -> RuleSetRecord:
    """Put rule set 1 in force from the beginning: months that were judged under it stay under it."""
    path = Path(trafficedu.__file__).parent / "reference" / "rule_set.json"
    shipped = json.loads(path.read_text(encoding="utf-8"))
    record = RuleSetRecord(
        code=shipped["code"],
        name=shipped["name"],
        valid_from=EARLIEST,
        payload=shipped["payload"],
        state=RuleSetState.IN_FORCE,
        created_utc=NOW,
        changed_utc=NOW,
        released_utc=NOW,
    )
    session.add(record)
    session.flush()
    return record
