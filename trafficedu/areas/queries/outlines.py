"""Outlines of areas: those known, and the files they came from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from trafficedu.areas.models import Area, AreaBoundary, OutlineImport
from trafficedu.areas.rules import OutlinesState
from trafficedu.core.errors import Missing
from trafficedu.core.text import message

Rings = list[list[list[float]]]
SHOWN_FILES = 20


def outlines_below(session: Session, area: Area, day: date) -> dict[str, Rings]:
    """Return the outlines, by code, of the areas right below ``area`` that exist on ``day`` and have one."""
    query = select(Area.code, AreaBoundary.rings).join(AreaBoundary, AreaBoundary.area_id == Area.id)
    rows = session.execute(query.where(Area.parent_id == area.id, Area.holds_on(day)).order_by(Area.path))
    return dict(rows.tuples().all())


def outline_of(session: Session, area: Area) -> Rings | None:
    """Return the outline of an area, or None."""
    return session.scalar(select(AreaBoundary.rings).where(AreaBoundary.area_id == area.id))


def rings_of(session: Session, area_ids: Sequence[int]) -> dict[int, Rings]:
    """Return the outlines that areas have now, by the area's id."""
    query = select(AreaBoundary.area_id, AreaBoundary.rings).where(AreaBoundary.area_id.in_(area_ids))
    return dict(session.execute(query).tuples().all())


def count_outlines(session: Session) -> int:
    """Return how many areas have an outline."""
    return session.scalar(select(func.count()).select_from(AreaBoundary)) or 0


def list_files(session: Session) -> Sequence[OutlineImport]:
    """Return the files of outlines, the latest first."""
    return session.scalars(select(OutlineImport).order_by(OutlineImport.id.desc()).limit(SHOWN_FILES)).all()


def find_file(session: Session, number: str) -> OutlineImport:
    """Return a file of outlines; raise :class:`Missing`."""
    found = session.scalar(select(OutlineImport).where(OutlineImport.number == number))
    if found is None:
        raise Missing(message("There is no file of outlines with this number."))
    return found


def latest_taken(session: Session) -> OutlineImport | None:
    """Return the file that was taken in last and still is, or None."""
    query = select(OutlineImport).where(OutlineImport.state == OutlinesState.TAKEN)
    return session.scalar(query.order_by(OutlineImport.taken_utc.desc(), OutlineImport.id.desc()).limit(1))


def names_by_id(session: Session, area_ids: Sequence[int]) -> dict[int, str]:
    """Return the names of areas by their ids."""
    return dict(session.execute(select(Area.id, Area.name).where(Area.id.in_(area_ids))).tuples().all())
