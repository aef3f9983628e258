"""Which questions a rider gets, in which order. Chance is handed in, so that a test knows what comes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True)
class Candidate:
    """A question that may be drawn: its version, its kinds, its weight in the course, how many options."""

    version_id: int
    question_id: int
    kinds: frozenset[str]
    weight: int
    options: int
    keeps_order: bool = False


@dataclass(frozen=True)
class Drawn:
    """One question of an attempt: the version, and its options in the order in which they are shown."""

    version_id: int
    order: tuple[int, ...]


def draw(
    candidates: Sequence[Candidate],
    own_kinds: Collection[str],
    asked: Collection[int],
    number: int,
    own_percent: int,
    chance: Random,
) -> list[Drawn]:
    """Return ``number`` questions in random order, fewer where there are not as many.

    ``own_percent`` of them, as far as there are as many that are new to the rider, are about the rider's own kinds of
    violation; the rest comes from all. What the rider was asked before (``asked``, ids of questions) comes last.
    Weighted sampling without replacement after Efraimidis and Spirakis (Information Processing Letters 2006;97:181):
    the largest ``u ** (1 / weight)`` are taken. True and false keep their order, other options do not.
    """
    own = set(own_kinds)
    keys = {each.version_id: chance.random() ** (1 / each.weight) for each in candidates if each.weight > 0}
    pool = sorted(
        (each for each in candidates if each.weight > 0),
        key=lambda each: (each.question_id in asked, -keys[each.version_id]),
    )
    about_own = [each for each in pool if each.kinds & own and each.question_id not in asked]
    chosen = about_own[: round(number * own_percent / 100)]
    taken = {each.version_id for each in chosen}
    chosen += [each for each in pool if each.version_id not in taken][: max(0, number - len(chosen))]
    chance.shuffle(chosen)
    return [Drawn(each.version_id, _order(each, chance)) for each in chosen]


def _order(candidate: Candidate, chance: Random) -> tuple[int, ...]:
    order = list(range(candidate.options))
    if not candidate.keeps_order:
        chance.shuffle(order)
    return tuple(order)
