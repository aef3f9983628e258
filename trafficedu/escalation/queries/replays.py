"""Who sees which replay, and the stops that one goes through."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import ColumnElement, false, select
from sqlalchemy.orm import Session

from trafficedu.areas.models import Area
from trafficedu.areas.queries import tree
from trafficedu.core.actors import Actor, at_or_below
from trafficedu.core.errors import Missing
from trafficedu.core.loading import loaded
from trafficedu.core.numbers import normalise
from trafficedu.core.stops import Near
from trafficedu.core.text import message
from trafficedu.coverage.queries.marks import top_of
from trafficedu.escalation.models import PolicyReplay
from trafficedu.escalation.rules import StopSeen
from trafficedu.feedback.queries.policy import SIGHT
from trafficedu.feedback.rules.policy import Receiver
from trafficedu.violations.models.records import Violation
from trafficedu.violations.rules.states import ViolationState

MANAGE = "feedback:policy:manage"
RIDERS_AT_ONCE = 500
"""Riders whose records are in memory at the same time."""
SHOWN = 20

Group = tuple[int | None, str, Sequence[StopSeen]]


def area_seen(session: Session, by: Actor) -> Area | None:
    """Return the area whose stops ``by`` may have counted: the own post, or all for who puts policies in force.

    A replay says how often and at which company, never who. None for somebody whose post is missing.
    """
    return tree.root(session) if by.may(MANAGE) else top_of(session, by)


def area_of(session: Session, by: Actor) -> Area:
    """Return the same area; raise :class:`Missing` where there is none."""
    area = area_seen(session, by)
    if area is None:
        raise Missing(message("Your account has no area whose stops could be counted."))
    return area


def list_replays(session: Session, by: Actor) -> Sequence[PolicyReplay]:
    """Return the last replays of the areas that ``by`` sees."""
    query = select(PolicyReplay).where(_seen_by(session, by)).order_by(PolicyReplay.id.desc()).limit(SHOWN)
    return session.scalars(query.options(loaded(PolicyReplay.asked_by), loaded(PolicyReplay.area))).all()


def find_replay(session: Session, number: str, by: Actor) -> PolicyReplay:
    """Return a replay that ``by`` sees; raise :class:`Missing`."""
    query = select(PolicyReplay).where(PolicyReplay.number == normalise(number), _seen_by(session, by))
    replay = session.scalar(query)
    if replay is None:
        raise Missing(message("There is no such replay."))
    return replay


def _seen_by(session: Session, by: Actor) -> ColumnElement[bool]:
    area = area_seen(session, by)
    if area is None:
        return false()
    return PolicyReplay.area_id.in_(select(Area.id).where(at_or_below(Area.path, area.path)))


def riders_stopped(
    session: Session, area: Area, first: date, last: date, looked_back: date, near: Near
) -> Iterator[list[list[Group]]]:
    """Yield riders stopped from ``first`` to ``last`` in an area, some at a time: for each, the stops by receiver.

    Stops since ``looked_back``, wherever they were, are there to be counted with; those of the days and the area count.
    """
    inside = set(session.scalars(tree.within(area.path)))
    after = 0
    while riders := _some_riders(session, after, first, last, area.path):
        after = riders[-1]
        query = (
            select(Violation.rider_id, Violation.company_id, *(getattr(Violation, name) for name in SIGHT))
            .where(
                Violation.rider_id.in_(riders),
                Violation.state == ViolationState.CONFIRMED,
                Violation.occurred_on.between(looked_back, last),
            )
            .order_by(Violation.rider_id, Violation.occurred_utc, Violation.id)
        )
        rows = session.execute(query).all()
        yield [
            _groups(list(of_rider), near, first, inside) for _, of_rider in groupby(rows, key=attrgetter("rider_id"))
        ]


def _some_riders(session: Session, after: int, first: date, last: date, path: str) -> Sequence[int]:
    query = (
        select(Violation.rider_id)
        .where(
            Violation.rider_id > after,
            Violation.state == ViolationState.CONFIRMED,
            Violation.occurred_on.between(first, last),
            Violation.area_id.in_(tree.within(path)),
        )
        .distinct()
        .order_by(Violation.rider_id)
        .limit(RIDERS_AT_ONCE)
    )
    return [rider for rider in session.scalars(query) if rider is not None]


def _groups(rows: Sequence[Any], near: Near, first: date, inside: set[int]) -> list[Group]:
    """Return the stops of a rider by receiver: a company knows of its own, the village of all."""

    def seen(stops: Sequence[Any], company: int | None) -> list[StopSeen]:
        return [
            StopSeen(row.occurred_on, row.occurred_on >= first and row.area_id in inside and row.company_id == company)
            for row in stops
        ]

    companies = sorted({row.company_id for row in rows if row.company_id is not None})
    groups: list[Group] = [
        (company, Receiver.COMPANY, seen(near.stops_of(row for row in rows if row.company_id == company), company))
        for company in companies
    ]
    if any(row.company_id is None for row in rows):
        groups.append((None, Receiver.VILLAGE, seen(near.stops_of(rows), None)))
    return groups
