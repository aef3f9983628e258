"""The states of tasks, seats, studies, sessions and certificates, and which act leads from which to which. Pure."""

from __future__ import annotations

from enum import StrEnum, auto

from trafficedu.core.states import Transitions, Word
from trafficedu.core.text import message


class ModuleKind(Word):
    """What is done in a part of a course; a quiz has a score."""

    LECTURE = "lecture", message("lecture")
    FILM = "film", message("film")
    VR = "vr", message("VR")
    QUIZ = "quiz", message("quiz")


class SessionState(Word):
    """Whether a session takes place."""

    SCHEDULED = "scheduled", message("seats available"), "open"
    CANCELLED = "cancelled", message("cancelled"), "problem"


class TaskState(Word):
    """What a rider owes: open waits for a seat. Overdue is derived, never stored."""

    OPEN = "open", message("waiting for a seat"), "open"
    BOOKED = "booked", message("booked")
    AWAY = "away", message("does not come"), "problem"
    IN_PROGRESS = "in_progress", message("in progress")
    COMPLETED = "completed", message("completed"), "done"
    WAIVED = "waived", message("waived")
    WITHDRAWN = "withdrawn", message("withdrawn")
    JOINED = "joined", message("joined to another study task")


class BookingState(Word):
    """What became of a seat. Absent is who never came; who came and left has attended."""

    BOOKED = "booked", message("booked")
    ATTENDED = "attended", message("attended"), "done"
    ABSENT = "absent", message("absent"), "problem"
    EXCUSED = "excused", message("absence taken back")
    CANCELLED = "cancelled", message("cancelled")


class AttendanceState(Word):
    """What became of the study of somebody who came."""

    STUDYING = "studying", message("present"), "open"
    SIGNED = "signed", message("signed off"), "done"
    LEFT = "left", message("left early")
    UNFINISHED = "unfinished", message("not completed"), "problem"


class CertificateState(Word):
    """Whether a certificate still proves anything."""

    VALID = "valid", message("valid"), "done"
    REVOKED = "revoked", message("revoked"), "problem"


class ModuleState(Word):
    """How far a rider is with one module of a course."""

    DONE = "done", message("finished"), "done"
    RUNNING = "running", message("under way"), "open"
    NEXT = "next", message("not begun")
    LATER = "later", message("not begun")


class ProposalKind(Word):
    """What is proposed by exception."""

    SIGN_OFF = "sign_off", message("sign-off by exception")
    WAIVER = "waiver", message("waiver of the study")


class ProposalState(Word):
    """What became of it; it lapses when the study ends otherwise."""

    OPEN = "open", message("to decide"), "open"
    GRANTED = "granted", message("granted"), "done"
    REFUSED = "refused", message("refused"), "problem"
    LAPSED = "lapsed", message("lapsed")


class RosterState(Word):
    """How a rider stands at the door; the check-in list begins with the expected and ends with those who are done."""

    BOOKED = "booked", message("booked")
    READY = "ready", message("ready to sign off"), "open"
    STUDYING = "studying", message("present"), "done"
    SIGNED = "signed", message("signed off"), "done"
    LEFT = "left", message("left early")
    UNFINISHED = "unfinished", message("not completed"), "problem"
    ABSENT = "absent", message("absent"), "problem"
    EXCUSED = "excused", message("absence taken back")


SEATABLE = (TaskState.OPEN, TaskState.BOOKED)
"""States in which the waiting list and the worker give a task a seat; who does not come gets one by hand only."""
NOT_BEGUN = (*SEATABLE, TaskState.AWAY)
UNFINISHED = (*NOT_BEGUN, TaskState.IN_PROGRESS)
LEFT_OUT = (TaskState.WAIVED, TaskState.WITHDRAWN, TaskState.JOINED)
"""States of tasks that no rate counts."""


class TaskAct(StrEnum):
    """What happens to a task."""

    SEAT = auto()
    UNSEAT = auto()
    CHECK_IN = auto()
    UNDO_CHECK_IN = auto()
    MISS = auto()
    MISS_AGAIN = auto()
    EXCUSE = auto()
    LEAVE = auto()
    COME_BACK = auto()
    RETURN = auto()
    COMPLETE = auto()
    TAKE_BACK = auto()
    WAIVE = auto()
    RESUME = auto()
    WITHDRAW = auto()
    JOIN = auto()


