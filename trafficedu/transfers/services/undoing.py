"""A run of an import taken back: what it added is removed, what it changed says again what it said.

Decisions, as the documentation tells them:

* Only while nothing rests on it. Rests: somebody changed, corrected, voided or decided on a record since, a later file
  changed it, or another record - a study task, a notice, an objection, a person linked - refers to it. Then nothing is
  undone, and what is in the way is named; such a record is corrected or voided on its own page.
* Removed, not voided: nobody was told of the record, nobody acted on it, and the mended file brings the same key again.
  What the run did stays readable in the run.
* Riders and sites that a file of something else brought along are removed with it where nothing else refers to them.
* The ledger of points is never changed: each entry is countered, and the mended rows need references of their own.
* An undoing is a run of its own, and is audited. It cannot be undone: import the file again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Table, func, select
from sqlalchemy.orm import Session

from trafficedu.core import audit, bulk, import_runs
from trafficedu.core.actors import Actor
from trafficedu.core.audit import AuditEntry
from trafficedu.core.corrections import Correction
from trafficedu.core.errors import Refusal
from trafficedu.core.import_runs import RUN_LIFE, ImportChange, ImportRun, KeptTrace, RunAct, changes_of, told_of
from trafficedu.core.orm import Base
from trafficedu.core.services import services_of
from trafficedu.core.text import Message, message
from trafficedu.core.traces import Noted, RowAct
from trafficedu.transfers.services import restoring

NAMED = 200
"""How many records in the way are named."""
LOOKING = ("open", "unmask", "search", "reencrypt", "import")
"""Acts in the audit trail that change nothing of a record."""
ALONG = {"rider": ("violations",), "helmet_site": ("helmets",)}
"""Tables whose rows a file of another kind brought along: they stay where something else refers to them."""

CHANGED, GONE, RESTS = message("changed since"), message("no longer there"), message("another record refers to it")
RESTING = {
    "study_task": message("a study task rests on it"),
    "notice": message("a notice rests on it"),
    "objection": message("an objection rests on it"),
    "violation": message("a violation refers to it"),
    "engagement": message("an engagement refers to it"),
    "accident_pair": message("somebody decided whether it is a duplicate"),
    "violation_pair": message("somebody decided whether it is a duplicate"),
    "accident_rider": message("a person is linked to it"),
    "vehicle": message("a plate refers to it"),
}


@dataclass
class InTheWay:
    """A record that keeps a run from being undone: its line and key in the file, and what rests on it."""

    line: int
    key: str
    why: Message


@dataclass
class _Undoing:
    session: Session
    run: ImportRun
    by: Actor
    now: datetime
    trace: KeptTrace
    removed: int = 0
    restored: int = 0
    kept: set[tuple[str, int]] = field(default_factory=set)


def in_the_way(session: Session, run: ImportRun) -> list[InTheWay]:
    """Return the first records that rest on a run, or on which others rest; none where it can be undone."""
    found: list[InTheWay] = []
    for piece in changes_of(session, run.id, RowAct.ADDED, RowAct.UPDATED):
        for table, changes in _by_table(piece).items():
            along = run.kind in ALONG.get(table.name, ())
            found += [] if along else _changed_since(session, run, table, changes)
            if not along and run.kind != "points":
                found += _referred_to(session, run, table, changes)
        if len(found) >= NAMED:
            break
    return found[:NAMED]


def undo(session: Session, run: ImportRun, by: Actor, now: datetime) -> ImportRun:
    """Take a run back, whole or not at all; returns the run that did. Flushes, never commits.

    Raises
    ------
    Stale
        It has been undone already, or wrote nothing.
    Refusal
        Something rests on it, see :func:`in_the_way`; or its trace is no longer kept.
    """
    RUN_LIFE.require(RunAct.UNDO, run.state)
    if not run.may_be_undone:
        raise Refusal(message("What this import did to each record is no longer kept, so it cannot be undone."))
    resting = in_the_way(session, run)
    if resting:
        first = resting[0]
        raise Refusal(
            message(
                "This import cannot be undone: %(count)s records have been used since, the first in line %(line)d "
                "(%(key)s): %(why)s. Correct or void what is wrong on the record's own page.",
                count=f"{len(resting)}+" if len(resting) == NAMED else len(resting),
                line=first.line,
                key=first.key or "-",
                why=first.why,
            )
        )
    undone = import_runs.begin(
        session,
        run.kind,
        by,
        now,
        undoes_id=run.id,
        source=run.source,
        file_name=run.file_name,
        file_hash=run.file_hash,
    )
    undoing = _Undoing(session, run, by, now, KeptTrace(undone.id, services_of(session).keyring))
    for piece in changes_of(session, run.id, RowAct.ADDED, RowAct.UPDATED):
        _take_back(undoing, piece)
        undoing.trace.flush(session)
    run.state = RUN_LIFE.after(RunAct.UNDO, run.state)
    counts: dict[str, Any] = {"removed": undoing.removed, "restored": undoing.restored}
    import_runs.end(session, undone, counts, now)
    audit.write(session, "transfers:run:undo", by, subject=run, kind=run.kind, **counts)
    session.expire_all()
    return undone


def _take_back(undoing: _Undoing, piece: Sequence[ImportChange]) -> None:
    """Take back a piece of what was done, what refers to others first."""
    for table, changes in sorted(_by_table(piece).items(), key=lambda pair: _depth(pair[0]), reverse=True):
        changed = [change for change in changes if change.act is RowAct.UPDATED]
        if changed:
            values = {change.record_id: told_of(undoing.session, change).get("before", {}) for change in changed}
            restoring.restore(undoing.session, table, values, undoing.by, undoing.now)
            undoing.restored += len(changed)
        added = {change.record_id or 0: change for change in changes if change.act is RowAct.ADDED}
        if undoing.run.kind in ALONG.get(table.name, ()):
            for key in _referring(undoing.session, undoing.run, table, added):
                del added[key]
        if added:
            restoring.remove(undoing.session, table, list(added), undoing.by, undoing.now)
            undoing.removed += len(added)
        for change in (*changed, *added.values()):
            act = RowAct.REMOVED if change.act is RowAct.ADDED else RowAct.RESTORED
            undoing.trace.note(Noted(act, change.line, change.key, table.name, change.record_id))


def _by_table(piece: Iterable[ImportChange]) -> dict[Table, list[ImportChange]]:
    found: dict[Table, list[ImportChange]] = {}
    for change in piece:
        if change.table_name in Base.metadata.tables:
            found.setdefault(Base.metadata.tables[change.table_name], []).append(change)
    return found


def _depth(table: Table) -> int:
    return [each.name for each in Base.metadata.sorted_tables].index(table.name)


def _changed_since(session: Session, run: ImportRun, table: Table, changes: Sequence[ImportChange]) -> list[InTheWay]:
    """Return the records that are no longer as the run left them."""
    by_id = {change.record_id: change for change in changes}
    versions = bulk.find_by_key(session, table.c.id, by_id, *([table.c.version] if "version" in table.c else []))
    own = select(func.max(AuditEntry.id)).where(
        AuditEntry.subject_kind == ImportRun.__tablename__, AuditEntry.subject_id == run.id
    )
    acts = select(AuditEntry.subject_id).where(
        AuditEntry.subject_kind == table.name,
        AuditEntry.id > (session.scalar(own) or 0),
        *(AuditEntry.action.not_like(f"%:{verb}") for verb in LOOKING),
    )
    corrected = select(Correction.subject_id).where(
        Correction.subject_kind == table.name, Correction.made_utc > run.started_utc
    )
    touched: set[int] = set()
    for ids in bulk.batches(by_id):
        touched |= set(session.scalars(acts.where(AuditEntry.subject_id.in_(ids))))
        touched |= set(session.scalars(corrected.where(Correction.subject_id.in_(ids))))
    found = []
    for key, change in by_id.items():
        now = versions.get(key)
        if now is None or key in touched or (change.version is not None and now.version != change.version):
            found.append(InTheWay(change.line, change.key, CHANGED if now is not None else GONE))
    return found


def _referred_to(session: Session, run: ImportRun, table: Table, changes: Sequence[ImportChange]) -> list[InTheWay]:
    """Return the records added to which something refers that the run did not bring itself."""
    added = {change.record_id: change for change in changes if change.act is RowAct.ADDED}
    return [
        InTheWay(added[key].line, added[key].key, RESTING.get(referring, RESTS))
        for key, referring in _referring(session, run, table, added).items()
    ]


def _referring(session: Session, run: ImportRun, table: Table, ids: Mapping[Any, Any]) -> dict[int, str]:
    """Return id -> table of what refers to records, except what belongs to them or the run added, too."""
    found: dict[int, str] = {}
    for other in Base.metadata.sorted_tables:
        columns = [column for column in other.c if any(key.column.table is table for key in column.foreign_keys)]
        if not columns or other.name in restoring.OWNED.get(table.name, ()):
            continue
        own = _added_by(run, other)
        for column in columns:
            for some in bulk.batches(ids):
                query = select(column).where(column.in_(some), *restoring.counting(other))
                if own is not None:
                    query = query.where(other.c.id.not_in(own))
                found |= dict.fromkeys(session.scalars(query.distinct()), other.name)
    return found


def _added_by(run: ImportRun, table: Table) -> Any:
    if "id" not in table.c:
        return None
    return select(ImportChange.record_id).where(
        ImportChange.run_id == run.id, ImportChange.act == RowAct.ADDED, ImportChange.table_name == table.name
    )
