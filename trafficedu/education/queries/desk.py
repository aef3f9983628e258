"""A rider who walks in, found by whatever they show or say, among the tasks that the station sees."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.core import bulk
from trafficedu.core.actors import Actor
from trafficedu.core.reach import WINDOW
from trafficedu.core.typed import compact
from trafficedu.education.models.tasks import StudyTask
from trafficedu.education.queries.tasks import TaskFilter, ids_meant, list_seen, list_unfinished, tasks_on
from trafficedu.riders.models import Rider
from trafficedu.riders.queries.people import last_four, list_exact
from trafficedu.riders.rules import searched_name
from trafficedu.violations.queries.searching import Words, words_of

LAST_FOUR = re.compile(r"[0-9]{3}[0-9X]")
AT_ONCE = 100
"""Riders whose documents are opened at once: of more, SQLite would rather read all of them."""


@dataclass(frozen=True)
class AtDesk:
    """The tasks of whoever may be meant, the unfinished ones first, the most urgent before the others.

    ``by_document``: the riders among them who were found by a document or a phone. ``is_cut``: there may be more.
    """

    tasks: Sequence[StudyTask]
    by_document: Sequence[Rider]
    is_cut: bool


def find_at_desk(session: Session, text: str, by: Actor, day: date) -> AtDesk:
    """Return whom ``text`` may mean: a name, the last four of a document, a whole one, a phone, a plate, a number.

    Only tasks that ``by`` sees. The last four are compared with the documents of the :data:`WINDOW` most urgent
    unfinished tasks: nothing of a document is stored that could be searched by a part of it.
    """
    page = tasks_on(day).page(session, by, TaskFilter(words=_words(session, text, riders=True)))
    exact = {rider.id for rider in list_exact(session, text, day)}
    found = set(session.scalars(select(StudyTask.id).where(StudyTask.rider_id.in_(exact)).limit(WINDOW)))
    ending, looked_at_all = _ending_in(session, text, by, day)
    others = list_seen(session, by, sorted((found | ending) - {task.id for task in page.items}))
    tasks = sorted([*page.items, *others], key=lambda task: (task.urgency, task.id))
    shown = {task.rider for task in others}
    return AtDesk(tasks, sorted(shown, key=lambda rider: rider.id), bool(page.after) or not looked_at_all)


def on_roster(session: Session, text: str, tasks: Iterable[StudyTask], day: date) -> set[int]:
    """Return the ids of those ``tasks`` whose rider ``text`` may mean, as at the desk."""
    name, tail = searched_name(text), compact(text)
    numbered = ids_meant(session, _words(session, text, riders=False)) or ()
    exact = {rider.id for rider in list_exact(session, text, day)}
    return {
        task.id
        for task in tasks
        if name in searched_name(task.rider.name)
        or task.id in numbered
        or task.rider_id in exact
        or (LAST_FOUR.fullmatch(tail) and last_four(session, task.rider) == tail)
    }


def _words(session: Session, text: str, *, riders: bool) -> Words:
    return words_of(session, text, riders=riders, officers=False, plates=True)


def _ending_in(session: Session, text: str, by: Actor, day: date) -> tuple[set[int], bool]:
    """Return the unfinished tasks of riders whose document ends in ``text``, and whether all were looked at."""
    tail = compact(text)
    if not LAST_FOUR.fullmatch(tail):
        return set(), True
    ids = list_unfinished(session, by, day, WINDOW + 1)
    found = set[int]()
    for some in bulk.batches(ids[:WINDOW], AT_ONCE):
        riders = session.execute(select(StudyTask.id, Rider).join(StudyTask.rider).where(StudyTask.id.in_(some)))
        found |= {task_id for task_id, rider in riders if last_four(session, rider) == tail}
    return found, len(ids) <= WINDOW
