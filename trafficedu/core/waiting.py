"""A wait in place of a wall, where many share an address and some of them guess: whoever is right gets through.

Where too much was wrong from an address, the next answer has to be waited for. A ticket says what somebody waits for,
from where and since when. It is signed, holds for one answer, and costs no row until it is used.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy.orm import Session

from trafficedu.core import throttle
from trafficedu.core.errors import Refusal
from trafficedu.core.text import message

WAIT = timedelta(seconds=30)
"""What one answer costs then: too long to guess thousands of numbers, short enough to stand beside the e-bike."""
HOLDS = timedelta(minutes=15)
"""How long a ticket is good for."""


class HasToWait(Refusal):
    """The answer has to be waited for (HTTP 429): ``ticket`` is to be sent with the question after ``seconds``."""

    def __init__(self, ticket: str, seconds: int) -> None:
        text = message(
            "Many wrong numbers were entered from this network. Wait %(seconds)d seconds, then try again.",
            seconds=seconds,
        )
        super().__init__(text)
        self.ticket, self.seconds = ticket, seconds


class WaitingLine:
    """Who waits for what.

    Parameters
    ----------
    secret
        Signs the tickets.
    what
        What is asked and the address it is asked from; a ticket holds for exactly that.
    """

    def __init__(self, secret: str, *what: str) -> None:
        self._signer, self._what = URLSafeSerializer(secret, salt="waiting"), list(what)

    def pass_or_wait(self, session: Session, ticket: str, now: datetime) -> None:
        """Return if ``ticket`` was waited for and not used before, and use it up; raise :class:`HasToWait`."""
        since = self._since(ticket)
        if since is None or not timedelta() <= now - since <= HOLDS:
            raise self._wait(now)
        if now < since + WAIT:
            raise HasToWait(ticket, int((since + WAIT - now).total_seconds()) + 1)
        if throttle.count(session, [(f"waited:{ticket}", throttle.Limit(1, HOLDS))], now) is not None:
            raise self._wait(now)

    def _wait(self, now: datetime) -> HasToWait:
        return HasToWait(str(self._signer.dumps([*self._what, now.timestamp()])), int(WAIT.total_seconds()))

    def _since(self, ticket: str) -> datetime | None:
        """Return when the waiting for this began, or None: no ticket, a forged one, or one for something else."""
        try:
            *what, since = self._signer.loads(ticket)
        except (BadSignature, ValueError):
            return None
        return datetime.fromtimestamp(since, UTC) if what == self._what else None
