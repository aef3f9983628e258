"""What rule set 2 says of districts whose true figures are known, beside rule set 1: the table of docs/evaluation.md.

    python -m tests.benchmarks.colours [seeds]
    python -m tests.benchmarks.colours [seeds] why

The second prints what holds the ranks of villages down where accidents differ as much. Takes about ten seconds of
processor a seed.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from scipy import stats

from tests.analysis.colours import district as of_first
from tests.analysis.colours.second import RULES, changed
from tests.analysis.colours.simulated import (
    ACCIDENTS_ALIKE,
    ACCIDENTS_FAR_APART,
    ALIKE,
    DIFFERENT,
    HARDLY_POLICED,
    LEVELS,
    ONE_RATE,
    District,
    Level,
    Study,
    World,
    study,
)
from trafficedu.analysis.colours.backtest import BAD, Judged, firm_again, rank_correlation
from trafficedu.analysis.colours.effective import effective_weights
from trafficedu.analysis.colours.first.pools import pool
from trafficedu.analysis.colours.first.scoring import judge as judge_first
from trafficedu.analysis.colours.pools import HISTORY_MONTHS
from trafficedu.analysis.colours.rule_set import COMPANY, FIRMLY_ORANGE_OR_WORSE, FIRMLY_RED, TOWN, VILLAGE

WORLDS: Mapping[str, World] = {
    "true differences": DIFFERENT,
    "accidents alike": ACCIDENTS_ALIKE,
    "accidents differ as much": ACCIDENTS_FAR_APART,
    "accidents by the same rate": ONE_RATE,
    "no differences": ALIKE,
    "a third hardly policed": HARDLY_POLICED,
}
FLAT_SHAPE = 1000.0
"""What rule set 1 took for the spread of accidents between areas, by and large."""


def by_rule_set_1(kind: str, world: World, seed: int) -> list[Judged]:
    """Judge the same district by rule set 1 at the ends of the same windows; every red or orange counts as stated."""
    length = RULES.window(kind)
    simulated = District(LEVELS[kind], world, HISTORY_MONTHS + 2 * length, seed)
    found = []
    for after in (HISTORY_MONTHS + length, HISTORY_MONTHS + 2 * length):
        for code, inputs in _first_inputs(simulated, kind, after).items():
            verdict = judge_first(inputs, kind, of_first.RULES)
            firm = FIRMLY_ORANGE_OR_WORSE if verdict.colour in BAD else None
            found.append(Judged(code, after, verdict.colour, firm, verdict.score))
    return found


def _first_inputs(simulated: District, kind: str, after: int) -> dict[str, dict[str, Any]]:
    now, year, quarter = (simulated.inputs(after - months, after) for months in (1, 12, 3))
    exposure = dict(zip(simulated.codes, simulated.ebikes.tolist(), strict=True))
    expected = pool({code: one["violations"]["observed"][0] for code, one in now.items()}, exposure)
    accidents = {code: sum(one["trend"]["observed"]) for code, one in year.items() if "trend" in one}
    forecast = pool(accidents, exposure if accidents else {})
    found = {}
    for code, one in now.items():
        of = expected[code]
        name = "days" if kind == COMPANY else "ebikes"
        base = {"exposure": of.exposure, "expected": of.expected, "shape": of.shape}
        inputs: dict[str, Any] = {"violations": {"observed": one["violations"]["observed"][0], name: base}}
        if one["points"][0] is not None:
            inputs["points"] = dict(zip(("points", "expected"), one["points"][0], strict=True))
        inputs |= {part: one[part] for part in ("education", "feedback") if part in one}
        if "helmets" in quarter[code]:
            inputs["helmets"] = {key: quarter[code]["helmets"][key] for key in ("helmeted", "observed")}
        if accidents:
            of_year = {"observed": accidents[code], "expected": forecast[code].expected, "shape": FLAT_SHAPE}
            inputs["trend"] = of_year
        found[code] = inputs
    return found


def _said(results: Sequence[Judged], length: int) -> tuple[float, int, int]:
    ranks, again = rank_correlation(results, length), firm_again(results, length)
    return (ranks.value if ranks else np.nan, again.number if again else 0, again.cases if again else 0)


def main(seeds: int) -> None:
    """Print one row for each level and world: means over the seeds, sums of firm ones."""
    sys.stdout.write(
        "| level, world | ranks | again | firmly bad | firmly good | grey | covered | rule set 1: ranks, again |\n"
    )
    sys.stdout.write("| --- | --- | --- | --- | --- | --- | --- | --- |\n")
    for kind in (VILLAGE, TOWN, COMPANY):
        length = RULES.window(kind)
        for name, world in WORLDS.items():
            if kind == COMPANY and world in (ACCIDENTS_ALIKE, ACCIDENTS_FAR_APART, ONE_RATE):
                continue
            found = [study(LEVELS[kind], world, seed, RULES) for seed in range(1, seeds + 1)]
            said = [_said(one.results(length), length) for one in found]
            first = [_said(by_rule_set_1(kind, world, seed), length) for seed in range(1, seeds + 1)]
            number = len(found[0].second)
            bad, good = (
                sum(one.firm(*states) for one in found) / number / seeds
                for states in ((FIRMLY_RED, FIRMLY_ORANGE_OR_WORSE), ("good",))
            )
            grey = 1.0 - sum(len(one.truth) for one in found) / number / seeds
            covered = np.mean([one.covered for one in found])
            sys.stdout.write(
                f"| {kind}, {name} | {_ranks(said)} | {_again(said)} | {bad:.1%} | {good:.1%} | {grey:.1%}"
                f" | {covered:.0%} | {_ranks(first)}, {_again(first)} |\n"
            )
            sys.stdout.flush()
            if world is DIFFERENT:
                _weights([one.as_json() for each in found for one in each.second.values() if one.score is not None])


def why(seeds: int) -> None:
    """Print what the ranks of villages come to where one thing at a time is changed."""
    level, far = LEVELS[VILLAGE], ACCIDENTS_FAR_APART
    cases: Mapping[str, tuple[Level, World, int, int]] = {
        "as it is": (level, far, 0, 12),
        "a year between the windows": (level, far, 12, 12),
        "windows of 24 months": (level, far, 0, 24),
        "2 times as many accidents": (replace(level, accidents=2.0 * level.accidents), far, 0, 12),
        "4 times": (replace(level, accidents=4.0 * level.accidents), far, 0, 12),
        "10 times": (replace(level, accidents=10.0 * level.accidents), far, 0, 12),
        "2 times as many violations": (replace(level, violations=2.0 * level.violations), far, 0, 12),
        "accidents alike": (level, ACCIDENTS_ALIKE, 0, 12),
        "accidents by the same rate": (level, ONE_RATE, 0, 12),
    }
    sys.stdout.write("| changed | ranks | of violations | of the trend | with the truth |\n")
    sys.stdout.write("| --- | --- | --- | --- | --- |\n")
    for name, (sized, world, between, window) in cases.items():
        rules = changed(window_village=window)
        found = [study(sized, world, seed, rules, between) for seed in range(1, seeds + 1)]
        said = [_said(one.results(window), window) for one in found]
        parts = (np.mean([_order(one, part) for one in found]) for part in ("violations", "trend", ""))
        sys.stdout.write(f"| {name} | {_ranks(said)} | {' | '.join(f'{part:.2f}' for part in parts)} |\n")
        sys.stdout.flush()


def _order(one: Study, dimension: str) -> float:
    """Return a dimension's rank correlation between both windows; without one, that of the score with the truth."""
    codes = [code for code in one.truth if one.first[code].score is not None]
    pairs: list[tuple[float | None, ...]]
    if not dimension:
        pairs = [(one.truth[code], one.second[code].score) for code in codes]
    else:
        pairs = [tuple(of[code].dimensions[dimension].score for of in (one.first, one.second)) for code in codes]
    return float(stats.spearmanr(np.array(pairs, dtype=float)).statistic)


def _weights(results: Sequence[Mapping[str, Mapping[str, Any]]]) -> None:
    """Print the effective beside the nominal weights to the error channel, apart from the table."""
    shares = (f"{one.dimension} {one.effective:.0%} ({one.nominal:.0%})" for one in effective_weights(results))
    sys.stderr.write(f"  effective (nominal) weights: {', '.join(shares)}\n")


def _ranks(said: Sequence[tuple[float, int, int]]) -> str:
    values = [value for value, _, _ in said]
    return f"{np.mean(values):.2f} ({min(values):.2f}-{max(values):.2f})"


def _again(said: Sequence[tuple[float, int, int]]) -> str:
    number, cases = sum(number for _, number, _ in said), sum(cases for _, _, cases in said)
    return f"{number / cases:.0%} ({number} / {cases})" if cases else "none"


if __name__ == "__main__":
    (why if "why" in sys.argv else main)(int(next((given for given in sys.argv[1:] if given.isdigit()), 4)))
