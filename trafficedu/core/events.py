"""How a lower room tells higher ones that something happened, without knowing them.

A service publishes a fact; the handlers listed in ``trafficedu.wiring`` run at once, in the same
transaction. The table of handlers travels with the session (``session.info``), so that nothing is global.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session


@dataclass(frozen=True)
class Event:
    """A fact that happened; subclasses are named in the past tense and carry ids."""


Handlers = Mapping[type[Event], Sequence[Callable[[Session, Any], None]]]


def publish(session: Session, event: Event) -> None:
    """Run every handler of ``event`` now, in this transaction; an error in one undoes the whole."""
    handlers: Handlers = session.info.get("handlers", {})
    for handler in handlers.get(type(event), ()):
        handler(session, event)
