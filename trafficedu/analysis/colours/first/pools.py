"""What is to be expected of a target from the others of its kind, and how far such targets lie apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from trafficedu.analysis.negative_binomial import shape_of

DIGITS = 6


@dataclass(frozen=True)
class Expectation:
    """What a target's count is compared with; ``shape`` is the gamma shape ``a`` of its pool."""

    exposure: float
    expected: float
    shape: float


def pool(observed: Mapping[str, float], exposure: Mapping[str, float]) -> dict[str, Expectation]:
    """Return for each target what it would have had at the rate of all the others.

    ``E_i = e_i (sum O - O_i) / (sum e - e_i)``: the count that is judged is not part of what it is judged by.

    Parameters
    ----------
    observed
        Target -> count; one without is 0.
    exposure
        Target -> exposure; targets without a positive one are left out of the pool and get nothing.

    Returns
    -------
    Nothing where fewer than two targets have an exposure. The order of the mappings does not matter.
    """
    names = sorted(name for name, base in exposure.items() if base > 0)
    if len(names) < 2:
        return {}
    count = np.array([float(observed.get(name, 0)) for name in names])
    base = np.array([float(exposure[name]) for name in names])
    expected = base * (count.sum() - count) / (base.sum() - base)
    shape = shape_of(count, expected)
    return {
        name: Expectation(float(base[place]), round(float(expected[place]), DIGITS), shape)
        for place, name in enumerate(names)
    }
