"""Within which ranks chance alone could put a target among those of its level."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from trafficedu.analysis.arrays import FloatArray
from trafficedu.analysis.colours.judging import HIGH, LOW, composite, weigh
from trafficedu.analysis.colours.pools import Inputs, Pools
from trafficedu.analysis.colours.rule_set import RuleSet


def rank_limits(
    inputs: Mapping[str, Inputs], kind: str, month: str, pools: Pools, rules: RuleSet
) -> dict[str, tuple[int, int]]:
    """Return code -> best and worst rank (90 %) of the targets that are not grey; rank 1 is the highest composite.

    The draws behind the scores (``judging.composite``) are compared draw by draw.
    """
    drawn: dict[str, FloatArray] = {}
    for code in sorted(inputs):
        weighed = weigh(inputs[code], kind, code, pools, rules)
        if weighed.is_enough(rules):
            drawn[code] = composite(weighed, month, code)
    if not drawn:
        return {}
    scores = np.stack(list(drawn.values()))
    ranks = len(drawn) - scores.argsort(axis=0).argsort(axis=0)
    best, worst = np.quantile(ranks, (LOW, HIGH), axis=1, method="nearest")
    return {code: (int(best[place]), int(worst[place])) for place, code in enumerate(drawn)}
