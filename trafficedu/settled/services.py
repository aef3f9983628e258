"""Settling months, folding what changed since into their sums, and comparing the sums with a full count.

The worker's. Each month is a transaction of its own, so that on SQLite nobody who records waits for more than one.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    String,
    and_,
    cast,
    delete,
    func,
    literal,
    or_,
    select,
    text,
    union_all,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from trafficedu.areas.events import TreeGrewUpwards
from trafficedu.core.bulk import batches, load
from trafficedu.core.clock import local_date
from trafficedu.core.month import Month, Period
from trafficedu.core.tables import table_of
from trafficedu.core.transactions import writing
from trafficedu.settled.models import (
    AddedFigure,
    Cell,
    CountedFigure,
    Figure,
    LateChange,
    SettledMonth,
    SettledSum,
    named,
)
from trafficedu.settled.queries import DAY, areas_above, settled_months

MOST_MONTHS = 60
"""Settled in one round of the worker: some seconds in a large district."""
MOST_CHANGES = 50_000
"""Folded into the sums of a figure in one round."""
_CHANGE, _SUM = "change", "sum"

logger = logging.getLogger("trafficedu")


class SumsDifferError(Exception):
    """A settled month does not hold what a full count gives."""


@dataclass(frozen=True)
class Difference:
    """One sum that is not what a full count gives."""

    figure: str
    month: Month
    area_id: int
    part: str
    held: int
    counted: int


def settle_due(session: Session, now: datetime, figures: Sequence[Figure], most: int = MOST_MONTHS) -> int:
    """Fold what changed, and settle what is over; returns how many months were settled. The worker's chore.

    The newest month of all figures comes first: pages ask for the last year, and after an import of many years the rest
    takes its time. The month that runs is settled up to yesterday: what is counted as it is read is one day.
    """
    for figure in figures:
        if _waiting(session, figure):
            with writing(session):
                fold(session, figure)
    due: list[tuple[Month, date, Figure]] = []
    for figure in figures:
        wrong = _begin_anew(figure, now, figure.lag(session))
        if session.scalar(select(SettledMonth.month).where(wrong).limit(1)) is not None:
            with writing(session):
                session.execute(delete(SettledMonth).where(wrong))
        due += [(month, through, figure) for month, through in _due(session, figure, now)]
    due.sort(key=lambda each: each[0], reverse=True)
    settled = 0
    for month, through, figure in due:
        if settled >= most:
            break
        with writing(session):
            _watch(session, figure, month, through)
        with writing(session):
            settled += settle(session, figure, month, now)
    return settled


def _due(session: Session, figure: Figure, now: datetime) -> list[tuple[Month, date]]:
    """Return the months that are not settled as far as they could be, and how far that is."""
    over = _last_over(now, figure.lag(session))
    begins: date | None = session.scalar(figure.begins)
    if begins is None:
        return []
    through = settled_months(session, figure, Period(Month.of(begins), Month.of(over)))
    due = ((month, min(month.last, over)) for month in Month.range(Month.of(begins), Month.of(over)))
    return [(month, last) for month, last in due if through.get(month, date.min) < last]


def _begin_anew(figure: Figure, now: datetime, lag: int) -> ColumnElement[bool]:
    """Return the condition that a month's sums depend on other days than they should, or hold days to come.

    Those were settled by a clock that was ahead, and what is due on them would count already. A day more may be
    settled: by a worker whose round began after midnight.
    """
    ahead = SettledMonth.watched > _last_over(now, lag) + DAY
    return and_(SettledMonth.figure == figure.name, or_(SettledMonth.lag != lag, ahead))


def _last_over(now: datetime, lag: int) -> date:
    """Return the last day of which nothing can change by time alone."""
    return local_date(now) - (1 + lag) * DAY


def _watch(session: Session, figure: Figure, month: Month, through: date) -> None:
    """Let changes be noted from now on; committed before the month is counted."""
    begun = {"figure": figure.name, "month": month, "watched": through, "lag": figure.lag(session)}
    inserting = _insert_of(session)(SettledMonth)
    session.execute(inserting.values(begun).on_conflict_do_nothing())  # another worker may begin it as well
    row = session.get_one(SettledMonth, (figure.name, month), with_for_update=True, populate_existing=True)
    if row.watched < through:
        row.watched, row.watched_txid = through, None
    session.flush()


def settle(session: Session, figure: Figure, month: Month, now: datetime) -> bool:
    """Count a watched month anew and keep its sums; False where another transaction has to end first.

    What the count saw of the noted changes is dropped: the same statement reads both.
    """
    row = _locked(session, figure, month)
    if row is None or not _all_seen(session, row):
        return False
    sums, noted = _count(session, figure, row)
    _forget(session, noted)
    table = table_of(SettledSum)
    session.execute(delete(SettledSum).where(SettledSum.figure == figure.name, SettledSum.month == month))
    load(session, table, _rows(figure, month, sums))
    row.through, row.counted_utc = row.watched, now
    session.flush()
    return True


def fold(session: Session, figure: Figure) -> int:
    """Add what changed on settled days to the sums; returns how many changes."""
    months = [month for month in _waiting(session, figure) if _locked(session, figure, month) is not None]
    if not months:
        return 0
    query = (
        select(LateChange.id, LateChange.month, LateChange.area_id, LateChange.part, LateChange.n)
        .join(SettledMonth, (SettledMonth.figure == LateChange.figure) & (SettledMonth.month == LateChange.month))
        .where(LateChange.figure == figure.name, LateChange.month.in_(months))
        .where(LateChange.day <= SettledMonth.through, LateChange.n != 0)
        .order_by(LateChange.id)
        .limit(MOST_CHANGES)
    )
    changes = session.execute(query).all()
    by_month: dict[Month, Counter[Cell]] = {}
    for _, month, area_id, part, n in changes:
        by_month.setdefault(month, Counter())[area_id, part] += n
    for month, own in by_month.items():
        _add(session, list(_rows(figure, month, roll_up(session, figure, own))))
    _forget(session, [change.id for change in changes])
    return len(changes)


def _waiting(session: Session, figure: Figure) -> list[Month]:
    """Return the months that changed since they were settled, the oldest first."""
    noted = select(LateChange.month).where(LateChange.figure == figure.name, LateChange.n != 0)
    return sorted(session.scalars(noted.distinct()))


def compare(session: Session, figure: Figure, month: Month) -> list[Difference]:
    """Compare a settled month, with the changes noted since, with a full count of the rows; nothing where equal.

    A month that waits to be counted again is not compared: nobody reads its sums.
    """
    through = settled_months(session, figure, Period(month, month)).get(month)
    if through is None:
        return []
    held, full, changed = Counter[Cell](), Counter[Cell](), Counter[Cell]()
    counted = [] if isinstance(figure, CountedFigure) else _added(figure, month, through)
    for area_id, part, n, what in session.execute(_side_by_side(figure, month, through, counted)):
        {_SUM: held, _CHANGE: changed}.get(what, full)[area_id, part] += n
    held.update(roll_up(session, figure, changed))
    if isinstance(figure, CountedFigure):
        full = figure.count(session, month, through, figure.lag(session))
    else:
        full = roll_up(session, figure, full)
    differences = [
        Difference(figure.name, month, *cell, held[cell], full[cell])
        for cell in sorted({*held, *full})
        if held[cell] != full[cell]
    ]
    same = settled_months(session, figure, Period(month, month)).get(month) == through
    return differences if same else []  # another worker settled it meanwhile


def compare_one(session: Session, _now: datetime, figures: Sequence[Figure]) -> int:
    """Compare one settled month, by chance; returns 1, or 0 where none is. The worker's chore.

    Raises
    ------
    SumsDifferError
        They differ. The month is counted as it is read from then on, and settled anew in the next round; that is
        committed, though the round fails.
    """
    query = select(SettledMonth.figure, SettledMonth.month).where(SettledMonth.through.is_not(None))
    chosen = session.execute(query.order_by(func.random()).limit(1)).first()
    figure = next((each for each in figures if chosen is not None and each.name == chosen.figure), None)
    if chosen is None or figure is None:
        return 0
    differences = compare(session, figure, chosen.month)
    if differences:
        with writing(session):
            unsettle(session, figure, chosen.month)
        raise SumsDifferError(f"{figure.name} of {chosen.month}: {len(differences)} sums, first {differences[0]}")
    return 1


def compare_all(session: Session, figures: Iterable[Figure], only: Month | None = None) -> list[Difference]:
    """Compare every settled month of the figures, or one of them, with a full count."""
    return [
        difference
        for figure in figures
        for month in session.scalars(select(SettledMonth.month).where(SettledMonth.figure == figure.name)).all()
        if only in (None, month)
        for difference in compare(session, figure, month)
    ]


def not_compared(session: Session, figures: Iterable[Figure], now: datetime, only: Month) -> list[str]:
    """Return the figures of which a month, or its last days, are not settled though something is on record."""
    unsettled = []
    for figure in figures:
        begins: date | None = session.scalar(figure.begins)
        through = settled_months(session, figure, Period(only, only)).get(only, date.min)
        if begins is not None and Month.of(begins) <= only and through < min(only.last, local_date(now)):
            unsettled.append(figure.name)
    return unsettled


def list_waiting(session: Session, figures: Iterable[Figure], now: datetime) -> list[Month]:
    """Return the months over of which a figure could be settled and is not: the worker has yet to see to them."""
    over = Month.of(local_date(now))
    waiting = {month for figure in figures for month, _ in _due(session, figure, now) if month < over}
    return sorted(waiting)


def unsettle(session: Session, figure: Figure, month: Month) -> None:
    """Let a month be counted as it is read until it is settled anew; its changes are noted all the while."""
    settled = (SettledMonth.figure == figure.name) & (SettledMonth.month == month)
    session.execute(update(SettledMonth).where(settled).values(through=None, counted_utc=None))


def unsettle_all(session: Session, _event: TreeGrewUpwards) -> None:
    """Let every month be counted as it is read until it is settled anew: nothing was added up for the new top.

    Nobody begins to settle a month by the tree as it was before this is committed; pages and records wait for nothing.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE settled_month IN EXCLUSIVE MODE"))
    session.execute(update(SettledMonth).values(through=None, counted_utc=None))


