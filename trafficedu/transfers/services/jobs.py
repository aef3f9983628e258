"""The jobs of this room: a table is written out, a file is tried, a file is taken in; see ``wiring.work.JOBS``."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from sqlalchemy.orm import Session

from trafficedu.core import spreadsheet
from trafficedu.core.errors import entered
from trafficedu.core.jobs import Asked
from trafficedu.core.month import Month
from trafficedu.core.reading import count_rows
from trafficedu.core.services import services_of
from trafficedu.core.tabular import Exporter, Importer, Progress, RefusedRow, silent
from trafficedu.core.text import Message, message, packed, unpacked
from trafficedu.core.traces import UNTRACED, Trace
from trafficedu.core.transactions import read_from_replica, writing
from trafficedu.core.uploads import UploadStore
from trafficedu.core.work import Ending, Function, Work
from trafficedu.riders.services import conflicts
from trafficedu.transfers.rules import KIND_NAMES
from trafficedu.transfers.services import importing, slices, trials
from trafficedu.transfers.services.exporting import Export, TableOut, note_export
from trafficedu.transfers.services.trials import TrialTrace

EXPORT, TRIAL, IMPORT = "export", "import_trial", "import"
"""Kinds of job."""
COUNTED = ("added", "updated", "unchanged", "refused")
LINES = "job lines"
"""As which field the refused lines are encrypted: what stands in them may be somebody's name or document."""
NOTES_KEPT = 50
"""How many remarks on single cells it shows."""
LINES_KEPT = 200
"""How many refused lines the page of a job shows."""
REASONS_KEPT, LINES_NAMED = 20, 10
"""How many reasons that several lines share are said at their head, and how many lines are named for each."""
SEALED = ("lines", "shown", "reasons")
"""What of the counts is encrypted: it may tell somebody's name or document."""


def write_table(exporters: Mapping[str, Exporter], work: Work) -> Ending:
    """Write a table that can be imported again, from one reading transaction."""
    read_from_replica(work.session)
    asked = work.parameters
    month = Month.parse(asked["month"]) if asked["month"] else None
    wanted = Export(asked["kind"], month, asked["clear"], asked.get("headings") or None)
    table = TableOut(work.session, exporters[wanted.kind], wanted, work.by, work.now)
    total = table.count()
    work.tell(0, total if (total or 0) < spreadsheet.SHEET_ROWS else None)
    if asked["suffix"] == "xlsx":
        spreadsheet.check_rows(total or 0)
    write = spreadsheet.write_csv if asked["suffix"] == "csv" else spreadsheet.write_xlsx
    count = write(table.columns, table.rows(work.tell), work.out)
    name = f"{wanted.kind}-{asked['name']}.{asked['suffix']}"
    return Ending(name, {"rows": count}, lambda own: note_export(own, wanted, work.by, count))


def try_upload(importers: Mapping[str, Importer], work: Work) -> Ending:
    """Say what an uploaded file would change; nothing of it is written."""
    kind = work.parameters["kind"]
    with _opened(work) as path:
        _begin(work, path)
        file = importing.File(kind, importers[kind], path, work.by, work.now)
        choices = replace(_choices(work), dry_run=True, skip_errors=True)
        with closing(TrialTrace(work.session, kind, file.importer.columns, work.locale)) as trial:
            if slices.is_long(work.session, file):
                outcome = slices.try_file(work.session, file, choices, work.tell, trial)
            else:
                outcome = importing.try_file(work.session, work.apart, file, choices, work.tell, trial)
            trial.flush()
            counts = as_counts(work.session, outcome) | {"files": _files_of(work, file, choices, outcome, trial)}
            counts["shown"] = services_of(work.session).keyring.encrypt(json.dumps(trial.first), LINES)
    return Ending(
        counts=counts,
        write=lambda own: importing.note_trial(own, kind, work.by, outcome),
        afterwards=partial(_forget_used, work, counts),
    )


def take_upload(importers: Mapping[str, Importer], work: Work) -> Ending:
    """Take in an uploaded file, all or nothing unless refused lines are to be left out."""
    kind, counts = work.parameters["kind"], dict[str, Any]()
    choices = _choices(work)

    def file_at(path: Path) -> importing.File:
        return importing.File(kind, importers[kind], path, work.by, work.now, work.parameters.get("name", ""))

    def write(own: Session) -> None:
        with _opened(work) as path:
            _begin(work, path)
            outcome = importing.import_file(own, file_at(path), choices, work.tell)
            counts.update(as_counts(own, outcome) | {"files": _files_of(work, file_at(path), choices, outcome)})

    with _opened(work) as path:
        if slices.is_long(work.session, file_at(path)):
            outcome = slices.take_file(work, file_at(path), choices, partial(as_counts, work.session))
            return end_slices(work, file_at(path), choices, outcome)
    return Ending(counts=counts, write=write, afterwards=partial(_forget_used, work, counts))


