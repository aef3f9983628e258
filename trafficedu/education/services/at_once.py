"""What is done to many study tasks at once; each by the service behind its own page."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.orm import Session

from trafficedu.core.actors import Actor
from trafficedu.core.row_acts import Choosable, RowAct
from trafficedu.core.text import Message, message
from trafficedu.education.models.tasks import StudyTask
from trafficedu.education.queries.tasks import find_task
from trafficedu.education.services import reminding

SEATED = message("This rider is not waiting for a seat any more. Look at the study task again.")


def _remind_fault(task: StudyTask, _by: Actor, _day: date) -> Message | None:
    return None if reminding.may_remind(task) else SEATED


def _remind(session: Session, task: StudyTask, _reason: str, by: Actor, now: datetime) -> None:
    reminding.remind(session, task, by, now)


def _never(_task: StudyTask, _by: Actor, _reason: str) -> bool:
    """Let a second reminder of a day be refused: the page says that they were reminded already."""
    return False


AT_ONCE: Choosable[StudyTask] = Choosable(
    "education.chosen",
    "education.tasks",
    "education.task",
    find_task,
    [RowAct("remind", message("Remind"), "education:task:book", _remind_fault, _remind, _never)],
)