def roll_up(session: Session, figure: Figure, own: Mapping[Cell, int]) -> Counter[Cell]:
    """Return the sums of every area and of all above it, from what happened in each itself, unless it stands alone."""
    if isinstance(figure, AddedFigure) and figure.alone:
        return Counter(own)
    above = areas_above(session) if own else {}
    sums: Counter[Cell] = Counter()
    for (own_id, part), n in own.items():
        for area_id in above[own_id]:
            sums[area_id, part] += n
    return sums


def _rows(figure: Figure, month: Month, sums: Mapping[Cell, int]) -> Iterator[dict[str, Any]]:
    for (area_id, part), n in sorted(sums.items()):
        if n:
            yield {"figure": figure.name, "month": month, "area_id": area_id, "part": part, "n": n}


def _locked(session: Session, figure: Figure, month: Month) -> SettledMonth | None:
    """Return the month for this worker alone; None where another one has it, or there is none."""
    query = select(SettledMonth).where(SettledMonth.figure == figure.name, SettledMonth.month == month)
    locked = query.with_for_update(skip_locked=True).execution_options(populate_existing=True)
    return session.scalar(locked)


def _all_seen(session: Session, row: SettledMonth) -> bool:
    """Tell whether every transaction that may have changed the month without noting it has ended.

    On SQLite there is one writer at a time. On PostgreSQL those are transactions whose numbers are below the one this
    transaction has: it began once watching was committed. (A snapshot's ``xmax`` would not do: what runs may be above.)
    """
    if session.get_bind().dialect.name != "postgresql":
        return True
    own, oldest = session.execute(
        select(func.txid_current(), func.txid_snapshot_xmin(func.txid_current_snapshot()))
    ).one()
    if row.watched_txid is None or row.watched_txid > own:  # restored into another server, its numbers are others
        row.watched_txid = own
        session.flush()
    return bool(oldest >= row.watched_txid)


