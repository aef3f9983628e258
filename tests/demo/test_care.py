"""What the demo's places truly differ in: it depends on seed and code alone, and shows in every figure of a place."""

from __future__ import annotations

from math import exp, log

import numpy as np
import pytest

from trafficedu.demo.care import FROM_THE_TOWN, care_of_town, care_of_village, shifted


def test_a_village_takes_after_its_town_and_has_a_care_of_its_own() -> None:
    watched, usual = "330109108", "330109001"
    assert care_of_town(watched) < -1 < care_of_town(usual) == 0
    codes = [f"{number:03d}" for number in range(400)]
    of_watched, of_usual = (np.array([care_of_village(7, code, town) for code in codes]) for town in (watched, usual))
    assert np.allclose(of_watched - of_usual, FROM_THE_TOWN * care_of_town(watched))
    assert abs(of_usual.mean()) < 0.15
    assert 0.9 < of_usual.std() < 1.1


def test_the_same_seed_gives_the_same_care_and_another_one_another() -> None:
    assert care_of_village(7, "330109108201", "330109108") == care_of_village(7, "330109108201", "330109108")
    assert care_of_village(7, "330109108201", "330109108") != care_of_village(8, "330109108201", "330109108")


def test_a_share_moves_on_the_logit_scale() -> None:
    assert shifted(0.5, log(3)) == pytest.approx(0.75)
    assert shifted(0.8, 0) == pytest.approx(0.8)
    assert shifted(0.99, 2) == pytest.approx(1 / (1 + exp(-2) / 99))
