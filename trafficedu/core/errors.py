"""What can go wrong in words a user understands. Must not know the web: the door of the pages maps these to answers.

A :class:`Refusal` belongs to a form or a row and is shown there. The others are answers of their own: nobody
catches them on the way, so that each reaches the user as what it is, and a denial always reaches the audit trail.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from trafficedu.core.text import Message


class DomainError(Exception):
    """Something that ends a use case; nothing was written.

    Parameters
    ----------
    text
        What is wrong and how to mend it.
    """

    def __init__(self, text: Message) -> None:
        super().__init__(text.msgid)
        self.text = text

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel from one process to another as it is."""
        return _travelled, (type(self), self.args, self.__dict__)


def _travelled(kind: type[DomainError], args: tuple[Any, ...], told: dict[str, Any]) -> DomainError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(told)
    return error


class Refusal(DomainError):
    """A rule of the domain says no to what was entered (HTTP 422 on a form, 400 without one).

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
        super().__init__(text)
        self.field = field
        self.value = value


class Missing(DomainError):
    """It does not exist, or not for this user: the two are not told apart (HTTP 404)."""


class Unavailable(DomainError):
    """Something that this needs does not answer just now; trying again later may do (HTTP 503)."""


class Denied(DomainError):
    """The user lacks the permission, or it is not theirs to do; written to the audit trail (HTTP 403)."""


class Stale(DomainError):
    """Somebody else changed the record since the form was opened (HTTP 409)."""


@contextmanager
def entered(field: str, value: str | None = None) -> Iterator[None]:
    """Refuse at ``field`` what is looked up by something entered there and is missing: no page is missing for that."""
    try:
        yield
    except Missing as missing:
        raise Refusal(missing.text, field=field, value=value) from missing
