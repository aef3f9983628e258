"""Listening to what services publish."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from tests.factories.services import provide
from trafficedu.core.events import Event


def published(session: Session, *kinds: type[Event]) -> list[Any]:
    """Collect the events of these kinds that are published from now on; nobody else handles any in this session."""
    heard: list[Any] = []

    def hear(_session: Session, event: Event) -> None:
        heard.append(event)

    provide(session, handlers={kind: [hear] for kind in kinds})
    return heard
