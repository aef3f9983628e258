"""Reads of courses, tasks, sessions, studies, certificates and the rates made of them."""

from trafficedu.education.queries.certificates import certificate_of_task, find_certificate, find_certificate_for
from trafficedu.education.queries.courses import find_course, list_courses
from trafficedu.education.queries.documents import certificate_paper, render_certificate, render_roster, roster_paper
from trafficedu.education.queries.people import Person, people
from trafficedu.education.queries.rates import (
    count_completion,
    count_due_by_area_and_month,
    count_reoffence,
    sum_marks,
)
from trafficedu.education.queries.seats import candidates, live_booking, sessions_with_seats
from trafficedu.education.queries.sessions import (
    SessionFilter,
    count_live_bookings,
    count_sessions_of_day,
    find_any_session,
    find_session,
    find_study,
    list_coming,
    list_of_day,
    list_roster,
    list_sessions,
    list_stations_seen,
    list_unsigned,
)
from trafficedu.education.queries.tasks import (
    TaskFilter,
    count_overdue,
    find_task,
    is_visible,
    list_of_rider,
    list_overdue,
    list_tasks,
    list_waiting,
    task_of_violation,
    visible,
)

__all__ = [
    "Person",
    "SessionFilter",
    "TaskFilter",
    "candidates",
    "certificate_of_task",
    "certificate_paper",
    "count_completion",
    "count_due_by_area_and_month",
    "count_live_bookings",
    "count_overdue",
    "count_reoffence",
    "count_sessions_of_day",
    "find_any_session",
    "find_certificate",
    "find_certificate_for",
    "find_course",
    "find_session",
    "find_study",
    "find_task",
    "is_visible",
    "list_coming",
    "list_courses",
    "list_of_day",
    "list_of_rider",
    "list_overdue",
    "list_roster",
    "list_sessions",
    "list_stations_seen",
    "list_tasks",
    "list_unsigned",
    "list_waiting",
    "live_booking",
    "people",
    "render_certificate",
    "render_roster",
    "roster_paper",
    "sessions_with_seats",
    "task_of_violation",
    "visible",
    "sum_marks",
]
