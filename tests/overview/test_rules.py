from __future__ import annotations

import pytest

from trafficedu.overview.rules import change_percent


def test_a_change_from_nothing_is_no_percentage() -> None:
    assert change_percent(7, 0) is None
    assert change_percent(21, 31) == pytest.approx(-32.258, abs=0.001)
