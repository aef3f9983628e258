"""What was corrected in a record, as a page says it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.accounts.queries import names_of
from trafficedu.areas.models import Area
from trafficedu.core.clock import local
from trafficedu.core.text import Message, message
from trafficedu.violations.models import ViolationCorrection, ViolationKind
from trafficedu.violations.rules import CorrectedField, Penalty


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


def list_corrections(session: Session, violation_id: int, locale: str, notes: bool = True) -> Sequence[CorrectionLine]:
    """Return what was corrected in a record, the first first; without ``notes`` for those who do not read them."""
    query = (
        select(ViolationCorrection)
        .where(ViolationCorrection.violation_id == violation_id)
        .order_by(ViolationCorrection.id)
    )
    rows = [row for row in session.scalars(query) if notes or row.field != CorrectedField.NOTE]
    if not rows:
        return []
    people = names_of(session, [row.by_id for row in rows if row.by_id is not None])
    names = _names(session, rows, locale)
    return [
        CorrectionLine(
            row.field.label,
            names.get((row.field, row.before), row.before),
            names.get((row.field, row.after), row.after),
            row.at_utc,
            people.get(row.by_id or 0, ""),
            row.reason,
        )
        for row in rows
    ]


Names = dict[tuple[str, str], Message | str]


def _names(session: Session, rows: Sequence[ViolationCorrection], locale: str) -> Names:
    """Return what the texts that are kept read like, by field and text."""
    texts = {(row.field, text) for row in rows for text in (row.before, row.after) if text}
    names: Names = {(field, text): _plain(field, text) for field, text in texts}
    kinds = [text for field, text in texts if field == CorrectedField.KIND]
    for kind in session.scalars(select(ViolationKind).where(ViolationKind.code.in_(kinds)).order_by("valid_from")):
        names[CorrectedField.KIND, kind.code] = kind.name(locale)
    areas = [text for field, text in texts if field == CorrectedField.AREA]
    for code, name in session.execute(select(Area.code, Area.name).where(Area.code.in_(areas))).tuples():
        names[CorrectedField.AREA, code] = name
    return names


def _plain(field: str, text: str) -> Message | str:
    if field == CorrectedField.OCCURRED:
        return local(datetime.fromisoformat(text)).strftime("%Y-%m-%d %H:%M")
    return Penalty(text).label if field == CorrectedField.PENALTY else text
