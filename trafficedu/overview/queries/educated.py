"""Which riders had studied before something happened to them: joins accidents and education."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from trafficedu.accidents.models import Accident, AccidentRider
from trafficedu.accidents.queries.scope import visible_to
from trafficedu.core.actors import Actor
from trafficedu.education.models.tasks import StudyTask
from trafficedu.education.rules.states import LEFT_OUT, TaskState
from trafficedu.riders.models import Rider


@dataclass(frozen=True)
class Educated:
    """A rider in an accident: studies completed before it, the last one's day, and studies owed at that moment."""

    rider: Rider
    completed: int
    last_on: date | None
    owed: int


def list_educated(session: Session, accident_id: int, by: Actor) -> Sequence[Educated]:
    """Return what each rider linked to an accident that ``by`` sees had studied by then.

    Studies count wherever they were: the riders are shown already, and an answer kept to one area would be wrong.
    """
    occurred = session.scalar(select(Accident.occurred_utc).where(Accident.id == accident_id, visible_to(by)))
    if occurred is None:
        return []
    riders = session.scalars(
        select(Rider)
        .join(AccidentRider, AccidentRider.rider_id == Rider.id)
        .where(AccidentRider.accident_id == accident_id)
        .order_by(AccidentRider.id)
    ).all()
    ids = [rider.id for rider in riders]
    completions = select(StudyTask.rider_id, func.count(), func.max(StudyTask.completed_on)).where(
        StudyTask.rider_id.in_(ids), StudyTask.state == TaskState.COMPLETED, StudyTask.completed_utc < occurred
    )
    completed = {row[0]: (row[1], row[2]) for row in session.execute(completions.group_by(StudyTask.rider_id))}
    open_then = select(StudyTask.rider_id, func.count()).where(
        StudyTask.rider_id.in_(ids),
        StudyTask.opened_utc <= occurred,
        StudyTask.state.not_in(LEFT_OUT),
        (StudyTask.completed_utc.is_(None)) | (StudyTask.completed_utc >= occurred),
    )
    owed = {row[0]: row[1] for row in session.execute(open_then.group_by(StudyTask.rider_id))}
    return [Educated(rider, *completed.get(rider.id, (0, None)), owed.get(rider.id, 0)) for rider in riders]
