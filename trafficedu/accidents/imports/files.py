"""Files of accidents: their columns, the way in, thousands of rows at a time, and the same columns out.

Decisions, as the documentation tells them:

* The key is ``reference`` with the year of the day and the source, or the public number of a record.
* A row known already that says something else corrects the record: who died later is often known later. Another day,
  area, place or severity under a known key may be another accident and needs a yes. What a person corrected stays. A
  voided record stays as it is; a row that would change one is refused.
* ``killed_30_days`` may be empty: not known yet, and it never takes a figure away that is known. ``killed`` and
  ``injured`` must be said, with a 0 for nobody: severity rests on them, and an empty cell is not a zero.
  An empty ``ebike_involved``, ``rider_helmet`` or ``responsibility`` is unknown, and how many rows do not say whether
  an e-bike was involved is said: they are in no figure of e-bike accidents.
* A day alone is a day of which nobody knows the hour; it takes no hour away that is known of that day.
* Records that may be of one accident are taken in; the page of possible duplicates shows them. Where a file is one
  transaction they are looked for at its end, so that nobody waits for the file at a turn; where it is taken in by
  slices (SQLite), with each of them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import delete, insert
from sqlalchemy.orm import Session

from trafficedu.accidents import rules
from trafficedu.accidents.imports.exporting import kinds_of, list_rows
from trafficedu.accidents.models import Accident, AccidentKind
from trafficedu.accidents.services import pairs
from trafficedu.accidents.services.recording import NewAccident, prepare
from trafficedu.areas.imports.columns import area_column
from trafficedu.areas.queries.extents import RememberedSurroundings
from trafficedu.areas.queries.tree import RememberedAreas
from trafficedu.core import bulk, parsing
from trafficedu.core.actors import Actor
from trafficedu.core.columns import Column, Columns, closed, coordinate_system, coordinates, place_in_wgs84, yes_no
from trafficedu.core.errors import Refusal
from trafficedu.core.happened_import import HappenedImport
from trafficedu.core.keyed_import import Candidate, Known
from trafficedu.core.numbers import new_number
from trafficedu.core.orm import OCCURRED_COLUMNS
from trafficedu.core.parsing import if_given
from trafficedu.core.private_copy import is_single_writer
from trafficedu.core.reading import Row
from trafficedu.core.tabular import Exporter, Importer
from trafficedu.core.text import Message, message
from trafficedu.violations.queries.kinds import RememberedKinds

PEOPLE = parsing.whole(most=rules.MOST_PEOPLE)


def codes(cell: parsing.Cell) -> tuple[str, ...]:
    """Return the codes or names of a list with semicolons between them."""
    parts = re.split("[;；、]", parsing.identifier(cell))
    return tuple(code for part in parts if (code := part.strip()))


COLUMNS = Columns(
    Column(
        "reference",
        parsing.needed(60),
        title=message("Case number"),
        headings=("编号", "案件号", "事故编号", "来源编号", "序号"),
        note=message("What the source calls this accident; the same accident keeps it in every file."),
        example="POLICE-2026-77",
    ),
    Column(
        "occurred_at",
        parsing.moment,
        title=message("Time of the accident"),
        headings=("发生时间", "时间", "事发时间", "事故日期", "发生日期"),
        note=message("Day and time. A day alone stands where nobody knows the hour."),
        example="2026-11-23 21:05",
    ),
    area_column(),
    Column(
        "place", parsing.prose(120), optional=True, title=message("Place"), headings=("事故地点", "发生地点", "路段")
    ),
    *coordinates(),
    closed(
        "severity",
        rules.Severity,
        title=message("Severity"),
        headings=("严重程度", "事故类型", "事故等级", "伤情", "后果"),
        also={"亡人": rules.Severity.FATAL, "财损": rules.Severity.DAMAGE},
    ),
    Column(
        "killed",
        PEOPLE,
        title=message("Killed"),
        headings=("死亡", "死亡数", "亡人数"),
        note=message("Who died within 7 days. Write 0 for nobody: an empty cell is not a zero."),
        example="0",
        number=True,
    ),
    Column(
        "killed_30_days",
        if_given(PEOPLE),
        optional=True,
        title=message("Killed within 30 days"),
        headings=("30日死亡", "30日内死亡", "三十日内死亡人数"),
        note=message("Empty as long as it is not known."),
        number=True,
    ),
    Column(
        "injured",
        PEOPLE,
        title=message("Injured"),
        headings=("受伤", "受伤数", "伤人数"),
        note=message("Write 0 for nobody: an empty cell is not a zero."),
        example="1",
        number=True,
    ),
    yes_no(
        "ebike_involved",
        title=message("E-bike involved"),
        headings=("涉电动自行车", "涉及电动自行车", "是否涉电动自行车", "涉电"),
        note=message("Yes or no. Empty: not known; such an accident is in no figure of e-bike accidents."),
    ),
    closed(
        "rider_helmet",
        rules.Helmet,
        default=rules.Helmet.UNKNOWN,
        title=message("Rider's helmet"),
        headings=("头盔", "头盔佩戴", "是否戴头盔"),
        also={"是": rules.Helmet.YES, "否": rules.Helmet.NO, "戴": rules.Helmet.YES, "未戴": rules.Helmet.NO},
    ),
    closed(
        "responsibility",
        rules.Responsibility,
        default=rules.Responsibility.UNKNOWN,
        title=message("Rider's responsibility"),
        headings=("责任", "事故责任", "责任认定"),
        also={
            "全责": rules.Responsibility.FULL,
            "主责": rules.Responsibility.MAIN,
            "同责": rules.Responsibility.EQUAL,
            "次责": rules.Responsibility.MINOR,
            "无责": rules.Responsibility.NONE,
            "未认定": rules.Responsibility.UNKNOWN,
        },
    ),
    Column(
        "kinds",
        codes,
        optional=True,
        title=message("Violations involved"),
        headings=("违法行为", "过错行为", "违法种类"),
        note=message("Codes or names of the catalogue, with semicolons between them."),
        example="2007;2004",
    ),
    coordinate_system(),
)
FACTS = (
    *OCCURRED_COLUMNS,
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
EBIKE_UNKNOWN = message(
    "Rows that do not say whether an e-bike was involved: %(count)d. They are in no figure of e-bike accidents."
)


class AccidentRow(NamedTuple):
    """A row that is right in itself: its facts by column of the table, and the versions of the kinds by code."""

    reference: str
    facts: dict[str, Any]
    kinds: dict[str, int]


class AccidentImport(HappenedImport[AccidentRow]):
    """What repeats in a file (areas, kinds) is looked up once; a known record is corrected."""

    columns, model, letter, action = COLUMNS, Accident, "A", "accidents:accident:import"
    changeable, compared = FACTS, (*FACTS, "state")
    telling = ("occurred_on", "area_id", "place", "severity")
    fields = {"occurred": "occurred_at", "occurred_on": "occurred_at", "area_id": "area_code"}

    def __init__(self, session: Session, by: Actor, now: datetime, skip_errors: bool) -> None:
        super().__init__(session, by, now, skip_errors)
        self._areas, self._kinds = RememberedAreas(session, by), RememberedKinds(session)
        self._surroundings = RememberedSurroundings(session)
        self._ebike_unknown = 0
        self._added: list[int] = []
        self._moved: list[int] = []
        self._places: set[int] = set()

    def take(self, rows: Sequence[Row]) -> None:
        """Take in one batch."""
        super().take(rows)
        if is_single_writer(self.session):
            self._renew_pairs()

    def finish(self) -> None:
        """Look for what may be of one accident, and say of how many rows it is not known what they count for."""
        self._renew_pairs()
        if self._ebike_unknown:
            self.report.remark_file(Message(EBIKE_UNKNOWN.msgid, {"count": self._ebike_unknown}))

    def _renew_pairs(self) -> None:
        """Look for what may be of one accident with the records that were added or moved."""
        pairs.renew(self.session, self._places, changed=self._moved, added=self._added)
        for noted in (self._places, self._moved, self._added):
            noted.clear()

    def prepare(self, cells: dict[str, Any]) -> AccidentRow:
        """Check a row as a record; see :func:`accidents.services.recording.prepare`."""
        reference = cells.pop("reference")
        occurred = cells.pop("occurred_at")
        cells["area_code"] = self._areas.code_of(cells["area_code"])
        cells["kinds"] = tuple(self._kinds.code_of(kind, "kinds") for kind in cells["kinds"])
        place_in_wgs84(cells)
        new = NewAccident(occurred_utc=occurred.utc, hour_known=occurred.hour_known, **cells)
        facts, kinds = prepare(new, self.now, self._areas.find, self._kinds.find_on, self._surroundings.of)
        self._ebike_unknown += facts["ebike_involved"] is None
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
        """Return what a row says; not known takes no figure away, no hour and no e-bike."""
        facts = self.with_moment(ready.facts, ready.facts, known) | {"kinds": tuple(sorted(ready.kinds))}
        if facts["ebike_involved"] is None and known["ebike_involved"] is not None:
            for name in ("ebike_involved", "rider_helmet", "responsibility"):
                facts[name] = known[name]
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
