"""Use cases that change hazards: reported, planned, fixed, verified; reminders; areas under rolling check; kinds."""

from trafficedu.hazards.services.checks import NewWatch, change_watch, end_watch, list_area, note_look
from trafficedu.hazards.services.deciding import Decision, close, reject, reopen, verify, void
from trafficedu.hazards.services.kinds import KindInput, add_kind, change_kind, load_kinds
from trafficedu.hazards.services.planning import Plan, begin, mark_fixed, plan, revise
from trafficedu.hazards.services.reminding import remind, remind_checks
from trafficedu.hazards.services.reporting import NewHazard, add_photos, correct, report, withdraw_photo
from trafficedu.hazards.services.telling import tell_check_overdue, tell_due_soon, tell_overdue

__all__ = [
    "Decision",
    "KindInput",
    "NewHazard",
    "NewWatch",
    "Plan",
    "add_kind",
    "add_photos",
    "begin",
    "change_kind",
    "change_watch",
    "close",
    "correct",
    "end_watch",
    "list_area",
    "load_kinds",
    "mark_fixed",
    "note_look",
    "plan",
    "reject",
    "remind",
    "remind_checks",
    "reopen",
    "report",
    "revise",
    "tell_check_overdue",
    "tell_due_soon",
    "tell_overdue",
    "verify",
    "void",
    "withdraw_photo",
]
