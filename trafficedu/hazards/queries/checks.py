"""Reads of the areas under rolling check."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, contains_eager

from trafficedu.accounts.models import User
from trafficedu.accounts.rules import PERMISSIONS
from trafficedu.areas.models import Area
from trafficedu.areas.queries.tree import placed
from trafficedu.core import numbers
from trafficedu.core.actors import Actor
from trafficedu.core.errors import Missing
from trafficedu.core.listing import FIGURES, Column, Listing, due
from trafficedu.core.loading import loaded
from trafficedu.core.narrowing import Conditions, Narrowing, equal
from trafficedu.core.text import message
from trafficedu.hazards.models import HazardLook, HazardWatch
from trafficedu.hazards.queries.scope import visible_to
from trafficedu.hazards.rules import WatchEnd

LOOK = "hazards:check:look"


@dataclass(frozen=True)
class WatchFilter:
    """What the list of checks is narrowed to; ``overdue_on``: nobody looked by that day; ``checker_id``: whose."""

    area_path: str = ""
    overdue_on: date | None = None
    checker_id: int | None = None
    ended: bool = False


def _rest(chosen: WatchFilter) -> Conditions:
    ended = HazardWatch.ended_utc.is_not(None) if chosen.ended else HazardWatch.ended_utc.is_(None)
    late = [HazardWatch.due_on < chosen.overdue_on] if chosen.overdue_on else []
    return [ended, *late, *equal((HazardWatch.checker_id, chosen.checker_id))]


NARROWING = Narrowing[WatchFilter](ways=[placed(HazardWatch.area_id)], rest=_rest)


def _filtered(by: Actor, chosen: WatchFilter) -> Select[tuple[HazardWatch]]:
    return (
        select(HazardWatch)
        .join(HazardWatch.area)
        .where(visible_to(by, HazardWatch.area_id), *NARROWING.conditions(chosen))
        .options(
            contains_eager(HazardWatch.area).joinedload(Area.parent),
            loaded(HazardWatch.checker),
        )
    )


def watches_on(day: date) -> Listing[HazardWatch, WatchFilter]:
    """Return the list of areas under check as it reads on ``day``, the most urgent first."""
    return Listing(
        _filtered,
        [
            Column("area", message("Area"), value=lambda row: row.area.name),
            Column(
                "due",
                message("Next check due on"),
                value=lambda row: WatchEnd.ENDED if row.ended_utc else due(row.due_on, day),
            ),
            Column("checker", message("Responsible for the check"), value=lambda row: row.checker.display_name),
            Column("period", message("Every … days"), value=lambda row: row.period_days, look=FIGURES),
            Column("looked", message("Last check"), value=lambda row: row.looked_on),
            Column("reason", message("Why it is on the list"), value=lambda row: row.reason),
        ],
        order=[HazardWatch.due_on.expression, HazardWatch.id.expression],
    )


def find_watch(session: Session, number: str, by: Actor) -> HazardWatch:
    """Return an area under check that ``by`` sees, with its looks; raise Missing."""
    query = (
        select(HazardWatch)
        .where(HazardWatch.number == numbers.normalise(number), visible_to(by, HazardWatch.area_id))
        .options(
            loaded(HazardWatch.area, Area.parent),
            loaded(HazardWatch.checker),
            loaded(HazardWatch.looks, HazardLook.by),
        )
    )
    watch = session.scalar(query)
    if watch is None:
        raise Missing(message("This check does not exist, or you do not have access to it."))
    return watch


def list_checkers(session: Session, path: str) -> Sequence[User]:
    """Return the active users who may look at the area at ``path``: their post is that area or one around it."""
    return [user for user in _lookers(session) if user.area is not None and path.startswith(user.area.path)]


def list_reachable_checkers(session: Session, path: str) -> Sequence[User]:
    """Return who may look at the area at ``path`` or at one below it, for a list before the area is chosen."""
    return [
        user
        for user in _lookers(session)
        if user.area is not None and (path.startswith(user.area.path) or user.area.path.startswith(path))
    ]


def _lookers(session: Session) -> Sequence[User]:
    roles = [role.value for role, permissions in PERMISSIONS.items() if LOOK in permissions]
    query = select(User).join(User.area).where(User.active.is_(True), User.role.in_(roles))
    return session.scalars(query.options(contains_eager(User.area)).order_by(Area.path, User.username)).all()
