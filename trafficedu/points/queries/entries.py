"""Reads of the ledger: one entry, the list, one target with its running balance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session, aliased, contains_eager, joinedload

from trafficedu.areas.models import Area
from trafficedu.areas.queries import within
from trafficedu.companies.models import Company
from trafficedu.core import numbers
from trafficedu.core.actors import Actor
from trafficedu.core.clock import month_bounds
from trafficedu.core.errors import Missing
from trafficedu.core.paging import Page, paginate
from trafficedu.core.text import message
from trafficedu.points.models import PointActivity, PointEntry
from trafficedu.points.queries.scope import Target, visible_to

COUNTER = "counter"
"""A filter that is no source: counter-entries."""


@dataclass(frozen=True)
class EntryFilter:
    """What the ledger is narrowed to; ``sort`` is a column's key, with "-" before it descending.

    ``area_path`` takes all below it; ``month`` is its first day; a ``number`` is exact and beats the rest.
    """

    area_path: str = ""
    company_code: str = ""
    activity_code: str = ""
    month: date | None = None
    source: str = ""
    number: str = ""
    sort: str = "-day"


@dataclass(frozen=True)
class Line:
    """An entry with the balance of its target after it."""

    entry: PointEntry
    balance: int


SORTS: dict[str, ColumnElement[Any]] = {
    "day": PointEntry.occurred_on.expression,
    "points": PointEntry.points.expression,
    "activity": PointActivity.code.expression,
    "target": func.coalesce(Area.path, Company.name),
}


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
    found = session.scalar(query)
    if found is None:
        raise Missing(message("There is no such entry, or it is not yours to see."))
    return found


def find_by_once_key(session: Session, key: str) -> PointEntry | None:
    """Return the entry that an event, or an earlier sending of the same form, made; or None."""
    return session.scalar(select(PointEntry).where(PointEntry.once_key == key))


def filtered(by: Actor, wanted: EntryFilter) -> Select[tuple[PointEntry]]:
    """Return the query of a filtered ledger with targets and activities, unordered."""
    return (
        select(PointEntry)
        .outerjoin(PointEntry.area)
        .outerjoin(PointEntry.company)
        .join(PointEntry.activity)
        .where(visible_to(by), *_conditions(wanted))
        .options(
            contains_eager(PointEntry.area), contains_eager(PointEntry.company), contains_eager(PointEntry.activity)
        )
    )


def list_entries(session: Session, by: Actor, wanted: EntryFilter, page: int) -> Page[PointEntry]:
    """Return a page of the ledger that ``by`` sees, narrowed and sorted, by default the latest day first."""
    column = SORTS.get(wanted.sort.removeprefix("-"), SORTS["day"])
    query = filtered(by, wanted).options(joinedload(PointEntry.countered_by))
    ordered = query.order_by(column.desc() if wanted.sort.startswith("-") else column.asc(), PointEntry.id.desc())
    return paginate(session, ordered, page)


def _conditions(wanted: EntryFilter) -> list[ColumnElement[bool]]:
    if wanted.number:
        return [PointEntry.number == numbers.normalise(wanted.number)]
    conditions: list[ColumnElement[bool]] = []
    if wanted.area_path:
        conditions.append(PointEntry.area_id.in_(within(wanted.area_path)))
    if wanted.company_code:
        conditions.append(Company.code == wanted.company_code)
    if wanted.activity_code:
        conditions.append(PointActivity.code == wanted.activity_code)
    if wanted.month is not None:
        first, after = month_bounds(wanted.month)
        conditions += [PointEntry.occurred_on >= first, PointEntry.occurred_on < after]
    if wanted.source == COUNTER:
        conditions.append(PointEntry.counters_id.is_not(None))
    elif wanted.source:
        conditions += [PointEntry.source == wanted.source, PointEntry.counters_id.is_(None)]
    return conditions


def list_of_target(session: Session, target: Target, page: int) -> Page[Line]:
    """Return the entries of one target, the latest first, each with the running balance; the caller checked the scope.

    The balance counts in the order of days, of one day in the order of recording.
    """
    balance = func.sum(PointEntry.points).over(order_by=(PointEntry.occurred_on, PointEntry.id)).label("balance")
    ordered = (
        select(PointEntry.id, balance)
        .where(target.condition)
        .order_by(PointEntry.occurred_on.desc(), PointEntry.id.desc())
    )
    found = paginate(session, ordered, page)
    taken_back = aliased(PointEntry)
    query = (
        select(PointEntry)
        .join(PointEntry.activity)
        .outerjoin(taken_back, taken_back.counters_id == PointEntry.id)
        .where(PointEntry.id.in_([row.id for row in found.items]))
        .options(
            contains_eager(PointEntry.activity),
            contains_eager(PointEntry.countered_by.of_type(taken_back)),
            joinedload(PointEntry.recorded_by),
        )
    )
    entries = {entry.id: entry for entry in session.scalars(query)}
    lines = [Line(entries[row.id], int(row.balance)) for row in found.items]
    return Page(lines, found.number, found.total, found.per_page)


def balance_of(session: Session, target: Target) -> int:
    """Return the sum of all entries of a target."""
    return int(session.scalar(select(func.coalesce(func.sum(PointEntry.points), 0)).where(target.condition)) or 0)
