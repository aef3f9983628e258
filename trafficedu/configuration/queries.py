"""Reads of the configuration."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from trafficedu.configuration.models import CalendarDay, Parameter, Run
from trafficedu.core.errors import Missing
from trafficedu.core.paging import BEGINNING, Page, Place, paginate
from trafficedu.core.reach import Reach
from trafficedu.core.tables import table_of
from trafficedu.core.text import message

_PARAMETER = table_of(Parameter)
_READ = "figures"
_FIGURES = select(_PARAMETER.c.code, _PARAMETER.c.value)


def figure(session: Session, code: str) -> int:
    """Return the configured figure ``code``, such as ``education.due_days``; KeyError for an unknown code.

    Read once a session: a transaction sees one state of the configuration.
    """
    figures: dict[str, int] | None = session.info.get(_READ)
    if figures is None:
        figures = session.info[_READ] = dict(session.connection().execute(_FIGURES).tuples().all())
    return figures[code]


def forget_figures(session: Session) -> None:
    """Let the next :func:`figure` be read anew."""
    session.info.pop(_READ, None)


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


def find_parameter(session: Session, code: str) -> Parameter:
    """Return one figure with its bounds; raise :class:`Missing`."""
    parameter = session.scalar(select(Parameter).where(Parameter.code == code))
    if parameter is None:
        raise Missing(message("This setting does not exist."))
    return parameter


def find_day(session: Session, day: date) -> CalendarDay:
    """Return the correction of ``day``; raise :class:`Missing`."""
    row = session.scalar(select(CalendarDay).where(CalendarDay.day == day))
    if row is None:
        raise Missing(message("This day is not in the list."))
    return row


def search_runs(session: Session, kind: str, only_failed: bool, place: Place = BEGINNING) -> Page[Run]:
    """Return runs, the latest first; ``kind`` is the first word of theirs (``worker``, ``import``)."""
    rest: list[ColumnElement[bool]] = []
    if kind:
        rest.append(Run.kind.startswith(kind, autoescape=True))
    if only_failed:
        rest.append(Run.succeeded.is_(False))
    return paginate(session, select(Run).where(*rest), [Run.id.desc()], place, reach=Reach(rest=rest))


def list_failed_imports(session: Session, since: datetime, limit: int = 5) -> Sequence[Run]:
    """Return the imports since ``since`` that wrote nothing, the latest first."""
    query = select(Run).where(Run.kind.startswith("import "), Run.succeeded.is_(False), Run.started_utc >= since)
    return session.scalars(query.order_by(Run.id.desc()).limit(limit)).all()
