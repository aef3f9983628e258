"""How records of each table are removed again, or say again what they said, with what belongs to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, delete, insert, or_, select, update
from sqlalchemy.orm import Session

from trafficedu.accidents.models import Accident, AccidentKind, AccidentPair
from trafficedu.accidents.rules import AccidentState, PairState
from trafficedu.accidents.services import pairs
from trafficedu.areas.models import Area
from trafficedu.core import bulk
from trafficedu.core.actors import Actor
from trafficedu.core.errors import Refusal
from trafficedu.core.events import publish
from trafficedu.core.numbers import new_number
from trafficedu.core.orm import OCCURRED, occurred_columns
from trafficedu.core.services import services_of
from trafficedu.core.tables import table_of
from trafficedu.core.text import message
from trafficedu.core.times import Moment
from trafficedu.core.traces import unplain
from trafficedu.coverage.models import CoverageMark
from trafficedu.coverage.rules import State
from trafficedu.coverage.services.saying import note_undone
from trafficedu.helmets.models import HelmetCount, HelmetSheet
from trafficedu.helmets.services import tallies
from trafficedu.points.models import FILE, PointEntry
from trafficedu.riders.events import EngagementsChanged
from trafficedu.riders.models import Engagement
from trafficedu.riders.services.people import phone_values
from trafficedu.violations.models.decisions import ViolationPair
from trafficedu.violations.models.records import Violation
from trafficedu.violations.queries.kinds import find_kind_on

OWNED = {"accident": ("accident_kind",), "helmet_survey": ("helmet_sheet",), "helmet_sheet": ("helmet_count",)}
"""Table -> the tables whose rows go with its own."""
Values = Mapping[Any, Mapping[str, Any]]


def counting(table: Table) -> list[ColumnElement[bool]]:
    """Return which rows of a table rest on those they refer to: pairs of records once somebody has decided."""
    if table.name == AccidentPair.__tablename__:
        return [table.c.state != PairState.OPEN]
    return [table.c.decided_utc.is_not(None)] if table.name == ViolationPair.__tablename__ else []


def remove(session: Session, table: Table, ids: Sequence[int], by: Actor, now: datetime) -> None:
    """Remove records on which nothing rests."""
    if table.name == PointEntry.__tablename__:
        return _counter(session, ids, by, now)
    for some in bulk.batches(ids):
        if table.name == Accident.__tablename__:
            _forget_neighbours(session, some, by, now)
        if table.name == Violation.__tablename__:
            _forget_pairs(session, some)
        surveys = _surveys(session, some) if table.name == HelmetCount.__tablename__ else []
        if table.name == "helmet_survey":
            sheets = select(HelmetSheet.id).where(HelmetSheet.survey_id.in_(some))
            session.execute(delete(HelmetCount).where(HelmetCount.sheet_id.in_(sheets)))
            session.execute(delete(HelmetSheet).where(HelmetSheet.survey_id.in_(some)))
        riders = _engaged(session, table, some)
        if table.name == CoverageMark.__tablename__:
            note_undone(session, some, by, now, {})
        session.execute(delete(table).where(table.c.id.in_(some)))
        tallies.renew(session, surveys)
        if riders:
            publish(session, EngagementsChanged(now, by, riders))
    return None


def _engaged(session: Session, table: Table, ids: Sequence[int]) -> tuple[int, ...]:
    """Return whom engagements are of: who answers for these riders follows from them; nobody for another table."""
    if table.name != Engagement.__tablename__:
        return ()
    return tuple(session.scalars(select(Engagement.rider_id).where(Engagement.id.in_(ids)).distinct()))


def _forget_neighbours(session: Session, ids: Sequence[int], by: Actor, now: datetime) -> None:
    """Let accidents be as if voided, so that those beside them are compared anew, and forget what belongs to them."""
    areas = session.scalars(select(Accident.area_id).where(Accident.id.in_(ids)).distinct()).all()
    voided = {"state": AccidentState.VOIDED, "state_reason": "-", "voided_utc": now, "voided_by_id": by.user_id}
    session.execute(update(table_of(Accident)).where(Accident.id.in_(ids)).values(voided))
    pairs.renew(session, areas, changed=ids)
    session.execute(delete(AccidentPair).where(or_(AccidentPair.first_id.in_(ids), AccidentPair.second_id.in_(ids))))
    session.execute(delete(AccidentKind).where(AccidentKind.accident_id.in_(ids)))


def _forget_pairs(session: Session, ids: Sequence[int]) -> None:
    """Forget what was asked of violations that are removed."""
    asked = or_(ViolationPair.first_id.in_(ids), ViolationPair.second_id.in_(ids))
    session.execute(delete(ViolationPair).where(asked))


def _surveys(session: Session, count_ids: Sequence[int]) -> list[int]:
    query = select(HelmetSheet.survey_id).join(HelmetCount, HelmetCount.sheet_id == HelmetSheet.id)
    return list(session.scalars(query.where(HelmetCount.id.in_(count_ids)).distinct()))


def _counter(session: Session, ids: Sequence[int], by: Actor, now: datetime) -> None:
    """Counter entries of the ledger on their own days; one countered already stays so."""
    table = table_of(PointEntry)
    for some in bulk.batches(ids):
        countered = select(PointEntry.counters_id).where(PointEntry.counters_id.in_(some))
        query = select(table).where(table.c.id.in_(some), table.c.id.not_in(countered))
        copied = ("area_id", "company_id", "occurred_on", "activity_id")
        bulk.load(
            session,
            table,
            [
                {name: row[name] for name in copied}
                | {
                    "number": new_number("E"),
                    "points": -row["points"],
                    "note": "撤销导入",
                    "source": FILE,
                    "counters_id": row["id"],
                    "recorded_by_id": by.user_id,
                    "recorded_utc": now,
                }
                for row in session.execute(query).mappings()
            ],
        )


def restore(session: Session, table: Table, values: Values, by: Actor, now: datetime) -> None:
    """Let records say again what they said: id -> column -> value as ``core.traces.plain`` wrote it."""
    moved = _accident_areas(session, list(values)) if table.name == Accident.__tablename__ else {}
    by_columns: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    if table.name == CoverageMark.__tablename__:
        states = {key: State(before["state"]) for key, before in values.items()}
        note_undone(session, list(values), by, now, states)
    for key, before in values.items():
        row = {"id": key} | _columns(session, table, before)
        by_columns.setdefault(tuple(sorted(row)), []).append(row)
    for rows in by_columns.values():
        if len(rows[0]) > 1:
            bulk.change(session, table, rows)
    if table.name == Accident.__tablename__:
        _restore_accidents(session, values, moved)
    if riders := _engaged(session, table, list(values)):
        publish(session, EngagementsChanged(now, by, riders))
    if table.name == HelmetCount.__tablename__:
        tallies.renew(session, _surveys(session, list(values)))


def _columns(session: Session, table: Table, before: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of columns; what a file tells in another way is looked up."""
    row = {name: unplain(table.c[name], value) for name, value in before.items() if name in table.c}
    if OCCURRED in before:
        row |= occurred_columns(Moment.parse(before[OCCURRED]))
    if table.name == "rider" and "phone" in before:
        row |= phone_values(services_of(session).keyring, before["phone"] or "")
    if table.name == Area.__tablename__:
        if "parent_code" in before:
            raise Refusal(message("This import put the tree under a new top. That cannot be undone."))
        if "successor" in before:
            code = before["successor"]
            row["successor_id"] = session.scalar(select(Area.id).where(Area.code == code)) if code else None
    return row


def _accident_areas(session: Session, ids: Sequence[int]) -> dict[int, int]:
    rows = bulk.find_by_key(session, Accident.id, ids, Accident.area_id)
    return {key: row.area_id for key, row in rows.items()}


def _restore_accidents(session: Session, values: Values, moved: Mapping[int, int]) -> None:
    """Link the kinds again, and compare the records with those beside them."""
    linked = {key: before["kinds"] for key, before in values.items() if "kinds" in before}
    if linked:
        session.execute(delete(AccidentKind).where(AccidentKind.accident_id.in_(linked)))
        days = bulk.find_by_key(session, Accident.id, linked, Accident.occurred_on)
        known: dict[tuple[str, date], int] = {}
        rows = []
        for key, codes in linked.items():
            for code in codes:
                at = (code, days[key].occurred_on)
                known[at] = known.get(at) or find_kind_on(session, *at).id
                rows.append({"accident_id": key, "kind_id": known[at]})
        if rows:
            session.execute(insert(AccidentKind), rows)
    areas = {*moved.values(), *_accident_areas(session, list(values)).values()}
    pairs.renew(session, areas, changed=list(values))
