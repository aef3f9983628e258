"""What riders are told, how far a message is, when it may be sent, how a gateway is asked and understood. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum, auto
from typing import Any
from urllib.parse import quote, quote_plus, urlsplit

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


def retry_after(header: str | None) -> timedelta | None:
    """Return how long a Retry-After in seconds asks to wait; a date or nonsense asks for nothing (RFC 9110, 10.2.3)."""
    text = (header or "").strip()
    return timedelta(seconds=int(text)) if re.fullmatch(r"[0-9]{1,6}", text) else None


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


@dataclass(frozen=True)
class Said:
    """What a template is filled with: to which number, which words, under which number of ours."""

    phone: str
    text: str
    number: str


_PLACE = re.compile(r"\{(phone|text|number)\}")


@dataclass(frozen=True)
class Gateway:
    """How the district's gateway is asked: an address, headers and a body with places to fill, and what is a yes.

    ``success`` is ``field=value|value`` (of a JSON answer; ``a.b`` goes down) or ``~pattern`` (of any answer), "" for
    the status alone; ``later`` names in the same way the answers that mean "ask again".
    """

    url: str = field(repr=False)
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: str = field(default="", repr=False)
    success: str = ""
    later: str = ""

    @classmethod
    def parse(cls, url: str, method: str, headers: str, body: str, success: str, later: str) -> Gateway:
        """Read the settings; raise ``ValueError`` that names the one that is malformed, without its content."""
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("TRAFFICEDU_SMS_URL is not an address of http or https")
        if method.upper() not in {"GET", "POST", "PUT"}:
            raise ValueError("TRAFFICEDU_SMS_METHOD is neither GET nor POST nor PUT")
        try:
            named = json.loads(headers or "{}")
        except ValueError:
            raise ValueError("TRAFFICEDU_SMS_HEADERS is not a JSON object") from None
        if not isinstance(named, dict) or not all(isinstance(value, str) for value in named.values()):
            raise ValueError("TRAFFICEDU_SMS_HEADERS is not a JSON object of texts")
        if "{phone}" not in url + body or "{text}" not in url + body:
            raise ValueError("TRAFFICEDU_SMS_URL and TRAFFICEDU_SMS_BODY have no place for {phone} and {text}")
        for name, rule in (("SUCCESS", success), ("LATER", later)):
            if not _is_rule(rule):
                raise ValueError(f"TRAFFICEDU_SMS_{name} is neither field=value nor ~pattern")
        return cls(url, method.upper(), named, body, success, later)

    @property
    def host(self) -> str:
        """Who is asked, as pages say it: no path, no key."""
        return urlsplit(self.url).hostname or ""

    @property
    def knows_doubles(self) -> bool:
        """Whether the gateway is told our number of the message, so that it can tell a repetition by it."""
        return "{number}" in self.url + self.body + "".join(self.headers.values())

    def request(self, said: Said) -> tuple[str, dict[str, str], bytes]:
        """Return address, headers and body of one message, each place filled as its surroundings need it."""
        kind = next((value for name, value in self.headers.items() if name.lower() == "content-type"), "")
        write = _json if "json" in kind.lower() or self.body.lstrip().startswith("{") else quote_plus
        headers = {name: _filled(value, said, str) for name, value in self.headers.items()}
        if self.body and not kind:
            headers["Content-Type"] = (
                "application/json; charset=utf-8" if write is _json else "application/x-www-form-urlencoded"
            )
        url = _filled(self.url, said, lambda text: quote(text, safe=""))
        return url, headers, _filled(self.body, said, write).encode()

    def judge(self, status: int, text: str, header: str | None = None) -> Outcome:
        """Return what an answer means: by its status, and by the field that says whether it was taken."""
        if status >= 500 or status in {408, 425, 429}:
            return Outcome(MessageState.WAITING, f"{MessageReason.HTTP} {status}", retry_after(header))
        if not 200 <= status < 300:
            return Outcome(MessageState.FAILED, f"{MessageReason.HTTP} {status}")
        if not self.success or _holds(self.success, text):
            return Outcome(MessageState.SENT)
        code = _code(self.success, text)
        if self.later and _holds(self.later, text):
            return Outcome(MessageState.WAITING, _refused(code), retry_after(header))
        if code is None:
            return Outcome(MessageState.UNCLEAR, MessageReason.UNREAD)
        return Outcome(MessageState.FAILED, _refused(code))


def _refused(code: str | None) -> str:
    """Return the reason, with the code where it is short and plain: never what else the receiver wrote."""
    plain = code if code and re.fullmatch(r"[A-Za-z0-9_.-]{1,10}", code) else ""
    return f"{MessageReason.REFUSED} {plain}".strip()


def _is_rule(rule: str) -> bool:
    if not rule:
        return True
    if rule.startswith("~"):
        try:
            re.compile(rule[1:])
        except re.error:
            return False
        return len(rule) > 1
    return re.fullmatch(r"[\w.-]+=[^=]+", rule) is not None


def _holds(rule: str, text: str) -> bool:
    if rule.startswith("~"):
        return re.search(rule[1:], text) is not None
    _, _, values = rule.partition("=")
    return _code(rule, text) in values.split("|")


def _code(rule: str, text: str) -> str | None:
    """Return the field that a rule names, as text; of a pattern the beginning of the answer; None where there is none.

    A pattern that does not match an answer of a line says no; an answer of several lines is no answer of a gateway.
    """
    if rule.startswith("~"):
        return text.strip() if text.strip() and "\n" not in text.strip() else None
    try:
        found: Any = json.loads(text)
    except ValueError:
        return None
    for name in rule.partition("=")[0].split("."):
        if isinstance(found, Sequence) and not isinstance(found, str) and found:
            found = found[0]
        if not isinstance(found, dict) or name not in found:
            return None
        found = found[name]
    return {True: "true", False: "false"}[found] if isinstance(found, bool) else str(found)


def _json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


def _filled(template: str, said: Said, write: Any) -> str:
    """Fill the places of a template at once: what is filled in is never taken for a place."""
    return _PLACE.sub(lambda found: str(write(getattr(said, found[1]))), template)
