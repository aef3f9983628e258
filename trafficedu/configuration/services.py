"""Use cases that change the configuration, and the log of runs."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.configuration.models import CalendarDay, Parameter, Run, Wording
from trafficedu.configuration.queries import forget_configuration
from trafficedu.core import audit
from trafficedu.core.actors import Actor
from trafficedu.core.catalogue import add_missing, shipped
from trafficedu.core.errors import Refusal
from trafficedu.core.orm import expect_version, flush_or_refuse
from trafficedu.core.text import message
from trafficedu.core.transactions import writing

Chore = Callable[[Session, datetime], int]
"""Something the worker does when it is due, from a session that reads; returns how many it did."""

logger = logging.getLogger("trafficedu")


def load_defaults(session: Session, now: datetime) -> int:
    """Add shipped figures and texts that the installation does not have yet; never changes one. Returns how many."""
    figures = add_missing(session, Parameter, shipped("parameters.csv", Parameter))
    return len(figures) + len(add_missing(session, Wording, shipped("wordings.csv", Wording)))


def set_figure(session: Session, parameter: Parameter, value: int, version: int, by: Actor) -> None:
    """Change a figure within its bounds; holds from the next transaction on. Raises Stale, Refusal."""
    expect_version(parameter, version)
    if not parameter.minimum <= value <= parameter.maximum:
        raise Refusal(
            message(
                "This figure must be between %(minimum)d and %(maximum)d.",
                minimum=parameter.minimum,
                maximum=parameter.maximum,
            ),
            field="value",
        )
    before, parameter.value = parameter.value, value
    session.flush()
    forget_configuration(session)
    audit.write(session, "configuration:figure:manage", by, subject=parameter, before=before, after=value)


def set_wording(session: Session, wording: Wording, value: str, version: int, by: Actor) -> None:
    """Change a text; holds from the next transaction on. Raises Stale, Refusal where it is not as it has to be."""
    expect_version(wording, version)
    if not re.fullmatch(wording.pattern, value):
        raise Refusal(message("This setting cannot be written like that. See the hint."), field="value")
    before, wording.value = wording.value, value
    session.flush()
    forget_configuration(session)
    audit.write(session, "configuration:figure:manage", by, subject=wording, before=before, after=value)


def correct_day(session: Session, day: date, works: bool, note: str, by: Actor) -> CalendarDay:
    """Say that a day is worked or free, whatever the published calendar says; says it anew where it was said."""
    row = session.scalar(select(CalendarDay).where(CalendarDay.day == day))
    if row is None:
        row = CalendarDay(day=day)
        session.add(row)
    row.works, row.note = works, note
    flush_or_refuse(session, {"calendar_day.day": Refusal(message("This day is already in the list."))})
    audit.write(session, "configuration:figure:manage", by, subject=row, day=day.isoformat(), works=works)
    return row


def forget_day(session: Session, row: CalendarDay, by: Actor) -> None:
    """Take a correction back: the published calendar holds again."""
    audit.write(session, "configuration:figure:manage", by, subject=row, day=row.day.isoformat(), works=None)
    session.delete(row)
    session.flush()


@contextmanager
def logged_run(session: Session, kind: str, by: Actor, now: datetime) -> Iterator[dict[str, Any]]:
    """Log a run with the counts put into the yielded dictionary; the caller commits.

    A failure leaves no row in this transaction; :func:`note_failed_run` writes it in the next.
    """
    began, counts = time.monotonic(), dict[str, Any]()
    yield counts
    run = Run(kind=kind, started_utc=now, ended_utc=_after(now, began), succeeded=True)
    run.by_user_id, run.counts = by.user_id, counts
    session.add(run)
    session.flush()


def note_failed_run(session: Session, kind: str, by: Actor, now: datetime, **counts: Any) -> None:
    """Log a run that was undone, with what is known of why (counts and codes only)."""
    session.add(Run(kind=kind, started_utc=now, ended_utc=now, succeeded=False, by_user_id=by.user_id, counts=counts))
    session.flush()


def _after(now: datetime, began: float) -> datetime:
    """Return the moment that is as long after ``now`` as the monotonic clock has run since ``began``."""
    return now + timedelta(seconds=time.monotonic() - began)


def run_chores(session: Session, chores: Mapping[str, Chore], now: datetime) -> list[str]:
    """Do every chore and log the round; returns the names of those that failed.

    A chore begins reading and declares what it writes, as a whole (``core.transactions.written``) or after long
    looking. One failing chore must not keep the others from being done; it is logged by its kind, and tried again in
    the next round.
    """
    began, failed = time.monotonic(), list[str]()
    counts: dict[str, Any] = {}
    for name, chore in chores.items():
        try:
            counts[name] = chore(session, now)
        except Exception as error:  # a chore of any feature may fail in its own way
            session.rollback()
            logger.error("chore failed", extra={"chore": name}, exc_info=error)
            failed.append(name)
    run = Run(kind="worker", started_utc=now, ended_utc=_after(now, began), succeeded=not failed)
    run.counts = {**counts, "failed": failed}
    with writing(session):
        session.add(run)
    return failed
