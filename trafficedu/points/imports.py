"""The ledger as files, ``points`` of the command line's contract: entries from elsewhere, and the way out.

Decisions, as the documentation tells them:

* The key is ``reference`` with the year of the day and the source, or the public number of an entry.
* The ledger is never changed: a row known already that says something else is refused, a mistake is met by a
  further row with the opposite points.
* ``points`` carry their sign and may be of either: a file holds corrections, too. Any activity that is valid on the day
  and for the target may come by file, also one that events enter here: elsewhere they were events.
* ``target_kind`` is an area's level, or ``area`` for any level, or ``company``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from trafficedu.core import bulk, parsing
from trafficedu.core.actors import Actor
from trafficedu.core.clock import local_date
from trafficedu.core.columns import Column, Columns, closed
from trafficedu.core.errors import Refusal
from trafficedu.core.keyed_import import Known, ReferencedImport
from trafficedu.core.month import Month
from trafficedu.core.orm import reference_of
from trafficedu.core.tabular import Exporter, Importer
from trafficedu.core.text import message
from trafficedu.points.models import FILE, PointEntry
from trafficedu.points.queries.catalogue import RememberedActivities
from trafficedu.points.queries.entries import EntryFilter, filtered
from trafficedu.points.queries.scope import RememberedTargets
from trafficedu.points.rules import MOST_POINTS, TargetKind
from trafficedu.points.services.entries import NewEntry, prepare


def signed_points(cell: parsing.Cell) -> int:
    """Return points with their sign, which are never 0."""
    points = parsing.whole(-MOST_POINTS, MOST_POINTS)(cell)
    if points == 0:
        raise Refusal(message("An entry of 0 points has no effect. Leave the row out."))
    return points


COLUMNS = Columns(
    Column(
        "reference",
        parsing.needed(60),
        title=message("Entry number"),
        headings=("编号", "来源编号", "序号"),
        note=message("What the source calls this entry; the same entry keeps it in every file."),
        example="P-2026-031",
    ),
    closed("target_kind", TargetKind, title=message("Kind of target"), headings=("对象种类", "对象类型", "类别")),
    Column(
        "target_code",
        parsing.identifier,
        title=message("Code of the target"),
        headings=("对象", "对象代码", "村社", "单位"),
        note=message("Code of the area or company."),
        example="330109001015",
    ),
    Column("date", parsing.day, title=message("Day"), headings=("日期", "活动日期"), example="2026-11-03"),
    Column(
        "activity",
        parsing.identifier,
        title=message("Activity"),
        headings=("活动", "事项", "积分项目"),
        note=message("Its code or its name in the catalogue."),
        example="home_visit",
    ),
    Column("points", signed_points, title=message("Points"), headings=("积分", "分值"), example="2", number=True),
    Column("note", parsing.prose(500), optional=True, title=message("Note"), headings=("说明",)),
)


class PointImport(ReferencedImport[dict[str, Any]]):
    """What repeats in a file (targets, activities) is looked up once."""

    columns, model, letter, action = COLUMNS, PointEntry, "E", "points:entry:import"
    compared = ("area_id", "company_id", "occurred_on", "activity_id", "points", "note")
    fields = {
        "occurred_on": "date",
        "target": "target_code",
        "area_id": "target_code",
        "company_id": "target_code",
        "activity_id": "activity",
    }

    def __init__(self, session: Session, by: Actor, now: datetime, skip_errors: bool) -> None:
        super().__init__(session, by, now, skip_errors)
        self._target_on = RememberedTargets(session, by).find_on
        self._activities = RememberedActivities(session)

    def prepare(self, cells: dict[str, Any]) -> dict[str, Any]:
        """Check a row as an entry; see :func:`points.services.entries.prepare`."""
        activity = self._activities.code_of(cells.pop("activity"))
        new = NewEntry(occurred_on=cells.pop("date"), activity_code=activity, **cells)
        return prepare(new, local_date(self.now), self._target_on, self._activities.find_on)

    def reference(self, ready: dict[str, Any]) -> str:
        """Return the reference."""
        return str(ready["reference"])

    def day(self, ready: dict[str, Any]) -> date:
        """Return the day."""
        day: date = ready["occurred_on"]
        return day

    def facts(self, ready: dict[str, Any], known: Known) -> Mapping[str, Any]:
        """Return all that an entry says."""
        return {name: ready[name] for name in self.compared}

    def check_change(self, change: Mapping[str, Any], known: Known) -> None:
        """Raise Refusal: nothing may change."""
        text = message(
            "The ledger already has this reference, and its entries cannot be changed. Add a row with the opposite "
            "points."
        )
        raise Refusal(text, field="reference")

    def values(self, ready: dict[str, Any]) -> dict[str, Any]:
        """Return the row of a new entry."""
        return (
            ready
            | self.key_values(ready)
            | {"source": FILE, "recorded_by_id": self.by.user_id, "recorded_utc": self.now}
        )


def list_rows(
    session: Session, by: Actor, now: datetime, month: Month | None, clear: bool
) -> Iterable[Mapping[str, Any]]:
    """Yield the entries of a month, or all, that ``by`` may see, the oldest first; see ``core.tabular.ListRows``."""
    query = filtered(by, EntryFilter(month=month)).order_by(PointEntry.occurred_on, PointEntry.id)
    for entry in session.scalars(query.execution_options(yield_per=bulk.BATCH)):
        yield {
            "reference": reference_of(entry, entry.occurred_on),
            "target_kind": entry.kind,
            "target_code": entry.target_code,
            "date": entry.occurred_on,
            "activity": entry.activity.code,
            "points": entry.points,
            "note": entry.note,
        }


IMPORTER = Importer(COLUMNS, PointImport.run, permission="points:entry:import")
EXPORTER = Exporter(COLUMNS, list_rows, permission="points:entry:export", monthly=True)
