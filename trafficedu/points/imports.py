"""The ledger as files, ``points`` of the command line's contract: entries from elsewhere, and the way out.

Decisions, as the documentation tells them:

* The key is ``reference``; an export of an entry that never had one writes its public number there, so a reference that
  is the number of an entry means that entry.
* The ledger is never changed: a row known already that says something else is refused, a mistake is met by a further
  row with the opposite points.
* ``points`` carry their sign and may be of either: a file holds corrections, too. Any activity that is valid on the day
  and for the target may come by file, also one that events enter here: elsewhere they were events.
* ``target_kind`` is an area's level, or ``area`` for any level, or ``company``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.areas.models import Area
from trafficedu.companies.models import Company
from trafficedu.core import audit, bulk, parsing
from trafficedu.core.actors import Actor
from trafficedu.core.clock import local_date
from trafficedu.core.errors import Refusal
from trafficedu.core.numbers import is_number, new_number
from trafficedu.core.tabular import Columns, Exporter, Importer, ImportReport, Progress, Row
from trafficedu.core.text import message
from trafficedu.core.validity import Validity
from trafficedu.points.models import FILE, PointEntry
from trafficedu.points.queries import catalogue, scope
from trafficedu.points.queries.entries import EntryFilter, filtered
from trafficedu.points.queries.scope import Target
from trafficedu.points.rules import AREA_KINDS, COMPANY, KINDS, MOST_POINTS

COLUMNS = Columns(("reference", "target_kind", "target_code", "date", "activity", "points", "note"))
FACTS = ("area_id", "company_id", "occurred_on", "activity_id", "points", "note")
OWN = ("number", "reference", "source", "recorded_by_id", "recorded_utc")
KNOWN = [getattr(PointEntry, name) for name in FACTS]


@dataclass(frozen=True)
class _Candidate:
    """A row that is right in itself, with its values in the order of :data:`FACTS`."""

    row: Row
    reference: str
    facts: tuple[Any, ...]


class _Reader:
    """Reads and checks rows; what repeats (targets, activities) is looked up once."""

    def __init__(self, session: Session, by: Actor, now: datetime) -> None:
        self._today = local_date(now)
        self._targets = {
            ("company" if target.kind == COMPANY else "area", target.code): target
            for target in _every_target(session, by)
        }
        self._areas = {row.code: row for row in session.execute(select(Area.code, Area.valid_from, Area.valid_to))}
        self._activities = catalogue.list_activities(session)

    def read(self, row: Row) -> _Candidate:
        """Return the row checked; raise Refusal at the column that is wrong."""
        reference = parsing.needed_text(row, "reference", 60)
        day = parsing.day(row, "date", needed=True)
        if day > self._today:
            raise Refusal(message("This day lies in the future. Check the date."), field="date")
        target = self._target(row, day)
        activity = self._activity(row, day, target.kind)
        points = parsing.whole(row, "points", -MOST_POINTS, MOST_POINTS)
        if points == 0:
            raise Refusal(message("An entry of 0 points says nothing. Leave the row out."), field="points")
        note = parsing.short_text(row, "note", 500)
        area_id, company_id = (None, target.id) if target.kind == COMPANY else (target.id, None)
        return _Candidate(row, reference, (area_id, company_id, day, activity, points, note))

    def _target(self, row: Row, day: date) -> Target:
        kind = parsing.one_of(row, "target_kind", (*KINDS, "area"))
        code = row["target_code"]
        target = self._targets.get((COMPANY if kind == COMPANY else "area", code))
        if target is None or (kind in AREA_KINDS and kind != target.kind):
            raise Refusal(message("There is no such area or company."), field="target_code")
        area = self._areas.get(code) if kind != COMPANY else None
        if area is not None and not Validity(area.valid_from, area.valid_to).holds_on(day):
            text = message("%(name)s did not exist on %(day)s.", name=target.name, day=day.isoformat())
            raise Refusal(text, field="target_code")
        return target

    def _activity(self, row: Row, day: date, kind: str) -> int:
        versions = [version for version in self._activities if version.code == row["activity"]]
        if not versions:
            text = message("There is no activity with the code %(code)s.", code=row["activity"])
            raise Refusal(text, field="activity")
        for version in versions:
            if version.holds_on(day):
                if kind not in version.kinds:
                    raise Refusal(message("This activity is not for this kind of target."), field="activity")
                return version.id
        raise Refusal(message("This activity does not count on that day. See its dates."), field="activity")


def _every_target(session: Session, by: Actor) -> Iterator[Target]:
    """Yield every target that ``by`` sees, whenever it existed."""
    if by.scope.everything or by.scope.area_path is not None:
        path = by.scope.area_path or ""
        yield from map(scope.of_area, session.scalars(select(Area).where(Area.path.startswith(path, autoescape=True))))
    if scope.sees_companies(by):
        yield from map(scope.of_company, session.scalars(select(Company)))


def run(
    session: Session, rows: Iterator[Row], by: Actor, now: datetime, *, skip_errors: bool, progress: Progress
) -> ImportReport:
    """Import entries; see :class:`trafficedu.core.tabular.RunImport` and the module's decisions."""
    job = _Job(session, by, now, skip_errors)
    for batch in bulk.batches(rows):
        job.take(batch)
        progress(len(batch))
    report = job.report
    audit.write(
        session,
        "points:entry:import",
        by,
        added=report.added,
        unchanged=report.unchanged,
        refused=len(report.refused),
    )
    session.flush()
    report.refused.sort(key=lambda refused: refused.line)
    return report


