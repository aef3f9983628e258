"""The proportional-hazards model of Cox with Efron's ties: by how much something hastens an event.

``h(t | x) = h0(t) exp(x b)``. Must not know what is waited for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from trafficedu.analysis.arrays import BoolArray, FloatArray, IntArray
from trafficedu.analysis.survival.curves import checked

ITERATIONS, HALVINGS = 30, 12
TOLERANCE = 1e-9
LARGEST = 12.0
"""A coefficient beyond this is on its way to infinity: nobody of one kind has the event."""


class NoFitError(ValueError):
    """The likelihood has no maximum, or the columns say the same twice: there is no estimate."""


@dataclass(frozen=True)
class Effect:
    """One column: the ratio of hazards of one step in it, limits, Wald's p, and whether it holds over time.

    ``drift_p`` is small where the ratio rises or falls with time (:func:`proportionality`).
    """

    ratio: float
    low: float
    high: float
    p_value: float
    drift_p: float


@dataclass(frozen=True, eq=False)
class CoxFit:
    """A fitted model.

    Parameters
    ----------
    coefficients, covariance
        Shapes ``(p,)`` and ``(p, p)``.
    log_likelihood, log_likelihood_null
        Partial log likelihoods at the estimate and at 0.
    times, hazard
        Shape ``(J,)``: times of events, and the cumulative baseline hazard (of ``x = 0``) from each on.
    residuals
        Shape ``(D, p)``: Schoenfeld's, one row an event, with its time in ``event_times``.
    number, events
        How many there were, how many had the event.
    """

    coefficients: FloatArray
    covariance: FloatArray
    log_likelihood: float
    log_likelihood_null: float
    times: FloatArray
    hazard: FloatArray
    residuals: FloatArray
    event_times: FloatArray
    number: int
    events: int

    @property
    def errors(self) -> FloatArray:
        """Standard errors of the coefficients."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def likelihood_ratio(self) -> tuple[float, int, float]:
        """Twice the gain over no column, its degrees of freedom, and p."""
        gain, degrees = 2.0 * (self.log_likelihood - self.log_likelihood_null), self.coefficients.size
        return gain, degrees, float(special.gammaincc(degrees / 2, max(gain, 0.0) / 2))

    @cached_property
    def wald_p(self) -> FloatArray:
        """Two-sided p of each coefficient."""
        p: FloatArray = 2.0 * special.ndtr(-np.abs(self.coefficients) / self.errors)
        return p

    def effects(self, level: float = 0.95) -> list[Effect]:
        """Return the ratio of hazards of each column with its Wald limits."""
        reach = float(special.ndtri(0.5 + level / 2)) * self.errors
        low, high = np.exp(self.coefficients - reach), np.exp(self.coefficients + reach)
        ratio, drift = np.exp(self.coefficients), proportionality(self).p_values
        rows = zip(ratio, low, high, self.wald_p, drift, strict=True)
        return [Effect(*(float(value) for value in row)) for row in rows]

    def hazard_at(self, time: float) -> float:
        """Return the cumulative baseline hazard at a time."""
        place = int(np.searchsorted(self.times, time, side="right")) - 1
        return float(self.hazard[place]) if place >= 0 else 0.0

    def survival(self, time: float, design: ArrayLike) -> FloatArray:
        """Return the share without the event at a time for each row of ``design``."""
        x = np.asarray(design, dtype=float)
        share: FloatArray = np.exp(-self.hazard_at(time) * np.exp(x @ self.coefficients))
        return share

    def expected(self, time: ArrayLike, design: ArrayLike) -> FloatArray:
        """Return how many events each row was to have in the time it was watched (cumulative hazard)."""
        t, x = np.asarray(time, dtype=float), np.asarray(design, dtype=float)
        place = np.searchsorted(self.times, t, side="right")
        base = np.concatenate(([0.0], self.hazard))[place]
        value: FloatArray = base * np.exp(x @ self.coefficients)
        return value


