"""Runs of imports and what each did to each record: a table that grows by a row a record, kept for a while.

Must not know any feature: a record is a table's name and an id.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from operator import itemgetter
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from sqlalchemy import JSON, ForeignKey, Index, String, Text, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from trafficedu.core import bulk
from trafficedu.core.actors import Actor
from trafficedu.core.encryption import Keyring
from trafficedu.core.keys import encrypted
from trafficedu.core.numbers import new_number
from trafficedu.core.orm import Base, UTCDateTime, one_of, word
from trafficedu.core.services import services_of
from trafficedu.core.states import StateIs, Transitions, Word
from trafficedu.core.tables import table_of
from trafficedu.core.tabular import RefusedRow
from trafficedu.core.text import message, packed
from trafficedu.core.traces import Noted, RowAct

PIECE = 1 << 20
ROWS = "import rows"
"""As which field what a row said is encrypted."""


class RunState(Word):
    """How a run ended."""

    WRITING = "writing", message("being written"), "open"
    DONE = "done", message("done"), "done"
    STOPPED = "stopped", message("nothing written"), "problem"
    UNDONE = "undone", message("undone"), "problem"


class RunAct(StrEnum):
    """What happens to a run."""

    END = "end"
    UNDO = "undo"


RUN_LIFE: Transitions[RunAct, RunState] = Transitions(
    {
        RunAct.END: ([RunState.WRITING], RunState.DONE),
        RunAct.UNDO: ([RunState.DONE], RunState.UNDONE),
    },
    stale=message("This import cannot be undone: it has been undone already, or wrote nothing."),
)


class ImportRun(Base):
    """One file taken in, or one such run undone (``undoes_id``).

    ``file_hash`` is SHA-256 of the file; ``mapping`` the name under which its headings are known. ``counts``: rows by
    what became of them. ``traced``: what it did to each record is still kept.
    """

    __tablename__ = "import_run"
    __table_args__ = (one_of("state", RunState), Index("ix_import_run_kind_id", "kind", "id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(12), unique=True)
    kind: Mapped[str] = mapped_column(String(20))
    source: Mapped[str] = mapped_column(String(60), default="")
    mapping: Mapped[str] = mapped_column(String(60), default="")
    file_name: Mapped[str] = mapped_column(String(200), default="")
    file_hash: Mapped[str] = mapped_column(String(64), default="")
    state: Mapped[RunState] = mapped_column(word(RunState, 10), default=RunState.WRITING)
    by_user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), index=True)
    started_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    ended_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)
    counts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    traced: Mapped[bool] = mapped_column(default=True, index=True)
    undoes_id: Mapped[int | None] = mapped_column(ForeignKey("import_run.id"), unique=True)

    is_done = StateIs(RunState.DONE)

    @property
    def may_be_undone(self) -> bool:
        """Whether it wrote something that can be taken back."""
        return self.is_done and self.traced and self.undoes_id is None


class ImportChange(Base):
    """What a run did to one record, or why it refused a line.

    ``told`` is JSON: ``before`` and ``after`` by column, or ``column``, ``value`` and ``reason`` of a refused line;
    encrypted where it may name somebody. ``version`` is the record's after the run.
    """

    __tablename__ = "import_change"
    __table_args__ = (one_of("act", RowAct), Index("ix_import_change_run_id_id", "run_id", "id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("import_run.id"))
    line: Mapped[int]
    act: Mapped[RowAct] = mapped_column(word(RowAct, 10))
    key: Mapped[str] = mapped_column(String(80), default="")
    table_name: Mapped[str] = mapped_column(String(40), default="")
    record_id: Mapped[int | None]
    version: Mapped[int | None]
    told: Mapped[str | None] = mapped_column(Text, info=encrypted(ROWS))


def hash_of(path: Path) -> str:
    """Return SHA-256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            digest.update(piece)
    return digest.hexdigest()


def begin(session: Session, kind: str, by: Actor, now: datetime, **told: Any) -> ImportRun:
    """Begin a run; ``told`` are its file, source and mapping."""
    run = ImportRun(number=new_number("F"), kind=kind, by_user_id=by.user_id, started_utc=now, **told)
    session.add(run)
    session.flush()
    return run


