"""What a channel's address looks like, when a delivery is tried again, what a push may not hold. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from trafficedu.core import text as core_text
from trafficedu.core.errors import Refusal
from trafficedu.core.personal import holds_personal
from trafficedu.core.states import Word
from trafficedu.core.text import Message, message


class ChannelKind(Word):
    """The ways on which a user can be told."""

    EMAIL = "email", message("e-mail")
    DINGTALK = "dingtalk", message("DingTalk robot")
    WECOM = "wecom", message("WeCom robot")
    FEISHU = "feishu", message("Feishu robot")


class DeliveryState(Word):
    """How far a delivery is. One that waits is claimed (sending), and then waits again or has ended."""

    WAITING = "waiting", message("waiting to be sent"), "open"
    SENDING = "sending", message("being sent")
    SENT = "sent", message("sent"), "done"
    DRY = "dry", message("trial, not sent")
    FAILED = "failed", message("not delivered"), "problem"
    UNCLEAR = "unclear", message("arrival unknown"), "problem"


class DeliveryReason(Word):
    """Why a delivery stands as it does; refused, http and smtp are followed by a number."""

    NETWORK = "network", message("the server cannot be reached")
    REFUSED = "refused", message("the robot refused it, code")
    REMOVED = "removed", message("the channel was removed")
    INACTIVE = "inactive", message("the account is not active")
    SETUP = "setup", message("the mail server is not set up correctly")
    SILENT = "silent", message("no response; not repeated, as it may have arrived")
    CUT = "cut", message("the worker was stopped; not repeated, as it may have arrived")
    HTTP = "http", message("the server answered with status")
    SMTP = "smtp", message("the mail server answered with code")


UNDER_WAY = (DeliveryState.WAITING, DeliveryState.SENDING)
"""States of a delivery that has not ended."""
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240))
"""How long to wait after the first, second ... failed attempt; after the last pause comes the last attempt."""

OFFICIAL: Mapping[str, str] = {
    ChannelKind.DINGTALK: "https://oapi.dingtalk.com",
    ChannelKind.WECOM: "https://qyapi.weixin.qq.com",
    ChannelKind.FEISHU: "https://open.feishu.cn",
}
_MAIL = re.compile(r"[A-Za-z0-9._%+'-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", re.ASCII)
_TOKEN = re.compile(r"[A-Za-z0-9_-]{8,128}", re.ASCII)
_FEISHU_PATH = re.compile(r"/open-apis/bot/v2/hook/([A-Za-z0-9_-]{8,128})/?", re.ASCII)
LONGEST_TITLE, LONGEST_BODY = 120, 500
"""In characters. Together they stay within the 2,048 bytes that WeCom takes."""


@dataclass(frozen=True)
class Address:
    """Where a channel leads: a mail address, or the robot of a group by server, token and signing secret."""

    kind: str
    token: str
    origin: str = ""
    secret: str = ""

    @property
    def text(self) -> str:
        """What is encrypted: the parts, a line each. None of them can hold the sign between them."""
        return "\n".join((self.token, self.origin, self.secret))

    @property
    def masked(self) -> str:
        """Return what its owner sees of it."""
        if self.kind == ChannelKind.EMAIL:
            name, _, domain = self.token.partition("@")
            return f"{name[0]}***@{domain}"
        return f"{urlsplit(self.origin).hostname} ***{self.token[-4:]}"


def address_from(kind: str, text: str) -> Address:
    """Return the address of which :attr:`Address.text` was kept."""
    token, origin, secret = text.split("\n")
    return Address(kind, token, origin, secret)


def read_address(kind: str, typed: str, secret: str, further: frozenset[str]) -> Address:
    """Read a mail address, or the webhook address as the group's robot shows it.

    Parameters
    ----------
    further
        Servers (``https://host:port``) beside the official ones on which robots may live. Nothing else is ever
        asked: an address typed by a user must not make the service call machines of its own network.

    Raises
    ------
    Refusal
        At ``address`` or ``secret``.
    """
    if kind == ChannelKind.EMAIL:
        if len(typed) > 254 or not _MAIL.fullmatch(typed):
            raise Refusal(message("Write the e-mail address like name@example.cn."), field="address")
        return Address(ChannelKind.EMAIL, typed)
    try:
        parts = urlsplit(typed)
        origin = f"{parts.scheme}://{parts.netloc.lower()}"
    except ValueError:
        raise Refusal(_unlike(kind), field="address") from None
    token = _token_in(kind, parts.path, parts.query)
    if token is None:
        raise Refusal(_unlike(kind), field="address")
    if origin != OFFICIAL[kind] and origin not in further:
        text = message(
            "Robots on this server are not allowed. It must be %(server)s, or one the administrator has set.",
            server=OFFICIAL[kind],
        )
        raise Refusal(text, field="address")
    if secret and (kind != ChannelKind.DINGTALK or not re.fullmatch(r"[A-Za-z0-9]{8,128}", secret, re.ASCII)):
        text = message("Only DingTalk robots have a signing secret: letters and digits, beginning with SEC.")
        raise Refusal(text, field="secret")
    return Address(kind, token, origin, secret)


def _token_in(kind: str, path: str, query: str) -> str | None:
    """Return the robot's token in the parts of its address, None where it is not that of a robot of this kind."""
    if kind == ChannelKind.FEISHU:
        found = _FEISHU_PATH.fullmatch(path)
        return found.group(1) if found else None
    parts: Mapping[str, tuple[str, str]] = {
        ChannelKind.DINGTALK: ("/robot/send", "access_token"),
        ChannelKind.WECOM: ("/cgi-bin/webhook/send", "key"),
    }
    wanted, name = parts[kind]
    values = parse_qs(query).get(name, [])
    fits = path == wanted and len(values) == 1 and _TOKEN.fullmatch(values[0])
    if not fits or (kind == ChannelKind.DINGTALK and not values[0].isalnum()):
        return None
    return values[0]


def _unlike(kind: str) -> Message:
    paths: Mapping[str, str] = {
        ChannelKind.DINGTALK: "/robot/send?access_token=…",
        ChannelKind.WECOM: "/cgi-bin/webhook/send?key=…",
        ChannelKind.FEISHU: "/open-apis/bot/v2/hook/…",
    }
    return message(
        "This is not the address of such a robot. Copy the whole address; it looks like %(shown)s",
        shown=OFFICIAL[kind] + paths[kind],
    )


def read_origins(setting: str) -> frozenset[str]:
    """Return the servers of the setting, ``https://host, http://host:port``; raise ``ValueError`` if malformed."""
    origins = set()
    for part in setting.replace(",", " ").split():
        parts = urlsplit(part)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/") or parts.query:
            raise ValueError(f"{part!r} is not a server like https://im.example.cn")
        origins.add(f"{parts.scheme}://{parts.netloc.lower()}")
    return frozenset(origins)


def next_attempt(attempts: int, now: datetime) -> datetime | None:
    """Return when to try again after ``attempts`` failed ones; None when it is given up."""
    return now + PAUSES[attempts - 1] if attempts <= len(PAUSES) else None


def may_succeed_later(status: int) -> bool:
    """Tell whether an HTTP status is worth another attempt: the receiver's own trouble, or too many at once."""
    return status >= 500 or status == 429


def packed(text: Message) -> dict[str, Any]:
    """Return a sentence as JSON, its parameters too; raise ``ValueError`` where one looks like a person's data.

    The check is the last barrier, not the rule: whoever pushes says areas, counts, dates and public numbers.
    """
    kept = core_text.packed(text)
    if any(holds_personal(str(value)) for value in _values(kept)):
        raise ValueError("a push holds no phone or identity number")
    return kept


def _values(kept: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the parameters of a packed sentence, those of sentences within it too."""
    for value in kept["params"].values():
        if isinstance(value, dict):
            yield from _values(value)
        else:
            yield value


def shortened(text: str, longest: int) -> str:
    """Return ``text``, cut with an ellipsis where it is longer."""
    return text if len(text) <= longest else text[: longest - 1] + "…"
