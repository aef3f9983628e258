"""Imports of accidents, thousands of rows at a time.

Decisions, as the documentation tells them:

* The key is ``reference``; an export of a record that never had one writes its public number there, so a
  reference that is the number of a record means that record.
* A row known already that says something else corrects the record: who died later is often known later. A voided
  record stays as it is; a row that would change one is refused.
* ``killed_30_days`` may be empty: not known yet, and it never takes a figure away that is known. An empty count is
  0, an empty ``ebike_involved``, ``rider_helmet`` or ``responsibility`` is true, unknown, unknown.
* Records that may be of one accident are taken in; the page of possible duplicates shows them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, delete, insert, select
from sqlalchemy.orm import Session

from trafficedu.accidents import rules
from trafficedu.accidents.imports.exporting import SEPARATOR, kinds_of
from trafficedu.accidents.models import Accident, AccidentKind
from trafficedu.areas.models import Area
from trafficedu.areas.queries import visible_to
from trafficedu.core import audit, bulk, parsing
from trafficedu.core.actors import Actor
from trafficedu.core.clock import local_date
from trafficedu.core.errors import Refusal
from trafficedu.core.numbers import is_number, new_number
from trafficedu.core.tabular import ImportReport, Progress, Row
from trafficedu.core.text import message
from trafficedu.core.validity import Validity
from trafficedu.violations.models import ViolationKind
from trafficedu.violations.rules import check_valid_on

FACTS = (
    "occurred_utc",
    "occurred_on",
    "area_id",
    "place",
    "latitude",
    "longitude",
    "severity",
    "killed",
    "killed_30_days",
    "injured",
    "ebike_involved",
    "rider_helmet",
    "responsibility",
)
OWN = ("number", "reference", "state", "state_reason", "told_apart", "recorded_by_id", "recorded_utc", "version")
KNOWN = [getattr(Accident, name) for name in ("id", "state", *FACTS)]


@dataclass(frozen=True)
class Candidate:
    """A row that is right in itself: its facts by column, and the versions of the kinds by code."""

    row: Row
    reference: str
    facts: dict[str, Any]
    kinds: dict[str, int]


def run(
    session: Session, rows: Iterator[Row], by: Actor, now: datetime, *, skip_errors: bool, progress: Progress
) -> ImportReport:
    """Import accidents; see :class:`trafficedu.core.tabular.RunImport` and the module's decisions."""
    job = _Job(session, by, now, skip_errors)
    for batch in bulk.batches(rows):
        job.take(batch)
        progress(len(batch))
    report = job.report
    audit.write(
        session,
        "accidents:accident:import",
        by,
        added=report.added,
        updated=report.updated,
        unchanged=report.unchanged,
        refused=len(report.refused),
    )
    session.flush()
    session.expire_all()
    return report


class Reader:
    """Reads and checks rows; what repeats (areas, kinds) is looked up once."""

    def __init__(self, session: Session, by: Actor, now: datetime) -> None:
        self._now = now
        areas = select(Area.code, Area.id, Area.name, Area.valid_from, Area.valid_to)
        self._areas = {row.code: row for row in session.execute(areas.where(visible_to(by)))}
        self._kinds: dict[str, list[ViolationKind]] = {}
        for kind in session.scalars(select(ViolationKind).order_by(ViolationKind.valid_from)):
            self._kinds.setdefault(kind.code, []).append(kind)

    def read(self, row: Row) -> Candidate:
        """Return the row checked; raise Refusal at the column that is wrong."""
        reference = parsing.needed_text(row, "reference", 60)
        occurred = parsing.moment(row, "occurred_at")
        rules.check_time(occurred, self._now)
        occurred = rules.whole_second(occurred)
        day = local_date(occurred)
        severity = parsing.one_of(row, "severity", rules.Severity)
        killed, injured = (_count(row, column) or 0 for column in ("killed", "injured"))
        killed_30_days = _count(row, "killed_30_days")
        rules.check_people(severity, killed, killed_30_days, injured)
        ebike = parsing.flag(row, "ebike_involved") is not False
        helmet, responsibility = rules.of_the_rider(
            ebike, row["rider_helmet"] or rules.Helmet.UNKNOWN, row["responsibility"] or rules.Responsibility.UNKNOWN
        )
        latitude, longitude = _degrees(row, "latitude"), _degrees(row, "longitude")
        rules.check_position(latitude, longitude)
        values = (
            occurred,
            day,
            self._area(row["area_code"], day),
            parsing.short_text(row, "place", 120),
            latitude,
            longitude,
            severity,
            killed,
            killed_30_days,
            injured,
            ebike,
            helmet,
            responsibility,
        )
        return Candidate(row, reference, dict(zip(FACTS, values, strict=True)), self._kinds_on(row["kinds"], day))

    def _area(self, code: str, day: date) -> int:
        area = self._areas.get(code)
        if area is None:
            text = message(
                "There is no village with the code %(code)s in your area. Choose one from the list.", code=code
            )
            raise Refusal(text, field="area_code", value=code)
        if not Validity(area.valid_from, area.valid_to).holds_on(day):
            text = message("%(name)s did not exist on %(day)s.", name=area.name, day=day.isoformat())
            raise Refusal(text, field="area_code", value=code)
        return int(area.id)

    def _kinds_on(self, text: str, day: date) -> dict[str, int]:
        codes = [code for part in text.replace("；", SEPARATOR).split(SEPARATOR) if (code := part.strip())]
        return {code: self._kind(code, day) for code in codes}

    def _kind(self, code: str, day: date) -> int:
        versions = self._kinds.get(code)
        if versions is None:
            text = message("There is no kind of violation with the code %(code)s.", code=code)
            raise Refusal(text, field="kinds", value=code)
        for version in versions:
            if version.holds_on(day):
                return version.id
        try:
            check_valid_on(date.max, None, day, code)
        except Refusal as error:
            raise Refusal(error.text, field="kinds", value=code) from error
        raise AssertionError("a kind that is not valid was refused")