def end_slices(work: Work, file: importing.File, choices: importing.Choices, outcome: importing.Outcome) -> Ending:
    """Return the ending of a long file: the log of the run and the audit row, in the transaction that ends the job."""
    counts = as_counts(work.session, outcome) | {"files": _files_of(work, file, choices, outcome)}

    def write(own: Session) -> None:
        told = {name: counts[name] for name in COUNTED}
        if not counts["written"]:
            importing.note_stop(own, file, choices, told, outcome.report.refused)
        elif outcome.run:
            importing.note_import(own, file, outcome.run, told, outcome.report.months)
        conflicts.note(own, outcome.report.conflicts, file.kind, file.by, file.now)

    return Ending(counts=counts, write=write, afterwards=partial(_forget_used, work, counts))


def _files_of(
    work: Work,
    file: importing.File,
    choices: importing.Choices,
    outcome: importing.Outcome,
    trial: TrialTrace | None = None,
) -> dict[str, Any]:
    """Keep what a file would change, and what of it was refused, beside the job; none where nobody asked for it."""
    files: dict[str, Any] = {}
    if work.order.owner == 0 or outcome.broken:
        return files
    suffix = file.path.suffix.lower()
    if trial is not None and trial.rows:
        name = f"{file.kind}-{trials.CHANGES}{suffix}"
        files[trials.CHANGES] = trials.keep_beside(work, trials.CHANGES, name, lambda out: trial.write(out, suffix))
    if outcome.report.refused:
        name = f"{file.kind}-{trials.REFUSED}{suffix}"
        refused, way = outcome.report.refused, importing.way_of(work.session, file, choices)
        files[trials.REFUSED] = trials.keep_beside(
            work,
            trials.REFUSED,
            name,
            lambda out: trials.write_refused(file.importer, file.path, way, refused, out, suffix, work.locale),
        )
    return files


def trial_rows(session: Session, counts: Mapping[str, Any]) -> list[list[Any]]:
    """Return the first rows of a trial; none where their key is gone or they were changed."""
    return _opened_json(session, counts.get("shown", ""))


def _opened_json(session: Session, kept: str) -> list[Any]:
    """Return what was kept encrypted; nothing where its key is no longer in the setting, or it was changed."""
    try:
        return list(json.loads(services_of(session).keyring.decrypt(kept, LINES)))
    except (KeyError, InvalidTag, ValueError):
        return []


def take_in(
    session: Session,
    run_own: Callable[[Asked, Function], None],
    file: importing.File,
    choices: importing.Choices,
    progress: Progress = silent,
    trial: Trace = UNTRACED,
) -> importing.Outcome:
    """Take a file in from the command line, as the page does; ``run_own`` runs a job of this process's own.

    ``trial`` is told what a dry run would do.
    """
    if not slices.is_long(session, file):
        with writing(session) as own:
            return importing.import_file(own, file, choices, progress, trial)
    if choices.dry_run:
        return slices.try_file(session, file, choices, progress, trial)
    return take_own(run_own, session, file, choices, progress)


def take_own(
    run_own: Callable[[Asked, Function], None],
    session: Session,
    file: importing.File,
    choices: importing.Choices,
    progress: Progress = silent,
) -> importing.Outcome:
    """Take a long file in from the command line: a job that this process runs itself, and others finish if it dies."""
    name = f"file{'.xlsx' if file.path.suffix.lower() == '.xlsx' else '.csv'}"
    with file.path.open("rb") as stream:
        token = uploads(session).keep(stream, name, 0)
    parameters = {
        "kind": file.kind,
        "sheet": choices.sheet,
        "mapping": choices.mapping,
        "name": file.name,
        "token": token,
        "skip_errors": choices.skip_errors,
        "source": choices.source,
        "accept_differing": choices.accept_differing,
    }
    outcomes: list[importing.Outcome] = []

    def run(work: Work) -> Ending:
        def tell(rows: int, total: int | None = None) -> None:
            work.tell(rows, total)
            progress(rows)

        outcome = slices.take_file(replace(work, tell=tell), file, choices, partial(as_counts, work.session))
        outcomes.append(outcome)
        return end_slices(work, file, choices, outcome)

    title = message("Import of %(kind)s", kind=KIND_NAMES[file.kind])
    session.rollback()  # as in slices: nothing may go on reading meanwhile
    run_own(Asked(IMPORT, title, parameters), run)
    if not outcomes[0].written:
        uploads(session).forget(token)
    return outcomes[0]


