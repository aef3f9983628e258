"""Reads of runs of imports, and of what each did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, false, or_, select, true
from sqlalchemy.orm import Session

from trafficedu.accounts.models import User
from trafficedu.core.actors import Actor
from trafficedu.core.errors import Missing
from trafficedu.core.import_runs import ImportChange, ImportRun
from trafficedu.core.listing import AGO, FIGURES, Column, Listing
from trafficedu.core.text import message
from trafficedu.transfers.rules import KIND_NAMES

OVERSEE_RUNS = "configuration:run:read"


@dataclass(frozen=True)
class RunFilter:
    """Which runs somebody may see: those of ``kinds`` by anybody, or one's own."""

    kinds: tuple[str, ...] = ()


@dataclass(frozen=True)
class RunRow:
    """A run and the name of whose it is; None for the command line."""

    run: ImportRun
    asker: str | None


def visible_to(by: Actor, kinds: Sequence[str]) -> ColumnElement[bool]:
    """Return the condition of the runs that ``by`` sees: all for who oversees them, else of kinds one imports.

    Somebody with a post in a part of the district sees the own ones: another's may name records elsewhere.
    """
    if by.may(OVERSEE_RUNS) or by.scope.everything:
        return true()
    path = by.scope.area_path or ""
    whole = path.count("/") == 1
    return ImportRun.kind.in_(kinds) & or_(ImportRun.by_user_id == by.user_id, true() if whole else false())


def _runs(by: Actor, chosen: RunFilter) -> Select[Any]:
    query = select(ImportRun, User.display_name).outerjoin(User, User.id == ImportRun.by_user_id)
    return query.where(visible_to(by, chosen.kinds))


def _count(name: str) -> Any:
    return lambda row: row.run.counts.get(name)


RUNS: Listing[RunRow, RunFilter] = Listing(
    _runs,
    [
        Column("when", message("When"), value=lambda row: row.run.started_utc, look=AGO),
        Column("kind", message("Table"), value=lambda row: KIND_NAMES.get(row.run.kind, row.run.kind)),
        Column("file", message("File"), value=lambda row: row.run.file_name),
        Column("by", message("Imported by"), value=lambda row: row.asker or message("the command line")),
        Column("state", message("Result"), value=lambda row: row.run.state),
        Column("added", message("Added"), value=_count("added"), look=FIGURES),
        Column("updated", message("Updated"), value=_count("updated"), look=FIGURES),
        Column("unchanged", message("Unchanged"), value=_count("unchanged"), look=FIGURES),
        Column("refused", message("Refused"), value=_count("refused"), look=FIGURES),
    ],
    order=[ImportRun.id.desc()],
    per_page=10,
    make=RunRow,
)
"""The latest first."""


def find_run(session: Session, number: str, by: Actor, kinds: Sequence[str]) -> ImportRun:
    """Return a run that ``by`` sees; raise :class:`Missing`."""
    run = session.scalar(select(ImportRun).where(ImportRun.number == number, visible_to(by, kinds)))
    if run is None:
        raise Missing(message("There is no import with this number."))
    return run


def _changes(_by: Actor, run_id: int) -> Select[Any]:
    return select(ImportChange).where(ImportChange.run_id == run_id)


CHANGES: Listing[ImportChange, int] = Listing(_changes, [], order=[ImportChange.id.expression], per_page=50)
"""What a run did, in the order in which it did it."""


def undone_by(session: Session, run: ImportRun) -> ImportRun | None:
    """Return the run that took this one back."""
    return session.scalar(select(ImportRun).where(ImportRun.undoes_id == run.id))
