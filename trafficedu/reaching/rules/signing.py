"""How a request to a gateway is signed: over which fields, with which algorithm, at which moment. Pure."""

from __future__ import annotations

import hmac
import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import md5
from zoneinfo import ZoneInfo

CHINA = ZoneInfo("Asia/Shanghai")
ALGORITHMS = ("hmac-sha256", "hmac-sha1", "md5")
WRITTEN = ("hex", "HEX", "base64")
TIMES = ("seconds", "milliseconds", "compact", "iso")
STAMPED = re.compile(r"\{(timestamp|nonce|signature)\}")
SIGNED = re.compile(r"\{(phone|text|number|timestamp|nonce|secret)\}")


@dataclass(frozen=True)
class Stamp:
    """When a request is made, and a word that no other request has."""

    at: datetime
    nonce: str


@dataclass(frozen=True)
class Signing:
    """What a signature is made of: ``over`` is a template of the fields, as they are before any quoting.

    ``algorithm`` is one of :data:`ALGORITHMS`, and after a stroke how the result is written (:data:`WRITTEN`). An
    ``hmac`` takes ``secret`` as its key; of ``md5`` the template says where it stands (``{secret}``). ``time`` is how
    ``{timestamp}`` is written: ``compact`` is 20261231235959 on China's clock, ``iso`` is UTC.
    """

    secret: str = field(default="", repr=False)
    over: str = field(default="", repr=False)
    algorithm: str = "hmac-sha256"
    time: str = "seconds"

    @classmethod
    def parse(cls, secret: str, over: str, algorithm: str, time: str) -> Signing:
        """Read the settings; raise ``ValueError`` that names the one that is malformed, without its content."""
        kind, _, written = algorithm.partition("/")
        if kind not in ALGORITHMS or (written or "hex") not in WRITTEN:
            raise ValueError("TRAFFICEDU_SMS_ALGORITHM is none of hmac-sha256, hmac-sha1, md5 (/hex, /HEX, /base64)")
        if time not in TIMES:
            raise ValueError("TRAFFICEDU_SMS_TIME is none of seconds, milliseconds, compact, iso")
        if bool(secret) != bool(over):
            raise ValueError("TRAFFICEDU_SMS_SIGN and TRAFFICEDU_SMS_SECRET are only of use together")
        if over and kind == "md5" and "{secret}" not in over:
            raise ValueError("TRAFFICEDU_SMS_SIGN has no place for {secret}, without which anybody could sign with md5")
        return cls(secret, over, algorithm, time)

    def require_used(self, template: str) -> None:
        """Raise ``ValueError`` where a signature is asked for and none is made, or made and sent nowhere."""
        if ("{signature}" in template) != bool(self.over):
            raise ValueError("TRAFFICEDU_SMS_SIGN is only of use with {signature} in the address, a header or the body")

    def timestamp(self, at: datetime) -> str:
        """Return a moment as the gateway wants it."""
        if self.time == "compact":
            return f"{at.astimezone(CHINA):%Y%m%d%H%M%S}"
        if self.time == "iso":
            return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        return str(int(at.timestamp() * (1000 if self.time == "milliseconds" else 1)))

    def stamped(self, fields: Mapping[str, str], stamp: Stamp) -> dict[str, str]:
        """Return the fields of a message with ``timestamp``, ``nonce`` and ``signature``."""
        filled = {**fields, "timestamp": self.timestamp(stamp.at), "nonce": stamp.nonce, "secret": self.secret}
        over = SIGNED.sub(lambda found: filled[found[1]], self.over).encode()
        del filled["secret"]
        return {**filled, "signature": self._signature(over) if self.over else ""}

    def _signature(self, over: bytes) -> str:
        kind, _, written = self.algorithm.partition("/")
        if kind == "md5":
            digest = md5(over, usedforsecurity=False)  # as the gateway asks; hmac is there for those that can do better
            raw = digest.digest()
        else:
            raw = hmac.digest(self.secret.encode(), over, kind.removeprefix("hmac-"))
        if written == "base64":
            return b64encode(raw).decode()
        return raw.hex().upper() if written == "HEX" else raw.hex()
