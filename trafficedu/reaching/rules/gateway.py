"""How the district's gateway is asked, how a request is signed, how an answer is understood. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import quote, quote_plus, urlsplit

from trafficedu.reaching.rules.signing import Signing, Stamp
from trafficedu.reaching.rules.telling import MessageReason, MessageState, Outcome


def retry_after(header: str | None) -> timedelta | None:
    """Return how long a Retry-After in seconds asks to wait; a date or nonsense asks for nothing (RFC 9110, 10.2.3)."""
    text = (header or "").strip()
    return timedelta(seconds=int(text)) if re.fullmatch(r"[0-9]{1,6}", text) else None


@dataclass(frozen=True)
class Said:
    """What a template is filled with: to which number, which words, under which number of ours."""

    phone: str
    text: str
    number: str


UNSIGNED = Signing()
_PLACE = re.compile(r"\{(phone|text|number|timestamp|nonce|signature)\}")


@dataclass(frozen=True)
class Gateway:
    """How the district's gateway is asked: an address, headers and a body with places to fill, and what is a yes.

    ``success`` is ``field=value|value`` (of a JSON answer; ``a.b`` goes down) or ``~pattern`` (of any answer), "" for
    the status alone; ``later`` names in the same way the answers that mean "ask again". ``signing`` fills
    ``{timestamp}``, ``{nonce}`` and ``{signature}``.
    """

    url: str = field(repr=False)
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: str = field(default="", repr=False)
    success: str = ""
    later: str = ""
    signing: Signing = UNSIGNED

    @classmethod
    def parse(
        cls, url: str, method: str, headers: str, body: str, success: str, later: str, signing: Signing = UNSIGNED
    ) -> Gateway:
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
        signing.require_used(url + body + "".join(named.values()))
        return cls(url, method.upper(), named, body, success, later, signing)

    @property
    def host(self) -> str:
        """Who is asked, as pages say it: no path, no key."""
        return urlsplit(self.url).hostname or ""

    @property
    def knows_doubles(self) -> bool:
        """Whether the gateway is told our number of the message, so that it can tell a repetition by it."""
        return "{number}" in self.url + self.body + "".join(self.headers.values())

    def request(self, said: Said, stamp: Stamp) -> tuple[str, dict[str, str], bytes]:
        """Return address, headers and body of one message, each place filled as its surroundings need it.

        What is signed are the fields as they are, before they are written for an address, a form or JSON.
        """
        fields = self.signing.stamped({"phone": said.phone, "text": said.text, "number": said.number}, stamp)
        kind = next((value for name, value in self.headers.items() if name.lower() == "content-type"), "")
        write = _json if "json" in kind.lower() or self.body.lstrip().startswith("{") else quote_plus
        headers = {name: _filled(value, fields, str) for name, value in self.headers.items()}
        if self.body and not kind:
            headers["Content-Type"] = (
                "application/json; charset=utf-8" if write is _json else "application/x-www-form-urlencoded"
            )
        url = _filled(self.url, fields, lambda text: quote(text, safe=""))
        return url, headers, _filled(self.body, fields, write).encode()

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


def _filled(template: str, fields: Mapping[str, str], write: Any) -> str:
    """Fill the places of a template at once: what is filled in is never taken for a place."""
    return _PLACE.sub(lambda found: str(write(fields[found[1]])), template)
