"""Reads of the ledger: one entry, the list, one target with its running balance."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session, aliased, contains_eager, joinedload

from trafficedu.areas.queries.tree import ids_in_reach, within
from trafficedu.companies.models import Company
from trafficedu.core import numbers
from trafficedu.core.actors import Actor
from trafficedu.core.errors import Missing
from trafficedu.core.listing import SIGNED, Column, Listing
from trafficedu.core.month import Month
from trafficedu.core.paging import BEGINNING, Page, Place, paginate
from trafficedu.core.reach import Reach
from trafficedu.core.text import message
from trafficedu.points.models import PointActivity, PointEntry
from trafficedu.points.queries.scope import PointTarget, sees_companies, visible_to
from trafficedu.points.rules import EntryOrigin


@dataclass(frozen=True)
class EntryFilter:
    """What the ledger is narrowed to.

    ``area_path`` takes all below it; a ``number`` is exact and beats the rest.
    """

    area_path: str = ""
    company_code: str = ""
    activity_code: str = ""
    month: Month | None = None
    source: str = ""
    number: str = ""


@dataclass(frozen=True)
class EntryWithBalance:
    """An entry with the balance of its target after it."""

    entry: PointEntry
    balance: int


def find_entry(session: Session, number: str, by: Actor) -> PointEntry:
    """Return an entry that ``by`` sees, with all that its page shows; raise Missing."""
    query = (
        select(PointEntry)
        .where(PointEntry.number == numbers.normalise(number), visible_to(by))
        .options(
            joinedload(PointEntry.area),
            joinedload(PointEntry.company),
            joinedload(PointEntry.activity),
            joinedload(PointEntry.recorded_by),
            joinedload(PointEntry.counters),
            joinedload(PointEntry.countered_by),
        )
    )
    entry = session.scalar(query)
    if entry is None:
        raise Missing(message("This entry does not exist, or you do not have access to it."))
    return entry


def find_by_once_key(session: Session, key: str) -> PointEntry | None:
    """Return the entry that an event, or an earlier sending of the same form, made; or None."""
    return session.scalar(select(PointEntry).where(PointEntry.once_key == key))


def filtered(by: Actor, chosen: EntryFilter) -> Select[tuple[PointEntry]]:
    """Return the query of a filtered ledger with targets and activities, unordered."""
    return (
        select(PointEntry)
        .outerjoin(PointEntry.area)
        .outerjoin(PointEntry.company)
        .join(PointEntry.activity)
        .where(visible_to(by), *_conditions(chosen))
        .options(
            contains_eager(PointEntry.area),
            contains_eager(PointEntry.company),
            contains_eager(PointEntry.activity),
            joinedload(PointEntry.countered_by),
        )
    )


def _reach(session: Session, by: Actor, chosen: EntryFilter) -> Reach | None:
    """Return how the index of a company, of areas or of days reaches the entries of a filter."""
    if chosen.number:
        return None
    rest = _rest(chosen)
    companies = [by.scope.company_id] if by.scope.company_id is not None else []
    if chosen.company_code:
        found = select(Company.id).where(Company.code == chosen.company_code)
        companies = list(session.scalars(found if not companies else found.where(Company.id.in_(companies))))
    if companies or chosen.company_code:
        rest += [PointEntry.area_id.in_(within(chosen.area_path))] if chosen.area_path else []
        if not sees_companies(by) and by.scope.company_id is None:
            companies = []
        return Reach(_month(chosen), PointEntry.company_id.expression, companies, rest)
    if sees_companies(by) and not chosen.area_path and not by.scope.everything:
        return Reach(_month(chosen), rest=[*rest, visible_to(by)])
    return Reach.of_areas(
        PointEntry.area_id.expression, ids_in_reach(session, by, chosen.area_path), _month(chosen), rest
    )


LEDGER: Listing[PointEntry, EntryFilter] = Listing(
    filtered,
    [
        Column(
            "day",
            message("Day of the activity"),
            value=lambda row: row.occurred_on,
            sort=PointEntry.occurred_on.expression,
        ),
        Column("target_code", message("Code"), value=lambda row: row.target_code, in_file_only=True),
        Column("target", message("Area or company"), value=lambda row: row.target_name),
        Column("activity", message("Activity"), value=lambda row: row.activity.name),
        Column("points", message("Points"), value=lambda row: row.points, look=SIGNED),
        Column("origin", message("Source"), value=lambda row: row.origin.label),
        Column("note", message("Note"), value=lambda row: row.remark),
        Column("state", message("State"), value=lambda row: row.mark),
        Column("number", message("Number"), value=lambda row: row.number),
    ],
    sort="-day",
    order=[PointEntry.id.desc()],
    reach=_reach,
    export="points:entry:export",
    file="points",
)


def _conditions(chosen: EntryFilter) -> list[ColumnElement[bool]]:
    if chosen.number:
        return [PointEntry.number == numbers.normalise(chosen.number)]
    conditions = [*_month(chosen), *_rest(chosen)]
    if chosen.area_path:
        conditions.append(PointEntry.area_id.in_(within(chosen.area_path)))
    if chosen.company_code:
        conditions.append(Company.code == chosen.company_code)
    return conditions


def _month(chosen: EntryFilter) -> list[ColumnElement[bool]]:
    if chosen.month is None:
        return []
    return [PointEntry.occurred_on >= chosen.month.first, PointEntry.occurred_on <= chosen.month.last]


def _rest(chosen: EntryFilter) -> list[ColumnElement[bool]]:
    """Return what is asked of an entry beside when it was and whose it is."""
    conditions: list[ColumnElement[bool]] = []
    if chosen.activity_code:
        activities = select(PointActivity.id).where(PointActivity.code == chosen.activity_code)
        conditions.append(PointEntry.activity_id.in_(activities))
    if chosen.source == EntryOrigin.COUNTER:
        conditions.append(PointEntry.counters_id.is_not(None))
    elif chosen.source:
        conditions += [PointEntry.source == chosen.source, PointEntry.counters_id.is_(None)]
    return conditions


def list_of_target(session: Session, target: PointTarget, place: Place = BEGINNING) -> Page[EntryWithBalance]:
    """Return the entries of one target, the latest first, each with the running balance; the caller checked the scope.

    The balance counts in the order of days, of one day in the order of recording.
    """
    balance = func.sum(PointEntry.points).over(order_by=(PointEntry.occurred_on, PointEntry.id)).label("balance")
    counted = select(PointEntry.id, PointEntry.occurred_on, balance).where(target.condition).subquery()
    rows = select(counted.c.id, counted.c.balance)
    page = paginate(session, rows, [counted.c.occurred_on.desc(), counted.c.id.desc()], place)
    taken_back = aliased(PointEntry)
    query = (
        select(PointEntry)
        .join(PointEntry.activity)
        .outerjoin(taken_back, taken_back.counters_id == PointEntry.id)
        .where(PointEntry.id.in_([entry_id for entry_id, _ in page.items]))
        .options(
            contains_eager(PointEntry.activity),
            contains_eager(PointEntry.countered_by.of_type(taken_back)),
            joinedload(PointEntry.recorded_by),
        )
    )
    entries = {entry.id: entry for entry in session.scalars(query)}
    lines = [EntryWithBalance(entries[entry_id], int(balance)) for entry_id, balance in page.items]
    return replace(page, items=lines)


def balance_of(session: Session, target: PointTarget) -> int:
    """Return the sum of all entries of a target."""
    return int(session.scalar(select(func.coalesce(func.sum(PointEntry.points), 0)).where(target.condition)) or 0)