def fit_cox(
    time: ArrayLike,
    event: ArrayLike,
    design: ArrayLike,
    counts: ArrayLike | None = None,
    start: ArrayLike | None = None,
) -> CoxFit:
    """Fit the model by Newton's method, halving steps that do not climb.

    Ties as Efron (J. Am. Stat. Assoc. 1977;72:557): of ``d`` events at one time, the risk set of the ``l``-th lacks
    the share ``l / d`` of those who had it then. The baseline is the matching one, with ``sum_l 1 / (S0 - l/d E0)``
    at each time (Cox, J. R. Stat. Soc. B 1972;34:187; Therneau and Grambsch, Modeling Survival Data, 2000, ch. 3).

    Parameters
    ----------
    time, event
        Shape ``(N,)``.
    design
        Shape ``(N, p)``, without a constant.
    counts
        Shape ``(N,)``: how many such there are of each row, whole numbers; one each by default.
    start
        Where to begin from.

    Raises
    ------
    NoFitError
        Nobody had the event, the columns say the same twice, or a coefficient goes to infinity.
    ValueError
        Shapes differ, or a time is not positive.
    """
    t, d = checked(time, event)
    x = np.asarray(design, dtype=float)
    n = np.ones(t.size) if counts is None else np.asarray(counts, dtype=float)
    if x.ndim != 2 or x.shape[0] != t.size or n.shape != t.shape:
        raise ValueError("a row of the design and a count for each time are needed")
    data = _Sorted(t, d, x, n)
    if not data.pairs.size:
        raise NoFitError("nobody had the event")
    b = np.zeros(x.shape[1]) if start is None else np.asarray(start, dtype=float)
    now = data.at(b)
    null = data.at(np.zeros(x.shape[1])).value if start is not None else now.value
    for _ in range(ITERATIONS):
        step = _solved(now.information, now.gradient)
        b, now, settled = _climb(data, b, now, step)
        if np.abs(b).max(initial=0.0) > LARGEST:
            raise NoFitError("a coefficient goes to infinity")
        if settled:
            return _fitted(data, b, now, null)
    raise NoFitError("the likelihood did not settle")


def _climb(data: _Sorted, b: FloatArray, now: _At, step: FloatArray) -> tuple[FloatArray, _At, bool]:
    """Return the next estimate, and whether the likelihood stands still."""
    for _ in range(HALVINGS):
        new = data.at(b + step)
        gain = new.value - now.value
        if gain >= -TOLERANCE:
            return b + step, new, bool(gain < TOLERANCE * (1.0 + abs(new.value)))
        step = step / 2
    return b, now, True


def _solved(information: FloatArray, gradient: FloatArray) -> FloatArray:
    if not information.size:
        return gradient
    scale = np.sqrt(np.maximum(np.diag(information), 1e-300))
    if np.linalg.cond(information / np.outer(scale, scale)) > 1e10:
        raise NoFitError("the columns say the same twice")
    return np.linalg.solve(information, gradient).astype(np.float64)


def _fitted(data: _Sorted, b: FloatArray, now: _At, null: float) -> CoxFit:
    covariance = np.linalg.inv(now.information).astype(np.float64) if b.size else np.zeros((0, 0))
    return CoxFit(
        coefficients=b,
        covariance=covariance,
        log_likelihood=now.value,
        log_likelihood_null=null,
        times=data.times,
        hazard=np.cumsum(now.jumps),
        residuals=data.residuals(now),
        event_times=data.times[data.event_place].repeat(data.event_counts.astype(int)),
        number=int(data.n.sum()),
        events=int(data.pairs.size),
    )


@dataclass(frozen=True, eq=False)
class _At:
    """The partial likelihood at some coefficients; ``jumps`` of the baseline and ``means`` of the risk sets by time."""

    value: float
    gradient: FloatArray
    information: FloatArray
    jumps: FloatArray
    means: FloatArray


