"""Reads of what is proposed by exception, kept to what the asker may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from trafficedu.areas.queries.tree import lies_in
from trafficedu.core.actors import Actor
from trafficedu.core.errors import Missing
from trafficedu.core.loading import loaded
from trafficedu.core.orm import among
from trafficedu.core.tables import table_of
from trafficedu.core.text import message
from trafficedu.education.models.exceptions import Proposal
from trafficedu.education.models.tasks import StudyTask
from trafficedu.education.rules.states import ProposalKind, ProposalState
from trafficedu.riders.models import Rider
from trafficedu.stations.models import Station

COUNTED = timedelta(days=365)


def visible_to(by: Actor) -> ColumnElement[bool]:
    """Return the condition that ``by`` may see a proposal: those of the own area, or of the own station."""
    return by.scope.condition(area=lies_in(Proposal.area_id), station=Proposal.station_id)


def list_open(session: Session, by: Actor, limit: int = 20) -> Sequence[Proposal]:
    """Return what is to be decided, the oldest first."""
    query = select(Proposal).where(among(Proposal.state, ProposalState.OPEN), visible_to(by))
    query = query.options(
        loaded(Proposal.task, StudyTask.rider, Rider.home_area),
        loaded(Proposal.task, StudyTask.course),
        loaded(Proposal.station),
        loaded(Proposal.proposed_by),
    )
    return session.scalars(query.order_by(Proposal.id).limit(limit)).all()


def open_of_task(session: Session, task_id: int) -> Proposal | None:
    """Return what is to be decided about a task, or None."""
    is_open = among(Proposal.state, ProposalState.OPEN)
    query = select(Proposal).where(Proposal.task_id == task_id, is_open).options(loaded(Proposal.proposed_by))
    return session.scalar(query.execution_options(populate_existing=True))


def find_open(session: Session, task_number: str, by: Actor) -> Proposal:
    """Return what is to be decided about the task with a number if ``by`` may see it; raise :class:`Missing`."""
    query = select(Proposal).join(Proposal.task)
    query = query.where(StudyTask.number == task_number, among(Proposal.state, ProposalState.OPEN), visible_to(by))
    proposal = session.scalar(query.options(loaded(Proposal.proposed_by), loaded(Proposal.station)))
    if proposal is None:
        raise Missing(message("Nothing is proposed for this study task, or it was decided already."))
    return proposal


def list_of_task(session: Session, task_id: int) -> Sequence[Proposal]:
    """Return all that was proposed for a task, the latest first, with who proposed and who decided."""
    query = select(Proposal).where(Proposal.task_id == task_id)
    query = query.options(loaded(Proposal.proposed_by), loaded(Proposal.decided_by))
    return session.scalars(query.order_by(Proposal.id.desc())).all()


@dataclass(frozen=True)
class StationExceptions:
    """How many sign-offs by exception a station proposed in the last twelve months, and what became of them."""

    station: Station
    proposed: int
    granted: int
    refused: int


def count_by_station(session: Session, by: Actor, now: datetime) -> Sequence[StationExceptions]:
    """Count the sign-offs proposed by exception in the last twelve months, the station with most of them first."""
    granted, refused = (Proposal.state == state for state in (ProposalState.GRANTED, ProposalState.REFUSED))
    counts = (func.count(), func.count().filter(granted), func.count().filter(refused))
    query = (
        select(Station, *counts)
        .join(Station, Proposal.station_id == Station.id)
        .where(Proposal.kind == ProposalKind.SIGN_OFF, Proposal.proposed_utc >= now - COUNTED, visible_to(by))
        .group_by(*table_of(Station).c)
        .order_by(func.count().desc(), Station.name)
    )
    return [StationExceptions(*row) for row in session.execute(query).all()]
