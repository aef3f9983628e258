"""Long files on SQLite, whose one writer everybody waits for: taken in by slices, and still all or nothing.

First the whole file is taken in on a private copy (``core.private_copy``), by the very code that takes it in: that
says exactly what would be refused, and holds no lock. Then one commit says that the job is *settled*; and then the file
is taken in again, a slice of about :data:`SLICE_SECONDS` at a time, with a rest between them in which others write.

Killed before that commit, nothing is written. Killed after it, whoever takes the job up (the processes of ``serve`` and
``worker`` do, within a minute) takes the file in from its beginning: rows have keys, so those already there are
unchanged, and the rest follows. Meanwhile the records of a file appear slice by slice. A row is refused late only where
somebody changed what it rests on in between; it is then listed as refused while the others stand.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.core import import_runs, job_queue
from trafficedu.core.import_runs import ImportRun, KeptTrace
from trafficedu.core.private_copy import is_single_writer, private_copy
from trafficedu.core.reading import count_rows, read_rows
from trafficedu.core.services import services_of
from trafficedu.core.tabular import ImportReport
from trafficedu.core.text import unpacked
from trafficedu.core.traces import UNTRACED, Trace
from trafficedu.core.work import Work
from trafficedu.transfers.services import importing
from trafficedu.transfers.services.importing import Choices, File, Outcome

Item = TypeVar("Item")
SHORT_ROWS = 200
"""A file of no more rows is taken in by one transaction: a third of a second at most."""
LEAST_ROWS, MOST_ROWS = 20, 2_000
"""Rows of a slice, whatever the last one took: what a slice costs by itself is as much as some dozen rows, and on a
machine that is busy with other things slices of one row would go on for ever."""
SLICE_SECONDS = 0.15
REST = 0.25
"""How long a rest is, in parts of the slice before it."""


def is_long(session: Session, file: File) -> bool:
    """Tell whether a file would keep everybody from writing for longer than a moment."""
    return file.importer.by_slices and is_single_writer(session) and count_rows(file.path) > SHORT_ROWS


def try_file(
    session: Session, file: File, choices: Choices, progress: Callable[[int], None], trial: Trace = UNTRACED
) -> Outcome:
    """Take a long file in on a private copy, and say what became of it there."""
    session.rollback()
    with private_copy(session) as own:
        return importing.import_file(own, file, choices, progress, trial)


def take_file(work: Work, file: File, choices: Choices, kept: Callable[[Outcome], dict[str, Any]]) -> Outcome:
    """Take a long file in, or finish what another process had begun; returns what became of it.

    ``kept`` makes of an outcome what the job keeps of it, at the latest when it is settled.
    """
    rows = count_rows(file.path)
    if work.order.settled:
        work.tell(0, rows)
        counts = job_queue.settled_counts(work.session, work.order)
        return finished(counts, _write(work, file, choices, counts.get("run", "")))
    work.tell(0, 2 * rows)
    outcome = try_file(work.session, file, choices, work.tell)
    if not outcome.written:
        return outcome
    with work.apart() as own:
        outcome = replace(outcome, run=importing.begin_run(own, file, choices).number)
        job_queue.settle(own, work.order, kept(outcome))
    add_late(outcome.report, _write(work, file, choices, outcome.run))
    return outcome


def finished(counts: Mapping[str, Any], late: ImportReport) -> Outcome:
    """Return the outcome of a file that another process had begun: what that one said, less what was refused since.

    ``late`` is of the whole file from its beginning: what was refused before is refused there again.
    """
    further = max(0, len(late.refused) - counts["refused"])
    report = ImportReport(max(0, counts["added"] - further), counts["updated"], counts["unchanged"], late.refused)
    for note in counts.get("notes", []):
        report.remark_file(unpacked(note))
    return Outcome(report, written=True, run=counts.get("run", ""))


def add_late(report: ImportReport, late: ImportReport) -> None:
    """Take into a report what was refused only when it was written."""
    lines = {row.line for row in report.refused}
    further = [row for row in late.refused if row.line not in lines]
    report.refused.extend(further)
    report.added = max(0, report.added - len(further))


def _write(work: Work, file: File, choices: Choices, number: str) -> ImportReport:
    # who goes on reading what was there before keeps every slice in SQLite's log, which each later read has to search
    work.session.rollback()
    with work.apart() as own:
        trace = _trace(own, number)
        return file.importer.run(
            own,
            read_rows(file.path, file.importer.columns, importing.way_of(own, file, choices)),
            file.by,
            file.now,
            skip_errors=True,
            progress=work.tell,
            batches=lambda rows: in_slices(own, rows),
            taking=choices.taking(trace),
        )


def _trace(session: Session, number: str) -> Trace:
    """Return what keeps the run under ``number``; a job that an earlier version of the program began has none."""
    run_id = session.scalar(select(ImportRun.id).where(ImportRun.number == number)) if number else None
    if run_id is None:
        return UNTRACED
    import_runs.forget_noted_lines(session, run_id)
    return KeptTrace(run_id, services_of(session).keyring)


def in_slices(session: Session, rows: Iterator[Item]) -> Iterator[list[Item]]:
    """Yield the rows in slices; commit after each, and rest. A slice is as long as the last one says it may be."""
    size = LEAST_ROWS
    while batch := list(islice(rows, size)):
        begun = time.monotonic()
        yield batch
        session.commit()
        spent = time.monotonic() - begun
        size = min(MOST_ROWS, 2 * size, max(LEAST_ROWS, int(size * SLICE_SECONDS / max(spent, 0.001))))
        time.sleep(REST * spent)
