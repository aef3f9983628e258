"""Two periods compared: counts by the conditional exact test, shares by their intervals."""

from __future__ import annotations

from collections.abc import Sequence
from math import hypot

from trafficedu.analysis.counts import RateChange, compare_counts
from trafficedu.analysis.proportions import wilson
from trafficedu.analysis.said.observed import Observed
from trafficedu.analysis.said.result import Said, Verdict, written_change, written_p, written_points
from trafficedu.analysis.said.series import Series
from trafficedu.analysis.said.spans import Pair
from trafficedu.core.text import Message, message

ALPHA = 0.05
LEAST_SHARE = 20
"""Shares of fewer than this many are not judged: the interval of a difference would span most of the range."""


def compare(series: Series, pair: Pair, before: Observed, after: Observed, among: int = 1) -> Said:
    """Say what two counts allow; the days of each are its exposure.

    Parameters
    ----------
    series
        What is counted.
    pair
        The two periods (:func:`~trafficedu.analysis.said.spans.pair`).
    before, after
        What was observed in their days.
    among
        How many such statements are made at once: each is held to a level of ``0.05 / among`` (Bonferroni).

    Raises
    ------
    ValueError
        A count is negative, or ``among`` is below 1.
    """
    level = _level(among)
    if (because := _obstacle(pair, before, after)) is not None:
        return Said(series, pair, before, after, Verdict.NOT_COMPARABLE, because, among=among)
    if before.count == after.count == 0:
        because = message("none in either period")
        return Said(series, pair, before, after, Verdict.NOT_JUDGED, because, among=among)
    change = compare_counts(before.count, after.count, float(pair.before.count), float(pair.after.count), level)
    proven = change.p_value < 1 - level
    return _of_counts(
        Said(series, pair, before, after, Verdict.PROVEN if proven else Verdict.CHANCE, among=among), change
    )


def _of_counts(said: Said, change: RateChange) -> Said:
    known = change.ratio is not None
    rises = change.ratio is None or change.ratio > 1
    return Said(
        said.series,
        said.pair,
        said.before,
        said.after,
        said.verdict,
        change=written_change(change.ratio) if change.ratio is not None else "",
        low=written_change(change.low) if known else "",
        high=written_change(change.high) if known and change.high is not None else "",
        p=written_p(change.p_value),
        level=100 * change.level,
        among=said.among,
        rises=rises,
    )


def _level(among: int) -> float:
    if among < 1:
        raise ValueError("at least one statement is made")
    return 1 - ALPHA / among


def _obstacle(pair: Pair, before: Observed, after: Observed) -> Message | None:
    """Return why two observations cannot be compared: the periods themselves, or what is not known of either."""
    return pair.because or after.unknown or before.unknown


def compare_shares(series: Series, pair: Pair, before: Observed, after: Observed, among: int = 1) -> Said:
    """Say what two shares allow, by the interval of their difference.

    ``d -+ sqrt((p1 - l1)^2 + (u2 - p2)^2)`` with each share's own limits: Newcombe's hybrid score interval where
    these are Wilson's (Stat. Med. 1998;17:873, method 10), and the same of any other intervals (MOVER; Zou and
    Donner, Stat. Med. 2008;27:1693) where the observations come in clusters and bring their own.

    Raises
    ------
    ValueError
        An observation has no denominator, or ``among`` is below 1.
    """
    level = _level(among)
    if before.denominator is None or after.denominator is None:
        raise ValueError("a share has a denominator")
    if (because := _obstacle(pair, before, after)) is not None:
        return Said(series, pair, before, after, Verdict.NOT_COMPARABLE, because, among=among)
    if min(before.denominator, after.denominator) < LEAST_SHARE:
        because = message("fewer than %(least)s in one of the periods", least=LEAST_SHARE)
        return Said(series, pair, before, after, Verdict.NOT_JUDGED, because, among=among)
    p1, p2 = before.count / before.denominator, after.count / after.denominator
    (l1, u1), (l2, u2) = _limits(before, level), _limits(after, level)
    low, high = p2 - p1 - hypot(p2 - l2, u1 - p1), p2 - p1 + hypot(u2 - p2, p1 - l1)
    return Said(
        series,
        pair,
        before,
        after,
        Verdict.PROVEN if low > 0 or high < 0 else Verdict.CHANCE,
        change=written_points(p2 - p1),
        low=written_points(low),
        high=written_points(high),
        level=100 * level,
        among=among,
        rises=p2 > p1,
    )


def _limits(observed: Observed, level: float) -> tuple[float, float]:
    """Return the limits of a share at a level; those it brings are of 95 % and are widened in proportion."""
    assert observed.denominator is not None
    own = wilson(observed.count, observed.denominator, level)
    if observed.interval is None:
        return own
    share, usual = observed.count / observed.denominator, wilson(observed.count, observed.denominator)
    low, high = observed.interval
    return (
        max(0.0, share - (share - low) * _ratio(share - own[0], share - usual[0])),
        min(1.0, share + (high - share) * _ratio(own[1] - share, usual[1] - share)),
    )


def _ratio(wide: float, usual: float) -> float:
    return wide / usual if usual > 0 else 1.0


def compare_all(series: Series, pair: Pair, rows: Sequence[tuple[Observed, Observed]]) -> list[Said]:
    """Compare several parts at once, each held to the limit of all of them."""
    return [compare(series, pair, before, after, among=max(1, len(rows))) for before, after in rows]
