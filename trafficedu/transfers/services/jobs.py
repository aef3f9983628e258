"""The jobs of this room: a table is written out, a file is tried, a file is taken in; see ``wiring.JOBS``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from trafficedu.core import spreadsheet
from trafficedu.core.errors import entered
from trafficedu.core.month import Month
from trafficedu.core.services import services_of
from trafficedu.core.tabular import Exporter, Importer, RefusedRow, count_rows
from trafficedu.core.text import packed, unpacked
from trafficedu.core.uploads import UploadStore
from trafficedu.core.work import Ending, Work
from trafficedu.transfers.services import importing
from trafficedu.transfers.services.exporting import Export, TableOut, note_export

EXPORT, TRIAL, IMPORT = "export", "import_trial", "import"
"""Kinds of job."""
LINES_KEPT = 200
"""How many refused lines the page of a job shows."""


def write_table(exporters: Mapping[str, Exporter], work: Work) -> Ending:
    """Write a table that can be imported again, from one reading transaction."""
    asked = work.parameters
    month = Month.parse(asked["month"]) if asked["month"] else None
    wanted = Export(asked["kind"], month, asked["clear"])
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
        outcome = importing.try_file(work.session, work.apart, file, work.tell)
    if outcome.broken:
        _forget(work)
    return Ending(counts=as_counts(outcome), write=lambda own: importing.note_trial(own, kind, work.by, outcome))


def take_upload(importers: Mapping[str, Importer], work: Work) -> Ending:
    """Take in an uploaded file, all or nothing unless refused lines are to be left out."""
    kind, counts = work.parameters["kind"], dict[str, Any]()

    def write(own: Session) -> None:
        with _opened(work) as path:
            _begin(work, path)
            file = importing.File(kind, importers[kind], path, work.by, work.now)
            choices = importing.Choices(skip_errors=work.parameters["skip_errors"])
            outcome = importing.import_file(own, file, choices, work.tell)
        counts.update(as_counts(outcome))
        if outcome.written:
            _forget(work)

    return Ending(counts=counts, write=write)


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


def _forget(work: Work) -> None:
    uploads(work.session).forget(work.parameters["token"])


def as_counts(outcome: importing.Outcome) -> dict[str, Any]:
    """Return what a job keeps of an outcome: the counts, whether it wrote, and the first refused lines."""
    lines = [
        {"line": row.line, "column": row.column, "value": row.value, "reason": packed(row.reason)}
        for row in outcome.report.refused[:LINES_KEPT]
    ]
    return outcome.report.counts | {"written": outcome.written, "broken": outcome.broken, "lines": lines}


def refused_lines(counts: Mapping[str, Any]) -> list[RefusedRow]:
    """Return the refused lines that :func:`as_counts` kept."""
    return [
        RefusedRow(line["line"], line["column"], line["value"], unpacked(line["reason"]))
        for line in counts.get("lines", ())
    ]
