"""Reads of courses, tasks, sessions, studies, certificates and the rates made of them."""

from trafficedu.education.queries.certificates import certificate_of_task, find_certificate
from trafficedu.education.queries.courses import find_course, list_courses
from trafficedu.education.queries.rates import count_completion, count_reoffence
from trafficedu.education.queries.seats import candidates, live_booking, sessions_with_seats
from trafficedu.education.queries.sessions import (
    SessionFilter,
    count_live_bookings,
    find_session,
    list_roster,
    list_sessions,
)
from trafficedu.education.queries.tasks import (
    TaskFilter,
    find_task,
    list_tasks,
    task_of_violation,
    visible,
)

__all__ = [
    "SessionFilter",
    "TaskFilter",
    "candidates",
    "certificate_of_task",
    "count_completion",
    "count_live_bookings",
    "count_reoffence",
    "find_certificate",
    "find_course",
    "find_session",
    "find_task",
    "list_courses",
    "list_roster",
    "list_sessions",
    "list_tasks",
    "live_booking",
    "sessions_with_seats",
    "task_of_violation",
    "visible",
]