def _count(session: Session, figure: Figure, row: SettledMonth) -> tuple[Counter[Cell], list[int]]:
    """Return the sums of a month up to the day that is watched, and the changes noted of it that they hold already.

    One statement reads the rows and the changes, so each change is seen in both or in neither. A figure that is counted
    again reads the changes first: one that comes in between asks for another count, which does no harm.
    """
    month, through = row.month, row.watched
    noted = select(cast(None, Integer), named(_CHANGE), LateChange.id).where(
        LateChange.figure == figure.name, LateChange.month == month, LateChange.day <= through
    )
    if isinstance(figure, CountedFigure):
        seen = [change_id for _, _, change_id in session.execute(noted)]
        return figure.count(session, month, through, row.lag), seen
    own, seen = Counter[Cell](), list[int]()
    for area_id, part, n in session.execute(union_all(*_added(figure, month, through), noted)):
        if area_id is None:
            seen.append(n)
        else:
            own[area_id, part] += n
    return roll_up(session, figure, own), seen


def _added(figure: Figure, month: Month, through: date) -> list[Select[Any]]:
    """Return queries of area, part and number over all rows of a month."""
    assert isinstance(figure, AddedFigure)
    return [
        select(adds.area_id, cast(adds.part, String), adds.total)
        .where(adds.standing, adds.between(month.first, through))
        .group_by(adds.area_id, *adds.varies)
        for adds in figure.parts
    ]


def _side_by_side(figure: Figure, month: Month, through: date, counted: Sequence[Select[Any]]) -> Any:
    """Return one statement over the rows of the month, its sums, and the changes noted since."""
    sums = select(SettledSum.area_id, SettledSum.part, SettledSum.n, literal(_SUM)).where(
        SettledSum.figure == figure.name, SettledSum.month == month
    )
    changes = select(LateChange.area_id, LateChange.part, LateChange.n, literal(_CHANGE)).where(
        LateChange.figure == figure.name, LateChange.month == month, LateChange.day <= through
    )
    return union_all(*(query.add_columns(literal("")) for query in counted), sums, changes)


def _forget(session: Session, change_ids: Sequence[int]) -> None:
    for some in batches(change_ids):
        session.execute(delete(LateChange).where(LateChange.id.in_(some)))


def _add(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add to sums that are there, and make those that are not."""
    if not rows:
        return
    adding = _insert_of(session)(SettledSum)
    added = adding.on_conflict_do_update(
        index_elements=list(table_of(SettledSum).primary_key), set_={"n": SettledSum.n + adding.excluded.n}
    )
    session.execute(added, list(rows))


def _insert_of(session: Session) -> Any:
    """Return the statement of the database that inserts, and knows what to do where the row is there."""
    return postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
