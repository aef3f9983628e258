"""Kaplan-Meier curves and the log-rank test. Must not know what is waited for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from trafficedu.analysis.arrays import BoolArray, FloatArray, IntArray


@dataclass(frozen=True)
class Point:
    """A curve at one time: the share without the event, its limits, how many were still watched."""

    share: float
    low: float
    high: float
    at_risk: int


@dataclass(frozen=True, eq=False)
class Curve:
    """A Kaplan-Meier curve: a step at each time at which somebody had the event.

    Parameters
    ----------
    times
        Shape ``(J,)``, rising: the times of events.
    survival, low, high
        Shape ``(J,)``: the share without the event from each time on, and its limits.
    at_risk, events
        Shape ``(J,)``: how many were watched just before, how many had the event.
    number
        How many there were.
    last
        The longest time that anybody was watched; beyond it nothing is known.
    watched
        Shape ``(N,)``: how long each was watched.
    """

    times: FloatArray
    survival: FloatArray
    low: FloatArray
    high: FloatArray
    at_risk: IntArray
    events: IntArray
    number: int
    last: float
    watched: FloatArray

    def at(self, time: float) -> Point | None:
        """Return the curve at a time; None beyond the last time that anybody was watched."""
        if time > self.last:
            return None
        watched = int((self.watched >= time).sum())
        place = int(np.searchsorted(self.times, time, side="right")) - 1
        if place < 0:
            return Point(1.0, 1.0, 1.0, watched)
        return Point(float(self.survival[place]), float(self.low[place]), float(self.high[place]), watched)


def kaplan_meier(time: ArrayLike, event: ArrayLike, level: float = 0.95) -> Curve:
    """Estimate the share without the event.

    ``S(t) = prod_{t_j <= t} (1 - d_j / n_j)`` (Kaplan and Meier, J. Am. Stat. Assoc. 1958;53:457), with limits from
    Greenwood's variance on the scale ``log(-log S)``: ``S^exp(-+ z s / log S)``, ``s^2 = sum d_j / (n_j (n_j - d_j))``
    (Kalbfleisch and Prentice, 2nd ed., 2002, p. 18). Who is censored at a time of events was at risk there.

    Parameters
    ----------
    time, event
        Shape ``(N,)``: how long each was watched, more than 0, and whether it ended with the event.
    level
        Level of the limits. After the last of all has the event, they are 0 and 1: nothing bounds them.

    Raises
    ------
    ValueError
        Shapes differ, nobody is there, or a time is not positive.
    """
    t, d = checked(time, event)
    times, places = np.unique(t[d], return_inverse=True)
    events = np.bincount(places, minlength=times.size)
    at_risk = t.size - np.searchsorted(np.sort(t), times, side="left")
    survival = np.cumprod(1.0 - events / np.maximum(at_risk, 1)).astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.sqrt(np.cumsum(events / (at_risk * (at_risk - events)).astype(float)))
        power = float(special.ndtri(0.5 + level / 2)) * spread / np.log(survival)
        low, high = survival ** np.exp(-power), survival ** np.exp(power)
    open_ended = survival <= 0.0
    return Curve(
        times=times,
        survival=survival,
        low=np.where(open_ended, 0.0, low),
        high=np.where(open_ended, 1.0, high),
        at_risk=at_risk,
        events=events,
        number=t.size,
        last=float(t.max()),
        watched=t,
    )


@dataclass(frozen=True)
class LogRank:
    """Whether groups have the event equally soon: chi-squared with its degrees, and p.

    ``observed`` and ``expected`` are events by group, in the order of their sorted names.
    """

    statistic: float
    degrees: int
    p_value: float
    observed: tuple[float, ...]
    expected: tuple[float, ...]


def log_rank(time: ArrayLike, event: ArrayLike, group: ArrayLike) -> LogRank:
    """Test whether groups have the event equally soon.

    At each time of events the ``d_j`` fall on the groups like a draw without replacement from those at risk; observed
    less expected, over all times, against the hypergeometric covariance (Mantel, Cancer Chemother. Rep. 1966;50:163).

    Parameters
    ----------
    time, event, group
        Shape ``(N,)``; ``group`` of two values or more.

    Raises
    ------
    ValueError
        As :func:`kaplan_meier`, or there is only one group.
    """
    t, d = checked(time, event)
    names, of = np.unique(np.asarray(group), return_inverse=True)
    if names.size < 2 or of.size != t.size:
        raise ValueError("two groups of as many members as times are needed")
    times = np.unique(t[d])
    at_risk = np.array([_still_at(t[of == g], times) for g in range(names.size)])
    events = np.array([_number_at(t[(of == g) & d], times) for g in range(names.size)])
    total, died = at_risk.sum(axis=0), events.sum(axis=0)
    share = at_risk / total
    expected = (share * died).sum(axis=1)
    factor = died * (total - died) / np.maximum(total - 1, 1)
    spread = np.diag((share * factor).sum(axis=1)) - (share * factor) @ share.T
    gap = (events.sum(axis=1) - expected)[:-1]
    statistic = float(gap @ np.linalg.pinv(spread[:-1, :-1]) @ gap)
    degrees = names.size - 1
    p_value = float(special.gammaincc(degrees / 2, statistic / 2))
    observed = tuple(float(one) for one in events.sum(axis=1))
    return LogRank(statistic, degrees, p_value, observed, tuple(float(one) for one in expected))


def _still_at(t: FloatArray, times: FloatArray) -> IntArray:
    return t.size - np.searchsorted(np.sort(t), times, side="left")


def _number_at(t: FloatArray, times: FloatArray) -> IntArray:
    return np.bincount(np.searchsorted(times, t), minlength=times.size)


def checked(time: ArrayLike, event: ArrayLike) -> tuple[FloatArray, BoolArray]:
    """Return times and events as arrays; raise ValueError where they cannot be such."""
    t, d = np.asarray(time, dtype=float), np.asarray(event, dtype=bool)
    if t.ndim != 1 or t.shape != d.shape or not t.size:
        raise ValueError("as many events as times are needed, and at least one")
    if not bool((np.isfinite(t) & (t > 0)).all()):
        raise ValueError("a time is not positive")
    return t, d
