"""What is known of all targets of a level: estimated once for a month and kept with its first version.

All later versions use it. Late records then move only whom they concern, but through a published change of the
pools. Plain data: ``as_json`` and ``from_json`` go into the database and back without a loss.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

from trafficedu.analysis.colours.dimensions.base import Records, Seen
from trafficedu.analysis.colours.registry import dimensions_of
from trafficedu.analysis.colours.rule_set import RuleSet

HISTORY_MONTHS = 24
"""Months before the window that pools are estimated from."""

Inputs = Mapping[str, Any]


@dataclass(frozen=True)
class History:
    """What the targets of a level recorded in the months before the window.

    Parameters
    ----------
    months
        "2026-04" and so on, oldest first, at most 24, the last being the one before the window; months before the
        records began are left out.
    targets
        Code -> dimension -> its records, lists as long as ``months``, None where nothing is known:

        - ``violations``, ``trend``: ``{"observed": [...], "exposure": {"ebikes": [...], ...}}``;
        - ``education``: ``{"due": [...], "on_time": [...], "quiz": [...]}``;
        - ``feedback``: ``{"due": [...], "on_time": [...]}``;
        - ``helmets``: ``{"sites": [[place in months, site, helmeted, observed], ...]}``;
        - ``points``: ``[[points, expected] or None, ...]``.

        A dimension or a target without records may be left out.
    """

    months: Sequence[str] = ()
    targets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Pools:
    """What is known of all targets of one kind in one month.

    Parameters
    ----------
    kind, window
        The level, and the months of the window from first to last.
    months
        The months of the history, from first to last; empty without any.
    targets
        How many targets there were.
    dimensions
        Dimension -> its pool as its file describes it, with ``in_use`` besides: whether a fifth of the targets had
        something in the window, so that it counts for all of them.
    """

    kind: str
    window: tuple[str, ...]
    months: tuple[str, ...]
    targets: int
    dimensions: Mapping[str, Mapping[str, Any]]

    def as_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {**asdict(self), "window": list(self.window), "months": list(self.months)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Pools:
        """Return the pools that :meth:`as_json` gave."""
        return cls(data["kind"], tuple(data["window"]), tuple(data["months"]), data["targets"], data["dimensions"])

    @cached_property
    def digest(self) -> str:
        """SHA-256 over all of it, in hexadecimal."""
        text = json.dumps(self.as_json(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def estimate(history: History, inputs: Mapping[str, Inputs], kind: str, rules: RuleSet, window: Sequence[str]) -> Pools:
    """Estimate the pools of one kind of target for the month at the end of ``window``.

    Parameters
    ----------
    history
        The months before the window.
    inputs
        Code -> inputs (:mod:`trafficedu.analysis.colours.judging`) of every target of the kind.
    window
        The months of the window, oldest first: ``rules.window(kind)`` of them, fewer where the records began later.

    Neither the order of the targets nor that of their records matters.
    """
    pools = {}
    for dimension in dimensions_of(kind):
        name = dimension.name
        past = {code: target[name] for code, target in history.targets.items() if target.get(name)}
        now = {code: target[name] for code, target in inputs.items() if target.get(name)}
        pool = dimension.estimate(Records(history.months, past, window, now), kind, rules)
        seen = sum(dimension.read(Seen(part, code, kind, window), pool, rules).seen > 0 for code, part in now.items())
        in_use = bool(inputs) and 100.0 * seen >= rules.figure("in_use") * len(inputs)
        pools[name] = {**pool, "in_use": in_use}
    return Pools(kind, tuple(window), tuple(history.months), len(inputs), pools)
