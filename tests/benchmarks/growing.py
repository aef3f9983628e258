"""Make a district larger by copying it inside the database: a demo of a million records takes a quarter of an hour to
invent, a copy takes minutes.

Everything that grows with the years is copied, each table at its pace (:data:`GROWN`): of riders, violations, studies,
seats, notices and answers every copy has its own; sessions, accidents, patrols, points and counts of helmets, which a
district has of its own accord, are copied a tenth as often, so that a session is fuller and not alone. Copies lie some
days and seconds apart. What is still open is taken along by every 25th copy only: a larger district has more to do, but
its past is done.

What is kept of counted months is no part of a copy: who needs it counts it after :func:`grow`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sqlalchemy import Column, Date, Index, String, Table, UniqueConstraint, text
from sqlalchemy.orm import Session

from trafficedu.core.orm import Base, FirstOfMonth, UTCDateTime
from trafficedu.education.rules.reckoning import FINISHED_FROM
from trafficedu.feedback.rules.notices import HELD_FROM

Say = Callable[[str], None]
OPEN_EVERY = 25
"""One copy in so many takes along what is still open."""
GROUP, DAYS_APART, SECONDS_APART = 10, 7, 60
"""Copies that share their sessions and are moved back by the same days, fewer than seven; seconds tell them apart."""
AT_ONCE = 40
"""Copies written in one transaction."""


@dataclass(frozen=True)
class Growth:
    """How a table is copied: how often for one copy of the district, which rows are open, which are never copied."""

    pace: Fraction = Fraction(1)
    open: str = "FALSE"
    never: str = "FALSE"
    texts: tuple[str, ...] = ()
    """Texts that are made unique although no key of one column says so."""


TENTH = Growth(Fraction(1, GROUP))
GROWN: Mapping[str, Growth] = {
    "rider": Growth(),
    "vehicle": Growth(),
    "engagement": Growth(),
    "plate_use": Growth(),
    "rider_lookup": Growth(),
    "study_session": TENTH,
    "violation": Growth(open="state = 'pending' OR company_known IN ('named', 'ambiguous') OR identity = 'wanted'"),
    "company_decision": Growth(),
    "unnamed_person": Growth(),
    "plate_question": Growth(open="state = 'open'"),
    "violation_pair": Growth(TENTH.pace, open="state = 'open'"),
    "objection": Growth(open="state = 'open'"),
    "study_task": Growth(open="state IN ('open', 'booked', 'away', 'in_progress')"),
    "task_violation": Growth(),
    "booking": Growth(),
    "attendance": Growth(),
    "module_record": Growth(),
    "certificate": Growth(),
    "rider_message": Growth(
        open="state IN ('waiting', 'sending') OR (state IN ('failed', 'unclear', 'no_way') AND told_utc IS NULL)"
    ),
    "notice": Growth(
        open="state <> 'voided' AND closed_utc IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM feedback WHERE feedback.notice_id = notice.id)"
    ),
    "feedback": Growth(),
    "hazard": Growth(open="state IN ('reported', 'planned', 'fixing', 'fixed')"),
    "hazard_step": Growth(),
    "hazard_photo": Growth(),
    "accident": TENTH,
    "accident_kind": TENTH,
    "accident_rider": TENTH,
    "accident_pair": Growth(TENTH.pace, open="state = 'open'"),
    "helmet_survey": Growth(Fraction(1, GROUP), texts=("reference",)),
    "helmet_sheet": TENTH,
    "helmet_count": TENTH,
    "patrol": Growth(TENTH.pace, never="ended_utc IS NULL"),
    "point_entry": TENTH,
    "push": Growth(Fraction(20), texts=("key",)),
    "push_delivery": Growth(Fraction(20), never="ended_utc IS NULL"),
    "audit_entry": Growth(),
    "document": Growth(never="subject < 'A'", texts=("subject",)),
    "document_file": Growth(),
    "name_conflict": Growth(open="state = 'open'"),
    "correction": Growth(TENTH.pace, open="state = 'differs'", never="subject_kind NOT IN ('accident', 'rider')"),
    "import_change": Growth(),
}
"""The tables that grow. Whatever is not here has as many rows in a large district as in a small one.

