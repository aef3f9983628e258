"""Reads of the configuration."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.configuration.models import CalendarDay, Parameter, Run


def figure(session: Session, code: str) -> int:
    """Return the configured figure ``code``, such as ``education.due_days``; KeyError for an unknown code.

    Read once a session: a transaction sees one state of the configuration.
    """
    figures: dict[str, int] | None = session.info.get("figures")
    if figures is None:
        rows = session.execute(select(Parameter.code, Parameter.value)).all()
        figures = session.info["figures"] = {row.code: row.value for row in rows}
    return figures[code]


def corrections(session: Session) -> dict[date, bool]:
    """Return the district's corrections of the working-day calendar, for ``core.workdays``."""
    return {row.day: row.works for row in session.execute(select(CalendarDay.day, CalendarDay.works))}


def list_parameters(session: Session) -> Sequence[Parameter]:
    """Return all figures in the order of their codes."""
    return session.scalars(select(Parameter).order_by(Parameter.code)).all()


def list_days(session: Session) -> Sequence[CalendarDay]:
    """Return all corrections, the latest day first."""
    return session.scalars(select(CalendarDay).order_by(CalendarDay.day.desc())).all()


def list_runs(session: Session, kind: str | None = None, limit: int = 50) -> Sequence[Run]:
    """Return the latest runs, optionally of one kind (``worker``, ``import violations`` ...)."""
    query = select(Run).order_by(Run.id.desc()).limit(limit)
    return session.scalars(query if kind is None else query.where(Run.kind == kind)).all()
