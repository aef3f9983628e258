"""Monthly counts of several areas on one calendar: the input of everything under ``trend``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from trafficedu.analysis.arrays import BoolArray, FloatArray, IntArray

MONTHS = 12
CARRY_MONTHS = 12
"""An exposure or covariate is held at its last known value for at most this many months."""
ENDED_AFTER_MONTHS = 3
"""An area silent for longer than this at the end of the calendar has ended and gets no forecast."""


@dataclass(frozen=True, eq=False)
class Panel:
    """Counts of ``A`` areas over ``T`` consecutive months.

    Parameters
    ----------
    areas
        Names of the areas, length ``A``.
    first_month
        The first month as ``12 * year + month - 1``.
    counts
        Shape ``(A, T)``; events in the month, NaN where nothing is known (never a stand-in for zero).
    exposure
        Shape ``(A, T)``; registered e-bikes or another denominator, NaN where unknown; ``None`` without one.
    covariates
        Name -> shape ``(A, T)``, NaN where unknown.
    """

    areas: tuple[str, ...]
    first_month: int
    counts: FloatArray
    exposure: FloatArray | None = None
    covariates: Mapping[str, FloatArray] = field(default_factory=dict)

    @property
    def months(self) -> int:
        """Number of calendar months from the first to the last."""
        return int(self.counts.shape[1])

    def month_name(self, index: int) -> str:
        """Name month ``index`` (0 is the first) as ``YYYY-MM``; indices past the end are the future."""
        year, month = divmod(self.first_month + index, MONTHS)
        return f"{year:04d}-{month + 1:02d}"

    def until(self, origin: int) -> Panel:
        """Return the panel as it was known at ``origin``: the first ``origin`` months, nothing later."""
        return Panel(
            self.areas,
            self.first_month,
            self.counts[:, :origin],
            None if self.exposure is None else self.exposure[:, :origin],
            {name: values[:, :origin] for name, values in self.covariates.items()},
        )

    def since(self, start: int) -> Panel:
        """Return the panel without its first ``start`` months."""
        return Panel(
            self.areas,
            self.first_month + start,
            self.counts[:, start:],
            None if self.exposure is None else self.exposure[:, start:],
            {name: values[:, start:] for name, values in self.covariates.items()},
        )


def calendar_months(first_month: int, start: int, stop: int) -> IntArray:
    """Return the month of the year (0 = January) of the month indices ``start`` to ``stop - 1``."""
    return (first_month + np.arange(start, stop)) % MONTHS


def carried_forward(values: FloatArray, limit: int = CARRY_MONTHS) -> FloatArray:
    """Fill NaN by the last known value of the same row, at most ``limit`` columns back.

    Parameters
    ----------
    values
        Shape ``(A, T)``.
    limit
        Greatest number of columns a value is carried; older ones leave NaN.
    """
    known = np.where(np.isnan(values), -1, np.arange(values.shape[1]))
    last = np.maximum.accumulate(known, axis=1)
    age = np.arange(values.shape[1]) - last
    filled = np.take_along_axis(values, np.maximum(last, 0), axis=1)
    return np.where((last >= 0) & (age <= limit), filled, np.nan)


def last_observed(counts: FloatArray) -> IntArray:
    """Return the index of the last known month of each area, -1 for an area without any; shape ``(A,)``."""
    seen = ~np.isnan(counts)
    return np.where(seen.any(axis=1), counts.shape[1] - 1 - np.argmax(seen[:, ::-1], axis=1), -1)


def active_areas(counts: FloatArray) -> BoolArray:
    """Tell which areas still report: a known count in the last months of the calendar; shape ``(A,)``."""
    active: BoolArray = last_observed(counts) >= counts.shape[1] - ENDED_AFTER_MONTHS
    return active


def known_exposure(exposure: FloatArray) -> FloatArray:
    """Return the exposure with gaps filled by the value next to them in time.

    A value of zero is a gap: nobody was counted, not nobody there. It is filled by the last known value up to 12 months
    before, and before the first known one by that, up to 12 months back.

    Parameters
    ----------
    exposure
        Shape ``(A, T)``.
    """
    filled = carried_forward(np.where(exposure > 0, exposure, np.nan))
    before = carried_forward(filled[:, ::-1])[:, ::-1]
    started = np.maximum.accumulate(~np.isnan(filled), axis=1)
    return np.where(started, filled, before)


def usable_exposure(panel: Panel) -> FloatArray | None:
    """Return the exposure with gaps filled, or ``None`` when the fit has to do without.

    The exposure is used only if, filled by :func:`known_exposure`, it is known in every month in which a count is
    known, and in the last month of every area that still reports.

    Returns
    -------
    ndarray or None
        Shape ``(A, T)``; cells without a count may be NaN.
    """
    if panel.exposure is None:
        return None
    filled = known_exposure(panel.exposure)
    needed = ~np.isnan(panel.counts)
    needed[:, -1] |= active_areas(panel.counts)
    return filled if bool((filled > 0)[needed].all()) else None
