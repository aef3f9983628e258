"""Reads of the configuration."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from trafficedu.configuration.models import CalendarDay, Parameter, Run, Wording
from trafficedu.configuration.rules import WORKER_LATE, calendar_warning_due
from trafficedu.core.clock import local, local_date
from trafficedu.core.doctor import Finding, State, Subject, examine_contents, examine_settings
from trafficedu.core.errors import Missing
from trafficedu.core.paging import BEGINNING, Page, Place, paginate
from trafficedu.core.reach import Reach
from trafficedu.core.services import services_of
from trafficedu.core.tables import table_of
from trafficedu.core.text import message
from trafficedu.core.workdays import last_published_year

_PARAMETER = table_of(Parameter)
_READ, _WORDS = "figures", "wordings"
DEMO_RUN = "demo"
"""The kind of the run that marks an installation as a demo."""
_FIGURES = select(_PARAMETER.c.code, _PARAMETER.c.value)
_WORDING = table_of(Wording)
_TEXTS = select(_WORDING.c.code, _WORDING.c.value)


def figure(session: Session, code: str) -> int:
    """Return the configured figure ``code``, such as ``education.due_days``; KeyError for an unknown code.

    Read once a session: a transaction sees one state of the configuration.
    """
    figures: dict[str, int] | None = session.info.get(_READ)
    if figures is None:
        figures = session.info[_READ] = dict(session.connection().execute(_FIGURES).tuples().all())
    return figures[code]


def wording(session: Session, code: str) -> str:
    """Return the configured text ``code``, such as ``riders.plate_prefix``, read once a session like :func:`figure`."""
    wordings: dict[str, str] | None = session.info.get(_WORDS)
    if wordings is None:
        wordings = session.info[_WORDS] = dict(session.connection().execute(_TEXTS).tuples().all())
    return wordings[code]


def forget_configuration(session: Session) -> None:
    """Let the next :func:`figure` and :func:`wording` be read anew."""
    session.info.pop(_READ, None)
    session.info.pop(_WORDS, None)


def corrections(session: Session) -> dict[date, bool]:
    """Return the district's corrections of the working-day calendar, for ``core.workdays``."""
    return {row.day: row.works for row in session.execute(select(CalendarDay.day, CalendarDay.works))}


def list_parameters(session: Session) -> Sequence[Parameter]:
    """Return all figures in the order of their codes."""
    return session.scalars(select(Parameter).order_by(Parameter.code)).all()


def list_wordings(session: Session) -> Sequence[Wording]:
    """Return all configurable texts in the order of their codes."""
    return session.scalars(select(Wording).order_by(Wording.code)).all()


def find_wording(session: Session, code: str) -> Wording:
    """Return one text with what it may be; raise :class:`Missing`."""
    found = session.scalar(select(Wording).where(Wording.code == code))
    if found is None:
        raise Missing(message("This setting does not exist."))
    return found


def list_days(session: Session) -> Sequence[CalendarDay]:
    """Return all corrections, the latest day first."""
    return session.scalars(select(CalendarDay).order_by(CalendarDay.day.desc())).all()


def list_runs(session: Session, kind: str | None = None, limit: int = 50) -> Sequence[Run]:
    """Return the latest runs, optionally of one kind (``worker``, ``import violations`` ...)."""
    query = select(Run).order_by(Run.id.desc()).limit(limit)
    return session.scalars(query if kind is None else query.where(Run.kind == kind)).all()


def is_demo(session: Session) -> bool:
    """Tell whether this installation holds the demo district."""
    return bool(list_runs(session, DEMO_RUN, limit=1))


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


def examine_installation(session: Session) -> list[Finding]:
    """Examine settings, files, keys and evidence (``core.doctor``)."""
    settings = services_of(session).settings
    return [*examine_settings(settings, demo=is_demo(session)), *examine_contents(session)]


def examine(session: Session, now: datetime) -> list[Finding]:
    """Examine all of the installation, the worker's last round and the calendar's end too."""
    known = last_published_year()
    ending = calendar_warning_due(local_date(now), known)
    until = message("Public holidays are known until the end of %(year)d.", year=known)
    calendar = Finding(Subject.CALENDAR, State.NOTE if ending else State.OK, until)
    return [*examine_installation(session), _examine_worker(session, now), calendar]


def _examine_worker(session: Session, now: datetime) -> Finding:
    run = next(iter(list_runs(session, "worker", limit=1)), None)
    if run is None:
        text = message("The worker has not run yet. Start it with: trafficedu worker")
        return Finding(Subject.WORKER, State.NOTE, text)
    at = message("Last round: %(at)s.", at=f"{local(run.started_utc):%Y-%m-%d %H:%M}")
    if now - run.started_utc > WORKER_LATE:
        text = message("The worker has stopped. %(last)s Start it with: trafficedu worker", last=at)
        return Finding(Subject.WORKER, State.UNSAFE, text)
    if not run.succeeded:
        return Finding(Subject.WORKER, State.UNSAFE, message("A task of the worker failed. %(last)s", last=at))
    return Finding(Subject.WORKER, State.OK, at)