Documents of a record are copied, those of a month (whose subject begins with a year) are not; a run of an import did
more in a larger district.
"""
EMPTIED = {"reference", "client_reference", "once_key", "record", "ended_by"}
"""Keys of what came in from outside, and numbers of records that are not copied along; a copy has none."""


def grown_tables() -> list[Table]:
    """Return the tables that grow, each after those it refers to."""
    return [table for table in Base.metadata.sorted_tables if table.name in GROWN]


def grow(session: Session, wanted: int, *, unchecked: bool = False, say: Say = lambda _line: None) -> int:
    """Copy everything until there are at least ``wanted`` violations; returns how many there are, committed.

    ``unchecked``: on PostgreSQL without triggers and foreign keys, as its owner may, and on either database with the
    indexes taken away meanwhile: for millions.
    """
    made = _count(session, "violation")
    copies = -(-wanted // max(made, 1)) - 1
    if copies < 1:
        return made
    tables = grown_tables()
    spans = {table.name: 1 + _count(session, table.name, "max(id)") for table in tables if "id" in table.c}
    for table in tables:
        _stage(session, table)
    session.execute(text(f"CREATE TEMPORARY TABLE copy_number (k {_integer(session)} PRIMARY KEY)"))
    most = int(copies * max(growth.pace for growth in GROWN.values()))
    numbers = "WITH RECURSIVE n(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM n WHERE k < :most) SELECT k FROM n"
    session.execute(text(f"INSERT INTO copy_number {numbers}"), {"most": most})
    session.commit()
    with _bare(session, tables, say) if unchecked else _as_it_is():
        for table in tables:
            _copy(session, table, copies, spans, unchecked)
            say(f"{table.name}: {_count(session, table.name)}")
        _settle_seats(session)
        session.commit()
    for table in tables:
        session.execute(text(f"DROP TABLE seed_{table.name}"))
    session.execute(text("DROP TABLE copy_number"))
    _go_on_counting(session, spans)
    session.commit()
    return _count(session, "violation")


def _count(session: Session, table: str, what: str = "count(*)") -> int:
    return session.scalar(text(f"SELECT {what} FROM {table}")) or 0  # noqa: S608 - a table of ours


def _integer(session: Session) -> str:
    return "INTEGER" if _is_sqlite(session) else "bigint"


def _is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"


def _references(table: Table) -> Iterator[tuple[Column[Any], str]]:
    """Yield the columns that refer to a table that grows, with its name."""
    for column in table.columns:
        for key in column.foreign_keys:
            if key.column.table.name in GROWN:
                yield column, key.column.table.name


def _stage(session: Session, table: Table) -> None:
    """Put the rows to copy aside, each with whether it, or what it belongs to, is still open."""
    growth = GROWN[table.name]
    parents = [
        f"COALESCE((SELECT is_open FROM seed_{other} p WHERE p.id = {table.name}.{column.name}), FALSE)"  # noqa: S608
        for column, other in _references(table)
        if other != table.name and GROWN[other].pace == growth.pace
    ]
    is_open = " OR ".join([f"COALESCE(({growth.open}), FALSE)", *parents])  # what is unknown is not open
    session.execute(
        text(
            f"CREATE TEMPORARY TABLE seed_{table.name} AS SELECT {table.name}.*, ({is_open}) AS is_open"  # noqa: S608
            f" FROM {table.name} WHERE NOT ({growth.never})"
        )
    )
    if "id" in table.c:
        session.execute(text(f"CREATE INDEX ix_seed_{table.name} ON seed_{table.name} (id)"))


def _copy(session: Session, table: Table, copies: int, spans: Mapping[str, int], unchecked: bool) -> None:
    """Write all copies of a table, some at a time."""
    pace = GROWN[table.name].pace
    names = ", ".join(_quoted(column.name) for column in table.columns)
    values = ", ".join(_Copied(session, table, spans).of(column) for column in table.columns)
    statement = text(
        f"INSERT INTO {table.name} ({names}) SELECT {values} FROM copy_number, seed_{table.name} AS t"  # noqa: S608
        f" WHERE k BETWEEN :first AND :last AND (NOT t.is_open OR k % {OPEN_EVERY} = 1)"
    )
    last = int(copies * pace)
    for first in range(1, last + 1, AT_ONCE):
        if unchecked and not _is_sqlite(session):
            session.execute(text("SET LOCAL session_replication_role = replica"))
        session.execute(statement, {"first": first, "last": min(last, first + AT_ONCE - 1)})
        session.commit()


class _Copied:
    """Says what a copy has in each column: own keys and texts, the copies of rows it refers to, moved moments."""

    def __init__(self, session: Session, table: Table, spans: Mapping[str, int]) -> None:
        self._sqlite, self._table, self._spans = _is_sqlite(session), table, spans
        self._pace = GROWN[table.name].pace
        self._references = {column.name: other for column, other in _references(table)}
        singles = {next(iter(one.columns)).name for one in _unique(table) if len(one.columns) == 1}
        self._texts = {name for name in singles if isinstance(table.c[name].type, String)}
        self._texts |= set(GROWN[table.name].texts)
        self._days = f"({self._number_in(Fraction(1, GROUP))} % {DAYS_APART})"
        self._seconds = f"(k % {SECONDS_APART})"

    def of(self, column: Column[Any]) -> str:
        """Return the expression of a column."""
        name = f"t.{_quoted(column.name)}"
        if column.name in self._references:
            other = self._references[column.name]
            return f"{name} + {self._number_in(GROWN[other].pace)} * {self._spans[other]}"
        if column.name == "subject_id" and self._table.name == "correction":
            return self._subject(name)
        if column.name == "id":
            return f"t.id + k * {self._spans[self._table.name]}"
        if column.name in EMPTIED and column.nullable:
            return "NULL"
        if column.name == "urgency":
            return self._urgency(name)
        if column.name == "sorted_on":
            return f"CASE WHEN t.deadline_on IS NULL THEN {name} ELSE {self._moved(column, name)} END"
        if column.name in self._texts:
            own = f"t.id + k * {self._spans[self._table.name]}"
            return f"substr({name}, 1, 1) || CAST({own} AS varchar(11))"
        return self._moved(column, name)

    def _subject(self, name: str) -> str:
        """Return of which record a copy of a correction is: of the copy of its own."""
        copies = (
            f"WHEN '{other}' THEN {name} + {self._number_in(GROWN[other].pace)} * {self._spans[other]}"
            for other in ("accident", "rider")
        )
        return f"CASE t.subject_kind {' '.join(copies)} END"

    def _urgency(self, name: str) -> str:
        """Return where a copy stands by time left: moved as its last day is, or as the keys of violations are."""
        if self._table.name == "study_task":
            return f"CASE WHEN {name} < {FINISHED_FROM} THEN {name} - {self._days} ELSE {name} + {self._days} END"
        keys = f"{self._number_in(GROWN['violation'].pace)} * {self._spans['violation']}"
        open_ones = f"{name} - {self._days} * 86400 - {self._seconds}"
        return f"CASE WHEN {name} < {HELD_FROM} THEN {open_ones} ELSE {name} - {keys} END"

    def _number_in(self, pace: Fraction) -> str:
        """Return which copy of a table of that pace belongs to copy ``k`` of this one."""
        ratio = pace / self._pace
        return f"(k * {ratio.numerator} / {ratio.denominator})"

    def _moved(self, column: Column[Any], name: str) -> str:
        if isinstance(column.type, FirstOfMonth):
            return name
        if isinstance(column.type, UTCDateTime):
            if self._sqlite:
                back = f"'-' || {self._days} || ' days', '-' || {self._seconds} || ' seconds'"
                return f"strftime('%Y-%m-%d %H:%M:%S.000000', {name}, {back})"
            return f"{name} - make_interval(days => ({self._days})::int, secs => {self._seconds})"
        if isinstance(column.type, Date):
            return f"date({name}, '-' || {self._days} || ' days')" if self._sqlite else f"{name} - ({self._days})::int"
        return name


def _unique(table: Table) -> Iterator[UniqueConstraint | Index]:
    for one in table.constraints:
        if isinstance(one, UniqueConstraint):
            yield one
    yield from (index for index in table.indexes if index.unique)


def _quoted(name: str) -> str:
    return f'"{name}"'


def _settle_seats(session: Session) -> None:
    """Count the seats of the sessions anew: a copy of a session is shared by several copies of the district."""
    taken = "(SELECT count(*) FROM booking b WHERE b.session_id = study_session.id AND b.state <> 'cancelled')"
    session.execute(
        text(
            f"UPDATE study_session SET seats_taken = {taken},"  # noqa: S608 - no value of anybody's
            f" capacity = CASE WHEN capacity < {taken} THEN {taken} ELSE capacity END WHERE state = 'scheduled'"
        )
    )


def _go_on_counting(session: Session, spans: Mapping[str, int]) -> None:
    """Let the next records have keys beyond the copies."""
    if _is_sqlite(session):
        return
    for table in spans:
        session.execute(text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"))  # noqa: S608


@contextmanager
def _as_it_is() -> Iterator[None]:
    yield


@contextmanager
def _bare(session: Session, tables: list[Table], say: Say) -> Iterator[None]:
    """Take the indexes of the tables away, those of constraints excepted, and make them again at the end."""
    if _is_sqlite(session):
        query = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name = :table"
    else:
        query = (
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = :table AND schemaname = 'public'"
            " AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conname = indexname)"
        )
    made = [tuple(row) for table in tables for row in session.execute(text(query), {"table": table.name})]
    kept = {"booking": "ix_booking_session_id_state"}
    for name, _ in made:
        if name not in kept.values():
            session.execute(text(f"DROP INDEX {name}"))
    session.commit()
    try:
        yield
    finally:
        for name, definition in made:
            if name not in kept.values():
                session.execute(text(definition))
                session.commit()
        say(f"{len(made)} indexes made again")
