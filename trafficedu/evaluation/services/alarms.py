"""Early warnings: areas whose last full month brought more than the same season of earlier years allows.

Kept like every result of a fit (docs/adr/0010-results-of-fits.md), computed by the worker or by a job: pages show what
is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from trafficedu.accounts.queries import watchers_of
from trafficedu.analysis.farrington import farrington_limit
from trafficedu.areas.models import VILLAGE, Area
from trafficedu.areas.queries import tree as areas
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import local_date
from trafficedu.core.month import Month
from trafficedu.core.text import message
from trafficedu.core.transactions import writing
from trafficedu.evaluation.models import ALARMS
from trafficedu.evaluation.queries.areas import fitted_with, list_roots
from trafficedu.evaluation.queries.results import find_result
from trafficedu.evaluation.queries.series import Loaded, load_series
from trafficedu.evaluation.rules.measures import CASUALTY, SERIES, VIOLATIONS
from trafficedu.evaluation.services.results import FRESH, TrendResult, keeping
from trafficedu.messages.services.outbox import NewPush, push

WATCHED = (CASUALTY, VIOLATIONS)
"""Series that can raise an alarm: what a district acts on within the month."""
LEAST_COUNT = 5
"""Below this no month is an alarm, whatever was expected (the same floor as in Farrington et al. 1996): where
nothing ever happened, a single accident would be one.
"""


@dataclass(frozen=True)
class Alarm:
    """One area and series above its limit: counted, expected and the 99 % limit, of the last full month."""

    series: str
    code: str
    name: str
    count: int
    expected: float
    limit: float


def alarms_of(session: Session, root: Area, now: datetime, *, anew: bool = False) -> TrendResult:
    """Return the alarms of the parts of ``root``: the kept ones where they were looked at today, else computed.

    The payload has ``month``, ``alarms`` (fields of :class:`Alarm`) and ``quiet`` (how many parts and series
    have too short a past for an alarm). Only reads; the caller stores :attr:`TrendResult.keep`.
    """
    last = Month.of(local_date(now)) - 1
    kept = find_result(session, ALARMS, root.id)
    if kept is not None and kept.upto == last.first and not anew and kept.checked_utc > now - FRESH:
        return TrendResult(kept.payload, kept.computed_utc)
    loaded = {key: load_series(session, key, root, last) for key in WATCHED}
    payload = compute_alarms(loaded, last)
    mark = "".join(part.fingerprint[:32] for part in loaded.values() if part is not None)
    return TrendResult(payload, now, keeping(ALARMS, root.id, last.first, mark, payload, now))


def compute_alarms(loaded: dict[str, Loaded | None], last: Month) -> dict[str, Any]:
    """Judge the last month of every part and series; see :func:`alarms_of` for what comes out."""
    alarms, quiet = [], 0
    for key, series in loaded.items():
        for place, part in enumerate(series.parts if series is not None else ()):
            assert series is not None
            counts = series.panel.counts[place]
            warning = farrington_limit(counts) if not np.isnan(counts[-1]) else None
            if warning is None or warning.limit is None or warning.expected is None:
                quiet += 1
            elif warning.alarm and counts[-1] >= LEAST_COUNT:
                numbers = int(counts[-1]), round(warning.expected, 2), round(warning.limit, 2)
                alarms.append(Alarm(key, part.code, part.name, *numbers).__dict__)
    return {"month": str(last), "alarms": alarms, "quiet": quiet}


def read_alarms(payload: dict[str, Any]) -> list[Alarm]:
    """Return the alarms of a payload of :func:`alarms_of`."""
    return [Alarm(**values) for values in payload["alarms"]]


def found_with(area: Area) -> Area:
    """Return the area among whose parts the alarms of ``area`` are: a village has no parts, it is one of its town's."""
    return fitted_with(area) if area.level == VILLAGE else area


def raise_alarms(session: Session, now: datetime) -> int:
    """Look at every area with parts once a day, and tell who answers for an area of a new alarm; how many it told.

    The worker's chore, one area a round. Whoever was told of an alarm of the month is not told again.
    """
    for root in list_roots(session, local_date(now)):
        answer = alarms_of(session, root, now)
        if answer.keep is not None:
            with writing(session):
                return keep_and_tell(session, answer, now)
    return 0


def keep_and_tell(session: Session, answer: TrendResult, now: datetime) -> int:
    """Keep alarms that were computed and tell of the new ones, whoever computed them; returns how many it told."""
    if answer.keep is None:
        return 0
    answer.keep(session)
    return sum(_tell(session, alarm, answer.payload["month"], now) for alarm in read_alarms(answer.payload))


def _tell(session: Session, alarm: Alarm, month: str, now: datetime) -> int:
    what = SERIES[alarm.series].what
    title = message("%(area)s: unusually many %(what)s in %(month)s", area=alarm.name, what=what, month=month)
    body = message(
        "%(count)d were counted; %(expected)s were expected and up to %(limit)s would be usual.",
        count=alarm.count,
        expected=f"{alarm.expected:.1f}",
        limit=f"{alarm.limit:.1f}",
    )
    area = areas.find_area(session, alarm.code)
    key = f"alarm:{month}:{alarm.series}:{alarm.code}"
    new = NewPush(key, title, body, f"/trends?area={alarm.code}")
    return push(session, new, watchers_of(session, area.path), SYSTEM, now)
