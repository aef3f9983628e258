"""What would settle a result, and what would lift it one colour: the target judged again with something changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from trafficedu.analysis.colours.judging import Drawn, Verdict, judge
from trafficedu.analysis.colours.next_colour import Changed, NextColour, Standing, next_colour
from trafficedu.analysis.colours.pools import Inputs, Pools
from trafficedu.analysis.colours.registry import BY_NAME
from trafficedu.analysis.colours.rule_set import FIRMLY_GOOD, RuleSet

ENDLESS = 10_000.0
"""As many times as much seen at the same rates: what is left open then cannot be settled by seeing more."""
MOST_TIMES = 20.0
"""More than so many times as much nobody can be asked to see."""
WHOLE = ("months", "tasks", "notices", "helmets")
"""Units that come in ones; what is expected comes in tenths."""


class Case:
    """One target with all it is judged by, to be judged again with something changed; vetoes aside."""

    def __init__(self, inputs: Inputs, kind: str, code: str, month: str, pools: Pools, rules: RuleSet) -> None:
        self.inputs, self.kind, self.code, self.month = inputs, kind, code, month
        self.pools, self.rules = pools, rules
        self._drawn: Drawn = {}
        self.verdict = self.judge({})

    def judge(self, changes: Mapping[str, Any]) -> Verdict:
        """Return the verdict with some parts of the inputs replaced."""
        changed = {**self.inputs, **changes, "fatal": {}}
        return judge(changed, self.kind, self.code, self.month, self.pools, self.rules, self._drawn)

    def seen(self) -> list[str]:
        """Return the dimensions in which something was seen that has a weight."""
        return [name for name, one in self.verdict.dimensions.items() if one.seen > 0 and one.weight > 0]

    def more(self, names: Sequence[str], times: float) -> Verdict:
        """Return the verdict with so many times as much seen in some dimensions, and somebody having looked."""
        changes = {name: BY_NAME[name].more(self.inputs[name], times) for name in names}
        looked = {"violations": self.rules.figure("looked_violations"), "stops": self.rules.figure("looked_stops")}
        return self.judge({**changes, "looked": looked})

    def room(self, name: str) -> int:
        """Return by how many steps the record of a dimension could have been better."""
        return max(BY_NAME[name].room(self.inputs[name], self.rules), 0)

    def better(self, name: str, steps: int) -> Any:
        """Return a part of the inputs as if it had been better by ``steps``."""
        return BY_NAME[name].better(self.inputs[name], steps, self.rules)


@dataclass(frozen=True)
class Need:
    """How much more of one dimension alone, at its present rate, would settle a result.

    Parameters
    ----------
    seen
        What was seen, in ``unit``.
    more
        How much more has to be recorded, as somebody would record it: of helmets riders observed, at as many times the
        sites, and not effective ones. Months, tasks, notices and riders are whole.
    times
        How many times as much as was seen; None where nothing was seen yet.
    """

    dimension: str
    unit: str
    seen: float
    more: float
    times: float | None


@dataclass(frozen=True)
class Settling:
    """What would make a result firm.

    Parameters
    ----------
    firm
        What is firm already, or None.
    grey
        Whether too little is known to judge at all: then ``needs`` and ``times`` are what would make it judged.
    statement
        What would be firm if everything were known at the present rates; None where that could not be settled either
        (the rates lie in yellow, or too near to a border, or in some dimension nothing was seen).
    colour
        The colour that the present rates come to, vetoes aside; None where that is not known.
    needs
        Ways that are enough by themselves, the smallest first.
    times
        How many times as much of everything would do; None where 20 times would not.
    unwatched
        Whether a firmly good result waits only for somebody to look.
    """

    firm: str | None
    grey: bool
    statement: str | None
    colour: str | None
    needs: Sequence[Need]
    times: float | None
    unwatched: bool


def settling(
    inputs: Inputs, kind: str, code: str, month: str, pools: Pools, rules: RuleSet, firm: str | None = None
) -> Settling:
    """Work out what would make a result firm, or judged where it is grey; ``firm`` is what a veto made so."""
    case = Case(inputs, kind, code, month, pools, rules)
    names = case.seen()
    endless = case.more(names, ENDLESS)
    colour = None if endless.score is None else rules.colour_of(endless.score)
    if case.verdict.score is None:
        needs, times = _needs_to_be_judged(case), _least_times(case, names, lambda verdict: verdict.score is not None)
        return Settling(firm, True, endless.firm, colour, needs, times, False)
    firm = firm or case.verdict.firm
    if firm or endless.firm is None:
        return Settling(firm, False, endless.firm, colour, (), None, False)
    reached = _states(endless.firm)
    if reached(case.more((), 1.0)):
        return Settling(None, False, endless.firm, colour, (), None, True)
    times_of = {name: _least_times(case, [name], reached) for name in names}
    found = sorted((times, name) for name, times in times_of.items() if times is not None)
    seen = case.verdict.dimensions
    needs = [_need(case, name, seen[name].seen * (times - 1.0)) for times, name in found]
    return Settling(None, False, endless.firm, colour, needs, _least_times(case, names, reached), False)


def _states(statement: str) -> Callable[[Verdict], bool]:
    """Return whether a verdict states as much: good, or anything firm about red and orange."""
    return lambda verdict: verdict.firm is not None and (verdict.firm == FIRMLY_GOOD) == (statement == FIRMLY_GOOD)


def _least_times(case: Case, names: Sequence[str], reached: Callable[[Verdict], bool]) -> float | None:
    """Return how many times as much in ``names`` would do, to 1 %; None where 20 times would not."""
    if not names or not reached(case.more(names, MOST_TIMES)):
        return None
    low, high = 1.0, MOST_TIMES
    while high / low > 1.01:
        middle = (low * high) ** 0.5
        low, high = (low, middle) if reached(case.more(names, middle)) else (middle, high)
    return round(high, 2)


def _need(case: Case, name: str, more: float) -> Need:
    """Return the need of ``more`` of what is seen."""
    dimension, one = BY_NAME[name], case.verdict.dimensions[name]
    recorded = _rounded_up(dimension.unit, dimension.recorded(more, one.seen, one.denominator))
    times = round((one.seen + more) / one.seen, 2) if one.seen > 0 else None
    return Need(name, dimension.unit, one.seen, recorded, times)


def _rounded_up(unit: str, more: float) -> float:
    return ceil(round(more, 1)) if unit in WHOLE else ceil(round(10.0 * more, 2)) / 10.0


def _needs_to_be_judged(case: Case) -> list[Need]:
    """Return how much more of each dimension alone would bring the information to what is asked for.

    A dimension not in use that gets its first record begins to count, and then dilutes: it is not among them.
    """
    dimensions = {name: one for name, one in case.verdict.dimensions.items() if one.score is not None and one.weight}
    total = sum(one.weight for one in dimensions.values())
    asked = case.rules.figure("least_information") / 100.0 * total
    known = sum(one.weight * one.information for one in dimensions.values())
    found = []
    for name, one in dimensions.items():
        wanted, dimension = one.information + (asked - known) / one.weight, BY_NAME[name]
        if wanted >= 1.0:
            continue
        half = case.rules.figure(dimension.half)
        more = wanted / (1.0 - wanted) * half - one.seen
        found.append((more / half, name, more))
    return [_need(case, name, more) for _, name, more in sorted(found)]


def outlook(
    inputs: Inputs, kind: str, code: str, month: str, pools: Pools, rules: RuleSet, veto: str = ""
) -> NextColour:
    """Work out what would lift a result one colour; ``veto`` as judged."""
    case = Case(inputs, kind, code, month, pools, rules)

    def again(changed: Changed) -> tuple[float | None, Mapping[str, float | None]]:
        verdict = case.judge({name: case.better(name, steps) for name, steps in changed.items()})
        return verdict.score, {name: one.score for name, one in verdict.dimensions.items()}

    room = {name: case.room(name) for name in case.seen()}
    return next_colour(Standing(case.verdict.score, veto), rules, room, again)
