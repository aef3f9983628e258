"""One message over one channel: the district's gateway by HTTP, WeChat by apprise, mail as for pushes.

Knows words and addresses; neither the database nor who is told. Nothing of an address, a number or a key is logged.
"""

from __future__ import annotations

import logging
import secrets
from datetime import datetime

import requests
from urllib3.exceptions import NewConnectionError

from trafficedu.messages.rules import Address, ChannelKind
from trafficedu.messages.services import sending
from trafficedu.reaching.rules.gateway import Gateway, Said
from trafficedu.reaching.rules.signing import Stamp
from trafficedu.reaching.rules.telling import MessageReason, MessageState, Outcome

TIMEOUT_SECONDS = 5
MOST_READ = 4096
"""Bytes of an answer that are looked at: what a gateway says of one message is short."""

logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)
# its lines of the level DEBUG hold whole addresses, in which a number or a key may stand


def send_text(gateway: Gateway, said: Said, now: datetime) -> Outcome:
    """Ask the gateway once: five seconds for the connection, five for the answer, no other address by a redirect."""
    url, headers, body = gateway.request(said, Stamp(now, secrets.token_hex(16)))
    try:
        with requests.Session() as client:
            client.trust_env = False  # the machine's .netrc and proxies are not meant for it
            answer = client.request(
                gateway.method,
                url,
                data=body or None,
                headers=headers,
                timeout=TIMEOUT_SECONDS,
                allow_redirects=False,
                stream=True,
            )
            text = answer.raw.read(MOST_READ, decode_content=True).decode("utf-8", "replace")
    except requests.RequestException as error:
        return _unanswered(gateway, reached=not _not_reached(error))
    except OSError:
        return _unanswered(gateway, reached=True)
    return gateway.judge(answer.status_code, text, answer.headers.get("Retry-After"))


def _unanswered(gateway: Gateway, *, reached: bool) -> Outcome:
    """Return what silence means: asked again where nothing arrived, or where the gateway tells a repetition apart."""
    if not reached:
        return Outcome(MessageState.WAITING, MessageReason.NETWORK)
    return Outcome(MessageState.WAITING if gateway.knows_doubles else MessageState.UNCLEAR, MessageReason.SILENT)


def _not_reached(error: requests.RequestException) -> bool:
    """Tell whether nothing was handed over."""
    if isinstance(error, requests.ConnectTimeout | requests.exceptions.SSLError):
        return True
    cause = error.args[0] if error.args else None
    return isinstance(getattr(cause, "reason", None), NewConnectionError)


def send_mail(address: str, title: str, text: str, mail_url: str) -> Outcome:
    """Send a mail as a push is sent."""
    return _of_push(sending.send(Address(ChannelKind.EMAIL, address), title, text, mail_url))


def send_wechat(template: str, subscriber: str, title: str, text: str) -> Outcome:
    """Send to a subscriber of the district's WeChat service; ``template`` is apprise's address with its place."""
    return _of_push(sending.send_url(template.replace("{subscriber}", subscriber), title, text))


def _of_push(outcome: sending.Outcome) -> Outcome:
    """Return what the end of a push means for a message: the words for states and reasons are the same."""
    return Outcome(MessageState(outcome.state.value), str(outcome.reason))
