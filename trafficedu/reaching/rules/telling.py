"""What riders are told, how far a message is, when it may be sent. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum, auto

from trafficedu.core.states import Transitions, Word
from trafficedu.core.text import message


class MessageKind(Word):
    """What a rider is told of. Only what is a courtesy can be declined; the others say what the rider has to do."""

    BOOKED = "booked", message("seat given")
    MOVED = "moved", message("seat moved")
    CANCELLED = "cancelled", message("session cancelled")
    DAY_BEFORE = "day_before", message("the day before")
    MISSED = "missed", message("seat missed")
    CERTIFICATE = "certificate", message("certificate issued")


DECLINABLE = (MessageKind.DAY_BEFORE, MessageKind.CERTIFICATE)
"""What a rider may do without: a reminder and a confirmation. That a seat is given, moved or missed is no courtesy."""


class MessageChannel(Word):
    """The ways on which a rider is told, in the order in which they are looked for."""

    SMS = "sms", message("text message")
    WECHAT = "wechat", message("WeChat")
    EMAIL = "email", message("e-mail")


class MessageState(Word):
    """How far a message to a rider is."""

    WAITING = "waiting", message("waiting to be sent"), "open"
    SENDING = "sending", message("being sent")
    SENT = "sent", message("sent"), "done"
    DRY = "dry", message("trial, not sent")
    FAILED = "failed", message("not delivered"), "problem"
    UNCLEAR = "unclear", message("arrival unknown"), "problem"
    NO_WAY = "no_way", message("no number or address"), "problem"
    DECLINED = "declined", message("not wanted by the rider")
    DROPPED = "dropped", message("no longer needed")


class MessageReason(Word):
    """Why a message stands as it does; refused and http are followed by a code."""

    NETWORK = "network", message("the gateway cannot be reached")
    REFUSED = "refused", message("the gateway refused it, code")
    HTTP = "http", message("the gateway answered with status")
    SILENT = "silent", message("no response; not repeated, as it may have arrived")
    UNREAD = "unread", message("the gateway's answer cannot be understood")
    CUT = "cut", message("the worker was stopped; not repeated, as it may have arrived")
    SETUP = "setup", message("the channel is not set up correctly")
    OVER = "over", message("the session has begun or the seat has changed since")
    COVERED = "covered", message("said by another message")
    SMTP = "smtp", message("the mail server answered with code")


UNDER_WAY = (MessageState.WAITING, MessageState.SENDING)
"""States of a message that has not ended."""
TO_CALL = (MessageState.FAILED, MessageState.UNCLEAR, MessageState.NO_WAY)
"""States of a message whose rider somebody has to ring up."""


class MessageAct(StrEnum):
    """What happens to a message."""

    CLAIM = auto()
    ARRIVE = auto()
    TRY = auto()
    PUT_OFF = auto()
    FAIL = auto()
    DOUBT = auto()
    FIND_NO_WAY = auto()
    DECLINE = auto()
    DROP = auto()
    RESEND = auto()


MESSAGE_LIFE = Transitions(
    {
        MessageAct.CLAIM: ((MessageState.WAITING,), MessageState.SENDING),
        MessageAct.ARRIVE: ((MessageState.SENDING,), MessageState.SENT),
        MessageAct.TRY: ((MessageState.SENDING,), MessageState.DRY),
        MessageAct.PUT_OFF: ((MessageState.SENDING,), MessageState.WAITING),
        MessageAct.FAIL: ((MessageState.SENDING,), MessageState.FAILED),
        MessageAct.DOUBT: ((MessageState.SENDING,), MessageState.UNCLEAR),
        MessageAct.FIND_NO_WAY: ((MessageState.SENDING,), MessageState.NO_WAY),
        MessageAct.DECLINE: ((MessageState.SENDING,), MessageState.DECLINED),
        MessageAct.DROP: ((MessageState.SENDING,), MessageState.DROPPED),
        MessageAct.RESEND: (TO_CALL, MessageState.WAITING),
    },
    message("This message has been sent or changed meanwhile. Look at it again."),
)
ACT_OF: Mapping[MessageState, MessageAct] = {
    to: act for act, (_, to) in MESSAGE_LIFE.table.items() if to is not None and act != MessageAct.RESEND
}
"""STATE in which an attempt ends -> the act that leads there."""

PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240))
"""How long to wait after the first, second ... failed attempt; after the last pause comes the last attempt."""
LONGEST_WAIT = timedelta(hours=6)
"""What a gateway may ask for by Retry-After; beyond that it is asked again anyhow."""


@dataclass(frozen=True)
class Outcome:
    """How an attempt ended, why, and when the receiver wants to be asked again (None: as ever)."""

    state: MessageState
    reason: str = ""
    after: timedelta | None = None


def next_attempt(attempts: int, now: datetime, after: timedelta | None = None) -> datetime | None:
    """Return when to try again after ``attempts`` failed ones, not before the gateway wants; None: given up."""
    if attempts > len(PAUSES):
        return None
    return now + max(PAUSES[attempts - 1], min(after or timedelta(), LONGEST_WAIT))


@dataclass(frozen=True)
class Quiet:
    """The hours of a day, China time, in which no phone shall ring; from 21 to 8 it goes over midnight."""

    first: int
    until: int

    def end(self, at: datetime) -> datetime | None:
        """Return when quiet hours that hold at ``at`` (local) end, None where none hold."""
        if self.first == self.until:
            return None
        over_midnight = self.first > self.until
        hour = at.hour
        holds = (hour >= self.first or hour < self.until) if over_midnight else self.first <= hour < self.until
        if not holds:
            return None
        end = at.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(hours=self.until)
        return end + timedelta(days=1) if over_midnight and hour >= self.first else end


LEAST_NOTICE = timedelta(hours=2)
"""A message about a session that begins less than this after quiet hours end does not wait for their end."""


def send_at(quiet: Quiet, at: datetime, begins: datetime | None) -> datetime:
    """Return when a message is sent that could be at ``at`` (local), about a session that ``begins`` then, if any."""
    end = quiet.end(at)
    if end is None or (begins is not None and begins < end + LEAST_NOTICE):
        return at
    return end


def is_reminder_hour(at: datetime, hour: int) -> bool:
    """Tell whether riders of tomorrow's sessions are reminded at ``at`` (local): from ``hour`` on."""
    return at.time() >= time(hour)
