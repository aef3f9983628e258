"""Files whose rows have a key: read, checked, compared with what is known, and written in bulk.

A feature declares its :class:`Columns` and, in a subclass of :class:`KeyedImport`, how a row becomes the input that its
form yields, and which columns of its table follow from that; the rules are those of the service that records one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar, cast

from sqlalchemy import Table
from sqlalchemy.orm import Session

from trafficedu.core import audit, bulk
from trafficedu.core.actors import Actor
from trafficedu.core.columns import Columns
from trafficedu.core.errors import Refusal
from trafficedu.core.numbers import is_number
from trafficedu.core.orm import Base
from trafficedu.core.tabular import Batches, ImportReport, Progress, Row
from trafficedu.core.text import message

Ready = TypeVar("Ready")
Known = dict[str, Any]


class Candidate(NamedTuple, Generic[Ready]):
    """A row that is right in itself."""

    row: Row
    key: Hashable
    ready: Ready


class FileImport(ABC):
    """One file on its way in, batch by batch: what it did so far stands in ``report``."""

    columns: ClassVar[Columns]
    fields: ClassVar[Mapping[str, str]] = {}
    """Field of the input -> column, where the two have different names."""
    action: ClassVar[str] = ""
    """What the audit trail calls it, with the counts of the report; "" for what ``transfers`` says is enough."""

    def __init__(self, session: Session, by: Actor, now: datetime, skip_errors: bool) -> None:
        self.session, self.by, self.now, self._skip_errors = session, by, now, skip_errors
        self.report = ImportReport()

    @classmethod
    def run(
        cls,
        session: Session,
        rows: Iterator[Row],
        by: Actor,
        now: datetime,
        *,
        skip_errors: bool,
        progress: Progress,
        batches: Batches = bulk.batches,
    ) -> ImportReport:
        """Take in all rows; see :class:`trafficedu.core.tabular.RunImport`."""
        job = cls(session, by, now, skip_errors)
        for batch in batches(rows):
            job.take(batch)
            progress(len(batch))
        job.finish()
        if cls.action:
            audit.write(session, cls.action, by, **job.report.counts)
        session.flush()
        session.expire_all()
        job.report.refused.sort(key=lambda refused: refused.line)
        return job.report

    @abstractmethod
    def take(self, rows: Sequence[Row]) -> None:
        """Take in one batch."""

    def finish(self) -> None:  # noqa: B027 - most have nothing to do
        """Do what follows from all rows at once, in the transaction of the last ones."""

    @property
    def writes(self) -> bool:
        """Whether it still makes sense to write: a file taken all or nothing is lost with its first refusal."""
        return self._skip_errors or not self.report.refused

    def refuse(self, row: Row, error: Refusal) -> None:
        """Note in the report what the rules say against ``row``."""
        column = self.fields.get(error.field or "", error.field)
        self.report.refuse(row, Refusal(error.text, field=column, value=error.value))


class KeyedImport(FileImport, Generic[Ready]):
    """A file whose rows are records with a key.

    The key of :meth:`find` is ``reference``; an export of a record that never had one writes its public number there,
    so a reference that is the number of a record means that record. A key that comes again in the file is compared
    with its first row.
    """

    model: ClassVar[type[Base]]
    letter: ClassVar[str] = ""
    """What public numbers of the records begin with."""
    compared: ClassVar[Sequence[str]]
    """Columns of a known record that a row is compared with, or that :meth:`change` asks for."""
    changeable: ClassVar[Sequence[str]] = ()
    """Those that a file may change."""

    @abstractmethod
    def prepare(self, cells: dict[str, Any]) -> Ready:
        """Make a row's values, by column, the input that the form yields, and check it as the service does."""

    @abstractmethod
    def key(self, ready: Ready) -> Hashable:
        """Return the key."""

    @abstractmethod
    def values(self, ready: Ready) -> dict[str, Any]:
        """Return a new row of the table by column."""

    @abstractmethod
    def facts(self, ready: Ready, known: Known) -> Mapping[str, Any]:
        """Return what a row says of a ``known`` record, by column."""

    def look_up(self, batch: Sequence[Ready]) -> None:
        """Fetch at once what is asked of each row of a batch from here on."""

    def check_change(self, change: Mapping[str, Any], known: Known) -> None:
        """Raise Refusal where a file must not change a known record so."""

    def check_new(self, ready: Ready) -> None:
        """Raise Refusal where what is not known cannot be added."""

    def take(self, rows: Sequence[Row]) -> None:
        """Read, check, compare and write one batch."""
        first: dict[Hashable, Candidate[Ready]] = {}
        again: list[Candidate[Ready]] = []
        for row in rows:
            try:
                ready = self.prepare(self.columns.read(row.values))
            except Refusal as error:
                self.refuse(row, error)
                continue
            candidate = Candidate(row, self.key(ready), ready)
            if first.setdefault(candidate.key, candidate) is not candidate:
                again.append(candidate)
        self.look_up([candidate.ready for candidate in (*first.values(), *again)])
        known = self.find(first)
        self._compare([(candidate, known[key]) for key, candidate in first.items() if key in known])
        self._add([candidate for key, candidate in first.items() if key not in known])
        if again:
            self._take_again(again, known)

    def _take_again(self, candidates: Sequence[Candidate[Ready]], known: dict[Any, Known]) -> None:
        known |= self.find({candidate.key for candidate in candidates} - known.keys())
        self._compare([(each, known[each.key]) for each in candidates if each.key in known])
        for candidate in candidates:
            if candidate.key in known:
                continue
            if self.writes:
                text = message("An earlier line with this reference was refused. Correct that one first.")
                self.refuse(candidate.row, Refusal(text, field="reference"))
            else:
                self.report.unchanged += 1

    def find(self, keys: Collection[Any]) -> dict[Any, Known]:
        """Return the records known under ``keys``, each as its ``id`` and :attr:`compared` columns."""
        table = _table(self.model)
        names = ("id", *self.compared)
        columns = [table.c[name] for name in names]
        rows = bulk.find_by_key(self.session, table.c.reference, keys, *columns)
        numbers = [key for key in keys if key not in rows and is_number(key, self.letter)]
        if numbers:
            rows |= bulk.find_by_key(self.session, table.c.number, numbers, *columns)
        return {key: dict(zip(names, row[1:], strict=True)) for key, row in rows.items()}

    def _compare(self, pairs: Sequence[tuple[Candidate[Ready], Known]]) -> None:
        changed: list[tuple[Ready, Known]] = []
        for candidate, known in pairs:
            facts = self.facts(candidate.ready, known)
            change = {name: value for name, value in facts.items() if value != known[name]}
            if not change:
                self.report.unchanged += 1
                continue
            try:
                self.check_change(change, known)
            except Refusal as error:
                self.refuse(candidate.row, error)
                continue
            known.update(change)
            changed.append((candidate.ready, dict(known)))
            self.report.updated += 1
        if changed and self.writes:
            self.change(changed)

    def change(self, changed: Sequence[tuple[Ready, Known]]) -> None:
        """Write known records as they are now."""
        names = ("id", *self.changeable)
        bulk.change(self.session, _table(self.model), [{name: known[name] for name in names} for _, known in changed])

    def _add(self, candidates: Sequence[Candidate[Ready]]) -> None:
        good: list[Candidate[Ready]] = []
        for candidate in candidates:
            try:
                self.check_new(candidate.ready)
            except Refusal as error:
                self.refuse(candidate.row, error)
            else:
                good.append(candidate)
        self.report.added += self.add(good)

    def add(self, candidates: Sequence[Candidate[Ready]]) -> int:
        """Write what is new, unless nothing is written any more; returns how many rows that is."""
        if self.writes:
            rows = (self.values(candidate.ready) for candidate in candidates)
            bulk.load(self.session, _table(self.model), rows)
        return len(candidates)


def _table(model: type[Base]) -> Table:
    return cast(Table, model.__table__)
