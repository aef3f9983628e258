"""What a file would do, row by row, and what of it was refused, as files: both beside a job, for a day."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from sqlalchemy.orm import Session

from trafficedu.core import spreadsheet
from trafficedu.core.columns import BECAUSE, Columns
from trafficedu.core.jobs import results
from trafficedu.core.parsing import Cell, as_text
from trafficedu.core.personal import mask_identity, mask_phone
from trafficedu.core.reading import Way, read_raw
from trafficedu.core.sealed import PIECE_BYTES
from trafficedu.core.tabular import Importer, RefusedRow
from trafficedu.core.text import Message, message, translate
from trafficedu.core.traces import Noted, RowAct
from trafficedu.core.work import Work
from trafficedu.riders.rules import mask_name
from trafficedu.transfers.services.showing import Shown

SHOWN = 200
"""How many rows of a trial the page shows."""
CHANGES, REFUSED = "changes", "refused"
COLUMNS = (
    spreadsheet.Column("line", message("Line"), 8),
    spreadsheet.Column("act", message("Result"), 16),
    spreadsheet.Column("key", message("Key"), 24),
    spreadsheet.Column("field", message("Field"), 20),
    spreadsheet.Column("before", message("On record"), 28),
    spreadsheet.Column("after", message("In the file"), 28),
    spreadsheet.Column("reason", message("Reason, and how to correct it"), 60),
)
PERSONAL: Mapping[str, Mapping[str, Callable[[str], str]]] = {
    kind: {"id_number": mask_identity, "name": mask_name, "phone": mask_phone, "plate": lambda _plate: "*"}
    for kind in ("riders", "violations")
}
"""KIND -> column -> how what may name somebody is shown; ``note`` is shown to those who import it."""


class TrialTrace:
    """Writes down on disk what a trial would do, in words and in the order of the file; the first rows are held."""

    def __init__(self, session: Session, kind: str, columns: Columns, locale: str) -> None:
        self._kind, self._columns, self._locale = kind, columns, locale
        self._shown = Shown(session, locale)
        self._file = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - closed by close()
        self._noted: list[Noted] = []
        self.first: list[list[Any]] = []
        self.rows = 0

    def note(self, noted: Noted) -> None:
        """Take a row."""
        self._noted.append(noted)

    def flush(self, _session: Session | None = None) -> None:
        """Write down the rows of a batch, which were judged in another order; nothing goes to the database."""
        for noted in sorted(self._noted, key=lambda noted: noted.line):
            for row in self._rows(noted):
                self.rows += 1
                self._file.write(json.dumps(row, ensure_ascii=False) + "\n")
                if len(self.first) < SHOWN:
                    self.first.append(row)
        self._noted.clear()

    def _rows(self, noted: Noted) -> Iterator[list[Any]]:
        act = translate(noted.act.label, self._locale)
        head = [noted.line, act, noted.key]
        reason = translate(noted.error.text, self._locale) if noted.error is not None else ""
        for name, value in noted.after.items():
            before = self._shown.value(noted.table, name, noted.before.get(name))
            yield [*head, self._shown.head(name), before, self._shown.value(noted.table, name, value), reason]
        if noted.error is not None and not noted.after:
            column = self._columns.titled(noted.error.field) if noted.error.field else ""
            yield [*head, said(column, self._locale), "", noted.error.value or "", reason]
        if noted.act is RowAct.ADDED and noted.row is not None:
            masks = PERSONAL.get(self._kind, {})
            cells = (masks[name](cell) if name in masks and cell else cell for name, cell in noted.row.cells.items())
            yield [*head, "", "", " · ".join(cell for cell in cells if cell), ""]

    def write(self, out: IO[bytes], suffix: str) -> int:
        """Write all rows as a table; returns how many."""
        self.flush()
        self._file.seek(0)
        rows = (json.loads(line) for line in self._file)
        write = spreadsheet.write_xlsx if suffix == ".xlsx" else spreadsheet.write_csv
        return write(COLUMNS, rows, out, locale=self._locale)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def said(text: Message | str, locale: str) -> str:
    """Return what people call a column; a heading of the file as it is."""
    return text if isinstance(text, str) else translate(text, locale)


def write_refused(
    importer: Importer, path: Path, way: Way, refused: list[RefusedRow], out: IO[bytes], suffix: str, locale: str
) -> int:
    """Write the refused rows of a file as they stand in it, with the reason in a further column; returns how many.

    They are given back to who sent them, unmasked, so that they can be mended and sent again.
    """
    reasons: dict[int, list[str]] = {}
    for row in refused:
        reasons.setdefault(row.line, []).append(translate(row.reason, locale))
    lines = read_raw(path, importer.columns, way)
    _, header = next(lines)
    heads = [as_text(cell) for cell in header]
    columns = [spreadsheet.Column(head) for head in (*heads, translate(BECAUSE, locale))]

    def rows() -> Iterator[list[Any]]:
        for line, cells in lines:
            if line in reasons:
                told = [_as_written(cell) for cell in cells[: len(heads)]]
                yield [*told, *[""] * (len(heads) - len(told)), " ".join(reasons[line])]

    write = spreadsheet.write_xlsx if suffix == ".xlsx" else spreadsheet.write_csv
    return write(columns, rows(), out)


def _as_written(cell: Cell) -> Any:
    return cell if isinstance(cell, str | int | float) else as_text(cell)


def keep_beside(work: Work, what: str, name: str, write: Callable[[IO[bytes]], int]) -> dict[str, Any]:
    """Keep a file beside a job, encrypted, for its asker; returns what the job keeps of it."""
    with tempfile.TemporaryFile() as file:
        rows = write(file)
        size = file.tell()
        file.seek(0)
        pieces = iter(lambda: file.read(PIECE_BYTES), b"")
        results(work.session).write(f"{work.order.number}-{what}", work.order.owner, pieces)
    return {"name": name, "size": size, "rows": rows}
