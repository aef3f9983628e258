"""What was corrected in a record, as a page says it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.accounts.queries import names_of
from trafficedu.areas.models import Area
from trafficedu.core.corrections import history_of, told_of
from trafficedu.core.orm import OCCURRED
from trafficedu.core.text import Message, message
from trafficedu.core.times import Moment
from trafficedu.violations.models.records import Violation, ViolationKind
from trafficedu.violations.rules.states import CorrectedField, Penalty


@dataclass(frozen=True)
class CorrectionLine:
    """One field that was corrected: its name, what stood there and what stands there now, when, by whom, why."""

    field: Message
    before: Message | str
    after: Message | str
    at_utc: datetime
    by: str
    reason: str

    @property
    def what(self) -> Message:
        """The correction as a sentence."""
        nothing = message("(empty)")
        return message(
            "%(field)s corrected: %(before)s → %(after)s",
            field=self.field,
            before=self.before or nothing,
            after=self.after or nothing,
        )


FIELDS = {
    "kind_id": CorrectedField.KIND,
    OCCURRED: CorrectedField.OCCURRED,
    "area_id": CorrectedField.AREA,
    "place": CorrectedField.PLACE,
    "penalty": CorrectedField.PENALTY,
    "fine_yuan": CorrectedField.FINE,
    "note": CorrectedField.NOTE,
}
"""Column of the table -> what of a record it is to people; the day is told with the moment."""


def list_corrections(session: Session, violation_id: int, locale: str, notes: bool = True) -> Sequence[CorrectionLine]:
    """Return what was corrected in a record, the first first; without ``notes`` for those who do not read them."""
    made = reversed(history_of(session, Violation.__tablename__, violation_id))
    told = [(each, told_of(session, each)) for each in made if each.field in FIELDS and (notes or each.field != "note")]
    if not told:
        return []
    names = _names(session, locale, {(each.field, values[side]) for each, values in told for side in SIDES})
    people = names_of(session, [each.made_by_id for each, _ in told if each.made_by_id is not None])
    lines = [
        CorrectionLine(
            FIELDS[each.field].label,
            names[each.field, values["before"]],
            names[each.field, values["value"]],
            each.made_utc,
            people.get(each.made_by_id or 0, ""),
            each.reason,
        )
        for each, values in told
    ]
    return [line for line in lines if line.before != line.after]  # a kind in another version reads the same


SIDES = ("before", "value")
"""What a correction tells of its field: what the record said, and what it says since."""
Names = dict[tuple[str, Any], Message | str]


def _names(session: Session, locale: str, values: Collection[tuple[str, Any]]) -> Names:
    """Return what the values that are kept read like, by column and value."""
    names: Names = {(field, value): _plain(field, value) for field, value in values}
    kinds = [value for field, value in values if field == "kind_id"]
    for kind in session.scalars(select(ViolationKind).where(ViolationKind.id.in_(kinds))):
        names["kind_id", kind.id] = kind.name(locale)
    areas = [value for field, value in values if field == "area_id"]
    for area_id, name in session.execute(select(Area.id, Area.name).where(Area.id.in_(areas))).tuples():
        names["area_id", area_id] = name
    return names


def _plain(field: str, value: Any) -> Message | str:
    if value is None:
        return ""
    if field == OCCURRED:
        return Moment.parse(value).told
    return Penalty(value).label if field == "penalty" else str(value)
