"""Keeping the pairs of records that may be of one accident. Flushes, never commits.

Whatever records, changes or voids accidents brings their pairs up to date here, in its own transaction: only what
stands before and after them in time, in their area and severity, is read, by an index. Of those who change neighbours
at the same moment one waits for the other, or neither would see what the other adds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, bindparam, delete, func, insert, select, tuple_, type_coerce
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from trafficedu.accidents import rules
from trafficedu.accidents.models import Accident, AccidentPair
from trafficedu.accidents.rules import AccidentState, PairAct, PairState
from trafficedu.areas.models import Area
from trafficedu.core import bulk
from trafficedu.core.orm import among
from trafficedu.core.tables import table_of

AT_ONCE = 2_000
"""Accidents whose neighbours are looked for by one statement."""
DAYS_AT_ONCE = 100
"""Days, each of an area, whose accidents are read by one statement."""
_FACTS = (Accident.area_id, Accident.severity, Accident.occurred_utc, Accident.occurred_on, Accident.hour_known)
_PAIR = (AccidentPair.id, AccidentPair.first_id, AccidentPair.second_id, AccidentPair.state)
_WHY = (AccidentPair.area_id, AccidentPair.minutes_apart, AccidentPair.last_utc)


class _Key(NamedTuple):
    """The ids of two records, the one recorded first before the other."""

    first: int
    second: int


class _Day(NamedTuple):
    """Where and of what severity accidents of a day are compared by their day alone."""

    area_id: int
    severity: str
    day: date


def take_turn(session: Session, area_ids: Iterable[int]) -> None:
    """Wait until nobody else changes pairs of these areas; the turn ends with the transaction.

    Whoever locks records takes it after them, and all areas at once.
    """
    areas = select(Area.id).where(Area.id.in_(set(area_ids))).order_by(Area.id)
    session.execute(areas.with_for_update(key_share=True)).all()


def decide(session: Session, accident: Accident, others: Collection[Accident], act: PairAct) -> None:
    """Keep what somebody decided on a record and each of ``others``; raise Stale where they were merged already."""
    if not others:
        return
    take_turn(session, {record.area_id for record in (accident, *others)})
    for other in others:
        first, second = sorted((accident, other), key=lambda record: record.id)
        query = select(AccidentPair).where(AccidentPair.first_id == first.id, AccidentPair.second_id == second.id)
        pair = session.scalar(query.execution_options(populate_existing=True))
        if pair is None:
            pair = AccidentPair(first_id=first.id, second_id=second.id, state=PairState.OPEN, **_why(first, second))
            session.add(pair)
        pair.state = rules.PAIR_LIFE.after(act, pair.state)
    session.flush()


def renew(
    session: Session, area_ids: Iterable[int], *, changed: Collection[int] = (), added: Collection[int] = ()
) -> None:
    """Bring the pairs of accidents (their ids) that were changed or voided, and of those that are new, up to date.

    ``area_ids`` are the areas they lie in, and lay in before.
    """
    if not (changed or added):
        return
    session.flush()
    take_turn(session, area_ids)
    for some in bulk.batches(sorted(set(changed)), AT_ONCE):
        _renew(session, some, _kept(session, some))
    for some in bulk.batches(sorted(set(added)), AT_ONCE):
        _renew(session, some, {})


def _renew(session: Session, ids: Collection[int], kept: Mapping[int, Any]) -> None:
    """Compare what is kept of the neighbourhood of some accidents with what it is now."""
    _renew_timed(session, ids, kept)
    _renew_days(session, ids, kept)


def _renew_days(session: Session, ids: Collection[int], kept: Mapping[int, Any]) -> None:
    """Compare the pairs in which an hour is not known: all of the days on which an accident is, or was, in one."""
    around = {*ids, *(key for row in kept.values() for key in (row.first_id, row.second_id))}
    facts = bulk.find_by_key(session, Accident.id, around, *_FACTS)
    days = {_Day(each.area_id, each.severity, each.occurred_on) for each in facts.values()}
    standing = _of_days(session, days)
    if not standing and not kept:
        return
    pairs = [pair for records in standing.values() for pair in rules.pairs_of_day(records)]
    wanted = {_Key(*sorted((one.id, other.id))): _why(one, other) for one, other in pairs}
    rows = _kept(session, {*ids, *(record.id for records in standing.values() for record in records)})
    known = {key for row in rows.values() for key in (row.first_id, row.second_id)}
    timed = {key for key, each in bulk.find_by_key(session, Accident.id, known, *_FACTS).items() if each.hour_known}
    _settle(
        session, wanted, {key: row for key, row in rows.items() if not timed.issuperset((row.first_id, row.second_id))}
    )


def _of_days(session: Session, days: Collection[_Day]) -> dict[_Day, list[Any]]:
    """Return the accidents of some days that stand, where there is one whose hour is not known."""
    query = select(Accident.id, *_FACTS).where(among(Accident.state, AccidentState.RECORDED))
    untimed = query.where(Accident.untimed())
    areas = {each.area_id for each in days}
    if session.execute(untimed.where(Accident.area_id.in_(areas)).limit(1)).first() is None:  # most districts have none
        return {}
    return _by_day(session, query, _by_day(session, untimed, days).keys())


def _by_day(session: Session, query: Select[Any], days: Collection[_Day]) -> dict[_Day, list[Any]]:
    """Return the rows of a query of accidents on some days, by day."""
    found: dict[_Day, list[Any]] = {}
    for some in bulk.batches(sorted(days), DAYS_AT_ONCE):
        areas, dates = {each.area_id for each in some}, {each.day for each in some}
        for row in session.execute(query.where(Accident.area_id.in_(areas), Accident.occurred_on.in_(dates))):
            day = _Day(row.area_id, row.severity, row.occurred_on)
            if day in days:
                found.setdefault(day, []).append(row)
    return found


def _settle(session: Session, wanted: dict[_Key, dict[str, Any]], rows: Mapping[int, Any]) -> None:
    """Keep of ``rows`` what is wanted or decided, take away the rest of what is open, and open what is missing."""
    gone = []
    for row in rows.values():
        key = _Key(row.first_id, row.second_id)
        if row.state != PairState.OPEN or wanted.get(key) == {column.key: getattr(row, column.key) for column in _WHY}:
            wanted.pop(key, None)
        else:
            gone.append(row.id)
    for some in bulk.batches(gone):
        session.execute(delete(AccidentPair).where(AccidentPair.id.in_(some)))
    _open(session, wanted)


def _renew_timed(session: Session, ids: Collection[int], kept: Mapping[int, Any]) -> None:
    """Compare the pairs of accidents whose hours are known, which are neighbours in time.

    A pair can be new or gone only where one of its two records was changed, or stood in a pair with one that was
    (``kept`` are these, by id), or stands right before one that was.
    """
    around = {*ids, *(key for row in kept.values() for key in (row.first_id, row.second_id))}
    before = set(_neighbours(session, around, later=False).values())
    following = _neighbours(session, around | before, later=True)
    beside = {*before, *following, *following.values()}
    rows = {**kept, **_kept(session, beside)}
    known = beside.union(key for row in rows.values() for key in (row.first_id, row.second_id))
    facts = bulk.find_by_key(session, Accident.id, known, *_FACTS)
    pairs = [(facts[one], facts[next_one]) for one, next_one in following.items()]
    wanted = {_Key(*sorted((one.id, other.id))): _why(one, other) for one, other in pairs}
    judged = {}
    for row_id, row in rows.items():
        one, other = facts[row.first_id], facts[row.second_id]
        earlier = min(one, other, key=rules.in_time)
        is_near = row.state != PairState.OPEN or _Key(one.id, other.id) in wanted
        if one.hour_known and other.hour_known and (is_near or earlier.id in around or earlier.id in before):
            judged[row_id] = row
    _settle(session, wanted, judged)


def fill(session: Session) -> None:
    """Write the pairs of all accidents, where there are none yet: those to compare, and those voided as duplicates."""
    stand = session.execute(select(Accident.id, *_FACTS).where(Accident.state == AccidentState.RECORDED))
    pairs = rules.close_pairs(stand)
    _open(session, {_Key(*sorted((one.id, other.id))): _why(one, other) for one, other in pairs})
    voided = select(Accident).where(Accident.duplicate_of_id.is_not(None)).order_by(Accident.id)
    for accident in session.scalars(voided).all():
        assert accident.duplicate_of is not None
        decide(session, accident, [accident.duplicate_of], PairAct.MERGE)


def _open(session: Session, pairs: Mapping[_Key, dict[str, Any]]) -> None:
    rows = [
        {"first_id": key.first, "second_id": key.second, "state": PairState.OPEN, **why} for key, why in pairs.items()
    ]
    if rows:
        session.execute(insert(table_of(AccidentPair)), rows)


def _why(one: rules.Placed, other: rules.Placed) -> dict[str, Any]:
    """Return what a pair says of its two records, by column."""
    earlier, later = sorted((one, other), key=rules.in_time)
    minutes = None
    if one.hour_known and other.hour_known:
        minutes = int((later.occurred_utc - earlier.occurred_utc).total_seconds() // 60)
    return {"area_id": later.area_id, "minutes_apart": minutes, "last_utc": later.occurred_utc}


def _kept(session: Session, ids: Collection[int]) -> dict[int, Any]:
    """Return the pairs, decided ones too, that one of these accidents stands in, by id."""
    rows: dict[int, Any] = {}
    for some in bulk.batches(ids):
        for column in (AccidentPair.first_id, AccidentPair.second_id):
            rows |= {row.id: row for row in session.execute(select(*_PAIR, *_WHY).where(column.in_(some)))}
    return rows


def _neighbours(session: Session, ids: Collection[int], *, later: bool) -> dict[int, int]:
    """Return what stands right after (or before) each of these accidents in time, of its area and severity, and close.

    Those that were voided, or whose hour is not known, have no neighbours, and are none.
    """
    query = _of_neighbours(session.get_bind().dialect.name, later)
    found: dict[int, int] = {}
    for some in bulk.batches(ids):
        found |= dict(session.execute(query, {"ids": some}).tuples().all())
    return found


@cache
def _of_neighbours(dialect: str, later: bool) -> Select[tuple[int, int]]:
    """Return the query of :func:`_neighbours`; to make it takes longer than to ask it."""
    other = aliased(Accident)
    here, there = (tuple_(one.occurred_utc, one.id) for one in (Accident, other))
    farthest = _moved(dialect, Accident.occurred_utc, rules.CLOSE if later else -rules.CLOSE)
    after = (there > here, other.occurred_utc <= farthest)
    before = (there < here, other.occurred_utc >= farthest)
    in_order = [other.occurred_utc, other.id] if later else [other.occurred_utc.desc(), other.id.desc()]
    next_one = (
        select(other.id)
        .where(
            other.area_id == Accident.area_id,
            other.severity == Accident.severity,
            among(other.state, AccidentState.RECORDED),
            other.hour_known,
            *(after if later else before),
        )
        .order_by(*in_order)
        .limit(1)
        .correlate(Accident)
        .scalar_subquery()
    )
    stands = among(Accident.state, AccidentState.RECORDED), Accident.hour_known
    asked = Accident.id.in_(bindparam("ids", expanding=True))
    near = select(Accident.id, next_one.label("next_id")).where(asked, *stands).subquery()
    return select(near.c.id, near.c.next_id).where(near.c.next_id.is_not(None))


def _moved(dialect: str, moment: InstrumentedAttribute[datetime], by: timedelta) -> ColumnElement[datetime]:
    """Return a moment so much later, as the database keeps moments."""
    seconds = int(by.total_seconds())
    if dialect == "postgresql":
        return moment + func.make_interval(0, 0, 0, 0, 0, 0, seconds)
    return type_coerce(func.strftime("%Y-%m-%d %H:%M:%f000", moment, f"{seconds} seconds"), moment.type)
