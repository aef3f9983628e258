"""Monthly series of the features on one calendar: what the trend model is fitted to.

A fit reads the whole parent area whoever asks (its parts lend each other strength); what is shown of it is
the asker's own area only, see ``services``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from sqlalchemy.orm import Session

from trafficedu.accidents.queries import figures as accidents
from trafficedu.analysis.arrays import BoolArray, FloatArray
from trafficedu.analysis.trend.panel import Panel
from trafficedu.areas.models import Area
from trafficedu.areas.queries import tree as areas
from trafficedu.areas.queries.ebikes import ebikes_of_areas
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import day_bounds
from trafficedu.core.month import Month, Period
from trafficedu.coverage.queries.coverage import Coverage, coverage_of
from trafficedu.coverage.rules import FigureKind
from trafficedu.education.queries import rates as education
from trafficedu.evaluation.queries.areas import list_parts, owners
from trafficedu.evaluation.rules.calendar import MOST_MONTHS
from trafficedu.evaluation.rules.measures import ACCIDENTS, CASUALTY, EDUCATION, HELMETS, SERIES, VIOLATIONS
from trafficedu.helmets.queries import rates as helmets
from trafficedu.helmets.queries.monthly import RateCriteria
from trafficedu.violations.queries import figures as violations

WRITTEN = 3
"""Raised when what is kept of a fit changes, so that what was kept before is fitted anew."""
COVERED_BY = {
    CASUALTY: FigureKind.ACCIDENTS,
    ACCIDENTS: FigureKind.ACCIDENTS,
    VIOLATIONS: FigureKind.VIOLATIONS,
    HELMETS: FigureKind.HELMETS,
}
"""SERIES -> the figure whose coverage says in which months it is known."""
Cell = tuple[str, Month, int, int | None]
"""Path of the area itself, month, count, denominator (None: registered e-bikes are the exposure)."""


@dataclass(frozen=True, eq=False)
class Loaded:
    """A series of one area's parts.

    Parameters
    ----------
    parts
        The areas, in the order of the panel's rows.
    panel
        Counts and exposure; its last row is what belongs to no part, where there is any.
    fingerprint
        SHA-256 of all that goes into the fit.
    """

    parts: Sequence[Area]
    panel: Panel
    fingerprint: str


def load_series(session: Session, key: str, root: Area, last: Month, now: datetime) -> Loaded | None:
    """Return the series ``key`` of the parts of ``root`` up to the month ``last``; None where nothing is recorded.

    It begins with the first month in which anything of the kind is on record in the whole district (at most
    120 months): months before the records are not there. A month without an accident in a village is a zero where its
    town reported the month, else unknown: before its first record, after its last, or not closed (``coverage``).
    A month without a task due or a survey is unknown, not zero.
    """
    start = last - (MOST_MONTHS - 1)
    top = areas.root(session)
    assert top is not None  # root has an ancestor
    cells = _cells(session, key, top.path, start, last)
    if not cells:
        return None
    first = min(cell[1] for cell in cells)
    parts = list_parts(session, root, last.first)
    places = owners(session, root, parts)
    months = last - first + 1
    shape = len(parts) + 1, months
    counts, base = np.zeros(shape), np.zeros(shape)
    for path, month, count, denominator in cells:
        if path in places:
            at = places[path], month - first
            counts[at] += count
            base[at] += denominator or 0
    if not counts[-1].any() and not base[-1].any():
        counts, base = counts[:-1], base[:-1]
    exposure: FloatArray | None
    if SERIES[key].share:
        counts[base == 0] = np.nan
        exposure = np.where(base > 0, base, np.nan)
    else:
        exposure = _ebikes(session, root, parts, first, last, counts.shape)
    if key in COVERED_BY:
        coverage = coverage_of(session, COVERED_BY[key], root, Period(first, last), now)
        known = known_months(coverage, parts, root, places)[: counts.shape[0]]
        counts[~known] = np.nan
    names = tuple(part.name for part in parts) + (root.name,) * (counts.shape[0] - len(parts))
    panel = Panel(names, first.index, counts, exposure)
    return Loaded(parts, panel, _digest(key, parts, panel))


def known_months(coverage: Coverage, parts: Sequence[Area], root: Area, places: Mapping[str, int]) -> BoolArray:
    """Return in which of the months covered the number of each of ``parts`` is known, and of what belongs to none.

    A part is known where every town is that counts for it: itself, one that it followed, all in it, or the one it lies
    in. What belongs to no part is known where all of ``root`` is.

    Returns
    -------
    ndarray of bool
        Shape ``(len(parts) + 1, months)``.
    """
    known = np.zeros((len(parts) + 1, len(coverage.months)), dtype=bool)
    for place, part in enumerate(parts):
        own = coverage.unit_at(part.path)
        units = [own] if own else [unit for unit in coverage.units if places.get(unit.path) == place]
        if own is not None and part.path == own.path:
            units += [unit for unit in coverage.units if unit is not own and places.get(unit.path) == place]
        for at, month in enumerate(coverage.months):
            there = [unit for unit in units if unit.is_there(month)]
            known[place, at] = bool(there) and all(coverage.known(unit.code, month) for unit in there)
    known[-1] = [coverage.known_at(root.path, month) for month in coverage.months]
    return known


def _cells(session: Session, key: str, path: str, first: Month, last: Month) -> list[Cell]:
    """Return the counts of the district, each in the area it was recorded in."""
    start, end, after = first.first, last.last, last.next.first
    if key in {CASUALTY, ACCIDENTS}:
        rows = accidents.count_by_area_and_month(session, SYSTEM, start, end, path, casualty_only=key == CASUALTY)
        return [(row.path, row.month, row.accidents, None) for row in rows]
    if key == VIOLATIONS:
        figures = violations.count_by_area_and_month(session, SYSTEM, start, end, path)
        return [(area, month, count, None) for area, month, count in figures]
    if key == EDUCATION:
        due = education.count_due_by_area_and_month(session, SYSTEM, start, after, day_bounds(after)[0], path)
        return [(area, month, tasks - on_time, tasks) for area, month, tasks, on_time in due]
    seen = helmets.count_by_area_and_month(session, RateCriteria(Period(first, last), path), SYSTEM)
    return [(area, month, bare, clear) for area, month, bare, clear in seen if clear]


def _ebikes(
    session: Session, root: Area, parts: Sequence[Area], first: Month, last: Month, shape: tuple[int, ...]
) -> FloatArray | None:
    """Return registered e-bikes by part and month, NaN where unknown; None where there are none at all.

    A remainder row has no e-bikes of its own, so a panel with one does without.
    """
    if shape[0] > len(parts):
        return None
    by_month = ebikes_of_areas(session, root.path, first, last)
    rows = [[ebikes_of.get(part.path) for ebikes_of in by_month.values()] for part in parts]
    exposure = np.array([[np.nan if value is None else float(value) for value in row] for row in rows])
    return None if np.isnan(exposure).all() else exposure


def _digest(key: str, parts: Sequence[Area], panel: Panel) -> str:
    digest = hashlib.sha256(f"{WRITTEN}:{key}:{panel.first_month}:{[part.code for part in parts]}".encode())
    for values in (panel.counts, panel.exposure):
        digest.update(b"-" if values is None else np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()
