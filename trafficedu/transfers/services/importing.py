"""Taking a file in. The command line and the job of the page enter here alike.

What a kind of file means stands in its feature's ``imports.py``; this room knows only its shape.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.configuration.services import logged_run, note_failed_run
from trafficedu.core import audit, import_runs
from trafficedu.core.actors import Actor
from trafficedu.core.columns import NO_MAPPING
from trafficedu.core.errors import Refusal
from trafficedu.core.import_runs import ImportRun, KeptTrace, RunState
from trafficedu.core.reading import Way, read_rows
from trafficedu.core.services import services_of
from trafficedu.core.tabular import Importer, ImportReport, Progress, RefusedRow, silent
from trafficedu.core.traces import UNTRACED, Taking, Trace
from trafficedu.riders.services import conflicts
from trafficedu.transfers.queries.mappings import find_mapping
from trafficedu.transfers.rules import LONGEST_SOURCE

Apart = Callable[[], AbstractContextManager[Session]]
"""Opens a transaction that writes, committed at its end."""


@dataclass(frozen=True)
class Outcome:
    """What became of a file. ``broken``: it could not be read to its end; ``written``: the database changed.

    ``run`` is the number of the run that keeps what it did.
    """

    report: ImportReport
    written: bool
    broken: bool = False
    run: str = ""

    @property
    def stopped(self) -> bool:
        """Whether refused rows (or a broken file) kept everything out."""
        return not self.written and bool(self.report.refused)


@dataclass(frozen=True)
class Choices:
    """How a file is taken in: ``dry_run`` writes nothing at all, ``skip_errors`` leaves refused rows out.

    ``source`` and ``accept_differing``: see ``core.traces.Taking``. ``sheet`` is the one of a workbook to read,
    ``mapping`` the name under which the source's headings are kept.
    """

    dry_run: bool = False
    skip_errors: bool = False
    source: str = ""
    accept_differing: bool = False
    sheet: str = ""
    mapping: str = ""

    def taking(self, trace: Trace = UNTRACED) -> Taking:
        """Return how its rows are taken, and who is told of them."""
        return Taking(self.source.strip()[:LONGEST_SOURCE], self.accept_differing, trace)


@dataclass(frozen=True)
class File:
    """A file to be taken in: its kind, how that is read, where it lies, for whom and when, and what it is called."""

    kind: str
    importer: Importer
    path: Path
    by: Actor
    now: datetime
    name: str = ""


def import_file(
    session: Session, file: File, choices: Choices, progress: Progress = silent, trial: Trace = UNTRACED
) -> Outcome:
    """Take in a file in the running transaction, all or nothing unless ``skip_errors``; the caller commits in any case.

    Works in a savepoint, so that what was refused is undone here while the log of the run stays. One audit row
    and one run a file, with what it did to each record. In the report of a stopped file nothing counts as added; a dry
    run counts what would be, and tells ``trial`` of each row.
    """
    savepoint = session.begin_nested()
    run = None if choices.dry_run else begin_run(session, file, choices)
    trace = KeptTrace(run.id, services_of(session).keyring) if run else trial
    report, broken = _run(session, file, choices, choices.taking(trace), progress)
    if choices.dry_run or broken or (report.refused and not choices.skip_errors):
        savepoint.rollback()
        session.expire_all()
        if not choices.dry_run:
            report.added = report.updated = report.unchanged = 0
            note_stop(session, file, choices, report.counts, report.refused)
            conflicts.note(session, report.conflicts, file.kind, file.by, file.now)
        return Outcome(report, written=False, broken=broken)
    savepoint.commit()
    assert run is not None
    note_import(session, file, run.number, report.counts, report.months)
    conflicts.note(session, report.conflicts, file.kind, file.by, file.now)
    return Outcome(report, written=True, run=run.number)


def begin_run(session: Session, file: File, choices: Choices) -> ImportRun:
    """Begin the run of a file."""
    told = {
        "file_name": file.name[:200],
        "file_hash": import_runs.hash_of(file.path),
        "source": choices.taking().source,
        "mapping": choices.mapping[:60],
    }
    return import_runs.begin(session, file.kind, file.by, file.now, **told)


def try_file(
    session: Session, apart: Apart, file: File, choices: Choices, progress: Progress = silent, trial: Trace = UNTRACED
) -> Outcome:
    """Say what a file would change; nothing is written."""
    session.rollback()
    with apart() as own:
        return import_file(own, file, choices, progress, trial)


def note_import(
    session: Session, file: File, number: str, counts: Mapping[str, Any], months: Mapping[str, int]
) -> None:
    """Log and audit that a file was taken in, and end its run, which keeps of which ``months`` it brought rows."""
    run = session.scalars(select(ImportRun).where(ImportRun.number == number)).one()
    import_runs.end(session, run, {**counts, **({"months": dict(months)} if months else {})}, file.now)
    with logged_run(session, f"import {file.kind}", file.by, file.now) as logged:
        logged.update(counts)
    audit.write(session, f"{file.kind}:file:import", file.by, subject=run, **counts)


def note_trial(session: Session, kind: str, by: Actor, outcome: Outcome) -> None:
    """Audit that a file was tried: what it would change tells which documents are known here."""
    audit.write(session, f"{kind}:file:try", by, **outcome.report.counts)


def note_stop(
    session: Session, file: File, choices: Choices, counts: Mapping[str, Any], refused: Sequence[RefusedRow]
) -> None:
    """Log and audit that a file was kept out as a whole, and keep why: nothing of it counts."""
    run = begin_run(session, file, choices)
    run.state, run.counts, run.ended_utc = RunState.STOPPED, dict(counts), file.now
    import_runs.keep_refused(session, run, refused)
    note_failed_run(session, f"import {file.kind}", file.by, file.now, **counts)
    audit.write(session, f"{file.kind}:file:import", file.by, subject=run, result=audit.FAILED, **counts)


def way_of(session: Session, file: File, choices: Choices) -> Way:
    """Return how the file is read; raise Refusal at ``mapping`` for a name under which nothing is kept."""
    mapping = find_mapping(session, file.kind, choices.mapping) if choices.mapping else NO_MAPPING
    return Way(choices.sheet, mapping)


def _run(
    session: Session, file: File, choices: Choices, taking: Taking, progress: Progress
) -> tuple[ImportReport, bool]:
    """Return the report, its refused rows in the order of the file, and whether the file could not be read."""
    try:
        rows = read_rows(file.path, file.importer.columns, way_of(session, file, choices))
        report = file.importer.run(
            session,
            rows,
            file.by,
            file.now,
            skip_errors=choices.skip_errors,
            progress=progress,
            taking=taking,
        )
        report.refused.sort(key=lambda row: row.line)
        for remark in rows.remarks:
            report.remark_file(remark)
        return report, False
    except Refusal as error:
        report = ImportReport()
        report.refuse_file(error)
        return report, True
