"""Measures, who can take which, what the escalation policy recommends, and when an answer is late. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum, auto

from trafficedu.core.errors import Refusal
from trafficedu.core.states import Transitions, Word
from trafficedu.core.text import Message, message
from trafficedu.riders.rules import CompanyKnown


class Receiver(Word):
    """Who is told of a violation: the rider's company, or the home village of a rider without one."""

    COMPANY = "company", message("Company")
    VILLAGE = "village", message("Village")


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


HELD_FOR_COMPANY = {
    CompanyKnown.NAMED: HeldReason.COMPANY_NAMED,
    CompanyKnown.AMBIGUOUS: HeldReason.COMPANY_AMBIGUOUS,
}
"""Why a notice is held while it is open which company answers."""


class MeasureKind(Word):
    """What a receiver does about a rider."""

    ORDERS_REDUCED = "orders_reduced", message("Orders reduced")
    SUSPENDED = "suspended", message("Suspended")
    CRITICISED = "criticised", message("Criticised and educated")
    DISMISSED = "dismissed", message("Dismissed")
    HOME_VISIT = "home_visit", message("Visited at home")
    OTHER = "other", message("Other measure")


class NoticeAct(StrEnum):
    """What happens to a notice."""

    RELEASE = auto()
    ANSWER = auto()
    CORRECT_ANSWER = auto()
    CLOSE = auto()
    FOLLOW = auto()
    WITHDRAW = auto()
    READDRESS = auto()


NOTICE_LIFE = Transitions(
    {
        NoticeAct.RELEASE: ((NoticeState.HELD,), NoticeState.SENT),
        NoticeAct.ANSWER: ((NoticeState.SENT,), None),
        NoticeAct.CORRECT_ANSWER: ((NoticeState.SENT,), None),
        NoticeAct.CLOSE: ((NoticeState.SENT,), None),
        NoticeAct.FOLLOW: ((NoticeState.HELD, NoticeState.SENT), None),
        NoticeAct.WITHDRAW: ((NoticeState.HELD, NoticeState.SENT), NoticeState.VOIDED),
        NoticeAct.READDRESS: ((NoticeState.HELD, NoticeState.SENT), None),
    }
)
MEASURES_OF = {
    Receiver.COMPANY: (
        MeasureKind.CRITICISED,
        MeasureKind.ORDERS_REDUCED,
        MeasureKind.SUSPENDED,
        MeasureKind.DISMISSED,
        MeasureKind.HOME_VISIT,
        MeasureKind.OTHER,
    ),
    Receiver.VILLAGE: (MeasureKind.CRITICISED, MeasureKind.HOME_VISIT, MeasureKind.OTHER),
}
"""What each kind of receiver can do, the commonest first; a village has no orders to reduce."""

RECOMMENDED_TO = {kind: tuple(m for m in measures if m != MeasureKind.OTHER) for kind, measures in MEASURES_OF.items()}
"""What the policy can recommend to each kind of receiver: "other" says nothing."""

MAXIMUM_DAYS = 365
DEFAULT_WINDOW_DAYS = 30


@dataclass(frozen=True)
class Measure:
    """What is done about a rider; ``days`` for a suspension only."""

    code: MeasureKind
    days: int | None = None


@dataclass(frozen=True)
class Escalation:
    """A line of the escalation policy: ``measure`` from ``violations_from`` violations in ``window_days`` on."""

    violations_from: int
    window_days: int
    measure: Measure


@dataclass(frozen=True)
class Recommendation:
    """What the policy recommends (None: nothing), and the count in the window it rests on."""

    measure: Measure | None
    count: int
    window_days: int


def check_suspension(measure: str, days: int | None) -> None:
    """Raise Refusal at ``days`` unless a suspension says for how many and any other measure says none."""
    if measure == MeasureKind.SUSPENDED:
        if days is None or not 1 <= days <= MAXIMUM_DAYS:
            text = message("Enter the number of days, from 1 to %(maximum)d.", maximum=MAXIMUM_DAYS)
            raise Refusal(text, field="days")
    elif days is not None:
        raise Refusal(message("Days only apply to a suspension. Leave them empty for this measure."), field="days")


def count_in_window(days: Iterable[date], until: date, window_days: int) -> int:
    """Return how many of ``days`` lie in the ``window_days`` days that end with ``until`` (included)."""
    first = until - timedelta(days=window_days - 1)
    return sum(first <= day <= until for day in days)


def recommend(steps: Sequence[Escalation], days: Sequence[date], until: date) -> Recommendation:
    """Return the strongest step that the rider's violations reach on the day of this one.

    Real policies count the same way: Qingdao 2020 (2 in a month: fewer orders, 3: none, 5: out), Yangzhou
    2019 (1, 2, 3 days off). A step is stronger the more violations it asks for.

    Parameters
    ----------
    steps
        The district's policy for this kind of receiver.
    days
        The days of the rider's violations that the receiver may know of, this one included.
    until
        The day of this violation.
    """
    for step in sorted(steps, key=lambda step: step.violations_from, reverse=True):
        count = count_in_window(days, until, step.window_days)
        if count >= step.violations_from:
            return Recommendation(step.measure, count, step.window_days)
    return Recommendation(None, count_in_window(days, until, DEFAULT_WINDOW_DAYS), DEFAULT_WINDOW_DAYS)


def ladder(steps: Sequence[Escalation]) -> list[tuple[int, Measure | None]]:
    """Return what is recommended for 1, 2, ... violations that all lie within the windows, up to one above the last."""
    most = max((step.violations_from for step in steps), default=0) + 1
    return [(count, _at(steps, count)) for count in range(1, most + 1)]


def _at(steps: Sequence[Escalation], count: int) -> Measure | None:
    reached = [step for step in steps if step.violations_from <= count]
    return max(reached, key=lambda step: step.violations_from).measure if reached else None


def one_tap(receiver_kind: str, recommended: Measure | None) -> tuple[Measure, ...]:
    """Return the measures offered as single keys: the recommended one, and talking to the rider."""
    talk = Measure(MeasureKind.CRITICISED)
    if recommended is None or recommended == talk or recommended.code not in MEASURES_OF[Receiver(receiver_kind)]:
        return (talk,)
    return (recommended, talk)


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


def in_words(measure: Measure) -> Message:
    """Name a measure, with its days where it has some."""
    if measure.days is not None:
        return message("Suspended for %(days)d days", days=measure.days)
    return measure.code.label


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
