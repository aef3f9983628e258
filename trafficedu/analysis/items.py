"""How the questions of a quiz do: how hard each is, and how well it tells who knows from who does not.

Classical item analysis (Lord and Novick, Statistical Theories of Mental Test Scores, 1968, ch. 15; Crocker and Algina,
Introduction to Classical and Modern Test Theory, 1986, ch. 14). Difficulty is the share right, with the Wilson
interval. Telling is the point-biserial correlation of the answer with the score on the *other* questions (the corrected
item-rest correlation: with the question itself in the score, short quizzes would flatter every question), with Fisher's
interval. Arrays in, a frozen result out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import norm

from trafficedu.analysis.proportions import wilson

FEWEST = 10
"""Answers below which nothing is said of a question: an interval would reach from one end to the other."""
MUCH_TOO_HARD, MUCH_TOO_EASY, TELLS_NOTHING = 0.3, 0.95, 0.0
"""Beyond these a question deserves a look: fewer than chance gives, nearly everybody, those who know less."""


@dataclass(frozen=True)
class Sums:
    """What the answers to one question add up to: all that its statistics need, so that no answer is read again.

    ``rest`` is the share (0 to 1) of the other questions of the same quiz that were answered right.
    """

    shown: int
    right: int
    rest: float
    rest_squares: float
    right_rest: float

    @classmethod
    def of(cls, right: npt.NDArray[Any], rest: npt.NDArray[Any]) -> Sums:
        """Return the sums of answers: ``right`` of shape (n,) as 0 and 1, ``rest`` of the same shape.

        Raises ValueError where the shapes differ, a value is missing, or ``right`` has anything but 0 and 1.
        """
        answers, others = np.asarray(right, dtype=float), np.asarray(rest, dtype=float)
        if answers.shape != others.shape or answers.ndim != 1:
            raise ValueError("one rest score for each answer is needed")
        if not np.isfinite(others).all() or not np.isin(answers, (0.0, 1.0)).all():
            raise ValueError("answers are 0 or 1, and no rest score may be missing")
        return cls(
            len(answers),
            int(answers.sum()),
            float(others.sum()),
            float((others**2).sum()),
            float((answers * others).sum()),
        )

    def plus(self, right: bool, rest: float) -> Sums:
        """Return the sums with one more answer."""
        return Sums(
            self.shown + 1,
            self.right + right,
            self.rest + rest,
            self.rest_squares + rest**2,
            self.right_rest + (rest if right else 0.0),
        )


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class ItemResult:
    """What is said of a question; None where there is too little, or everybody answered alike."""

    shown: int
    right: int
    difficulty: Estimate | None
    telling: Estimate | None

    @property
    def deserves_a_look(self) -> bool:
        """Whether the figures say clearly, by the whole interval, that something about the question is wrong."""
        hard = self.difficulty is not None and self.difficulty.high < MUCH_TOO_HARD
        easy = self.difficulty is not None and self.difficulty.low > MUCH_TOO_EASY
        return hard or easy or (self.telling is not None and self.telling.high < TELLS_NOTHING)


def describe(sums: Sums, level: float = 0.95) -> ItemResult:
    """Return how a question does.

    Difficulty: ``right / shown`` with the Wilson interval (:func:`trafficedu.analysis.proportions.wilson`).
    Telling: ``r = cov(x, rest) / sqrt(var(x) var(rest))`` with ``x`` 0 or 1, from the sums, and Fisher's interval
    ``tanh(atanh(r) +- z / sqrt(n - 3))`` (Fisher, Metron 1921;1:3). With a 0/1 variable that interval is approximate;
    with less than :data:`FEWEST` answers nothing is said.
    """
    if sums.shown < FEWEST:
        return ItemResult(sums.shown, sums.right, None, None)
    low, high = wilson(sums.right, sums.shown, level)
    return ItemResult(sums.shown, sums.right, Estimate(sums.right / sums.shown, low, high), _telling(sums, level))


def _telling(sums: Sums, level: float) -> Estimate | None:
    n = sums.shown
    share = sums.right / n
    spread = share * (1 - share)
    rest_spread = sums.rest_squares / n - (sums.rest / n) ** 2
    if spread <= 0 or rest_spread <= 1e-12:
        return None
    r = (sums.right_rest / n - share * sums.rest / n) / float(np.sqrt(spread * rest_spread))
    r = min(max(r, -0.999999), 0.999999)
    half = float(norm.ppf((1 + level) / 2)) / float(np.sqrt(n - 3))
    middle = float(np.arctanh(r))
    return Estimate(r, float(np.tanh(middle - half)), float(np.tanh(middle + half)))
