"""Imports of violations, thousands of rows at a time: history in bulk, recent rows through the service.

Decisions, as the documentation tells them:

* The key is ``reference``; an export of a record that never had one writes its public number there, so a
  reference that is the number of a record means that record.
* A row known already changes what is harmless only: place, position, note, and the officer's name of an
  imported record. Any other difference is refused: a record found wrong is voided, never overwritten.
* A row older than ``violations.history_days`` is history: it counts, but opens no task and sends no notice.
  History from cameras counts as reviewed. A younger row goes through ``services.record`` with all that follows.
* An empty ``company_code`` means no company.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam
from sqlalchemy.orm import Session

from trafficedu.configuration.queries import figure
from trafficedu.core import audit, bulk
from trafficedu.core.actors import Actor
from trafficedu.core.clock import local_date
from trafficedu.core.errors import Refusal
from trafficedu.core.numbers import is_number, new_number
from trafficedu.core.tabular import ImportReport, Progress, Row
from trafficedu.core.text import message
from trafficedu.riders.services.people import NewRider
from trafficedu.violations.imports.people import People
from trafficedu.violations.imports.reading import Candidate, Reader
from trafficedu.violations.models import Violation
from trafficedu.violations.rules import ViolationState
from trafficedu.violations.services.recording import NewViolation, record

BATCH = 5_000
COLUMNS = (
    "number",
    "reference",
    "occurred_utc",
    "occurred_on",
    "area_id",
    "place",
    "latitude",
    "longitude",
    "kind_id",
    "plate",
    "offender",
    "rider_id",
    "company_id",
    "source",
    "penalty",
    "fine_yuan",
    "officer",
    "note",
    "minor",
    "guardian_name",
    "historic",
    "state",
    "recorded_utc",
    "state_reason",
    "version",
)
FIXED = {
    "occurred_at": "occurred_utc",
    "area_code": "area_id",
    "kind": "kind_id",
    "plate": "plate",
    "offender": "offender",
    "company_code": "company_id",
    "source": "source",
    "penalty": "penalty",
    "fine_yuan": "fine_yuan",
}
"""Column -> what must not differ in a record known already."""
HARMLESS = ("place", "note", "latitude", "longitude", "officer")
KNOWN_COLUMNS = [getattr(Violation, name) for name in ("id", *FIXED.values(), "rider_id", "officer_id", *HARMLESS)]


def run(
    session: Session, rows: Iterator[Row], by: Actor, now: datetime, *, skip_errors: bool, progress: Progress
) -> ImportReport:
    """Import violations; see :class:`trafficedu.core.tabular.RunImport` and the module's decisions."""
    job = _Job(session, by, now, skip_errors)
    for batch in bulk.batches(rows, BATCH):
        job.take(batch)
        progress(len(batch))
    report = job.report
    audit.write(
        session,
        "violations:violation:import",
        by,
        added=report.added,
        updated=report.updated,
        unchanged=report.unchanged,
        refused=len(report.refused),
    )
    session.flush()
    return report


