"""One push over one channel, by apprise. Knows addresses and words; neither the database nor the outbox.

Importing this module loads apprise (half a second), so it is imported where something is sent.

apprise answers yes or no only. Whether another attempt makes sense needs more: the HTTP status, the code in the answer
(DingTalk and WeCom refuse with status 200, which apprise takes for a yes), whether the receiver was reached at
all. So the names ``requests`` and ``AppriseSMTPController`` inside its plugins are replaced, in their modules
only, by recorders that do the same and write down what they saw (:class:`Heard`).
"""

from __future__ import annotations

import logging
import smtplib
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import unquote, urlencode

import requests
from apprise import Apprise, AppriseAsset, NotifyFormat
from apprise.common import PersistentStoreMode
from apprise.plugins import dingtalk, feishu, wecombot
from apprise.plugins.email import base as mail
from apprise.plugins.email.smtp import AppriseSMTPController
from urllib3.exceptions import NewConnectionError

from trafficedu.messages.rules import OFFICIAL, Address, ChannelKind, DeliveryReason, DeliveryState, may_succeed_later

TIMEOUT_SECONDS = 5
TOO_FAST = {-1, 130101, 45009, 45033, 11232}
"""Answers that mean "later": system busy (DingTalk, WeCom), too many messages (DingTalk, WeCom twice, Feishu)."""

logging.getLogger("apprise").addHandler(logging.NullHandler())
logging.getLogger("apprise").propagate = False  # its lines hold tokens and addresses


@dataclass(frozen=True)
class Outcome:
    """How an attempt ended: ``sent``, ``waiting`` (try again), ``failed`` (for good) or ``unclear``."""

    state: DeliveryState
    reason: str = ""


@dataclass
class Heard:
    """What the receiver said during one attempt: an outcome when it said no, None when it said yes or nothing."""

    said_no: Outcome | None = None


_HEARD: ContextVar[Heard] = ContextVar("heard")
_ASSET = AppriseAsset(
    app_id="trafficedu",
    app_desc="trafficedu",
    app_url="",
    storage_mode=PersistentStoreMode.MEMORY,
    http_redirects=False,
)


class _Requests:
    """What apprise's robots know as ``requests``."""

    codes = requests.codes
    RequestException = requests.RequestException

    @staticmethod
    def post(url: str, **given: Any) -> requests.Response:
        """Post as requests does, and note what came of it."""
        heard = _HEARD.get()
        try:
            answer = requests.post(url, **given)  # noqa: S113 - apprise gives the time-out
        except requests.RequestException as error:
            heard.said_no = (
                Outcome(DeliveryState.WAITING, DeliveryReason.NETWORK)
                if _not_reached(error)
                else Outcome(DeliveryState.UNCLEAR, DeliveryReason.SILENT)
            )
            raise
        heard.said_no = _refusal(answer)
        return answer


def _not_reached(error: requests.RequestException) -> bool:
    """Tell whether nothing was handed over: then another attempt can double nothing."""
    if isinstance(error, requests.ConnectTimeout | requests.exceptions.SSLError):
        return True
    cause = error.args[0] if error.args else None
    return isinstance(getattr(cause, "reason", None), NewConnectionError)


def _refusal(answer: requests.Response) -> Outcome | None:
    status = answer.status_code
    if status != requests.codes.ok:
        return Outcome(
            DeliveryState.WAITING if may_succeed_later(status) else DeliveryState.FAILED,
            f"{DeliveryReason.HTTP} {status}",
        )
    try:
        said = answer.json()
    except ValueError:
        return None
    code = said.get("errcode") or said.get("code") if isinstance(said, dict) else None
    if not isinstance(code, int) or code == 0:
        return None
    return Outcome(
        DeliveryState.WAITING if code in TOO_FAST else DeliveryState.FAILED, f"{DeliveryReason.REFUSED} {code}"[:20]
    )


class _Mail(AppriseSMTPController):
    """What apprise knows as its mail connection."""

    def __enter__(self) -> _Mail:
        """Connect; until then nothing is handed over, so that every failure may be tried again."""
        _HEARD.get().said_no = Outcome(DeliveryState.WAITING, DeliveryReason.NETWORK)
        super().__enter__()
        _HEARD.get().said_no = None
        return self

    def sendmail(self, from_addr: str, to_addrs: list[str], message: str) -> bool:
        """Hand the message over, and note what the server said."""
        heard, connection = _HEARD.get(), cast(smtplib.SMTP, self._socket)
        try:
            connection.sendmail(from_addr, to_addrs, message)
        except smtplib.SMTPRecipientsRefused as error:
            heard.said_no = _mail_refusal(min(code for code, _ in error.recipients.values()))
        except smtplib.SMTPResponseException as error:
            heard.said_no = _mail_refusal(error.smtp_code)
        except (OSError, smtplib.SMTPException):
            heard.said_no = Outcome(DeliveryState.UNCLEAR, DeliveryReason.SILENT)
        return heard.said_no is None


