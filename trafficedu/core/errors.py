"""What can go wrong in words a user understands. Must not know the web: views map these to answers."""

from __future__ import annotations

from trafficedu.core.text import Message


class DomainError(Exception):
    """A rule of the domain says no; nothing was written.

    Parameters
    ----------
    text
        What is wrong and how to mend it.
    field
        The form field or import column it concerns, if it concerns one.
    value
        The offending value, for imports; personal data is never put here.
    """

    def __init__(self, text: Message, *, field: str | None = None, value: str | None = None) -> None:
        super().__init__(text.msgid)
        self.text = text
        self.field = field
        self.value = value


class Missing(DomainError):
    """It does not exist, or not for this user: the two are not told apart (HTTP 404)."""


class Refused(DomainError):
    """The user lacks the permission; the refusal is written to the audit trail (HTTP 403)."""


class Stale(DomainError):
    """Somebody else changed the record since the form was opened (HTTP 409)."""