def _count(row: Row, column: str) -> int | None:
    return parsing.whole(row, column, most=rules.MOST_PEOPLE) if row[column] else None


def _degrees(row: Row, column: str) -> float | None:
    if not row[column]:
        return None
    try:
        return float(row[column])
    except ValueError as error:
        raise Refusal(message("Write degrees as a number, such as 30.1785."), field=column) from error


class _Job:
    """One import: what it reads with and what it has done so far."""

    def __init__(self, session: Session, by: Actor, now: datetime, skip_errors: bool) -> None:
        self._session, self._by, self._now, self._skip_errors = session, by, now, skip_errors
        self._reader = Reader(session, by, now)
        self._in_reach = set(session.scalars(select(Area.id).where(visible_to(by))))
        self.report = ImportReport()

    @property
    def _writes(self) -> bool:
        """Whether it still makes sense to write: a file taken all or nothing is lost with its first refusal."""
        return self._skip_errors or not self.report.refused

    def take(self, rows: list[Row]) -> None:
        """Read, compare and write one batch; a reference that comes again is compared with its first row."""
        candidates: dict[str, Candidate] = {}
        again: list[Row] = []
        for row in rows:
            try:
                candidate = self._reader.read(row)
            except Refusal as error:
                self.report.refuse(row, error)
                continue
            if candidate.reference in candidates:
                again.append(row)
            else:
                candidates[candidate.reference] = candidate
        known = self._known(candidates)
        self._compare([(candidates[reference], found) for reference, found in known.items()])
        self._add([candidate for reference, candidate in candidates.items() if reference not in known])
        if again:
            self.take(again)

    def _known(self, candidates: dict[str, Candidate]) -> dict[str, Any]:
        known = bulk.find_by_key(self._session, Accident.reference, candidates, *KNOWN)
        numbers = [text for text in candidates if text not in known and is_number(text, "A")]
        return known | (bulk.find_by_key(self._session, Accident.number, numbers, *KNOWN) if numbers else {})

    def _compare(self, pairs: list[tuple[Candidate, Any]]) -> None:
        before = kinds_of(self._session, [found.id for _, found in pairs])
        changes: list[tuple[Candidate, Any]] = []
        for candidate, found in pairs:
            if candidate.facts["killed_30_days"] is None and (found.killed_30_days or 0) >= candidate.facts["killed"]:
                candidate.facts["killed_30_days"] = found.killed_30_days
            same = all(getattr(found, name) == value for name, value in candidate.facts.items())
            if same and before.get(found.id, ()) == tuple(sorted(candidate.kinds)):
                self.report.unchanged += 1
                continue
            try:
                self._check_changeable(found)
            except Refusal as error:
                self.report.refuse(candidate.row, error)
                continue
            self.report.updated += 1
            changes.append((candidate, found))
        if changes and self._writes:
            self._change(changes)

    def _check_changeable(self, found: Any) -> None:
        if found.area_id not in self._in_reach:
            raise Refusal(message("This reference belongs to a record outside your area."), field="reference", value="")
        if found.state == rules.AccidentState.VOIDED:
            raise Refusal(
                message("The record with this reference is voided: a file does not change it."), field="reference"
            )

    def _change(self, changes: list[tuple[Candidate, Any]]) -> None:
        table: Any = Accident.__table__
        statement = table.update().where(table.c.id == bindparam("row_id"))
        statement = statement.values({name: bindparam(name) for name in FACTS} | {"version": table.c.version + 1})
        self._session.execute(statement, [candidate.facts | {"row_id": found.id} for candidate, found in changes])
        ids = [found.id for _, found in changes]
        self._session.execute(delete(AccidentKind).where(AccidentKind.accident_id.in_(ids)))
        self._link([(found.id, candidate) for candidate, found in changes])

    def _add(self, candidates: list[Candidate]) -> None:
        self.report.added += len(candidates)
        if not self._writes or not candidates:
            return
        own = (rules.AccidentState.RECORDED, "", False, self._by.user_id, self._now, 1)
        rows = [(new_number("A"), one.reference, *own, *one.facts.values()) for one in candidates]
        bulk.load(self._session, Accident.__table__, (*OWN, *FACTS), rows)
        found = bulk.find_by_key(self._session, Accident.reference, [one.reference for one in candidates], Accident.id)
        self._link([(found[one.reference].id, one) for one in candidates])

    def _link(self, pairs: list[tuple[int, Candidate]]) -> None:
        rows = [
            {"accident_id": accident_id, "kind_id": kind_id}
            for accident_id, candidate in pairs
            for kind_id in candidate.kinds.values()
        ]
        if rows:
            self._session.execute(insert(AccidentKind), rows)
