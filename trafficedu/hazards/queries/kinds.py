"""Reads of the kinds of hazard."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.core.errors import Missing
from trafficedu.core.text import message
from trafficedu.hazards.models import HazardKind


def list_kinds(session: Session, only_active: bool = False) -> Sequence[HazardKind]:
    """Return the kinds in their order."""
    query = select(HazardKind).order_by(HazardKind.position, HazardKind.code)
    return session.scalars(query.where(HazardKind.active.is_(True)) if only_active else query).all()


def find_kind(session: Session, code: str) -> HazardKind:
    """Return one kind; raise :class:`Missing`."""
    kind = session.scalar(select(HazardKind).where(HazardKind.code == code))
    if kind is None:
        raise Missing(message("This kind does not exist. Choose one from the list."))
    return kind
