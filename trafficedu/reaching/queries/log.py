"""Messages to riders as who works with them sees them: those of the own station, or of stations in the own area."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Load, Session

from trafficedu.areas.queries.tree import within
from trafficedu.core.actors import Actor
from trafficedu.core.clock import day_bounds
from trafficedu.core.errors import Missing
from trafficedu.core.loading import loaded
from trafficedu.core.narrowing import Conditions, Narrowing, Way, equal
from trafficedu.core.orm import among
from trafficedu.core.paging import BEGINNING, Page, Place, paginate
from trafficedu.core.reach import Reach
from trafficedu.core.text import message
from trafficedu.education.models.courses import StudySession
from trafficedu.education.models.tasks import Booking, StudyTask
from trafficedu.education.queries.tasks import ids_meant
from trafficedu.education.rules.states import NOT_BEGUN
from trafficedu.reaching.models import RiderMessage
from trafficedu.reaching.rules.telling import TO_CALL, MessageKind
from trafficedu.riders.models import Rider
from trafficedu.riders.queries.people import phone_of
from trafficedu.stations.models import Station
from trafficedu.violations.queries.searching import Words

MOST_CALLS = 200
"""Riders on one list to ring up: more is nobody's day."""
LATEST = [RiderMessage.id.desc()]


@dataclass(frozen=True)
class MessageFilter:
    """What the log is narrowed to; the days are those on which a message was noted."""

    state: str = ""
    kind: str = ""
    channel: str = ""
    words: Words = Words()
    since: date | None = None
    until: date | None = None


def of_stations(by: Actor, station_id: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
    """Return the condition that ``by`` may see what happens at a station."""
    return by.scope.condition(
        station=station_id,
        area=lambda path: station_id.in_(select(Station.id).where(Station.area_id.in_(within(path)))),
    )


def visible_to(by: Actor) -> ColumnElement[bool]:
    """Return the condition that ``by`` may see a message."""
    return of_stations(by, RiderMessage.station_id)


def _page() -> Sequence[Load]:
    return (
        loaded(RiderMessage.rider, Rider.home_area),
        loaded(RiderMessage.station),
        loaded(RiderMessage.task, StudyTask.course),
        loaded(RiderMessage.task, StudyTask.company),
        loaded(RiderMessage.told_by),
    )


def _stations(session: Session, by: Actor, _chosen: MessageFilter) -> Sequence[int] | None:
    if by.scope.everything:
        return None
    return session.scalars(select(Station.id).where(of_stations(by, Station.id))).all()


def _rest(chosen: MessageFilter) -> Conditions:
    conditions = equal(
        (RiderMessage.state, chosen.state), (RiderMessage.kind, chosen.kind), (RiderMessage.channel, chosen.channel)
    )
    if chosen.since:
        conditions.append(RiderMessage.created_utc >= day_bounds(chosen.since)[0])
    if chosen.until:
        conditions.append(RiderMessage.created_utc < day_bounds(chosen.until)[1])
    return conditions


NARROWING = Narrowing[MessageFilter](ways=[Way(RiderMessage.station_id.expression, _stations)], rest=_rest)


def list_messages(session: Session, by: Actor, chosen: MessageFilter, place: Place = BEGINNING) -> Page[RiderMessage]:
    """Return the messages that ``by`` may see, the latest first; words mean a task, a rider, a message's number."""
    conditions = [visible_to(by), *NARROWING.conditions(chosen)]
    reach = NARROWING.reach(session, by, chosen)
    if chosen.words:
        meant = _meant(session, chosen.words)
        conditions.append(meant)
        reach = Reach([meant], rest=conditions[:-1])
    query = select(RiderMessage).where(*conditions).options(*_page())
    return paginate(session, query, LATEST, place, reach=reach)


def _meant(session: Session, words: Words) -> ColumnElement[bool]:
    own = select(RiderMessage.id).where(RiderMessage.number == words.number)
    if words.number and session.scalar(own) is not None:
        return RiderMessage.number == words.number
    return RiderMessage.task_id.in_(ids_meant(session, words) or [])


def find_message(session: Session, number: str, by: Actor) -> RiderMessage:
    """Return a message that ``by`` may see; raise :class:`Missing`."""
    query = select(RiderMessage).where(RiderMessage.number == number, visible_to(by)).options(*_page())
    found = session.scalar(query)
    if found is None:
        raise Missing(message("This message does not exist, or you do not have access to it."))
    return found


def list_of_task(session: Session, task_id: int, limit: int = 10) -> Sequence[RiderMessage]:
    """Return what the rider of a task was told of it, the latest first; who sees the task sees it."""
    query = select(RiderMessage).where(RiderMessage.task_id == task_id).options(loaded(RiderMessage.told_by))
    return session.scalars(query.order_by(RiderMessage.id.desc()).limit(limit)).all()


def _to_call(by: Actor, session_number: str) -> Select[tuple[RiderMessage]]:
    """Return what reached nobody and still holds: who came, or owes nothing any more, needs no call about a seat."""
    still = or_(RiderMessage.kind == MessageKind.CERTIFICATE, StudyTask.state.in_(NOT_BEGUN))
    query = (
        select(RiderMessage)
        .join(StudyTask, StudyTask.id == RiderMessage.task_id)
        .where(among(RiderMessage.state, *TO_CALL), RiderMessage.told_utc.is_(None), visible_to(by), still)
    )
    if not session_number:
        return query
    of_session = select(Booking.id).join(Booking.session).where(StudySession.number == session_number)
    return query.where(RiderMessage.booking_id.in_(of_session))


@dataclass(frozen=True)
class Call:
    """Somebody to ring up: what the message was to say, and the number where the reader may see it."""

    message: RiderMessage
    phone: str = field(default="", repr=False)


def list_calls(session: Session, by: Actor, session_number: str = "") -> list[Call]:
    """Return whom no message reached and nobody has told since, the oldest first, with their numbers in clear.

    A rider is there once for a study, with what was to be said last. For who makes the calls
    (``reaching:call:make``); that the list was opened is audited by who asks.
    """
    by.require("reaching:call:make")
    last = func.max(RiderMessage.id)
    lasts = _to_call(by, session_number).with_only_columns(last).group_by(RiderMessage.task_id)
    query = select(RiderMessage).where(RiderMessage.id.in_(lasts.order_by(last).limit(MOST_CALLS)))
    query = query.options(*_page(), loaded(RiderMessage.booking, Booking.session))
    return [Call(row, phone_of(session, row.rider)) for row in session.scalars(query.order_by(RiderMessage.id))]


def list_untold(session: Session, task_id: int) -> Sequence[RiderMessage]:
    """Return what was to be said of a study and reached nobody: one call says all of it."""
    return session.scalars(
        select(RiderMessage).where(
            RiderMessage.task_id == task_id, RiderMessage.state.in_(TO_CALL), RiderMessage.told_utc.is_(None)
        )
    ).all()


def count_calls(session: Session, by: Actor) -> int:
    """Return how many riders of the own post are to be rung up, at most :data:`MOST_CALLS`."""
    some = _to_call(by, "").with_only_columns(RiderMessage.task_id).distinct().limit(MOST_CALLS).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


def count_by_state(session: Session, station_id: int, day: date) -> dict[str, int]:
    """Return how many messages of a station were noted on a day, by state."""
    first, until = day_bounds(day)
    query = (
        select(RiderMessage.state, func.count())
        .where(
            RiderMessage.station_id == station_id, RiderMessage.created_utc >= first, RiderMessage.created_utc < until
        )
        .group_by(RiderMessage.state)
    )
    return {state: count for state, count in session.execute(query)}
