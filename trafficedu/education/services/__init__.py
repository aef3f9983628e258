"""Use cases of study: assigning tasks, giving seats, holding sessions, studying, signing off, courses.

Locks are always taken in the same order (riders by id, then sessions by id), so that no two transactions wait
for each other.
"""

from trafficedu.education.services.assignment import assign, assign_for_violation, waive, withdraw_violation
from trafficedu.education.services.courses import CourseInput, load_courses, update_course
from trafficedu.education.services.seats import book, mark_absent, move_booking, offer_seats, seat_waiting
from trafficedu.education.services.sessions import (
    NewSeries,
    NewSession,
    SessionChange,
    cancel_session,
    change_session,
    create_series,
    create_session,
)
from trafficedu.education.services.study import (
    check_in,
    end_module,
    end_module_for_all,
    record_quiz,
    sign_off,
    sign_off_ready,
    start_module,
    start_module_for_all,
    undo_check_in,
)

__all__ = [
    "CourseInput",
    "NewSeries",
    "NewSession",
    "SessionChange",
    "assign",
    "assign_for_violation",
    "book",
    "seat_waiting",
    "cancel_session",
    "change_session",
    "check_in",
    "create_series",
    "create_session",
    "end_module",
    "end_module_for_all",
    "load_courses",
    "mark_absent",
    "move_booking",
    "offer_seats",
    "record_quiz",
    "sign_off",
    "sign_off_ready",
    "start_module",
    "start_module_for_all",
    "undo_check_in",
    "update_course",
    "waive",
    "withdraw_violation",
]
