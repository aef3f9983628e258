"""What somebody says about a month: said, said anew, taken back; each act is kept with who, when and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.core import audit, bulk
from trafficedu.core.actors import Actor
from trafficedu.core.clock import local_date
from trafficedu.core.errors import Refusal
from trafficedu.core.month import Month
from trafficedu.core.tables import table_of
from trafficedu.core.text import message
from trafficedu.coverage.models import CoverageAct, CoverageMark
from trafficedu.coverage.queries.marks import Cell
from trafficedu.coverage.rules import FigureKind, State, check_said
from trafficedu.coverage.services.looking import look_again

MARK = "coverage:month:report"


def say(session: Session, cell: Cell, state: State, reason: str, by: Actor, now: datetime) -> CoverageMark:
    """Say of a unit's month that it is reported, that none happened, or that it is open again. Flushes.

    Raises
    ------
    Refusal
        The month is not over; there are records of a month said to be without any; it is opened again without a
        reason; it is said already.
    """
    check_said(state, cell.month, cell.records, local_date(now))
    if state is State.OPEN and not reason:
        raise Refusal(message("Say why the month is opened again."), field="reason")
    mark, before = cell.mark, cell.mark.state if cell.mark else None
    if before is state:
        raise Refusal(message("The month is marked like this already."))
    if mark is None:
        mark = CoverageMark(figure=cell.figure, area_id=cell.unit.id, month=cell.month, state=state)
        session.add(mark)
    else:
        mark.state = state
    session.flush()
    look_again(session, cell.figure)
    _note(session, cell, before, state, reason, by, now)
    audit.write(session, MARK, by, subject=mark, **_told(cell, state))
    return mark


def take_back(session: Session, cell: Cell, reason: str, by: Actor, now: datetime) -> None:
    """Take back what was said of a month: its records tell again. Raises Refusal where nothing is, or without why."""
    if cell.mark is None:
        raise Refusal(message("Nothing is marked for this month."))
    if not reason:
        raise Refusal(message("Say why the mark is taken back."), field="reason")
    audit.write(session, MARK, by, subject=cell.mark, **_told(cell, None))
    before = cell.mark.state
    session.delete(cell.mark)
    session.flush()
    look_again(session, cell.figure)
    _note(session, cell, before, None, reason, by, now)


def _note(
    session: Session, cell: Cell, before: State | None, state: State | None, reason: str, by: Actor, now: datetime
) -> None:
    act = CoverageAct(figure=cell.figure, area_id=cell.unit.id, month=cell.month, before=before, state=state)
    act.reason, act.at_utc, act.by_user_id = reason, now, by.user_id
    session.add(act)
    session.flush()


def _told(cell: Cell, state: State | None) -> dict[str, Any]:
    return {"figure": cell.figure, "area": cell.unit.code, "month": str(cell.month), "state": state}


Said = tuple[FigureKind, int, Month, State | None, State | None]
"""Figure, unit, month, and what was said before and now; None: nothing."""


def note_by_file(session: Session, said: Iterable[Said], by: Actor, now: datetime) -> None:
    """Keep what a file, or one taken back, said of months: the marks are written already."""
    names = ("figure", "area_id", "month", "before", "state")
    told = {"reason": "", "by_file": True, "at_utc": now, "by_user_id": by.user_id}
    bulk.load(session, table_of(CoverageAct), [dict(zip(names, each, strict=True)) | told for each in said])


def note_undone(session: Session, ids: Sequence[int], by: Actor, now: datetime, states: dict[int, State]) -> None:
    """Keep that a file was taken back whose marks of these ids are removed, or say again ``states``, by id."""
    query = select(CoverageMark).where(CoverageMark.id.in_(ids)).execution_options(populate_existing=True)
    marks = session.scalars(query).all()
    said = [(each.figure, each.area_id, each.month, each.state, states.get(each.id)) for each in marks]
    note_by_file(session, said, by, now)
