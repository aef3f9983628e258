"""Reads of the ledger: one entry, the list, one target with its running balance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, aliased, contains_eager

from trafficedu.areas.queries.tree import ids_in_reach, placed
from trafficedu.companies.models import Company
from trafficedu.core import numbers
from trafficedu.core.actors import Actor
from trafficedu.core.errors import Missing
from trafficedu.core.listing import SIGNED, Column, Listing
from trafficedu.core.loading import loaded
from trafficedu.core.month import Month
from trafficedu.core.narrowing import Conditions, Narrowing, Way, equal, month, numbered
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
            loaded(PointEntry.area),
            loaded(PointEntry.company),
            loaded(PointEntry.activity),
            loaded(PointEntry.recorded_by),
            loaded(PointEntry.counters),
            loaded(PointEntry.countered_by),
        )
    )
    entry = session.scalar(query)
    if entry is None:
        raise Missing(message("This entry does not exist, or you do not have access to it."))
    return entry


def find_by_once_key(session: Session, key: str) -> PointEntry | None:
    """Return the entry that an event, or an earlier sending of the same form, made; or None."""
    return session.scalar(select(PointEntry).where(PointEntry.once_key == key))


def _companies(session: Session, by: Actor, chosen: EntryFilter) -> Sequence[int] | None:
    """Return the own company, or the one that is asked for; None where neither is."""
    own = by.scope.company_id
    if own is None and not chosen.company_code:
        return None
    if own is None and not sees_companies(by):
        return []
    return session.scalars(
        select(Company.id).where(*equal((Company.id, own), (Company.code, chosen.company_code)))
    ).all()


def _areas(session: Session, by: Actor, chosen: EntryFilter) -> Sequence[int] | None:
    """Return the areas whose entries are asked for; None where those of companies are, or theirs too."""
    of_companies = chosen.company_code or by.scope.company_id is not None or sees_companies(by)
    return None if of_companies and not chosen.area_path else ids_in_reach(session, by, chosen.area_path)


def _rest(chosen: EntryFilter) -> Conditions:
    """Return what is asked of an entry beside when it was and whose it is."""
    conditions: Conditions = []
    if chosen.activity_code:
        activities = select(PointActivity.id).where(PointActivity.code == chosen.activity_code)
        conditions.append(PointEntry.activity_id.in_(activities))
    if chosen.source == EntryOrigin.COUNTER:
        conditions.append(PointEntry.counters_id.is_not(None))
    elif chosen.source:
        conditions += [PointEntry.source == chosen.source, PointEntry.counters_id.is_(None)]
    return conditions


NARROWING = Narrowing[EntryFilter](
    month(PointEntry.occurred_on),
    [
        Way(PointEntry.company_id.expression, _companies, lambda chosen: equal((Company.code, chosen.company_code))),
        Way(PointEntry.area_id.expression, _areas, placed(PointEntry.area_id).asked),
    ],
    _rest,
    exact=numbered(PointEntry.number),
)


def filtered(by: Actor, chosen: EntryFilter) -> Select[tuple[PointEntry]]:
    """Return the query of a filtered ledger with targets and activities, unordered."""
    return (
        select(PointEntry)
        .outerjoin(PointEntry.area)
        .outerjoin(PointEntry.company)
        .join(PointEntry.activity)
        .where(visible_to(by), *NARROWING.conditions(chosen))
        .options(
            contains_eager(PointEntry.area),
            contains_eager(PointEntry.company),
            contains_eager(PointEntry.activity),
            loaded(PointEntry.countered_by),
        )
    )


def _reach(session: Session, by: Actor, chosen: EntryFilter) -> Reach:
    """Return how the index of a company, of areas or of days reaches the entries of a filter."""
    reach = NARROWING.reach(session, by, chosen)
    if reach.column is not None or by.scope.everything or not sees_companies(by) or chosen.number or chosen.area_path:
        return reach
    return replace(reach, rest=[*reach.rest, visible_to(by)])  # entries of areas and of companies, in one order


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
            loaded(PointEntry.recorded_by),
        )
    )
    entries = {entry.id: entry for entry in session.scalars(query)}
    lines = [EntryWithBalance(entries[entry_id], int(balance)) for entry_id, balance in page.items]
    return replace(page, items=lines)


def balance_of(session: Session, target: PointTarget) -> int:
    """Return the sum of all entries of a target."""
    return int(session.scalar(select(func.coalesce(func.sum(PointEntry.points), 0)).where(target.condition)) or 0)