def end(session: Session, run: ImportRun, counts: Mapping[str, Any], now: datetime) -> None:
    """End a run that has written."""
    run.state = RUN_LIFE.after(RunAct.END, run.state)
    run.counts, run.ended_utc = dict(counts), now
    session.flush()


def told_of(session: Session, change: ImportChange) -> dict[str, Any]:
    """Return what a row tells; nothing where its key is gone or it was changed."""
    kept = change.told or "{}"
    if kept.startswith("{"):
        return dict(json.loads(kept))
    try:
        return dict(json.loads(services_of(session).keyring.decrypt(kept, ROWS)))
    except (KeyError, InvalidTag, ValueError):
        return {}


def seal_anew(session: Session, change: ImportChange) -> None:
    """Encrypt what a row tells under the current key; what cannot be read stays as it is."""
    if told := told_of(session, change):
        change.told = services_of(session).keyring.encrypt(json.dumps(told, ensure_ascii=False), ROWS)


class KeptTrace:
    """Keeps what a run does to each record, in the transactions that write the records."""

    def __init__(self, run_id: int, keyring: Keyring) -> None:
        self._run_id, self._keyring = run_id, keyring
        self._rows: list[dict[str, Any]] = []

    def note(self, noted: Noted) -> None:
        """Take a row."""
        if noted.act is RowAct.ADDED and noted.record_id is None:
            return
        told, sealed = None, noted.sealed
        if noted.error is not None:
            error = noted.error
            told, sealed = {"column": error.field, "value": error.value, "reason": packed(error.text)}, True
        elif noted.before or noted.after:
            told = {"before": dict(noted.before), "after": dict(noted.after)}
        self.add(noted, told, sealed=sealed)

    def add(self, noted: Noted, told: Mapping[str, Any] | None, *, sealed: bool) -> None:
        """Take a row with what it tells."""
        text = None if told is None else json.dumps(told, ensure_ascii=False)
        self._rows.append(
            {
                "run_id": self._run_id,
                "line": noted.line,
                "act": noted.act,
                "key": noted.key[:80],
                "table_name": noted.table,
                "record_id": noted.record_id,
                "version": noted.version,
                "told": self._keyring.encrypt(text, ROWS) if text is not None and sealed else text,
            }
        )

    def flush(self, session: Session) -> None:
        """Write what was noted since, in the order of the file."""
        rows, self._rows = sorted(self._rows, key=itemgetter("line")), []
        bulk.load(session, table_of(ImportChange), rows)


def keep_refused(session: Session, run: ImportRun, refused: Iterable[RefusedRow]) -> None:
    """Keep the refused lines of a file that was kept out as a whole."""
    trace = KeptTrace(run.id, services_of(session).keyring)
    for row in refused:
        told = {"column": row.column, "value": row.value, "reason": packed(row.reason)}
        trace.add(Noted(RowAct.REFUSED, row.line), told, sealed=True)
    trace.flush(session)


def forget_noted_lines(session: Session, run_id: int) -> None:
    """Forget which lines of a run were refused: it is gone through again, from its beginning."""
    again = (RowAct.REFUSED, RowAct.DIFFERS, RowAct.KEPT)
    session.execute(delete(ImportChange).where(ImportChange.run_id == run_id, ImportChange.act.in_(again)))


def changes_of(
    session: Session, run_id: int, *acts: RowAct, size: int = bulk.BATCH
) -> Iterator[Sequence[ImportChange]]:
    """Yield what a run did, the latest first, in pieces."""
    last: int | None = None
    while True:
        query = select(ImportChange).where(ImportChange.run_id == run_id, ImportChange.act.in_(acts))
        if last is not None:
            query = query.where(ImportChange.id < last)
        piece = session.scalars(query.order_by(ImportChange.id.desc()).limit(size)).all()
        if not piece:
            return
        last = piece[-1].id
        yield piece
        for change in piece:
            session.expunge(change)
