"""Files of accidents: their columns, the way in, thousands of rows at a time, and the same columns out.

Decisions, as the documentation tells them:

* The key is ``reference`` with the year of the day and the source, or the public number of a record.
* A row known already that says something else corrects the record: who died later is often known later. Another day,
  area, place or severity under a known key may be another accident and needs a yes. What a person corrected stays. A
  voided record stays as it is; a row that would change one is refused.
* ``killed_30_days`` may be empty: not known yet, and it never takes a figure away that is known. An empty count is
  0, an empty ``ebike_involved``, ``rider_helmet`` or ``responsibility`` is true, unknown, unknown.
* Records that may be of one accident are taken in; the page of possible duplicates shows them. Where a file is one
  transaction they are looked for at its end, so that nobody waits for the file at a turn; where it is taken in by
  slices (SQLite), with each of them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import delete, insert
from sqlalchemy.orm import Session

from trafficedu.accidents import rules
from trafficedu.accidents.imports.exporting import SEPARATOR, kinds_of, list_rows
from trafficedu.accidents.models import Accident, AccidentKind
from trafficedu.accidents.services import pairs
from trafficedu.accidents.services.recording import NewAccident, prepare
from trafficedu.areas.queries.extents import RememberedSurroundings
from trafficedu.areas.queries.tree import RememberedAreas
from trafficedu.core import bulk, parsing
from trafficedu.core.actors import Actor
from trafficedu.core.columns import Column, Columns
from trafficedu.core.errors import Refusal
from trafficedu.core.keyed_import import Candidate, Known, ReferencedImport
from trafficedu.core.numbers import new_number
from trafficedu.core.parsing import if_given
from trafficedu.core.private_copy import is_single_writer
from trafficedu.core.tabular import Exporter, Importer, Row
from trafficedu.core.text import message
from trafficedu.violations.queries.kinds import RememberedKinds

PEOPLE = parsing.whole(most=rules.MOST_PEOPLE)


def codes(cell: parsing.Cell) -> tuple[str, ...]:
    """Return the codes of a list with semicolons between them."""
    parts = parsing.as_text(cell).replace("；", SEPARATOR).split(SEPARATOR)
    return tuple(code for part in parts if (code := part.strip()))


COLUMNS = Columns(
    Column("reference", parsing.needed(60)),
    Column("occurred_at", parsing.moment),
    Column("area_code"),
    Column("place", parsing.text(120)),
    Column("latitude", if_given(parsing.degrees)),
    Column("longitude", if_given(parsing.degrees)),
    Column("severity"),
    Column("killed", if_given(PEOPLE, 0)),
    Column("killed_30_days", if_given(PEOPLE)),
    Column("injured", if_given(PEOPLE, 0)),
    Column("ebike_involved", if_given(parsing.flag, True)),
    Column("rider_helmet", if_given(parsing.as_text, rules.Helmet.UNKNOWN)),
    Column("responsibility", if_given(parsing.as_text, rules.Responsibility.UNKNOWN)),
    Column("kinds", codes),
)
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


class AccidentRow(NamedTuple):
    """A row that is right in itself: its facts by column of the table, and the versions of the kinds by code."""

    reference: str
    facts: dict[str, Any]
    kinds: dict[str, int]


class AccidentImport(ReferencedImport[AccidentRow]):
    """What repeats in a file (areas, kinds) is looked up once; a known record is corrected."""

    columns, model, letter, action = COLUMNS, Accident, "A", "accidents:accident:import"
    changeable, compared = FACTS, (*FACTS, "state")
    telling = ("occurred_on", "area_id", "place", "severity")
    fields = {"occurred_utc": "occurred_at", "occurred_on": "occurred_at", "area_id": "area_code"}

    def __init__(self, session: Session, by: Actor, now: datetime, skip_errors: bool) -> None:
        super().__init__(session, by, now, skip_errors)
        self._areas, self._kinds = RememberedAreas(session, by), RememberedKinds(session)
        self._surroundings = RememberedSurroundings(session)
        self._added: list[int] = []
        self._moved: list[int] = []
        self._places: set[int] = set()

    def take(self, rows: Sequence[Row]) -> None:
        """Take in one batch."""
        super().take(rows)
        if is_single_writer(self.session):
            self.finish()

    def finish(self) -> None:
        """Look for what may be of one accident with the records that were added or moved."""
        pairs.renew(self.session, self._places, changed=self._moved, added=self._added)
        for noted in (self._places, self._moved, self._added):
            noted.clear()

    def prepare(self, cells: dict[str, Any]) -> AccidentRow:
        """Check a row as a record; see :func:`accidents.services.recording.prepare`."""
        reference = cells.pop("reference")
        new = NewAccident(occurred_utc=cells.pop("occurred_at"), **cells)
        facts, kinds = prepare(new, self.now, self._areas.find, self._kinds.find_on, self._surroundings.of)
        return AccidentRow(reference, facts, {code: kind.id for code, kind in kinds.items()})

    def reference(self, ready: AccidentRow) -> str:
        """Return the reference."""
        return ready.reference

    def day(self, ready: AccidentRow) -> date:
        """Return the day."""
        day: date = ready.facts["occurred_on"]
        return day

    def find(self, keys: Collection[Any]) -> dict[Any, Known]:
        """Return the records known, each with the codes of its kinds."""
        known = super().find(keys)
        kinds = kinds_of(self.session, [record["id"] for record in known.values()])
        for record in known.values():
            record["kinds"] = kinds.get(record["id"], ())
        return known

    def facts(self, ready: AccidentRow, known: Known) -> Mapping[str, Any]:
        """Return what a row says; not known yet takes no figure away."""
        facts = ready.facts | {"kinds": tuple(sorted(ready.kinds))}
        if facts["killed_30_days"] is None and (known["killed_30_days"] or 0) >= facts["killed"]:
            facts["killed_30_days"] = known["killed_30_days"]
        return facts

    def check_change(self, change: Mapping[str, Any], known: Known) -> None:
        """Raise Refusal for a record out of reach, or voided."""
        if known["area_id"] not in self._areas.ids:
            raise Refusal(message("This reference belongs to a record outside your area."), field="reference", value="")
        if known["state"] == rules.AccidentState.VOIDED:
            raise Refusal(
                message("The record with this reference has been voided. A file cannot change it."), field="reference"
            )

    def change(self, changed: Sequence[tuple[AccidentRow, Known]]) -> None:
        """Write the facts and the kinds anew."""
        ids = [known["id"] for _, known in changed]
        columns = [getattr(Accident, name) for name in rules.COMPARED]
        before = bulk.find_by_key(self.session, Accident.id, ids, *columns)
        super().change(changed)
        for _, known in changed:
            if any(getattr(before[known["id"]], name) != known[name] for name in rules.COMPARED):
                self._moved.append(known["id"])
                self._places |= {before[known["id"]].area_id, known["area_id"]}
        self.session.execute(delete(AccidentKind).where(AccidentKind.accident_id.in_(ids)))
        self._link({known["id"]: ready for ready, known in changed})

    def values(self, ready: AccidentRow) -> dict[str, Any]:
        """Return the row of a new record."""
        own = {"number": new_number("A"), "state": rules.AccidentState.RECORDED, **self.key_values(ready)}
        return ready.facts | own | {"recorded_by_id": self.by.user_id, "recorded_utc": self.now}

    def add(self, candidates: Sequence[Candidate[AccidentRow]]) -> int:
        """Add the records and their kinds."""
        added = dict(zip(self.load(candidates), (each.ready for each in candidates), strict=False))
        self._link(added)
        self._added += added
        self._places |= {ready.facts["area_id"] for ready in added.values()}
        return len(candidates)

    def _link(self, records: Mapping[int, AccidentRow]) -> None:
        rows = [
            {"accident_id": accident_id, "kind_id": kind_id}
            for accident_id, ready in records.items()
            for kind_id in ready.kinds.values()
        ]
        if rows:
            self.session.execute(insert(AccidentKind), rows)


IMPORTER = Importer(COLUMNS, AccidentImport.run, permission="accidents:accident:import")
EXPORTER = Exporter(COLUMNS, list_rows, permission="accidents:accident:export", monthly=True)
