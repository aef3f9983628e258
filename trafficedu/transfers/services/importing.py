"""Taking a file in. The command line and the job of the page enter here alike.

What a kind of file means stands in its feature's ``imports.py``; this room knows only its shape.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from trafficedu.configuration.services import logged_run, note_failed_run
from trafficedu.core import audit
from trafficedu.core.actors import Actor
from trafficedu.core.errors import Refusal
from trafficedu.core.reading import read_rows
from trafficedu.core.tabular import Importer, ImportReport, Progress, silent
from trafficedu.core.traces import Taking
from trafficedu.transfers.rules import LONGEST_SOURCE

Apart = Callable[[], AbstractContextManager[Session]]
"""Opens a transaction that writes, committed at its end."""


@dataclass(frozen=True)
class Outcome:
    """What became of a file. ``broken``: it could not be read to its end; ``written``: the database changed."""

    report: ImportReport
    written: bool
    broken: bool = False

    @property
    def stopped(self) -> bool:
        """Whether refused rows (or a broken file) kept everything out."""
        return not self.written and bool(self.report.refused)


@dataclass(frozen=True)
class Choices:
    """How a file is taken in: ``dry_run`` writes nothing at all, ``skip_errors`` leaves refused rows out.

    ``source`` and ``accept_differing``: see ``core.traces.Taking``.
    """

    dry_run: bool = False
    skip_errors: bool = False
    source: str = ""
    accept_differing: bool = False

    @property
    def taking(self) -> Taking:
        """How its rows are taken."""
        return Taking(self.source.strip()[:LONGEST_SOURCE], self.accept_differing)


@dataclass(frozen=True)
class File:
    """A file to be taken in: its kind, how that is read, where it lies, for whom and when."""

    kind: str
    importer: Importer
    path: Path
    by: Actor
    now: datetime


def import_file(session: Session, file: File, choices: Choices, progress: Progress = silent) -> Outcome:
    """Take in a file in the running transaction, all or nothing unless ``skip_errors``; the caller commits in any case.

    Works in a savepoint, so that what was refused is undone here while the log of the run stays. One audit row
    and one run a file. In the report of a stopped file nothing counts as added; a dry run counts what would be.
    """
    savepoint = session.begin_nested()
    report, broken = _run(session, file, choices, progress)
    if choices.dry_run or broken or (report.refused and not choices.skip_errors):
        savepoint.rollback()
        session.expire_all()
        if not choices.dry_run:
            report.added = report.updated = report.unchanged = 0
            note_stop(session, file, report.counts)
        return Outcome(report, written=False, broken=broken)
    savepoint.commit()
    note_import(session, file, report.counts)
    return Outcome(report, written=True)


def try_file(session: Session, apart: Apart, file: File, choices: Choices, progress: Progress = silent) -> Outcome:
    """Say what a file would change; nothing is written."""
    session.rollback()
    with apart() as own:
        return import_file(own, file, choices, progress)


def note_import(session: Session, file: File, counts: Mapping[str, Any]) -> None:
    """Log and audit that a file was taken in."""
    with logged_run(session, f"import {file.kind}", file.by, file.now) as run:
        run.update(counts)
    audit.write(session, f"{file.kind}:file:import", file.by, **counts)


def note_trial(session: Session, kind: str, by: Actor, outcome: Outcome) -> None:
    """Audit that a file was tried: what it would change tells which documents are known here."""
    audit.write(session, f"{kind}:file:try", by, **outcome.report.counts)


def note_stop(session: Session, file: File, counts: Mapping[str, Any]) -> None:
    """Log and audit that a file was kept out as a whole: nothing of it counts."""
    note_failed_run(session, f"import {file.kind}", file.by, file.now, **counts)
    audit.write(session, f"{file.kind}:file:import", file.by, result=audit.FAILED, **counts)


def _run(session: Session, file: File, choices: Choices, progress: Progress) -> tuple[ImportReport, bool]:
    """Return the report, its refused rows in the order of the file, and whether the file could not be read."""
    try:
        rows = read_rows(file.path, file.importer.columns)
        report = file.importer.run(
            session,
            rows,
            file.by,
            file.now,
            skip_errors=choices.skip_errors,
            progress=progress,
            taking=choices.taking,
        )
        report.refused.sort(key=lambda row: row.line)
        return report, False
    except Refusal as error:
        report = ImportReport()
        report.refuse_file(error)
        return report, True