TASK_LIFE = Transitions(
    {
        TaskAct.SEAT: (NOT_BEGUN, TaskState.BOOKED),
        TaskAct.UNSEAT: (SEATABLE, TaskState.OPEN),
        TaskAct.CHECK_IN: ((TaskState.BOOKED,), TaskState.IN_PROGRESS),
        TaskAct.UNDO_CHECK_IN: ((TaskState.IN_PROGRESS,), TaskState.BOOKED),
        TaskAct.MISS: ((TaskState.BOOKED,), TaskState.OPEN),
        TaskAct.MISS_AGAIN: ((TaskState.BOOKED,), TaskState.AWAY),
        TaskAct.EXCUSE: ((TaskState.AWAY,), TaskState.OPEN),
        TaskAct.LEAVE: ((TaskState.IN_PROGRESS,), TaskState.OPEN),
        TaskAct.RETURN: ((TaskState.AWAY,), TaskState.OPEN),
        TaskAct.COME_BACK: (NOT_BEGUN, TaskState.IN_PROGRESS),
        TaskAct.COMPLETE: ((TaskState.IN_PROGRESS,), TaskState.COMPLETED),
        TaskAct.TAKE_BACK: ((TaskState.COMPLETED,), TaskState.IN_PROGRESS),
        TaskAct.WAIVE: (UNFINISHED, TaskState.WAIVED),
        TaskAct.RESUME: ((TaskState.WAIVED,), TaskState.OPEN),
        TaskAct.WITHDRAW: (UNFINISHED, TaskState.WITHDRAWN),
        TaskAct.JOIN: (NOT_BEGUN, TaskState.JOINED),
    },
    message("The state of this study task has changed. Check what it says now."),
)
"""What follows elsewhere: a task that is open again gets the best seat, and takes in the one that a later violation
opened meanwhile (JOIN); COMPLETE issues a certificate, TAKE_BACK revokes it; WAIVE, WITHDRAW and JOIN take back points
(``events.TaskLeftOut``) and end a study under way as not completed; a seat given up goes to the next who waits."""


class BookingAct(StrEnum):
    """What happens to a seat."""

    CHECK_IN = auto()
    UNDO_CHECK_IN = auto()
    MISS = auto()
    REINSTATE = auto()
    EXCUSE = auto()
    GIVE_UP = auto()


BOOKING_LIFE = Transitions(
    {
        BookingAct.CHECK_IN: ((BookingState.BOOKED,), BookingState.ATTENDED),
        BookingAct.UNDO_CHECK_IN: ((BookingState.ATTENDED,), BookingState.BOOKED),
        BookingAct.MISS: ((BookingState.BOOKED,), BookingState.ABSENT),
        BookingAct.REINSTATE: ((BookingState.ABSENT,), BookingState.BOOKED),
        BookingAct.EXCUSE: ((BookingState.ABSENT,), BookingState.EXCUSED),
        BookingAct.GIVE_UP: ((BookingState.BOOKED,), BookingState.CANCELLED),
    },
    message("The state of this booking has changed. Check the roster again."),
)


class AttendanceAct(StrEnum):
    """What happens to the study of somebody who came."""

    STUDY = auto()
    SIGN_OFF = auto()
    TAKE_BACK = auto()
    LEAVE = auto()
    COME_BACK = auto()
    LAPSE = auto()


ATTENDANCE_LIFE = Transitions(
    {
        AttendanceAct.STUDY: ((AttendanceState.STUDYING,), None),
        AttendanceAct.SIGN_OFF: ((AttendanceState.STUDYING,), AttendanceState.SIGNED),
        AttendanceAct.TAKE_BACK: ((AttendanceState.SIGNED,), AttendanceState.STUDYING),
        AttendanceAct.LEAVE: ((AttendanceState.STUDYING,), AttendanceState.LEFT),
        AttendanceAct.COME_BACK: ((AttendanceState.LEFT,), AttendanceState.STUDYING),
        AttendanceAct.LAPSE: ((AttendanceState.STUDYING,), AttendanceState.UNFINISHED),
    },
    message("The state of this study has changed. Check the study card again."),
)


class ProposalAct(StrEnum):
    """What happens to what is proposed by exception."""

    GRANT = auto()
    REFUSE = auto()
    LAPSE = auto()


PROPOSAL_LIFE = Transitions(
    {
        ProposalAct.GRANT: ((ProposalState.OPEN,), ProposalState.GRANTED),
        ProposalAct.REFUSE: ((ProposalState.OPEN,), ProposalState.REFUSED),
        ProposalAct.LAPSE: ((ProposalState.OPEN,), ProposalState.LAPSED),
    },
    message("This proposal was decided meanwhile, or has lapsed."),
)


class SessionAct(StrEnum):
    """What is done to a session after it was announced."""

    CHANGE = auto()
    CANCEL = auto()


SESSION_LIFE = Transitions(
    {
        SessionAct.CHANGE: ((SessionState.SCHEDULED,), None),
        SessionAct.CANCEL: ((SessionState.SCHEDULED,), SessionState.CANCELLED),
    }
)