@dataclass(eq=False)
class _Sorted:
    """The rows in the order of time, and who is at risk at each time of events."""

    t: FloatArray
    d: BoolArray
    x: FloatArray
    n: FloatArray
    times: FloatArray = field(init=False)
    pairs: IntArray = field(init=False)
    """The time of each event, by its place."""

    def __post_init__(self) -> None:
        known = self.n > 0
        order = np.flatnonzero(known)[np.argsort(self.t[known], kind="stable")]
        self.t, self.d, self.x, self.n = self.t[order], self.d[order], self.x[order], self.n[order]
        self.times = np.unique(self.t[self.d])
        self.begins = np.searchsorted(self.t, self.times, side="left")
        self.passed = np.searchsorted(self.times, self.t, side="right")
        self.event_x, self.event_counts = self.x[self.d], self.n[self.d]
        self.event_place = np.searchsorted(self.times, self.t[self.d])
        self.event_begins = np.searchsorted(self.event_place, np.arange(self.times.size))
        self.died = np.bincount(self.event_place, weights=self.event_counts, minlength=self.times.size).astype(int)
        self.pairs = np.repeat(np.arange(self.times.size), self.died)
        self.pair_begins = np.cumsum(self.died) - self.died
        self.share = (np.arange(self.pairs.size) - self.pair_begins[self.pairs]) / self.died[self.pairs]

    def at(self, b: FloatArray) -> _At:
        """Return the partial likelihood with its slope and curvature.

        The curvature sums ``x x'`` over who is at risk at each time. A row is so up to its own time: its ``x x'`` is
        taken once, with the sum of what all those times weigh.
        """
        score = self.x @ b
        shift = float(score.max(initial=0.0))
        weight = self.n * np.exp(score - shift)
        first = weight[:, None] * self.x
        s0, s1 = (np.cumsum(np.add.reduceat(part, self.begins, axis=0)[::-1], axis=0)[::-1] for part in (weight, first))
        e0, e1 = (np.add.reduceat(part[self.d], self.event_begins, axis=0) for part in (weight, first))
        z0 = s0[self.pairs] - self.share * e0[self.pairs]
        mean = (s1[self.pairs] - self.share[:, None] * e1[self.pairs]) / z0[:, None]
        whole, part = (np.add.reduceat(value, self.pair_begins) for value in (1.0 / z0, self.share / z0))
        passed = np.concatenate(([0.0], np.cumsum(whole)))[self.passed]
        passed[self.d] -= part[self.event_place]
        own = self.event_counts @ self.event_x
        return _At(
            value=float(own @ b - np.log(z0).sum() - shift * z0.size),
            gradient=own - mean.sum(axis=0),
            information=(first * passed[:, None]).T @ self.x - mean.T @ mean,
            jumps=whole * np.exp(-shift),
            means=np.add.reduceat(mean, self.pair_begins, axis=0) / self.died[:, None],
        )

    def residuals(self, now: _At) -> FloatArray:
        """Return each event's row less the mean of who was at risk then."""
        own = self.event_x - now.means[self.event_place]
        return np.repeat(own, self.event_counts.astype(int), axis=0)


@dataclass(frozen=True, eq=False)
class Proportionality:
    """Whether ratios hold over time: p of each column, and of all together."""

    p_values: FloatArray
    statistics: FloatArray
    p_value: float


def proportionality(fit: CoxFit) -> Proportionality:
    """Test whether scaled Schoenfeld residuals rise or fall with time (its rank).

    ``(sum g r*_k)^2 / (D V_kk sum g^2)`` with ``r* = D V r`` and ``g`` the centred ranks of the times of events; all
    columns together ``(sum g r)' D V (sum g r) / sum g^2`` (Grambsch and Therneau, Biometrika 1994;81:515).
    """
    columns = fit.coefficients.size
    ranks = np.unique(fit.event_times, return_inverse=True)[1].astype(float)
    g = ranks - ranks.mean()
    spread = float(g @ g)
    if spread == 0.0 or not columns:
        return Proportionality(np.ones(columns), np.zeros(columns), 1.0)
    slope = g @ fit.residuals
    scaled = fit.events * fit.covariance @ slope
    statistics = scaled**2 / (fit.events * np.diag(fit.covariance) * spread)
    together = float(fit.events * slope @ fit.covariance @ slope / spread)
    p_values: FloatArray = special.gammaincc(0.5, statistics / 2)
    return Proportionality(p_values, statistics, float(special.gammaincc(columns / 2, together / 2)))
