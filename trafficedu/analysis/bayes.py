"""Empirical Bayes: what an area's own record is worth, and what a campaign changed.

Places with a bad year mostly have a better one next, campaign or not. A before-after comparison that forgets
this credits the campaign with the return to the mean.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from trafficedu.analysis.arrays import FloatArray


@dataclass(frozen=True, eq=False)
class Posterior:
    """Expected counts after seeing the record, with their variance.

    Parameters
    ----------
    mean, variance
        Shape of the input.
    """

    mean: FloatArray
    variance: FloatArray


def empirical_bayes(
    observed: ArrayLike, expected: ArrayLike, shape: ArrayLike, dispersion: ArrayLike = 1.0
) -> Posterior:
    """Combine a count with the expectation for places like it.

    The true mean is ``expected * u`` with ``u`` gamma of mean 1 and shape ``a``; then ``E = w mu + (1 - w)
    y`` with ``w = 1 / (1 + mu / a)`` and ``Var = (1 - w) E`` (Hauer, Harwood, Council, Griffith, Transp.
    Res. Rec. 2002;1784:126). The shape is that of the place over the whole period: where safety performance functions
    give an overdispersion ``phi`` for each unit of length, as Hauer does for road sections, it is ``phi`` times length.

    Parameters
    ----------
    observed
        Counts ``y`` over the period.
    expected
        Expectation ``mu`` for the same period, positive, from other places or earlier months: it must not
        contain ``y``.
    shape
        ``a``, the inverse of the lasting spread of places around their expectation; positive.
    dispersion
        ``phi``, variance over mean of a count around its own place's mean, at least 1: what does not last.
        The record is then worth ``y / phi`` counts, ``w = 1 / (1 + mu / (a phi))``, ``Var = phi (1 - w) E``.

    Raises
    ------
    ValueError
        If an argument is out of its range.
    """
    y, mu, a, phi = (np.asarray(value, dtype=float) for value in (observed, expected, shape, dispersion))
    phi = np.maximum(phi, 1.0)
    if not (bool((y >= 0).all()) and bool((mu > 0).all()) and bool((a > 0).all())):
        raise ValueError("counts must be zero or more, expectations and shape positive")
    weight = 1.0 / (1.0 + mu / (a * phi))
    mean = weight * mu + (1.0 - weight) * y
    return Posterior(np.asarray(mean), np.asarray(phi * (1.0 - weight) * mean))


def expectation_after(
    observed_before: ArrayLike,
    expected_before: ArrayLike,
    expected_after: ArrayLike,
    shape: ArrayLike,
    dispersion: ArrayLike = 1.0,
) -> Posterior:
    """Return what the period after would have brought without the campaign.

    ``pi = E[before] * expected_after / expected_before`` with the empirical-Bayes mean of the period before.

    Parameters
    ----------
    observed_before, expected_before
        Counts and the model's expectation of the period before, per area.
    expected_after
        The model's expectation, made before the campaign, of the period after.
    shape
        Gamma shape of the areas around the model.
    dispersion
        Variance over mean of an area's count around its own mean, see :func:`empirical_bayes`.

    Raises
    ------
    ValueError
        If an argument is out of its range.
    """
    before = empirical_bayes(observed_before, expected_before, shape, dispersion)
    ratio = np.asarray(expected_after, dtype=float) / np.asarray(expected_before, dtype=float)
    if not bool((ratio >= 0).all()):
        raise ValueError("expectations after must be zero or more")
    return Posterior(before.mean * ratio, before.variance * ratio**2)


@dataclass(frozen=True)
class Effect:
    """What a campaign changed.

    Parameters
    ----------
    theta
        Index of effectiveness: 0.8 is a fall by a fifth.
    low, high
        Its interval.
    falling
        Probability that theta is below 1.
    observed, expected
        Counts with the campaign, and expected without it.
    level
        Level of the interval.
    """

    theta: float
    low: float
    high: float
    falling: float
    observed: float
    expected: float
    level: float

    @property
    def proven(self) -> bool:
        """Whether the interval leaves out "no effect"."""
        return self.high < 1.0 or self.low > 1.0


@dataclass(frozen=True)
class Comparison:
    """Areas without the campaign in the same period.

    Parameters
    ----------
    observed, expected, variance
        Sum of their counts, of their expectations, and the variance of the latter.
    """

    observed: float
    expected: float
    variance: float


def campaign_effect(
    observed: ArrayLike,
    expected: Posterior,
    comparison: Comparison | None = None,
    dispersion: float = 1.0,
    level: float = 0.95,
) -> Effect:
    """Estimate the effect of a campaign by the empirical-Bayes before-after comparison.

    ``theta = (lambda / pi) / (1 + Var(pi) / pi^2)`` with ``lambda`` the observed and ``pi`` the expected sum
    (Hauer, Observational Before-After Studies in Road Safety, 1997, ch. 6). With comparison areas ``pi`` is
    multiplied by their observed over expected count, whose relative variance is added. The interval takes
    ``lambda`` and ``pi`` as gamma distributed, so that their ratio is a beta prime and zero counts stay
    possible.

    Parameters
    ----------
    observed
        Shape ``(A,)``: counts with the campaign.
    expected
        From :func:`expectation_after`, same shape; areas are taken as independent.
    comparison
        Areas of the same town without the campaign, if any.
    dispersion
        Variance over mean of a sum of counts beyond the gamma spread of areas, at least 1.
    level
        Level of the interval.

    Raises
    ------
    ValueError
        If nothing is expected, a count is negative, or the comparison areas expected or had no events.
    """
    y = np.asarray(observed, dtype=float)
    count, mean, variance = float(y.sum()), float(expected.mean.sum()), float(expected.variance.sum())
    if mean <= 0 or bool((y < 0).any()):
        raise ValueError("counts must be zero or more and something must be expected")
    phi = max(dispersion, 1.0)
    relative = variance / mean**2
    if comparison is not None:
        if comparison.observed <= 0 or comparison.expected <= 0:
            raise ValueError("the comparison areas need events to compare with")
        mean *= comparison.observed / comparison.expected
        relative += phi / comparison.observed + comparison.variance / comparison.expected**2
    relative = max(relative, 1e-9)
    shape, size = count / phi + 0.5, 1.0 / relative
    tail = (1.0 - level) / 2.0

    def at(probability: float) -> float:
        share = float(special.betaincinv(shape, size, probability))
        return phi * share / max(1.0 - share, 1e-300) * size / mean

    reached = mean / size / phi  # the ratio of gammas at which theta is 1
    return Effect(
        theta=count / mean / (1.0 + relative),
        low=at(tail) if count > 0 else 0.0,
        high=at(1.0 - tail),
        falling=float(special.betainc(shape, size, reached / (1.0 + reached))),
        observed=count,
        expected=mean,
        level=level,
    )


def relative_rate(observed: ArrayLike, expected: ArrayLike, shape: ArrayLike) -> FloatArray:
    """Return how much more than expected there is, drawn towards 1 by how little the record can say.

    ``theta = (a + O) / (a + E)``: the mean of :func:`empirical_bayes` over ``E``, and defined at ``E = 0`` too.

    Parameters
    ----------
    observed, expected
        Count and expectation of the same months, zero or more; the expectation must not contain the count.
    shape
        ``a``, the gamma shape of places around their expectation; positive.

    Raises
    ------
    ValueError
        If an argument is out of its range.
    """
    count, mean, a = (np.asarray(value, dtype=float) for value in (observed, expected, shape))
    if not (bool((count >= 0).all()) and bool((mean >= 0).all()) and bool((a > 0).all())):
        raise ValueError("counts and expectations must be zero or more, the shape positive")
    return np.asarray((a + count) / (a + mean))
