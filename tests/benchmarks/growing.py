"""Make a district larger by copying it inside the database: riders, violations, studies, notices and answers.

A demo district of a million records takes a quarter of an hour to invent, a copy takes minutes. Every copy has riders
of its own, so that what is counted by rider grows too. Bookings, attendances and certificates are not copied.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, ColumnElement, String, Table, cast, func, insert, literal, select
from sqlalchemy.orm import Session

from trafficedu.core.tables import table_of
from trafficedu.education.models import StudyTask, TaskViolation
from trafficedu.feedback.models import Feedback, Notice
from trafficedu.riders.models import Rider
from trafficedu.violations.models import Violation

COPIED: dict[Table, tuple[str, ...]] = {
    table_of(Rider): ("id_number_hash", "number"),
    table_of(Violation): ("number",),
    table_of(StudyTask): ("number",),
    table_of(TaskViolation): (),
    table_of(Notice): ("number",),
    table_of(Feedback): (),
}
"""Tables in the order of their references, each with the texts that have to be unique."""
EMPTIED = {"reference", "client_reference"}


def grow(session: Session, wanted: int) -> int:
    """Copy everything until there are at least ``wanted`` violations; returns how many there are, committed."""
    tables = list(COPIED)
    made = session.scalar(select(func.count()).select_from(tables[1])) or 0
    span = 1 + max(session.scalar(select(func.max(table.c.id))) or 0 for table in tables if "id" in table.c)
    for copy in range(1, -(-wanted // made)):
        for table in tables:
            columns = [column for column in table.columns if column.name not in EMPTIED]
            chosen = select(*(_copied(column, table, copy * span) for column in columns))
            first = next(iter(table.primary_key))
            session.execute(insert(table).from_select([one.name for one in columns], chosen.where(first < span)))
        session.commit()
    return session.scalar(select(func.count()).select_from(tables[1])) or 0


def _copied(column: Column[Any], table: Table, shift: int) -> ColumnElement[Any]:
    """Return what a copy has in a column: own keys and texts, the copies of the rows it refers to, else the same."""
    if column.name in COPIED[table]:
        return literal(table.name[0]) + cast(table.c.id + shift, String)
    if column.name == "id" or any(key.column.table in COPIED for key in column.foreign_keys):
        return column + shift
    return column
