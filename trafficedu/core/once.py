"""A form sent twice gives the first record; sent with another content under the same reference it is refused.

A browser may keep a page and let its form be sent again after it was changed: the second case would be lost without a
word. So a record that is made by a form keeps a keyed digest of what the form said. Must not know the web.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, Session, mapped_column

from trafficedu.core.errors import Refusal
from trafficedu.core.services import services_of
from trafficedu.core.text import Message, listed, message
from trafficedu.core.times import Moment

REFERENCE, FILLED_IN = "client_reference", "filled_in"
"""Fields of what a form says: what names it, and the names of those that the moment of sending filled in."""
_FIELD = "content"


class MadeByForm:
    """What a record keeps of the form that made it: ``keyid.hex`` of all it said; None before, and for files."""

    number: Mapped[str]
    content_digest: Mapped[str | None] = mapped_column(String(60))


class OtherContent(Refusal):
    """The form was recorded already, and says something else by now; ``number`` is the first record's."""

    def __init__(self, number: str, first: Message) -> None:
        super().__init__(
            message(
                "This form was recorded before, as %(number)s (%(first)s), and says something else now. Open that"
                " record to compare. If this is another case, send the form once more: it is then recorded as a new"
                " one.",
                number=number,
                first=first,
            )
        )
        self.number = number


def content_digest(session: Session, said: Any) -> str:
    """Return the keyed digest of all that a form said, but for its reference."""
    return services_of(session).keyring.lookup_hash(_written(said), _FIELD)


def require_same(session: Session, first: MadeByForm, said: Any, when: datetime | Moment, *where: str) -> None:
    """Raise :class:`OtherContent` unless the form that made ``first`` said just this.

    ``when`` and ``where`` tell whoever sent the form again which record that is.
    """
    digest = first.content_digest
    if digest is not None and digest not in services_of(session).keyring.lookup_hashes(_written(said), _FIELD):
        moment = when if isinstance(when, Moment) else Moment(when)
        raise OtherContent(first.number, listed([moment.told, *filter(None, where)]))


def _written(said: Any) -> str:
    return json.dumps(_plain(said), sort_keys=True, ensure_ascii=True, default=str)


def _plain(said: Any) -> Any:
    if is_dataclass(said) and not isinstance(said, type):
        left_out = {REFERENCE, FILLED_IN, *getattr(said, FILLED_IN, ())}
        return {field.name: _plain(getattr(said, field.name)) for field in fields(said) if field.name not in left_out}
    if isinstance(said, bytes):
        return hashlib.sha256(said).hexdigest()
    return [_plain(one) for one in said] if isinstance(said, (list, tuple)) else said
