"""Use cases: taking a file in, writing one out. The command line and the page enter here alike.

What a kind of file means stands in its feature's ``imports.py``; this room knows only its shape.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from trafficedu.configuration.services import logged_run, note_failed_run
from trafficedu.core import audit, spreadsheet
from trafficedu.core.actors import Actor
from trafficedu.core.errors import Refusal
from trafficedu.core.month import Month
from trafficedu.core.tabular import Exporter, Importer, ImportReport, Progress, read_rows, silent
from trafficedu.core.transactions import writing


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
    """How a file is taken in: ``dry_run`` writes nothing at all, ``skip_errors`` leaves refused rows out."""

    dry_run: bool = False
    skip_errors: bool = False


def import_file(
    session: Session,
    kind: str,
    importer: Importer,
    path: Path,
    by: Actor,
    now: datetime,
    choices: Choices,
    progress: Progress = silent,
) -> Outcome:
    """Take in the file at ``path``, all or nothing unless ``skip_errors``; the caller commits in any case.

    Works in a savepoint, so that what was refused is undone here while the log of the run stays. One audit row
    and one run a file. In the report of a stopped file nothing counts as added; a dry run counts what would be.
    """
    savepoint = session.begin_nested()
    report, broken = _run(session, importer, path, by, now, choices, progress)
    if choices.dry_run or broken or (report.refused and not choices.skip_errors):
        savepoint.rollback()
        session.expire_all()
        if not choices.dry_run:
            _note_stop(session, kind, by, now, report)
        return Outcome(report, written=False, broken=broken)
    savepoint.commit()
    with logged_run(session, f"import {kind}", by, now) as run:
        run.update(report.counts)
    audit.write(session, f"{kind}:file:import", by, **report.counts)
    return Outcome(report, written=True)


def note_trial(session: Session, kind: str, by: Actor, outcome: Outcome) -> None:
    """Audit that a file was tried: what it would change tells which documents are known here."""
    audit.write(session, f"{kind}:file:try", by, **outcome.report.counts)


def _run(
    session: Session, importer: Importer, path: Path, by: Actor, now: datetime, choices: Choices, progress: Progress
) -> tuple[ImportReport, bool]:
    """Return the report, its refused rows in the order of the file, and whether the file could not be read."""
    try:
        rows = read_rows(path, importer.columns)
        report = importer.run(session, rows, by, now, skip_errors=choices.skip_errors, progress=progress)
        report.refused.sort(key=lambda row: row.line)
        return report, False
    except Refusal as error:
        report = ImportReport()
        report.refuse_file(error)
        return report, True


def _note_stop(session: Session, kind: str, by: Actor, now: datetime, report: ImportReport) -> None:
    report.added = report.updated = report.unchanged = 0
    note_failed_run(session, f"import {kind}", by, now, **report.counts)
    audit.write(session, f"{kind}:file:import", by, result=audit.FAILED, **report.counts)


def export_file(
    session: Session,
    kind: str,
    exporter: Exporter,
    path: Path,
    by: Actor,
    now: datetime,
    month: Month | None = None,
    *,
    clear: bool = False,
    progress: Progress = silent,
) -> int:
    """Write what ``by`` may see of ``kind`` to ``path`` (CSV or XLSX by its name); return how many rows.

    Only reads, however long it takes; that the file left is audited in a transaction of its own, with the count, and
    committed. ``clear`` asks for personal data unmasked and needs the exporter's own permission.

    Raises
    ------
    Refusal
        The name has another ending, or there are more rows than a worksheet holds; no file is left behind.
    Denied
        ``clear`` without the permission.
    """
    if clear:
        by.require(exporter.clear_permission)
    columns = [spreadsheet.Column(name) for name in exporter.columns.names]

    def cells() -> Iterator[list[str]]:
        for number, row in enumerate(exporter.rows(session, by, now, month, clear), start=1):
            yield [row.get(column.key, "") for column in columns]
            if number % 1_000 == 0:
                progress(1_000)

    count = spreadsheet.write_file(columns, cells(), path)
    with writing(session):
        audit.write(
            session,
            f"{kind}:file:export",
            by,
            rows=count,
            month=str(month) if month else None,
            clear=clear,
        )
    return count