def _mail_refusal(code: int) -> Outcome:
    """Return what a reply code of SMTP means: from 500 on for good, below for now (RFC 5321, 4.2.1)."""
    return Outcome(DeliveryState.FAILED if code >= 500 else DeliveryState.WAITING, f"{DeliveryReason.SMTP} {code}")


for _plugin in (dingtalk, feishu, wecombot):
    setattr(_plugin, "requests", _Requests)  # noqa: B010 - a module's name, which mypy takes for constant
setattr(mail, "AppriseSMTPController", _Mail)  # noqa: B010


def send(address: Address, title: str, body: str, mail_url: str) -> Outcome:
    """Send words over a channel; waits five seconds for the connection and five for the answer.

    Parameters
    ----------
    mail_url
        The mail server as ``TRAFFICEDU_MAIL_URL`` says.
    """
    plugin = _plugin_of(address, mail_url)
    if plugin is None:
        return Outcome(DeliveryState.WAITING, DeliveryReason.SETUP)
    return _notified(plugin, title, body)


def send_url(url: str, title: str, body: str) -> Outcome:
    """Send words to an address of apprise's own, such as a WeChat service; it says yes or no and nothing more."""
    mark = "&" if "?" in url else "?"
    plugin = Apprise.instantiate(f"{url}{mark}{_LIMITS}", asset=_ASSET)
    if plugin is None:
        return Outcome(DeliveryState.WAITING, DeliveryReason.SETUP)
    return _notified(plugin, title, body)


def _notified(plugin: Any, title: str, body: str) -> Outcome:
    heard = Heard()
    mark = _HEARD.set(heard)
    try:
        sent = plugin.notify(body=body, title=title, body_format=NotifyFormat.TEXT)
    finally:
        _HEARD.reset(mark)
    if heard.said_no is not None:
        return heard.said_no
    return Outcome(DeliveryState.SENT) if sent else Outcome(DeliveryState.FAILED, DeliveryReason.SETUP)


_LIMITS = urlencode({"cto": TIMEOUT_SECONDS, "rto": TIMEOUT_SECONDS, "redirect": "no", "retry": 0})
_PLUGINS: Mapping[str, tuple[str, str]] = {
    ChannelKind.DINGTALK: ("dingtalk", "token"),
    ChannelKind.FEISHU: ("feishu", "token"),
}


def _plugin_of(address: Address, mail_url: str) -> Any:
    """Return apprise's plugin for an address, None where the mail server's address is missing or malformed."""
    if address.kind == ChannelKind.EMAIL:
        if not mail_url:
            return None
        mark = "&" if "?" in mail_url else "?"
        wanted = urlencode({"to": address.token, "format": "text"})
        return Apprise.instantiate(f"{mail_url}{mark}{wanted}&{_LIMITS}", asset=_ASSET)
    schema, name = _PLUGINS.get(address.kind, ("wecombot", "key"))
    robot = {name: address.token} | ({"secret": address.secret} if address.secret else {})
    plugin = Apprise.instantiate(f"{schema}://robot/?{urlencode(robot)}&{_LIMITS}", asset=_ASSET)
    if plugin is not None:
        _lead_to(plugin, address)
    if address.secret:
        _sign_once(plugin)
    return plugin


def _sign_once(plugin: Any) -> None:
    """Let requests alone quote the signature: apprise quotes it before, and DingTalk would read ``%2B`` for ``+``."""
    sign = plugin.get_signature

    def signed() -> tuple[str, str]:
        timestamp, signature = sign()
        return timestamp, unquote(signature)

    plugin.get_signature = signed


def _lead_to(plugin: Any, address: Address) -> None:
    """Let a robot's plugin ask the address's own server where that is not the official one."""
    for name in ("notify_url", "api_url"):
        url = getattr(plugin, name, "")
        if url:
            setattr(plugin, name, url.replace(OFFICIAL[address.kind], address.origin, 1))
