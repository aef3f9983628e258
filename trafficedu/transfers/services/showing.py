"""How a stored value reads for people: codes for ids, words for words, the district's clock, nobody in clear."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from trafficedu.accounts.queries import names_of
from trafficedu.core import corrections
from trafficedu.core.clock import local
from trafficedu.core.corrections import Correction
from trafficedu.core.orm import OCCURRED, Base
from trafficedu.core.personal import mask_phone
from trafficedu.core.states import Word
from trafficedu.core.text import message, translate
from trafficedu.core.times import Moment
from trafficedu.core.traces import unplain
from trafficedu.riders.rules import mask_name

HEADS = {
    "active": message("Active"),
    "address": message("Address"),
    "area_id": message("Village or town"),
    "bare": message("without helmet"),
    "birth_date": message("Birth date"),
    "contact_name": message("Safety contact"),
    "contact_phone": message("Telephone"),
    "ebike_involved": message("E-bike"),
    "ebikes": message("Registered e-bikes"),
    "engaged_to": message("Engaged until"),
    "evaluated": message("Evaluated"),
    "fine_yuan": message("Fine (yuan)"),
    "helmeted": message("with helmet"),
    "home_area_id": message("Home village"),
    "injured": message("Injured"),
    "killed": message("Killed"),
    "killed_30_days": message("Killed within 30 days"),
    "kind_id": message("Kind of violation"),
    "kinds": message("Violations involved"),
    "latitude": message("Latitude"),
    "legal_basis": message("Legal basis"),
    "longitude": message("Longitude"),
    "name": message("Name"),
    "note": message("Note"),
    "occurred": message("When"),
    "occurred_on": message("Day"),
    "occurred_utc": message("When"),
    "officer": message("Officer"),
    "parent_code": message("Belongs to"),
    "penalty": message("Penalty"),
    "phone": message("Telephone"),
    "place": message("Place"),
    "responsibility": message("Rider's responsibility"),
    "rider_helmet": message("Rider's helmet"),
    "seats": message("Seats"),
    "severity": message("Severity"),
    "state": message("State"),
    "successor": message("Successor"),
    "unclear": message("unclear"),
    "valid_from": message("First day"),
    "valid_to": message("Last day"),
}
"""What columns are called; one that is not named stands as it is."""
MASKED: Mapping[tuple[str, str], Callable[[str], str]] = {
    ("rider", "name"): mask_name,
    ("rider", "phone"): mask_phone,
}


class Shown:
    """Columns and values of any table in a language; what an id refers to is looked up once."""

    def __init__(self, session: Session, locale: str) -> None:
        self._session, self._locale = session, locale
        self._codes: dict[tuple[str, Any], str] = {}

    def head(self, column: str) -> str:
        """Return what a column is called."""
        return translate(HEADS[column], self._locale) if column in HEADS else column

    def value(self, table: str, column: str, value: Any) -> str:
        """Return a value as ``core.traces.plain`` wrote it, for people; "" for none."""
        if value is None or value == "":
            return ""
        if column == OCCURRED:
            told = Moment.parse(value).told
            return told if isinstance(told, str) else translate(told, self._locale)
        if mask := MASKED.get((table, column)):
            return mask(str(value))
        if isinstance(value, list):
            return ", ".join(map(str, value))
        if isinstance(value, bool):
            return translate(message("yes") if value else message("no"), self._locale)
        columns = Base.metadata.tables[table].c
        if column not in columns:
            return str(value)
        key = next(iter(columns[column].foreign_keys), None)
        return self._code_of(key.column.table, value) if key else self._written(unplain(columns[column], value))

    def _written(self, value: Any) -> str:
        if isinstance(value, Word):
            return translate(value.label, self._locale)
        if isinstance(value, Enum):
            return str(value.value)
        if isinstance(value, datetime):
            return local(value).strftime("%Y-%m-%d %H:%M")
        return str(value)

    def _code_of(self, table: Table, key: int) -> str:
        found = self._codes.get((table.name, key))
        if found is None:
            column = next((table.c[name] for name in ("code", "number") if name in table.c), table.c.id)
            code = str(self._session.scalar(select(column).where(table.c.id == key)) or key)
            name = table.c.get("name") if "code" in table.c else None
            told = self._session.scalar(select(name).where(table.c.id == key)) if name is not None else ""
            found = self._codes[table.name, key] = f"{told} ({code})" if told else code
        return found


@dataclass(frozen=True)
class Line:
    """One corrected field as people read it."""

    correction: Correction
    field: str
    before: str
    value: str
    source: str
    by: str


def lines_of(session: Session, locale: str, found: Sequence[Correction]) -> list[Line]:
    """Return corrections as people read them."""
    shown = Shown(session, locale)
    names = names_of(session, [each.made_by_id for each in found if each.made_by_id])
    lines = []
    for each in found:
        told = corrections.told_of(session, each)
        before, value, source = (
            shown.value(each.subject_kind, each.field, told.get(name)) for name in ("before", "value", "source")
        )
        by = names.get(each.made_by_id or 0, "")
        lines.append(Line(each, shown.head(each.field), before, value, source, by))
    return lines
