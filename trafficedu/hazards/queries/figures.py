"""Figures of hazards: what is late by tier, and each village's month."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row, Select, case, func, not_, or_, select
from sqlalchemy.orm import Session

from trafficedu.areas.models import Area
from trafficedu.areas.queries.tree import list_children, within
from trafficedu.core.actors import Actor
from trafficedu.core.counting import count_capped
from trafficedu.core.month import Month
from trafficedu.core.orm import among
from trafficedu.hazards.models import Hazard, HazardStep
from trafficedu.hazards.queries.scope import overdue_on, visible_to
from trafficedu.hazards.rules import OPEN, HazardState, is_overdue, state_on


@dataclass(frozen=True)
class TierRow:
    """An area and all below it: hazards that wait for somebody, of these to plan, to verify, overdue.

    ``oldest_on`` is the deadline that passed longest ago.
    """

    area: Area
    open: int = 0
    to_plan: int = 0
    to_verify: int = 0
    overdue: int = 0
    oldest_on: date | None = None


@dataclass(frozen=True)
class HazardCounts:
    """An area's own month (not that of areas below it), as it stood at the month's end.

    ``open`` waits for somebody; ``new`` was reported in the month and not closed as no hazard by its end; ``fixed``
    was verified in the month, ``fixed_on_time`` of these in time; ``overdue`` was not fixed though its deadline had
    passed. Voided hazards are in no figure.
    """

    open: int = 0
    new: int = 0
    fixed: int = 0
    fixed_on_time: int = 0
    overdue: int = 0


def count_overdue(session: Session, by: Actor, path: str, day: date) -> int:
    """Return how many hazards at and below ``path`` that ``by`` sees are overdue on ``day``, capped."""
    return count_capped(
        session, select(Hazard.id).where(visible_to(by), Hazard.area_id.in_(within(path)), overdue_on(day))
    )


def count_open(session: Session, by: Actor, path: str) -> int:
    """Return how many hazards at and below ``path`` that ``by`` sees wait for somebody, capped."""
    return count_capped(
        session,
        select(Hazard.id).where(visible_to(by), Hazard.area_id.in_(within(path)), among(Hazard.state, *OPEN)),
    )


def count_by_tier(session: Session, by: Actor, area: Area, day: date) -> Sequence[TierRow]:
    """Return a row for ``area`` itself, with all below it, and one for every area right below it, in their order.

    An area that has ended shows as long as a hazard in it waits. The worst do not come first: the list is the same
    each day, so that a line is found again.
    """
    late = overdue_on(day)
    query = (
        select(
            Area.path,
            func.count().label("open"),
            func.sum(case((Hazard.state == HazardState.REPORTED, 1), else_=0)).label("to_plan"),
            func.sum(case((Hazard.state == HazardState.FIXED, 1), else_=0)).label("to_verify"),
            func.sum(case((late, 1), else_=0)).label("overdue"),
            func.min(case((late, Hazard.deadline_on))).label("oldest_on"),
        )
        .join(Area, Area.id == Hazard.area_id)
        .where(visible_to(by), Hazard.area_id.in_(within(area.path)), among(Hazard.state, *OPEN))
        .group_by(Area.path)
    )
    rows_below = session.execute(query).all()
    ended = select(Area).where(Area.parent_id == area.id, not_(Area.holds_on(day))).order_by(Area.path)
    below = [*list_children(session, area, day), *session.scalars(ended)]
    rows = [_summed(place, [row for row in rows_below if row.path.startswith(place.path)]) for place in [area, *below]]
    return [row for row in rows if row.open or not row.area.validity.ended_before(day)]


def _summed(area: Area, parts: Sequence[Row[Any]]) -> TierRow:
    """Add the rows of an area's villages up."""
    return TierRow(
        area,
        open=sum(part.open for part in parts),
        to_plan=sum(part.to_plan for part in parts),
        to_verify=sum(part.to_verify for part in parts),
        overdue=sum(part.overdue for part in parts),
        oldest_on=min((part.oldest_on for part in parts if part.oldest_on is not None), default=None),
    )


def indicators(session: Session, month: Month) -> Mapping[int, HazardCounts]:
    """Return the figures of ``month`` by area id, for every area with a hazard; no scope: for evaluation.

    They are replayed from the steps up to the month's end, so that a month computed again later says the same,
    unless a hazard was voided or its facts corrected.
    """
    first, end, after = month.first, month.last, month.next.first
    query = (
        select(
            Hazard.area_id,
            Hazard.id,
            Hazard.reported_on,
            Hazard.verified_on,
            Hazard.on_time,
        )
        .where(
            Hazard.reported_on < after,
            Hazard.state != HazardState.VOIDED,
            or_(Hazard.verified_on.is_(None), Hazard.verified_on >= first),
        )
        .order_by(Hazard.id)
    )
    steps = _steps_of(session, query.with_only_columns(Hazard.id).order_by(None), after)
    counts: dict[int, dict[str, int]] = {}
    for hazard in session.execute(query):
        at_end = state_on(steps.get(hazard.id, ()), end)
        if at_end is None:
            continue
        verified = hazard.verified_on is not None and hazard.verified_on <= end
        flags = {
            "open": at_end.state in OPEN,
            "new": hazard.reported_on >= first and at_end.state != HazardState.CLOSED,
            "fixed": verified,
            "fixed_on_time": verified and bool(hazard.on_time),
            "overdue": is_overdue(at_end.state, at_end.deadline_on, after),
        }
        own = counts.setdefault(hazard.area_id, dict.fromkeys(flags, 0))
        for name, flag in flags.items():
            own[name] += flag
    return {area_id: HazardCounts(**own) for area_id, own in counts.items()}


def _steps_of(session: Session, ids: Select[tuple[int]], after: date) -> dict[int, list[HazardStep]]:
    """Return the steps taken before ``after``, in their order, by hazard."""
    steps: dict[int, list[HazardStep]] = {}
    query = select(HazardStep).where(HazardStep.hazard_id.in_(ids), HazardStep.happened_on < after)
    for step in session.scalars(query.order_by(HazardStep.id)):
        steps.setdefault(step.hazard_id, []).append(step)
    return steps
