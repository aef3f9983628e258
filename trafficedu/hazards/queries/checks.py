"""Reads of the areas under rolling check."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, contains_eager, joinedload, selectinload

from trafficedu.accounts.models import User
from trafficedu.accounts.rules import PERMISSIONS
from trafficedu.areas.models import Area
from trafficedu.areas.queries import within
from trafficedu.core import numbers
from trafficedu.core.actors import Actor
from trafficedu.core.errors import Missing
from trafficedu.core.paging import Page, paginate
from trafficedu.core.text import message
from trafficedu.hazards.models import HazardLook, HazardWatch
from trafficedu.hazards.queries.scope import visible_to

LOOK = "hazards:check:look"


@dataclass(frozen=True)
class WatchFilter:
    """What the list of checks is narrowed to; ``overdue_on``: nobody looked by that day; ``checker_id``: whose."""

    area_path: str = ""
    overdue_on: date | None = None
    checker_id: int | None = None
    ended: bool = False


def list_watches(session: Session, by: Actor, wanted: WatchFilter, page: int) -> Page[HazardWatch]:
    """Return the areas under check that ``by`` sees, the most urgent first; with ``ended``, those taken off."""
    conditions: list[ColumnElement[bool]] = [visible_to(by, HazardWatch.area_id)]
    conditions.append(HazardWatch.ended_utc.is_not(None) if wanted.ended else HazardWatch.ended_utc.is_(None))
    if wanted.area_path:
        conditions.append(HazardWatch.area_id.in_(within(wanted.area_path)))
    if wanted.overdue_on:
        conditions.append(HazardWatch.due_on < wanted.overdue_on)
    if wanted.checker_id is not None:
        conditions.append(HazardWatch.checker_id == wanted.checker_id)
    query = (
        select(HazardWatch)
        .join(HazardWatch.area)
        .where(*conditions)
        .options(
            contains_eager(HazardWatch.area).joinedload(Area.parent),
            joinedload(HazardWatch.checker),
            selectinload(HazardWatch.looks),
        )
        .order_by(HazardWatch.due_on, HazardWatch.id)
    )
    return paginate(session, query, page)


def find_watch(session: Session, number: str, by: Actor) -> HazardWatch:
    """Return an area under check that ``by`` sees, with its looks; raise Missing."""
    query = (
        select(HazardWatch)
        .where(HazardWatch.number == numbers.normalise(number), visible_to(by, HazardWatch.area_id))
        .options(
            joinedload(HazardWatch.area).joinedload(Area.parent),
            joinedload(HazardWatch.checker),
            selectinload(HazardWatch.looks).joinedload(HazardLook.by),
        )
    )
    found = session.scalar(query)
    if found is None:
        raise Missing(message("There is no such check, or it is not yours to see."))
    return found


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
