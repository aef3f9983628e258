"""How a notice stands, why it is held, what happens to it, and when an answer is late. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum, auto

from trafficedu.core.states import Transitions, Word
from trafficedu.core.text import message
from trafficedu.riders.rules import CompanyKnown


class NoticeState(Word):
    """Held notices have not gone out; what a sent one waits for is derived (:class:`AnswerState`)."""

    HELD = "held", message("held"), "problem"
    SENT = "sent", message("sent")
    VOIDED = "voided", message("withdrawn")


class AnswerState(Word):
    """How a sent notice stands, by its answer and its deadline."""

    UNANSWERED = "unanswered", message("unanswered"), "open"
    LATE = "late", message("overdue"), "problem"
    ANSWERED = "answered", message("answered"), "done"
    ANSWERED_LATE = "answered_late", message("answered late"), "done"
    CLOSED = "closed", message("closed without an answer"), "problem"


class HeldReason(Word):
    """Why a notice is held."""

    NONE = ""
    NO_LEGAL_BASIS = (
        "no_legal_basis",
        message(
            "The rider's engagement has no legal basis for notifying the company. The notice is sent once you "
            "record one."
        ),
    )
    NO_HOME_VILLAGE = (
        "no_home_village",
        message("The rider has no company and no home village. The notice is sent once you record one."),
    )

    COMPANY_NAMED = (
        "company_named",
        message(
            "The record names this company, which is not known to engage the rider on that day. The notice is sent "
            "once the company or the police have confirmed it."
        ),
    )
    COMPANY_AMBIGUOUS = (
        "company_ambiguous",
        message(
            "Several companies engage the rider on that day, and none is named. The notice is sent once the police "
            "have chosen one."
        ),
    )
    DOUBLE = (
        "double",
        message(
            "This may be a second record of one offence. The notice is sent once the police have decided that it is "
            "not."
        ),
    )


HELD_FOR_COMPANY = {
    CompanyKnown.NAMED: HeldReason.COMPANY_NAMED,
    CompanyKnown.AMBIGUOUS: HeldReason.COMPANY_AMBIGUOUS,
}
"""Why a notice is held while it is open which company answers."""


class NoticeAct(StrEnum):
    """What happens to a notice."""

    RELEASE = auto()
    ANSWER = auto()
    CORRECT_ANSWER = auto()
    CLOSE = auto()
    FOLLOW = auto()
    WITHDRAW = auto()
    READDRESS = auto()
    REVIVE = auto()


NOTICE_LIFE = Transitions(
    {
        NoticeAct.RELEASE: ((NoticeState.HELD,), NoticeState.SENT),
        NoticeAct.ANSWER: ((NoticeState.SENT,), None),
        NoticeAct.CORRECT_ANSWER: ((NoticeState.SENT,), None),
        NoticeAct.CLOSE: ((NoticeState.SENT,), None),
        NoticeAct.FOLLOW: ((NoticeState.HELD, NoticeState.SENT), None),
        NoticeAct.WITHDRAW: ((NoticeState.HELD, NoticeState.SENT), NoticeState.VOIDED),
        NoticeAct.READDRESS: ((NoticeState.HELD, NoticeState.SENT), None),
        NoticeAct.REVIVE: ((NoticeState.VOIDED,), NoticeState.HELD),
    }
)


def is_late(due_utc: datetime | None, answered_utc: datetime | None, now: datetime) -> bool:
    """Tell whether an answer came, or is still missing, after its deadline."""
    return due_utc is not None and (answered_utc or now) > due_utc


def answer_state(answered: bool, late: bool, closed: bool) -> AnswerState:
    """Return how a sent notice stands."""
    if answered:
        return AnswerState.ANSWERED_LATE if late else AnswerState.ANSWERED
    if closed:
        return AnswerState.CLOSED
    return AnswerState.LATE if late else AnswerState.UNANSWERED


def expected_from(now: datetime, given_up: timedelta) -> int:
    """Return the urgency below which an open notice is beyond help: its deadline passed ``given_up`` ago."""
    return int((now - given_up).timestamp())


HELD_FROM, REST_FROM, REST_TO = 10**11, 2 * 10**11, 3 * 10**11
"""Where the held notices begin, and those that wait for nothing, and these end; seconds since 1970 stay below."""


def urgency(state: NoticeState, due_utc: datetime | None, ended: datetime | None, violation_id: int) -> int:
    """Return where a notice stands by time left: the open by deadline, then the held, then the rest, latest first.

    ``ended`` is when it was answered, or closed without an answer.
    """
    if state == NoticeState.SENT and ended is None and due_utc is not None:
        return int(due_utc.timestamp())
    return (REST_FROM if state == NoticeState.HELD else REST_TO) - violation_id
