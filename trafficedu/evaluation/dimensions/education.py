"""Study tasks due: done on time, and with what quiz."""

from __future__ import annotations

from trafficedu.core.text import Message, message
from trafficedu.education.queries import rates
from trafficedu.evaluation.dimensions.base import Dimension, Records, Stored
from trafficedu.evaluation.dimensions.reading import Asked, Monthly, Reading
from trafficedu.reports.words import percentage

COUNTS = ("due", "on_time", "quiz")


def read(asked: Asked) -> Reading:
    """Return ``due``, ``on_time`` and ``quiz`` (sum of the scores of completed tasks) of the targets with tasks due."""
    reading, counts = Reading(), Monthly(asked)
    keys = {target.id: (target.kind, target.code) for target in asked.targets.companies}
    rows = rates.sum_marks(asked.session, asked.period.first_day, asked.period.after, asked.as_of)
    for area, company, month, due, on_time, quiz in rows:
        counts.add_area(area, month, due=due, on_time=on_time, quiz=quiz)
        if company in keys:
            counts.add(keys[company], month, due=due, on_time=on_time, quiz=quiz)
        reading.recorded += due if month == asked.month else 0
    counts.put_sums(asked, reading, COUNTS)
    return reading


def _seen(tasks: float) -> Message:
    return message("%(n)s study tasks due", n=f"{tasks:,.0f}")


def _based_on(one: Stored) -> Message:
    if not one["denominator"]:
        return message("No study task was due.")
    return message(
        "on time %(rate)s; with the quizzes %(marks)s of 100 a task",
        rate=percentage(int(one["numerator"]), int(one["denominator"])),
        marks=f"{100 * one['basis']['reached'] / one['basis']['of']:.1f}",
    )


DIMENSION = Dimension(
    read=read,
    title=message("Safety education"),
    half=message("tasks due"),
    seen=_seen,
    based_on=_based_on,
    step=message("%(steps)s more tasks completed on time, with a quiz score of 80 (of %(most)s that were not)"),
    gather=message("%(more)s more study tasks due"),
    records=(
        Records(
            message("Study tasks"),
            "education.tasks",
            "education:task:read",
            lambda code, months: {
                "area": code,
                "due_from": months.first_day.isoformat(),
                "due_until": months.last_day.isoformat(),
            },
            lambda _code, months: {
                "due_from": months.first_day.isoformat(),
                "due_until": months.last_day.isoformat(),
            },
        ),
    ),
)