def _choices(work: Work) -> importing.Choices:
    """Return how a file was asked to be taken in; an earlier version of the program asked for less."""
    asked = work.parameters
    return importing.Choices(
        skip_errors=asked.get("skip_errors", False),
        source=asked.get("source", ""),
        accept_differing=asked.get("accept_differing", False),
        sheet=asked.get("sheet", ""),
        mapping=asked.get("mapping", ""),
    )


def _begin(work: Work, path: Path) -> None:
    work.tell(0, count_rows(path) or None)


def uploads(session: Session) -> UploadStore:
    """Return the store of files that wait to be taken in."""
    services = services_of(session)
    return UploadStore(services.settings.instance / "uploads", services.keyring)


@contextmanager
def _opened(work: Work) -> Iterator[Path]:
    with entered("file"), uploads(work.session).opened(work.parameters["token"], work.order.owner) as path:
        yield path


def _forget_used(work: Work, counts: Mapping[str, Any]) -> None:
    """Delete an upload that was taken in, or cannot be.

    One that was refused may be taken in without some lines, or once its headings are paired with ours.
    """
    if counts["written"] or (counts["broken"] and not counts.get("header")):
        uploads(work.session).forget(work.parameters["token"])


def forget_uploads(session: Session, _now: datetime) -> int:
    """Delete uploads that waited too long; returns how many. The worker's chore."""
    return uploads(session).forget_expired()


def as_counts(session: Session, outcome: importing.Outcome) -> dict[str, Any]:
    """Return what a job keeps of an outcome: the counts, whether it wrote, and the first refused lines, encrypted."""
    lines = [
        {"line": row.line, "column": row.column, "value": row.value, "reason": packed(row.reason)}
        for row in outcome.report.refused[:LINES_KEPT]
    ]
    keyring, reasons = services_of(session).keyring, _shared(outcome.report.refused)
    sealed = {name: keyring.encrypt(json.dumps(each), LINES) for name, each in (("lines", lines), ("reasons", reasons))}
    told = {
        "written": outcome.written,
        "broken": outcome.broken,
        "differing": outcome.report.differing,
        "notes": [packed(note) for note in (*outcome.report.of_file, *outcome.report.of_cells[:NOTES_KEPT])],
        "run": outcome.run,
        "header": outcome.report.header,
    }
    return outcome.report.counts | told | sealed


def _shared(refused: Sequence[RefusedRow]) -> list[dict[str, Any]]:
    """Return the reasons of several lines, the most frequent first, each with how many and the first of them."""
    found: dict[str, dict[str, Any]] = {}
    for row in refused:
        reason = packed(row.reason)
        shared = found.setdefault(json.dumps(reason), {"reason": reason, "count": 0, "lines": []})
        shared["count"] += 1
        if shared["count"] <= LINES_NAMED:
            shared["lines"].append(row.line)
    several = [shared for shared in found.values() if shared["count"] > 1]
    return sorted(several, key=lambda shared: -shared["count"])[:REASONS_KEPT]


@dataclass(frozen=True)
class SharedReason:
    """A reason for which several lines were refused: how many, and the first of them."""

    reason: Message
    count: int
    lines: Sequence[int]


def shared_reasons(session: Session, counts: Mapping[str, Any]) -> list[SharedReason]:
    """Return the reasons that several refused lines share, the most frequent first."""
    kept = _opened_json(session, counts.get("reasons", ""))
    return [SharedReason(unpacked(each["reason"]), each["count"], each["lines"]) for each in kept]


def notes_of(counts: Mapping[str, Any]) -> list[Message]:
    """Return the notes that :func:`as_counts` kept; an earlier version of the program kept none."""
    return [unpacked(note) for note in counts.get("notes", [])]


def refused_lines(session: Session, counts: Mapping[str, Any]) -> list[RefusedRow]:
    """Return the refused lines that :func:`as_counts` kept; an earlier version of the program encrypted none.

    None are shown where their key is no longer in the setting, or they were changed.
    """
    kept = counts.get("lines", [])
    lines = _opened_json(session, kept) if isinstance(kept, str) else kept
    return [RefusedRow(line["line"], line["column"], line["value"], unpacked(line["reason"])) for line in lines]
