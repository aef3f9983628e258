"""Reads of the red-yellow-black list: what a month's would be, and the lists frozen and published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, func, select, true
from sqlalchemy.orm import Session, aliased

from trafficedu.analysis.colours.rule_set import FIRMLY_RED, SECOND
from trafficedu.areas.models import VILLAGE, Area
from trafficedu.areas.queries import tree as areas
from trafficedu.core.actors import Actor
from trafficedu.core.errors import Missing
from trafficedu.core.loading import loaded
from trafficedu.core.month import Month
from trafficedu.core.orm import among
from trafficedu.core.paging import BEGINNING, Page, Place, paginate
from trafficedu.core.text import message
from trafficedu.evaluation.models import EvaluationRun
from trafficedu.evaluation.queries.rule_sets import rules_from
from trafficedu.evaluation.queries.runs import published_run, results_of, results_said, same_scheme
from trafficedu.overview.models import ListEntry, ListProtest, VillageList
from trafficedu.overview.rules import Listed, ListRule, ListState, ObjectionOutcome, Shade, VillageResults, read_list

MANAGE = "overview:list:manage"


@dataclass(frozen=True)
class Reading:
    """What the list of a month is, read off its published evaluation ``run_id``; ``runs`` are all it looked at."""

    run_id: int
    runs: tuple[int, ...]
    listed: Sequence[Listed]


@dataclass(frozen=True)
class ListLine:
    """One list with how many villages stand on each part of it."""

    village_list: VillageList
    black: int
    yellow: int
    red: int
    protests: int


def read_month(session: Session, month: Month, rule: ListRule) -> Reading | None:
    """Return what the rule reads off the published evaluations of ``month`` and the months before, or None."""
    run = published_run(session, month)
    if run is None:
        return None
    rules = rules_from(run.rule_set)
    second = rules.scheme == SECOND
    months = [run] + [published_run(session, month - back) for back in range(1, max(rule.black_months, 2))]
    colours = [
        {row.code: row.colour for row in results_said(session, each) if row.kind == VILLAGE}
        if each is not None and same_scheme(each, run)
        else {}
        for each in months
    ]
    results = [
        VillageResults(
            row.area_id,
            row.code,
            tuple(by_code.get(row.code, "") for by_code in colours),
            row.score,
            row.firm if second else None,
            row.veto,
        )
        for row in results_of(session, run, VILLAGE)
        if row.area_id is not None
    ]
    rule = replace(rule, only_red=second and rules.black_rule == FIRMLY_RED)
    return Reading(run.id, tuple(each.id for each in months if each is not None), read_list(results, rule))


def newer_evaluations(session: Session, village_list: VillageList, rule: ListRule) -> list[EvaluationRun]:
    """Return the evaluations published since the list was read off older versions of them."""
    read = set(village_list.read_runs) or {village_list.run_id}
    back = range(max(rule.black_months, 2) if village_list.read_runs else 1)
    runs = [published_run(session, village_list.month - months) for months in back]
    return [run for run in runs if run is not None and run.id not in read]


def run_of(session: Session, village_list: VillageList) -> EvaluationRun:
    """Return the evaluation that a list was read off."""
    return session.get_one(EvaluationRun, village_list.run_id)


def names_of(session: Session, area_ids: Sequence[int]) -> dict[int, tuple[str, str]]:
    """Return the names of villages, each with that of its town, by the village's id."""
    town = aliased(Area)
    query = select(Area.id, Area.name, town.name).outerjoin(town, town.id == Area.parent_id)
    return {key: (name, above or "") for key, name, above in session.execute(query.where(Area.id.in_(area_ids)))}


def visible_to(by: Actor) -> ColumnElement[bool]:
    """Return the condition that ``by`` sees an entry: a published one, or one of the own area.

    Publishing is what carries a village's name beyond its own area; before that only who answers for it sees it.
    """
    if by.may(MANAGE):
        return true()
    return (VillageList.state == ListState.PUBLISHED) | areas.visible_to(by)


def list_lists(session: Session, by: Actor, place: Place = BEGINNING) -> Page[ListLine]:
    """Return the lists, the latest month first, each with its numbers of entries that ``by`` may see."""
    page = paginate(session, select(VillageList), [VillageList.month.desc()], place)
    counted = _counts(session, [row.id for row in page.items], by)
    lines = [ListLine(row, *_line(row.id, counted)) for row in page.items]
    return replace(page, items=lines)


def _line(list_id: int, counted: Mapping[tuple[int, str], tuple[int, int]]) -> tuple[int, int, int, int]:
    """Return how many are black, yellow, red, and the protests against any of them."""
    black, yellow, red = (counted.get((list_id, shade), (0, 0)) for shade in Shade)
    return black[0], yellow[0], red[0], black[1] + yellow[1] + red[1]


def _counts(session: Session, list_ids: Sequence[int], by: Actor) -> dict[tuple[int, str], tuple[int, int]]:
    """Return by list and shade: entries that stand, and protests not decided."""
    query = (
        select(ListEntry.list_id, ListEntry.shade, func.count())
        .join(VillageList, VillageList.id == ListEntry.list_id)
        .join(Area, Area.id == ListEntry.area_id)
        .where(ListEntry.list_id.in_(list_ids), ListEntry.taken_off.is_(False), visible_to(by))
        .group_by(ListEntry.list_id, ListEntry.shade)
    )
    contested = query.join(ListProtest, ListProtest.entry_id == ListEntry.id).where(
        among(ListProtest.decision, ObjectionOutcome.NONE)
    )
    protests = {(list_id, shade): count for list_id, shade, count in session.execute(contested)}
    return {
        (list_id, shade): (count, protests.get((list_id, shade), 0)) for list_id, shade, count in session.execute(query)
    }


def find_list(session: Session, month: Month) -> VillageList | None:
    """Return the list of a month, or None before it is frozen."""
    return session.scalar(select(VillageList).where(VillageList.month == month))


def list_entries(session: Session, village_list: VillageList, by: Actor) -> Sequence[ListEntry]:
    """Return the entries of a list that ``by`` may see, in its order, with their villages and protests."""
    query = (
        select(ListEntry)
        .join(VillageList, VillageList.id == ListEntry.list_id)
        .join(Area, Area.id == ListEntry.area_id)
        .where(ListEntry.list_id == village_list.id, visible_to(by))
        .options(loaded(ListEntry.area, Area.parent), loaded(ListEntry.protest))
        .order_by(ListEntry.place)
    )
    return session.scalars(query).all()


def find_entry(session: Session, month: Month, code: str, by: Actor) -> ListEntry:
    """Return the entry of a village that ``by`` answers for, or decides about; raise :class:`Missing`."""
    query = (
        select(ListEntry)
        .join(VillageList, VillageList.id == ListEntry.list_id)
        .join(Area, Area.id == ListEntry.area_id)
        .where(VillageList.month == month, Area.code == code, true() if by.may(MANAGE) else areas.visible_to(by))
    )
    entry = session.scalar(query)
    if entry is None:
        raise Missing(message("This entry is not on the list."))
    return entry
