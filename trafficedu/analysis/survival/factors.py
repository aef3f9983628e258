"""From kinds of people to the columns of a model, as many as the events bear. Must not know what the factors are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from trafficedu.analysis.arrays import BoolArray, FloatArray

LEAST_PEOPLE = 20
LEAST_EVENTS = 5
LEAST_SHARE = 0.03
"""A kind of fewer people, or a smaller share of all, or with fewer who had the event, or had it not, is put together
with others."""
EVENTS_PER_COLUMN = 5
"""Fewer leave the estimates unreliable (Vittinghoff and McCulloch, Am. J. Epidemiol. 2007;165:710)."""
OTHER = "other"


@dataclass(frozen=True)
class Column:
    """One column: 1 for who is of ``level`` of ``factor``. ``people`` and ``events`` are theirs."""

    factor: str
    level: str
    people: int
    events: int


@dataclass(frozen=True, eq=False)
class Design:
    """The columns of a model.

    Parameters
    ----------
    columns, matrix
        Shape ``(N, p)``; without a constant.
    references
        For each factor that is in, the level that the others are compared with: the one of most people.
    left_out
        Factors with one level only, or for which there are too few events.
    """

    columns: Sequence[Column]
    matrix: FloatArray
    references: Sequence[Column]
    left_out: Sequence[str]


def design_of(factors: Mapping[str, Sequence[str]], event: ArrayLike, reserved: int = 0) -> Design:
    """Return the columns for some factors, given in the order of their weight.

    Small levels become ``other``, and are left in the reference where they are small together too. While there are
    under ``EVENTS_PER_COLUMN`` events a column (``reserved`` of which somebody else adds), the last factor goes.

    Parameters
    ----------
    factors
        FACTOR -> the level of each of ``N`` people.
    event
        Shape ``(N,)``.
    """
    d = np.asarray(event, dtype=bool)
    parts = {name: _levels(name, np.asarray(levels, dtype=object), d) for name, levels in factors.items()}
    kept = [name for name, (columns, _) in parts.items() if len(columns) > 1]
    budget = int(d.sum()) // EVENTS_PER_COLUMN - reserved
    while kept and sum(len(parts[name][0]) - 1 for name in kept) > budget:
        kept.pop()
    chosen = [(column, parts[name][1] == column.level) for name in kept for column in parts[name][0][1:]]
    matrix = np.column_stack([own for _, own in chosen]).astype(float) if chosen else np.zeros((d.size, 0))
    return Design(
        columns=[column for column, _ in chosen],
        matrix=matrix,
        references=[parts[name][0][0] for name in kept],
        left_out=[name for name in factors if name not in kept],
    )


def _levels(name: str, levels: np.ndarray, d: BoolArray) -> tuple[list[Column], np.ndarray]:
    """Return the levels of a factor, the reference first, and the level of each as it is put together."""
    if not levels.size:
        return [], levels
    people, events = Counter(levels.tolist()), Counter(levels[d].tolist())
    reference = min(people, key=lambda level: (-people[level], level))
    least = LEAST_SHARE * levels.size
    small = {one for one in people if one != reference and (people[one] < least or _is_small(people[one], events[one]))}
    if small:
        others, had = sum(people[one] for one in small), sum(events[one] for one in small)
        target = reference if _is_small(others, had) else OTHER
        levels = np.array([target if one in small else one for one in levels], dtype=object)
        people, events = Counter(levels.tolist()), Counter(levels[d].tolist())
    order = sorted(people, key=lambda level: (level != reference, level == OTHER, level))
    return [Column(name, level, people[level], events[level]) for level in order], levels


def _is_small(people: int, events: int) -> bool:
    return people < LEAST_PEOPLE or events < LEAST_EVENTS or people - events < LEAST_EVENTS
