"""What the demo's towns said about months: one is late with its accidents, one reported that none happened."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from sqlalchemy.orm import Session

from trafficedu.areas.queries import tree
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import SHANGHAI, local_date
from trafficedu.core.month import Month, Period
from trafficedu.coverage.models import CoverageAct, CoverageMark
from trafficedu.coverage.queries.coverage import Unit, coverage_of
from trafficedu.coverage.rules import FigureKind, State

LATE = "中队台账尚未核对完毕，下周补报"
LOOK_BACK = 6


def enter_reported(session: Session, now: datetime) -> int:
    """Let the town with the fewest accidents of the last month be late, and one without any say so; how many marks."""
    top, running = tree.root(session), Month.of(local_date(now))
    if top is None:
        return 0
    found = coverage_of(session, FigureKind.ACCIDENTS, top, Period(running - LOOK_BACK, running - 1), now)
    months = list(enumerate(found.months))
    some = [(found.records[place][-1], unit.code, unit) for place, unit in enumerate(found.units) if unit.evaluated]
    late = min((each for each in some if each[0]), default=None)
    nil = next(
        (
            (unit, month)
            for at, month in reversed(months)
            for place, unit in enumerate(found.units)
            if not found.records[place][at] and (late is None or unit is not late[2])
        ),
        None,
    )
    marks = [(late[2], running - 1, State.OPEN, LATE)] if late else []
    marks += [(*nil, State.NONE, "")] if nil else []
    for unit, month, state, reason in marks:
        _mark(session, unit, month, state, reason, now)
    session.flush()
    return len(marks)


def _mark(session: Session, unit: Unit, month: Month, state: State, reason: str, now: datetime) -> None:
    key = {"figure": FigureKind.ACCIDENTS, "area_id": unit.id, "month": month}
    said = datetime.combine(month.next.first + timedelta(days=1), time(9, 30), SHANGHAI)
    session.add(CoverageMark(**key, state=state))
    act = CoverageAct(**key, state=state, reason=reason, at_utc=min(said, now), by_user_id=SYSTEM.user_id)
    session.add(act)
