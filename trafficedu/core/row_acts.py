"""What can be done to chosen rows of a list at once: each by itself, so that one that is refused holds up no other.

Must not know the web or any feature.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Generic, TypeVar

from sqlalchemy.orm import Session

from trafficedu.core.actors import Actor
from trafficedu.core.text import Message

Row = TypeVar("Row")
MOST_CHOSEN = 200
"""So many rows are acted upon at once; of more, the page says so, and the rest is chosen next."""


@dataclass(frozen=True)
class Consequence:
    """What follows for one record elsewhere, and of whom or what."""

    what: Message
    detail: str = ""


Followers = Callable[..., Mapping[int, Sequence[Consequence]]]
"""What follows elsewhere for some records: ``(session, ids)`` -> id of a record -> what."""


@dataclass(frozen=True)
class RowAct(Generic[Row]):
    """One act on rows of a list.

    Parameters
    ----------
    key, label, permission
        Its name in a form, the verb on its button, who may.
    fault
        Why it cannot be done to a row as that stands, None where it can: the page says so before anything is done.
    do
        Does it to one row, with what was said: the service behind the page of one record, with its own refusals.
    is_done
        Whether whoever asks has done this very thing: sent twice, it is answered like the first time.
    needs_reason
        Whether one reason is asked for, which is kept with each.
    """

    key: str
    label: Message
    permission: str
    fault: Callable[[Row, Actor, date], Message | None]
    do: Callable[[Session, Row, str, Actor, datetime], object]
    is_done: Callable[[Row, Actor, str], bool]
    needs_reason: bool = False
    tone: str = "secondary"


@dataclass(frozen=True)
class Choosable(Generic[Row]):
    """Rows of a list that can be chosen: how each is called and found, and what can be done to them.

    ``page`` is the endpoint that takes the choice, ``list_page`` that of the list, ``show`` the one that shows one row.
    ``as_file`` is the permission to take them away as a file, "" where there is none.
    """

    page: str
    list_page: str
    show: str
    find: Callable[[Session, str, Actor], Row]
    acts: Sequence[RowAct[Row]]
    as_file: str = ""
    number: Callable[[Row], str] = lambda row: row.number  # type: ignore[attr-defined]

    def acts_of(self, by: Actor) -> list[RowAct[Row]]:
        """Return what ``by`` may do."""
        return [act for act in self.acts if by.may(act.permission)]


@dataclass(frozen=True)
class Outcome:
    """What became of one row: done, or why not."""

    number: str
    refused: Message | None = None


def counted(of_rows: Iterable[Sequence[Consequence]]) -> list[tuple[Message, int]]:
    """Return for how many rows each thing follows."""
    found: dict[str, Message] = {}
    number: Counter[str] = Counter()
    for of_row in of_rows:
        for msgid, what in {each.what.msgid: each.what for each in of_row}.items():
            found[msgid] = what
            number[msgid] += 1
    return [(found[msgid], count) for msgid, count in number.items()]
