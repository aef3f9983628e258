"""Giving a session other services than the installation has."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from trafficedu.core.services import services_of


def provide(session: Session, **changed: Any) -> None:
    """Let ``session`` work with other keys, handlers or settings; the application keeps its own."""
    session.info.update(replace(services_of(session), **changed).as_info())
