"""E-bikes registered in areas, month by month: the exposure behind every rate."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.areas.models import Area, RegisteredEBikes
from trafficedu.areas.queries.tree import within
from trafficedu.areas.rules import CARRY_MONTHS, Exposed, exposure
from trafficedu.core.actors import at_or_below
from trafficedu.core.month import Month
from trafficedu.core.validity import Validity


def ebikes_by_month(session: Session, path: str, first: Month, last: Month) -> dict[Month, int | None]:
    """Return the e-bikes registered at and below ``path`` in every month: the exposure behind every rate.

    The area's own figure, carried forward at most 12 months; else the sum over the areas below it; None where
    an evaluated area lacks one (see ``rules.exposure``).
    """
    totals = ebikes_of_areas(session, path, first, last)
    return {month: by_path.get(path) for month, by_path in totals.items()}


def ebikes_of_areas(session: Session, path: str, first: Month, last: Month) -> dict[Month, dict[str, int | None]]:
    """Return for every month the e-bikes of every area at and below ``path``, by path, in two queries."""
    columns = (Area.id, Area.path, Area.evaluated, Area.valid_from, Area.valid_to)
    areas = session.execute(select(*columns).where(at_or_below(Area.path, path))).all()
    figures: dict[int, dict[Month, int]] = {}
    query = select(RegisteredEBikes.area_id, RegisteredEBikes.month, RegisteredEBikes.ebikes).where(
        RegisteredEBikes.area_id.in_(within(path)),
        RegisteredEBikes.month >= first - CARRY_MONTHS,
        RegisteredEBikes.month <= last,
    )
    for row in session.execute(query):
        figures.setdefault(row.area_id, {})[row.month] = row.ebikes
    known = [(Exposed(path, evaluated, figures.get(key, {})), Validity(*days)) for key, path, evaluated, *days in areas]
    there = [area for area, days in known if days.holds_on(first.first) and days.holds_on(last.last)]
    passing = [(area, days) for area, days in known if not (days.holds_on(first.first) and days.holds_on(last.last))]
    return {month: exposure([*there, *_exposed(passing, month)], month) for month in Month.range(first, last)}


def _exposed(areas: Iterable[tuple[Exposed, Validity]], month: Month) -> Iterator[Exposed]:
    """Yield the areas that there were in a month."""
    whole = Validity(month.first, month.last)
    return (area for area, days in areas if days.overlaps(whole))


def list_figures(session: Session, area: Area, limit: int = 72) -> Sequence[RegisteredEBikes]:
    """Return the figures entered for ``area`` itself, the latest month first."""
    query = select(RegisteredEBikes).where(RegisteredEBikes.area_id == area.id)
    return session.scalars(query.order_by(RegisteredEBikes.month.desc()).limit(limit)).all()


def find_figure(session: Session, area: Area, month: Month) -> RegisteredEBikes | None:
    """Return the figure entered for ``area`` in ``month``, or None."""
    query = select(RegisteredEBikes).where(RegisteredEBikes.area_id == area.id, RegisteredEBikes.month == month)
    return session.scalar(query)
