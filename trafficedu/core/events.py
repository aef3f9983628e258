"""How a lower room tells higher ones that something happened, without knowing them.

A service publishes a fact; the handlers listed in ``trafficedu.wiring`` run at once, in the same
transaction. The table of handlers travels with the session (``core.services``), so that nothing is global.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from trafficedu.core.actors import Actor
from trafficedu.core.services import services_of


@dataclass(frozen=True)
class Event:
    """A fact that happened at ``at_utc`` (aware) through ``by``; subclasses are named in the past tense and carry ids.

    What a handler does, it does at that moment and on that account: it reads no clock and acts for nobody else.
    """

    at_utc: datetime
    by: Actor


Handlers = Mapping[type[Event], Sequence[Callable[[Session, Any], None]]]


def publish(session: Session, event: Event) -> None:
    """Run every handler of ``event`` now, in this transaction; an error in one undoes the whole."""
    for handler in services_of(session).handlers.get(type(event), ()):
        handler(session, event)