class _Job:
    """One import: what it reads with, whom it knows, what it has done so far."""

    def __init__(self, session: Session, by: Actor, now: datetime, skip_errors: bool) -> None:
        self._session, self._by, self._now, self._skip_errors = session, by, now, skip_errors
        self._reader = Reader(session, by, now)
        self._people = People(session, now)
        self._history_before = local_date(now) - timedelta(days=figure(session, "violations.history_days"))
        self.report = ImportReport()

    @property
    def _writes(self) -> bool:
        """Whether it still makes sense to write: a file taken all or nothing is lost with its first refusal."""
        return self._skip_errors or not self.report.refused

    def take(self, rows: Iterable[Row]) -> None:
        """Read, compare and write one batch; a reference that stands in it again is compared with its first row."""
        first: dict[str, Candidate] = {}
        again: list[Candidate] = []
        for row in rows:
            try:
                candidate = self._reader.read(row)
            except Refusal as error:
                self.report.refuse(row, error)
                continue
            if first.setdefault(candidate.reference, candidate) is not candidate:
                again.append(candidate)
        self._people.find([*first.values(), *again])
        known = self._known(first)
        self._compare([(first[reference], row) for reference, row in known.items()])
        self._add([candidate for reference, candidate in first.items() if reference not in known])
        if again:
            self._take_again(again)

    def _take_again(self, candidates: list[Candidate]) -> None:
        self._people.find(candidates)
        known = self._known({candidate.reference: None for candidate in candidates})
        self._compare([(each, known[each.reference]) for each in candidates if each.reference in known])
        for candidate in candidates:
            if candidate.reference in known:
                continue
            if self._writes:
                text = message("An earlier line with this reference was refused. Mend that one first.")
                self.report.refuse(candidate.row, Refusal(text, field="reference"))
            else:
                self.report.unchanged += 1

    def _known(self, references: Iterable[str]) -> dict[str, Any]:
        known = bulk.find_by_key(self._session, Violation.reference, references, *KNOWN_COLUMNS)
        numbers = [text for text in references if text not in known and is_number(text, "V")]
        return known | (bulk.find_by_key(self._session, Violation.number, numbers, *KNOWN_COLUMNS) if numbers else {})

    def _compare(self, pairs: list[tuple[Candidate, Any]]) -> None:
        changes = []
        standing: dict[int, dict[str, Any]] = {}
        for candidate, row in pairs:
            try:
                self._check_unchanged(candidate, row)
            except Refusal as error:
                self.report.refuse(candidate.row, error)
                continue
            change = _harmless(candidate)
            if row.officer_id is not None:
                change["officer"] = row.officer
            if change == standing.setdefault(row.id, {name: getattr(row, name) for name in HARMLESS}):
                self.report.unchanged += 1
            else:
                self.report.updated += 1
                standing[row.id] = change
                changes.append(change | {"row_id": row.id})
        if changes and self._writes:
            table: Any = Violation.__table__
            fields: dict[str, Any] = {name: bindparam(name) for name in HARMLESS}
            statement = table.update().where(table.c.id == bindparam("row_id"))
            self._session.execute(statement.values(**fields, version=table.c.version + 1), changes)

    def _check_unchanged(self, candidate: Candidate, row: Any) -> None:
        fault = next((c for c, name in FIXED.items() if getattr(candidate, name) != getattr(row, name)), None)
        if fault is None and candidate.person is not None and self._people.id_of(candidate) != row.rider_id:
            fault = "id_number"
        if fault is not None:
            raise Refusal(
                message(
                    "This record exists with another value here. A record is not overwritten by a file: void it on"
                    " its page if it is wrong."
                ),
                field=fault,
                value="" if fault == "id_number" else None,
            )

    def _add(self, candidates: list[Candidate]) -> None:
        """Write history in bulk first, so that a recent row of the same rider finds the rider registered."""
        history: list[Candidate] = []
        recent: list[Candidate] = []
        for candidate in candidates:
            try:
                self._check_new(candidate)
            except Refusal as error:
                self.report.refuse(candidate.row, error)
                continue
            self._people.announce(candidate)
            (history if candidate.occurred_on < self._history_before else recent).append(candidate)
        self.report.added += len(history)
        if self._writes:
            self._people.register(history)
            bulk.load(self._session, Violation.__table__, COLUMNS, map(self._row, history))
        self._people.forget(candidates)
        self.report.added += sum(self._recorded(candidate) for candidate in recent)

    def _check_new(self, candidate: Candidate) -> None:
        if candidate.masked:
            raise Refusal(
                message("A masked number says nothing about a new record. Write it in clear."), field="id_number"
            )
        self._people.check_name(candidate)

    def _recorded(self, candidate: Candidate) -> bool:
        """Record a recent row as an officer would, in a savepoint of its own; False where it was refused."""
        try:
            with self._session.begin_nested():
                record(self._session, _new(candidate), self._by, self._now)
        except Refusal as error:
            text = Refusal(error.text, field=error.field, value="" if error.field == "id_number" else error.value)
            self.report.refuse(candidate.row, text)
            return False
        return True

    def _row(self, candidate: Candidate) -> tuple[Any, ...]:
        cell = candidate.row.cells.get
        return (
            new_number("V"),
            candidate.reference,
            candidate.occurred_utc,
            candidate.occurred_on,
            candidate.area_id,
            cell("place", ""),
            candidate.latitude,
            candidate.longitude,
            candidate.kind_id,
            candidate.plate,
            candidate.offender,
            self._people.id_of(candidate),
            candidate.company_id,
            candidate.source,
            candidate.penalty,
            candidate.fine_yuan,
            cell("officer", ""),
            cell("note", ""),
            candidate.minor,
            "",
            True,
            ViolationState.CONFIRMED,
            self._now,
            "",
            1,
        )


def _harmless(candidate: Candidate) -> dict[str, Any]:
    cell = candidate.row.cells.get
    return {
        "place": cell("place", ""),
        "note": cell("note", ""),
        "latitude": candidate.latitude,
        "longitude": candidate.longitude,
        "officer": cell("officer", ""),
    }


def _new(candidate: Candidate) -> NewViolation:
    cell = candidate.row.cells.get
    person = candidate.person
    return NewViolation(
        kind_code=cell("kind", ""),
        occurred_utc=candidate.occurred_utc,
        area_code=cell("area_code", ""),
        penalty=candidate.penalty,
        fine_yuan=candidate.fine_yuan,
        place=cell("place", ""),
        latitude=candidate.latitude,
        longitude=candidate.longitude,
        plate=candidate.plate,
        offender=candidate.offender,
        rider=None if person is None else NewRider(person.id_type, person.id_number, candidate.name, candidate.phone),
        company_code=cell("company_code", ""),
        note=cell("note", ""),
        source=candidate.source,
        reference=candidate.reference,
        officer=cell("officer", ""),
    )
