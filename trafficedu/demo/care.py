"""How well places are run: what the demo's towns and villages truly differ in, whatever chance adds.

Care is 0 where it is usual, has a standard deviation of about 1, and shows in everything that is recorded of a place:
fewer violations and accidents, more riders who come to study, more helmets, more points.
"""

from __future__ import annotations

from math import exp, log
from random import Random

from trafficedu.demo.names import INVENTED

FROM_THE_TOWN = 0.7
"""How much of its town's care a village has."""
OFFENDING, HURTING, COMING, WEARING, EARNING = 0.45, 0.25, 0.6, 0.5, 0.1
"""By how much a step of care changes the logarithm of violations and of accidents, the logit of the shares of those who
come to study and who wear a helmet, and the points a month, of those expected."""

AMONG_THE_CAUGHT = -0.5
"""The mean care of the places where violations happen: more happen where there is less of it."""


def care_of_town(code: str) -> float:
    """Return how well a town is run; a few stand out, so that there is something to see."""
    return float(INVENTED["care"].get(code, 0.0))


def care_of_village(seed: int, code: str, town: str) -> float:
    """Return how well a village is run, in the town with the code ``town``."""
    return FROM_THE_TOWN * care_of_town(town) + Random(f"{seed} {code}").gauss(0, 1)


def shifted(share: float, by: float) -> float:
    """Return a share moved by so much on the logit scale."""
    return 1 / (1 + exp(-log(share / (1 - share)) - by))