class _Job:
    """One import: what it reads with and what it has done so far."""

    def __init__(self, session: Session, by: Actor, now: datetime, skip_errors: bool) -> None:
        self._session, self._by, self._skip_errors, self._now = session, by, skip_errors, now
        self._reader = _Reader(session, by, now)
        self.report = ImportReport()

    def take(self, rows: list[Row]) -> None:
        """Read, compare and write one batch; a reference that comes again is compared with its first row."""
        candidates: dict[str, _Candidate] = {}
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
        fresh = [candidate for reference, candidate in candidates.items() if reference not in known]
        for reference, found in known.items():
            self._compare(candidates[reference], found)
        self.report.added += len(fresh)
        if fresh and (self._skip_errors or not self.report.refused):
            self._add(fresh)
        if again:
            self.take(again)

    def _known(self, candidates: Mapping[str, _Candidate]) -> dict[str, Any]:
        known = bulk.find_by_key(self._session, PointEntry.reference, candidates, *KNOWN)
        numbers = [text for text in candidates if text not in known and is_number(text, "E")]
        return known | (bulk.find_by_key(self._session, PointEntry.number, numbers, *KNOWN) if numbers else {})

    def _compare(self, candidate: _Candidate, found: Any) -> None:
        if tuple(found[1:]) == candidate.facts:
            self.report.unchanged += 1
            return
        text = message(
            "The ledger has this reference already and is never changed. Add a row with the opposite points."
        )
        self.report.refuse(candidate.row, Refusal(text, field="reference"))

    def _add(self, fresh: list[_Candidate]) -> None:
        own = (FILE, self._by.user_id, self._now)
        bulk.load(
            self._session,
            PointEntry.__table__,
            (*OWN, *FACTS),
            [(new_number("E"), candidate.reference, *own, *candidate.facts) for candidate in fresh],
        )


def list_rows(
    session: Session, by: Actor, now: datetime, month: date | None, clear: bool
) -> Iterable[Mapping[str, Any]]:
    """Yield the entries of a month, or all, that ``by`` may see, the oldest first; see ``core.tabular.ListRows``."""
    query = filtered(by, EntryFilter(month=month)).order_by(PointEntry.occurred_on, PointEntry.id)
    for entry in session.scalars(query.execution_options(yield_per=bulk.BATCH)):
        yield {
            "reference": entry.reference or entry.number,
            "target_kind": entry.kind,
            "target_code": entry.target_code,
            "date": entry.occurred_on,
            "activity": entry.activity.code,
            "points": entry.points,
            "note": entry.note,
        }


IMPORTER = Importer(COLUMNS, run, permission="points:entry:import")
EXPORTER = Exporter(COLUMNS, list_rows, permission="points:entry:export", monthly=True)
