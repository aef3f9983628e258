"""Reads of stations."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.stations.models import Station


def choices(session: Session) -> list[tuple[int, str]]:
    """Return id and name of every active one, for lists to choose from."""
    query = select(Station.id, Station.name).where(Station.active).order_by(Station.name)
    return [(row.id, row.name) for row in session.execute(query)]
