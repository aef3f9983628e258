"""Files whose rows have a key: read, checked, compared with what is known, and written in bulk.

A feature declares its :class:`Columns` and, in a subclass of :class:`KeyedImport`, how a row becomes the input that its
form yields, and which columns of its table follow from that; the rules are those of the service that records one.
What somebody corrected on a page stays as it is (``core.corrections``); what becomes of each record is told to a trace
(``core.traces``).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar, cast

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from trafficedu.core import audit, bulk
from trafficedu.core.actors import Actor
from trafficedu.core.columns import Columns, RowReader
from trafficedu.core.corrections import HeldCorrections
from trafficedu.core.doubles import SeenKeys
from trafficedu.core.errors import Refusal
from trafficedu.core.month import Month
from trafficedu.core.numbers import is_number
from trafficedu.core.orm import Base
from trafficedu.core.parsing import Remark
from trafficedu.core.reading import Row
from trafficedu.core.tabular import Batches, ImportReport, Progress
from trafficedu.core.text import Message, message
from trafficedu.core.traces import PLAINLY, Noted, RowAct, Taking, plain

Ready = TypeVar("Ready")
CONFLICTS_KEPT = 1_000
"""Names that differ from what a document is known under, listed of one file."""
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
    """Field of the input, or column of the table -> column of the file, where the two have different names."""
    action: ClassVar[str] = ""
    """What the audit trail calls it, with the counts of the report; "" for what ``transfers`` says is enough."""

    def __init__(self, session: Session, by: Actor, now: datetime, skip_errors: bool) -> None:
        self.session, self.by, self.now, self._skip_errors = session, by, now, skip_errors
        self.report = ImportReport()
        self._reader = RowReader(self.columns)
        self.taking = PLAINLY

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
        taking: Taking = PLAINLY,
    ) -> ImportReport:
        """Take in all rows; see :class:`trafficedu.core.tabular.RunImport`."""
        job = cls(session, by, now, skip_errors)
        job.taking = taking
        for batch in batches(rows):
            job.take(batch)
            taking.trace.flush(session)
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

    def read(self, row: Row) -> dict[str, Any]:
        """Return the values of a row by column; raise Refusal. What is wrong besides stands in the report."""
        remarks: list[Remark] = []
        values = self._reader.read(row.values, remarks)
        for remark in remarks:
            self.report.remark(row, remark)
        return values

    @property
    def writes(self) -> bool:
        """Whether it still makes sense to write: a file taken all or nothing is lost with its first refusal."""
        return self._skip_errors or not self.report.refused

    def label(self, row: Row) -> str:
        """Return what the file calls the record of ``row``: its first cell, never a document."""
        return row[self.columns.names[0]]

    def refuse(self, row: Row, error: Refusal, act: RowAct = RowAct.REFUSED, **noted: Any) -> None:
        """Note in the report, and for the trace, what the rules say against ``row``."""
        conflict: tuple[int, str] | None = getattr(error, "conflict", None)
        if conflict and conflict[0] and len(self.report.conflicts) < CONFLICTS_KEPT:
            self.report.conflicts.append(conflict)
        column = self.fields.get(error.field or "", error.field)
        self.report.refuse(row, Refusal(error.text, field=column, value=error.value))
        refused = self.report.refused[-1]
        said = Refusal(refused.reason, field=refused.column, value=refused.value)
        self.taking.trace.note(Noted(act, row.line, self.label(row), error=said, **noted))


class KeyedImport(FileImport, Generic[Ready]):
    """A file whose rows are records with a key, each said once: a key that comes again is refused."""

    model: ClassVar[type[Base]]
    key_column: ClassVar[str] = "code"
    """Which column of the table keeps the key, and which of the file is blamed for a key that comes twice."""
    compared: ClassVar[Sequence[str]]
    """Columns of a known record that a row is compared with, or that :meth:`change` asks for."""
    changeable: ClassVar[Sequence[str]] = ()
    """Those that a file may change."""
    telling: ClassVar[Sequence[str]] = ()
    """Columns that tell one record from another: a known key that comes with another of them needs a yes."""

    def __init__(self, session: Session, by: Actor, now: datetime, skip_errors: bool) -> None:
        super().__init__(session, by, now, skip_errors)
        self._seen = SeenKeys()
        self._corrections = HeldCorrections(session, self.model.__tablename__)

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
        candidates = self._once(self._right(rows))
        self.look_up([candidate.ready for candidate in candidates])
        known = self.find({candidate.key: None for candidate in candidates})
        self._corrections.meet([record["id"] for record in known.values()])
        self._compare([(candidate, known[candidate.key]) for candidate in candidates if candidate.key in known])
        self._add([candidate for candidate in candidates if candidate.key not in known])

    def _right(self, rows: Sequence[Row]) -> list[Candidate[Ready]]:
        """Return the rows that are right in themselves; the others are refused."""
        right: list[Candidate[Ready]] = []
        for row in rows:
            try:
                ready = self.prepare(self.read(row))
                right.append(Candidate(row, self.key(ready), ready))
            except Refusal as error:
                self.refuse(row, error)
        return right

    def _once(self, candidates: list[Candidate[Ready]]) -> list[Candidate[Ready]]:
        """Return the rows without those whose key an earlier line of the file has, which are refused."""
        earlier = self._seen.earlier([(candidate.key, candidate.row.line) for candidate in candidates])
        for candidate in candidates if earlier else ():
            line = candidate.row.line
            if line in earlier:
                self.refuse(candidate.row, Refusal(said_twice(line, earlier[line]), field=self.key_column))
        return [candidate for candidate in candidates if candidate.row.line not in earlier] if earlier else candidates

    def find(self, keys: Collection[Any]) -> dict[Any, Known]:
        """Return the records known under ``keys``, each as its ``id``, ``version`` and :attr:`compared` columns."""
        column = self.table.c[self.key_column]
        return {key: self.as_known(row[1:]) for key, row in self._rows_by(column, keys).items()}

    @property
    def table(self) -> Table:
        """The table of the records."""
        return cast(Table, self.model.__table__)

    @property
    def names(self) -> tuple[str, ...]:
        """Which columns of a known record are read."""
        return ("id", *self.compared, *(["version"] if "version" in self.table.c else []))

    def _rows_by(self, column: Any, keys: Collection[Any]) -> dict[Any, Any]:
        return bulk.find_by_key(self.session, column, keys, *(self.table.c[name] for name in self.names))

    def as_known(self, values: Sequence[Any]) -> Known:
        """Return a known record from the values of its :attr:`names`."""
        return dict(zip(self.names, values, strict=True))

    def _compare(self, pairs: Sequence[tuple[Candidate[Ready], Known]]) -> None:
        changed: list[tuple[Ready, Known]] = []
        for candidate, known in pairs:
            facts = self.facts(candidate.ready, known)
            change = {name: value for name, value in facts.items() if value != known[name]}
            change = self._below_corrections(candidate, facts, change, known)
            if not change:
                self.report.unchanged += 1
                continue
            try:
                self.check_change(change, known)
            except Refusal as error:
                self.refuse(candidate.row, error)
                continue
            if self._is_another(candidate, change, known):
                continue
            self._note(RowAct.UPDATED, candidate, known, change)
            known.update(change)
            changed.append((candidate.ready, dict(known)))
            self.report.updated += 1
        if changed and self.writes:
            self.change(changed)

    def _below_corrections(
        self, candidate: Candidate[Ready], facts: Mapping[str, Any], change: dict[str, Any], known: Known
    ) -> dict[str, Any]:
        """Return what a row changes, less what somebody corrected: that the source says so is kept below it."""
        corrected = [name for name in self._corrections.fields(known["id"]) if name in facts]
        if not corrected:
            return change
        news = [name for name in corrected if self._corrections.said(known["id"], name, facts[name], self.now)]
        if news:
            self._note(RowAct.KEPT, candidate, known, {name: facts[name] for name in news})
        return {name: value for name, value in change.items() if name not in corrected}

    def _is_another(self, candidate: Candidate[Ready], change: Mapping[str, Any], known: Known) -> bool:
        """Tell whether a known key comes with what makes it another record, and nobody said that it is the same."""
        name = next((name for name in self.telling if name in change and known[name] not in (None, "")), None)
        if name is None or self.taking.accept_differing:
            return False
        self.report.differing += 1
        error = Refusal(ANOTHER, field=name)
        self.refuse(candidate.row, error, RowAct.DIFFERS, **self._noted(known, change))
        return True

    def _note(self, act: RowAct, candidate: Candidate[Ready], known: Known, change: Mapping[str, Any]) -> None:
        row = candidate.row
        self.taking.trace.note(Noted(act, row.line, self.label(row), **self._noted(known, change)))

    def _noted(self, known: Known, change: Mapping[str, Any]) -> dict[str, Any]:
        version = known.get("version")
        return {
            "table": self.table.name,
            "record_id": known["id"],
            "version": None if version is None else version + 1,
            "before": {name: plain(known[name]) for name in change},
            "after": {name: plain(value) for name, value in change.items()},
        }

    def change(self, changed: Sequence[tuple[Ready, Known]]) -> None:
        """Write known records as they are now."""
        names = ("id", *self.changeable)
        bulk.change(self.session, self.table, [{name: known[name] for name in names} for _, known in changed])

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
        self.load(candidates)
        return len(candidates)

    def load(self, candidates: Sequence[Candidate[Ready]]) -> Sequence[int]:
        """Write new rows of the table, tell the trace, and return their ids; none where nothing is written any more."""
        ids: Sequence[int] = bulk.reserve_ids(self.session, self.table, len(candidates)) if self.writes else ()
        if ids:
            rows = ({"id": key} | self.values(candidate.ready) for key, candidate in zip(ids, candidates, strict=True))
            bulk.load(self.session, self.table, rows)
        for place, candidate in enumerate(candidates):
            self.note_added(candidate.row, ids[place] if ids else None)
        return ids

    def note_added(self, row: Row, key: int | None) -> None:
        """Tell the trace that ``row`` is a new record of the table; None where nothing is written any more."""
        version = 1 if "version" in self.table.c else None
        self.taking.trace.note(Noted(RowAct.ADDED, row.line, self.label(row), self.table.name, key, version, row=row))


ANOTHER = message(
    "This is known already as something else: see what it says now and what this row says. If both are the same "
    "record, import the file again and confirm that; if not, correct the reference."
)


def said_twice(line: int, first: int) -> Message:
    """Return why the second of two lines of one key is refused."""
    return message("Lines %(first)d and %(line)d say the same key. Keep one of the two.", first=first, line=line)


class ReferencedImport(KeyedImport[Ready]):
    """A file whose rows the source numbers, anew every year: the key is source, year of the day, and reference.

    An export of a record that such a key does not find again writes its public number there, so a reference that is
    the number of a record means that record.
    """

    key_column = "reference"
    letter: ClassVar[str] = ""
    """What public numbers of the records begin with."""

    @abstractmethod
    def day(self, ready: Ready) -> date:
        """Return the day of the record."""

    @abstractmethod
    def reference(self, ready: Ready) -> str:
        """Return the reference."""

    def look_up(self, batch: Sequence[Ready]) -> None:
        """Note of which months the file brings rows; whoever fetches more here calls this."""
        self.report.months.update(str(Month.of(self.day(ready))) for ready in batch)

    def key(self, ready: Ready) -> tuple[str, int]:
        """Return reference and year; a file has one source."""
        return self.reference(ready), self.day(ready).year

    def key_values(self, ready: Ready) -> dict[str, Any]:
        """Return the columns that keep the key."""
        reference, year = self.key(ready)
        return {"reference": reference, "reference_year": year, "reference_source": self.taking.source}

    def find(self, keys: Collection[Any]) -> dict[Any, Known]:
        """Return the records known under ``keys``, each as its ``id`` and :attr:`compared` columns."""
        table = self.table
        columns = [table.c[name] for name in self.names]
        known: dict[Any, Known] = {}
        for batch in bulk.batches(keys):
            query = select(table.c.reference, table.c.reference_year, *columns)
            years = {year for _, year in batch}
            found = query.where(
                table.c.reference.in_([reference for reference, _ in batch]),
                table.c.reference_year.in_(years),
                table.c.reference_source == self.taking.source,
            )
            asked = frozenset(batch)
            for reference, year, *values in self.session.execute(found):
                if (reference, year) in asked:
                    known[reference, year] = self.as_known(values)
        return known | self._by_number([key for key in keys if key not in known and is_number(key[0], self.letter)])

    def _by_number(self, keys: Sequence[tuple[str, int]]) -> dict[Any, Known]:
        rows = self._rows_by(self.table.c.number, [number for number, _ in keys]) if keys else {}
        return {(number, year): self.as_known(rows[number][1:]) for number, year in keys if number in rows}
